"""``syncd rm``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm, size_words
from syncd.cli.options import IDS
from syncd.cli.output import JSON
from syncd.core.words import these
from syncd.errors import ConfigError, SyncdError

if TYPE_CHECKING:
    from syncd.actions.removal import Removal
    from syncd.actions.remove import Removed
    from syncd.config import Settings
    from syncd.progress import Progress
    from syncd.secret import Secret

_KEPT = "nothing was deleted"


def rm(
    context: typer.Context,
    job_ids: IDS,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    without_copy: Annotated[
        bool,
        typer.Option("--without-copy", help="With --yes: also failed jobs, without a copy."),
    ] = False,
    as_json: JSON = False,
) -> None:
    """Delete jobs in the account for good, after asking.

    A copy of each goes to the trash.
    """
    from syncd import config
    from syncd.cli.opening import borrowed, load_key, watched

    settings = config.load(context.obj)
    key = load_key(settings)
    if not yes:
        check_somebody_there("say --yes to delete without being asked")
    wanted = list(dict.fromkeys(job_ids))
    with borrowed(settings, "rm"), watched(settings):
        # The library is not kept locked while a question waits for its answer.
        meant = output.run_until_stopped(_removals(settings, key, wanted))
    silent = [one for one in meant if one.copy == "none"]
    if yes and silent and not without_copy:
        raise ConfigError(
            f"job {silent[0].job_id} has no audio, so no copy of it can be kept; {_KEPT}",
            hint="--without-copy deletes it nevertheless",
        )
    if not yes:
        _ask([one for one in meant if one.copy != "none"], silent)
    with borrowed(settings, "rm"), watched(settings) as progress:
        done, refused = output.run_until_stopped(_remove(settings, key, progress, meant))
    for error in refused:
        output.complain(error)
    if as_json:
        output.print_json(_document(settings, done, refused))
    else:
        for one in done:
            typer.echo(output.printable(_line(one)))
    if refused:
        raise typer.Exit(int(max(error.exit_code for error in refused)))


async def _removals(settings: Settings, key: Secret, job_ids: Sequence[int]) -> list[Removal]:
    from syncd.actions.removal import removals
    from syncd.engine import open_engine

    async with open_engine(settings, key) as engine:
        return await removals(engine.library, engine.policy, job_ids)


async def _remove(
    settings: Settings, key: Secret, progress: Progress | None, meant: Sequence[Removal]
) -> tuple[list[Removed], list[SyncdError]]:
    """What was deleted, and why the others were not. All of ``meant`` was confirmed."""
    from syncd.actions.remove import remove
    from syncd.engine import open_engine
    from syncd.rest import export_anew

    done, refused = [], []
    async with open_engine(settings, key, progress=progress) as engine:
        for one in meant:
            try:
                done.append(
                    await remove(
                        engine.library, engine.context, engine.policy, one, without_copy=True
                    )
                )
            except SyncdError as error:
                refused.append(error)
        await export_anew(engine.library)
    return done, refused


def _ask(copied: Sequence[Removal], silent: Sequence[Removal]) -> None:
    if copied:
        confirm(
            [_meant(one) for one in copied],
            f"Delete {these(len(copied), 'job')} in the account for good, "
            "and keep a copy in the trash?",
        )
    if silent:
        number = "It has" if len(silent) == 1 else f"These {len(silent)} have"
        confirm(
            [_meant(one) for one in silent],
            f"{number} no audio, so no copy is kept. Delete for good?",
        )


def _meant(one: Removal) -> str:
    file = f"{one.path}, {size_words(one.size or 0)}" if one.path else "no file in the folder"
    return f"{one.job_id:>6}  “{one.title or ''}”  {one.status}  ({file})"


def _line(one: Removed) -> str:
    said = f"deleted job {one.job_id}, “{one.title or ''}”"
    if one.kept:
        said += f"; kept in the trash as {one.kept}"
    if one.left:
        said += f"; {one.left} was changed meanwhile and stays, as your own"
    for path in one.others:
        said += f"; the next sync moves {path} to the trash there"
    return said


def _document(
    settings: Settings, done: Sequence[Removed], refused: Sequence[SyncdError]
) -> dict[str, object]:
    root = settings.library.root
    return {
        "deleted": [
            {
                "id": one.job_id,
                "display_name": one.title,
                "kept": one.kept,
                "path": root / one.left if one.left else None,
                "state": "detached" if one.left else "gone",
                "also": one.others,
            }
            for one in done
        ],
        "errors": [error.message for error in refused],
    }
