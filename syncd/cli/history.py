"""``syncd history`` and ``syncd undo``: what was done, and names given back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm
from syncd.cli.options import YES
from syncd.cli.output import JSON
from syncd.core.query import LARGEST
from syncd.core.words import these
from syncd.errors import ExitCode, SyncdError

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.actions.undo import Renaming, Undoing, Undone
    from syncd.catalog.queries import HistoryEntry
    from syncd.config import Settings
    from syncd.progress import Progress
    from syncd.secret import Secret


JOB = Annotated[
    int | None,
    typer.Option("--job", metavar="ID", min=1, max=LARGEST, help="Only of this job."),
]


def history(
    context: typer.Context,
    job: JOB = None,
    limit: Annotated[
        int, typer.Option(min=1, max=LARGEST, metavar="N", help="Only the newest so many.")
    ] = 50,
    as_json: JSON = False,
) -> None:
    """Show what was done, when, why and from which evidence.

    The newest last. Needs no network.
    """
    from syncd import config
    from syncd.catalog import queries
    from syncd.cli.opening import reading

    settings = config.load(context.obj)
    with reading(settings) as catalog:
        entries = queries.history(catalog, job, limit)
    if as_json:
        output.print_json([entry_json(entry, settings.library.root) for entry in entries])
        return
    for entry in entries:
        for line in _lines(entry):
            typer.echo(output.printable(line))


def undo(
    context: typer.Context,
    job: JOB = None,
    cycle: Annotated[
        str | None,
        typer.Option("--cycle", metavar="CYCLE", help="The renames of this cycle of the history."),
    ] = None,
    yes: YES = False,
    as_json: JSON = False,
) -> None:
    """Give back the names that the last cycle with a rename changed.

    In the account; the files follow.
    """
    from syncd import config
    from syncd.actions.asked import check_direction
    from syncd.actions.undo import renamings
    from syncd.cli.opening import borrowed, load_key, reading, watched
    from syncd.derived import policy_of
    from syncd.outcome import Run

    settings = config.load(context.obj)
    check_direction(policy_of(settings))
    key = load_key(settings)
    with reading(settings) as catalog:
        meant = renamings(catalog, job_id=job, cycle=cycle)
    if not meant:
        raise SyncdError("the history holds no such rename", hint="syncd history shows what it has")
    if not yes:
        _ask(meant)
    with borrowed(settings, "undo"), watched(settings) as progress:
        undoing = output.run_until_stopped(_undo(settings, key, progress, meant))
    run = Run(undoing.reports)
    if as_json:
        undone = [_undone_json(one) for one in undoing.undone]
        output.print_json({"undone": undone, **run.document(settings.library.root)})
    else:
        for one in undoing.undone:
            typer.echo(output.printable(_undone_line(one)), err=not one.done)
        if said := run.summary():
            typer.echo(said)
    if run.error:
        output.complain(run.error)
    is_whole = all(one.done for one in undoing.undone)
    failed = ExitCode.FAILED if run.exit_code is ExitCode.IN_STEP else run.exit_code
    raise typer.Exit(int(run.exit_code if is_whole else failed))


async def _undo(
    settings: Settings, key: Secret, progress: Progress | None, meant: Sequence[Renaming]
) -> Undoing:
    from syncd.actions.undo import undo as give_back
    from syncd.engine import open_engine

    async with open_engine(settings, key, progress=progress) as engine:
        return await give_back(engine.library, engine.executor, engine.policy, meant)


def _ask(meant: Sequence[Renaming]) -> None:
    """Show what would be sent, and go on only if the user says so."""
    check_somebody_there("say --yes to give the names back")
    lines = [f"job {m.job_id}: “{m.after or ''}” becomes “{m.before or ''}” again" for m in meant]
    question = f"Give {these(len(meant), 'name')} back, of cycle {meant[0].cycle}?"
    confirm(lines, question)


def _undone_line(one: Undone) -> str:
    meant = one.renaming
    if not one.done:
        return f"job {meant.job_id}: “{meant.after or ''}” stays: {one.detail}"
    return f"job {meant.job_id}: “{meant.after or ''}” → “{one.name or ''}”"


def _undone_json(one: Undone) -> dict[str, object]:
    return {
        "id": one.renaming.job_id,
        "entry": one.renaming.entry,
        "before": one.renaming.after,
        "after": one.name,
        "done": one.done,
        "detail": one.detail,
    }


def _lines(entry: HistoryEntry) -> Iterator[str]:
    """What was done and how it ended; below it the names, why, and from which evidence."""
    from syncd.core.verbs import words

    outcome = entry.outcome or "not finished"
    what = entry.path or entry.display_name or ""
    yield (
        f"{entry.started_at:%Y-%m-%d %H:%M:%S} UTC  {entry.cycle}  {words(entry.verb).do}: "
        f"{outcome}  job {entry.job_id}  {what}"
    )
    if said := names(entry.before, entry.after):
        yield f"    {said}"
    yield f"    {entry.reason}" + (f": {entry.detail}" if entry.detail else "")
    yield from (f"    {line}" for line in entry.evidence)


def names(before: str | None, after: str | None) -> str:
    """What was taken away and given; empty where there was neither."""
    if before and after:
        return f"“{before}” → “{after}”"
    return f"was “{before}”" if before else f"now “{after}”" if after else ""


def entry_json(entry: HistoryEntry, root: Path) -> dict[str, object]:
    """One operation of the journal for a script; ``path`` is absolute."""
    return {
        "entry": entry.id,
        "cycle": entry.cycle,
        "operation": entry.verb,
        "id": entry.job_id,
        "display_name": entry.display_name,
        "path": root / entry.path if entry.path else None,
        "reason": entry.reason,
        "started_at": entry.started_at,
        "finished_at": entry.finished_at,
        "result": entry.outcome,
        "detail": entry.detail,
        "before": entry.before,
        "after": entry.after,
        "evidence": list(entry.evidence),
    }
