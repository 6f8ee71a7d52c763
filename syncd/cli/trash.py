"""``syncd trash``: what was taken out of the library, brought back or removed for good."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm, library_path, size_words
from syncd.cli.output import JSON
from syncd.cli.usage import Command
from syncd.core.words import amount
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.actions.trash import Emptied, Restored
    from syncd.config import Settings
    from syncd.local.trash import Entry

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="List, bring back or remove for good what was moved to the trash.",
)

_SHOWN = 20
_CONSENT = "say --yes to remove them for good"


@app.command(cls=Command)
def ls(context: typer.Context, as_json: JSON = False) -> None:
    """List what is in the trash, oldest first; needs no network."""
    from syncd import config, log
    from syncd.engine import open_trash

    settings = config.load(context.obj)
    log.configure("warning", settings.log.format)
    trash = open_trash(settings)
    entries = trash.entries()
    if as_json:
        output.print_json([_entry_json(settings, trash.folder, entry) for entry in entries])
        return
    for entry in entries:
        typer.echo(output.printable(_line(entry)))
    if not entries:
        output.say_nothing_found("the trash is empty")


@app.command(cls=Command)
def restore(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME|ID", help="Names as syncd trash ls shows them, or ids of jobs."
        ),
    ],
    to: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Where to put it, in the library.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Bring files back to where they stood; of a job its newest. Needs no network."""
    from syncd import config, log
    from syncd.cli.opening import borrowed

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    if to is not None and len(names) > 1:
        raise ConfigError("--to names one place", hint="bring one file back at a time")
    path = None if to is None else library_path(settings.library.root, to)
    with borrowed(settings, "trash"):
        done = output.run_until_stopped(_restore(settings, names, path))
    root = settings.library.root
    if as_json:
        output.print_json(
            [
                {
                    "id": one.job_id,
                    "name": one.name,
                    "path": root / one.path,
                    "state": "detached" if one.detached else None,
                }
                for one in done
            ]
        )
        return
    for one in done:
        after = (
            "its job is gone: the file is kept as your own"
            if one.detached
            else "the next sync takes it up"
        )
        typer.echo(output.printable(f"restored {one.path}  ({after})"))


@app.command(cls=Command)
def empty(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME|ID", help="Only these; of a job all that is there."),
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only what is there that long, such as 7d.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JSON = False,
) -> None:
    """Remove files from the trash for good, after asking. Needs no network."""
    from syncd import config, log
    from syncd.actions.trash import chosen, older
    from syncd.cli.opening import borrowed
    from syncd.engine import open_trash

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    age = _age(older_than)
    trash = open_trash(settings)
    entries = chosen(trash, names) if names else trash.entries()
    if age is not None:
        entries = older(entries, now=datetime.now(UTC), age=age)
    if entries and not yes:
        check_somebody_there(_CONSENT)
        _ask(entries)
    with borrowed(settings, "trash"):
        done = output.run_until_stopped(_empty(settings, entries))
    if as_json:
        output.print_json(
            {
                "removed": [_entry_json(settings, trash.folder, one) for one in done.entries],
                "freed": done.freed,
            }
        )
        return
    typer.echo(f"removed {amount(len(done.entries), 'file')}, freed {size_words(done.freed)}")


async def _restore(settings: Settings, names: Sequence[str], path: str | None) -> list[Restored]:
    from syncd.actions.trash import restore
    from syncd.engine import open_offline
    from syncd.rest import export_anew

    async with open_offline(settings) as engine:
        done = [await restore(engine.library, engine.context, name, path=path) for name in names]
        await export_anew(engine.library)
        return done


async def _empty(settings: Settings, entries: Sequence[Entry]) -> Emptied:
    from syncd.actions.trash import empty
    from syncd.engine import open_offline

    async with open_offline(settings) as engine:
        return await empty(engine.library, engine.context, entries)


def _age(text: str | None) -> float | None:
    from syncd.config import parse_duration

    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError(f"--older-than {error}") from None


def _ask(entries: Sequence[Entry]) -> None:
    from syncd.local.trash import Why

    lines = [_line(entry) for entry in entries[:_SHOWN]]
    if len(entries) > _SHOWN:
        lines.append(f"and {len(entries) - _SHOWN} more")
    there = (Why.REPLACED, Why.EVICTED, Why.ROTTEN)
    gone = sum(entry.why not in there for entry in entries)
    if gone:
        lines.append(f"{gone} of them may be the last copy of a track whose job was deleted")
    confirm(
        lines,
        f"Remove {len(entries)} for good?",
    )


def _line(entry: Entry) -> str:
    size = size_words(entry.size)
    return f"{entry.job_id:>6}  {size:>8}  {entry.name}  ({entry.why})"


def _entry_json(settings: Settings, folder: Path, entry: Entry) -> dict[str, object]:
    return {
        "id": entry.job_id,
        "display_name": entry.title,
        "name": entry.name,
        "file": folder / entry.name,
        "path": settings.library.root / entry.path,
        "reason": entry.why,
        "trashed_at": entry.trashed_at,
        "size": entry.size,
        "sha256": entry.sha256,
        "sidecars": [folder / name for name in entry.sidecars],
    }
