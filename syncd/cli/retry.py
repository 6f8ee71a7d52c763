"""``syncd retry``: have failed jobs made again, and follow them until they settle."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.core.words import amount
from syncd.errors import ConfigError, ExitCode, NoSuchJob, SyncdError

if TYPE_CHECKING:
    from datetime import datetime

    from syncd.actions.retry import Turn
    from syncd.config import Settings
    from syncd.core.model import Job
    from syncd.secret import Secret

_LARGEST = 2**63 - 1

_SHOWN = 10
"""How many bars there are at most, and ids in a line."""

_BEING_MADE = "what was sent is being made; syncd sync fetches it"


def retry(
    context: typer.Context,
    job_ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", min=1, max=_LARGEST, help="Ids of failed jobs."),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that failed in the account.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Follow them until they are settled.")
    ] = True,
    as_json: JSON = False,
) -> None:
    """Have failed jobs made again, 10 in a minute.

    It costs no credits. What is finished then comes with the next sync.
    """
    from syncd import config, log
    from syncd.cli.opening import load_key

    if bool(job_ids) == failed:
        raise ConfigError("which jobs? name their ids, or say --failed for all that failed")
    settings = config.load(context.obj)
    log.configure("warning", settings.log.format)
    key = load_key(settings)
    found = _Found()
    try:
        _send_all(settings, key, list(dict.fromkeys(job_ids or ())) or None, found)
        if wait and found.sent:
            with _following(found.sent) as told:
                work = _follow(settings, key, found, told)
                output.run_until_stopped(work, left=_BEING_MADE)
    except SyncdError as trouble:
        if not (found.sent or found.refused):
            raise
        found.error = found.error or trouble
    except typer.Exit as stopped:
        found.stopped = stopped.exit_code
    code = _exit_code(found, waited=wait)
    if as_json:
        output.print_json(_document(found, code))
    else:
        for job in found.sent:
            typer.echo(output.printable(_said(job, found.settled.get(job.id))))
        if failed and not (found.sent or found.refused or found.error or found.stopped):
            output.say_nothing_found("no job of the account has failed")
    # What ended the sending is told once, though it is also what one job was refused for.
    for one in dict.fromkeys((*found.refused.values(), *((found.error,) if found.error else ()))):
        output.complain(one)
    if found.left:
        shown = " ".join(map(str, found.left[:_SHOWN]))
        more = " …" if len(found.left) > _SHOWN else ""
        typer.echo(f"{amount(len(found.left), 'job')} not tried: {shown}{more}", err=True)
    raise typer.Exit(code)


@dataclass(slots=True)
class _Found:
    """What became of them: sent, how they settled, refused, not tried; and what ended it.

    ``vain`` is what the turns share of that (``Turn``).
    """

    sent: list[Job] = field(default_factory=list)
    settled: dict[int, Job | NoSuchJob] = field(default_factory=dict)
    refused: dict[int, SyncdError] = field(default_factory=dict)
    vain: list[datetime] = field(default_factory=list)
    left: tuple[int, ...] = ()
    error: SyncdError | None = None
    stopped: int = 0


def _exit_code(found: _Found, *, waited: bool) -> int:
    if found.stopped:
        return found.stopped
    if found.error is not None:
        return int(found.error.exit_code)
    if found.refused:
        return int(max(one.exit_code for one in found.refused.values()))
    if waited and any(not _is_completed(found.settled.get(job.id)) for job in found.sent):
        return int(ExitCode.FAILED)
    return int(ExitCode.IN_STEP)


def _document(found: _Found, code: int) -> dict[str, object]:
    from syncd.secret import redact

    error = found.error
    ended = redact(error.message) if error else "stopped" if found.stopped else None
    return {
        "retried": [_job_json(job, found.settled.get(job.id)) for job in found.sent],
        "errors": [{"id": i, "error": redact(e.message)} for i, e in found.refused.items()],
        "left": list(found.left),
        "exit_code": code,
        "error": ended,
        "hint": error.hint if error else None,
    }


def _is_completed(job: Job | NoSuchJob | None) -> bool:
    from syncd.core.model import COMPLETED

    return job is not None and not isinstance(job, NoSuchJob) and job.status == COMPLETED


def _said(job: Job, settled: Job | NoSuchJob | None) -> str:
    name = f"job {job.id}" + (f" “{job.display_name}”" if job.display_name else "")
    if settled is None:
        return f"{name}: sent to be made again"
    if isinstance(settled, NoSuchJob):
        return f"{name}: it is no longer in the account"
    if _is_completed(settled):
        return f"{name}: completed"
    why = f": {settled.error_message}" if settled.error_message else ""
    return f"{name}: {settled.status} again{why}"


def _job_json(job: Job, settled: Job | NoSuchJob | None) -> dict[str, object]:
    gone = isinstance(settled, NoSuchJob)
    last = job if settled is None or isinstance(settled, NoSuchJob) else settled
    return {
        "id": job.id,
        "display_name": last.display_name,
        "status": None if gone else last.status,
        "progress": last.progress,
        "error_message": last.error_message,
        "settled": settled is not None,
    }


def _send_all(
    settings: Settings, key: Secret, job_ids: Sequence[int] | None, found: _Found
) -> None:
    """Send them (``None``: all that failed) in turns, and wait in between without the library."""
    from syncd.actions.retry import Turn
    from syncd.cli.opening import borrowed

    limited = False
    while True:
        turn = Turn(sent=found.sent, refused=found.refused, vain=found.vain, left=found.left)
        before = len(found.sent)
        left = _BEING_MADE if found.sent else ""
        try:
            # A running daemon stands aside for each turn alone, which takes seconds.
            with borrowed(settings, "retry"):
                work = _send(settings, key, job_ids, turn, patient=not limited)
                output.run_until_stopped(work, left=left)
        finally:
            found.left, found.error = turn.left, turn.error
        if turn.error is not None or not turn.left:
            return
        # Twice in a row, with nothing sent in between: others use the limit up.
        limited = turn.limited and len(found.sent) == before
        job_ids = turn.left
        done = f"{len(found.sent)} sent, {len(turn.left)} to go"
        why = "the service asked to wait" if turn.limited else "the service takes 10 in a minute"
        typer.echo(f"{done}: {why}; the next in {math.ceil(turn.wait)} s", err=True)
        left = _BEING_MADE if found.sent else ""
        output.run_until_stopped(asyncio.sleep(turn.wait), left=left)


async def _send(
    settings: Settings, key: Secret, job_ids: Sequence[int] | None, turn: Turn, *, patient: bool
) -> None:
    from syncd.actions.retry import failed_jobs, send
    from syncd.engine import open_engine

    async with open_engine(settings, key) as engine:
        if job_ids is None:
            job_ids = await failed_jobs(engine.library)
        parts = (engine.library, engine.context, engine.policy)
        await send(*parts, job_ids, turn=turn, patient=patient)


async def _follow(
    settings: Settings, key: Secret, found: _Found, told: Callable[[Job], None]
) -> None:
    from syncd.actions.retry import follow
    from syncd.engine import open_client

    def waits(error: SyncdError) -> None:
        typer.echo(output.printable(f"{error.message}; this waits, and they are made"), err=True)

    async with open_client(settings, key) as client:
        await follow(client, found.sent, told, settled=found.settled, waits=waits)


@contextmanager
def _following(jobs: Sequence[Job]) -> Iterator[Callable[[Job], None]]:
    """Bars on a terminal, else a line for each status that is new, on standard error."""
    if not sys.stderr.isatty():
        statuses = {job.id: job.status for job in jobs}

        def line(job: Job) -> None:
            if statuses[job.id] != job.status:
                statuses[job.id] = job.status
                typer.echo(output.printable(f"job {job.id}: {job.status}"), err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        shown = {
            job.id: bars.add_task(_bar(job), total=100.0, completed=int(job.progress or 0))
            for job in jobs[:_SHOWN]
        }

        def advance(job: Job) -> None:
            if job.id in shown:
                done = 100.0 if _is_completed(job) else job.progress or 0
                bars.update(shown[job.id], description=_bar(job), completed=done)

        yield advance


def _bar(job: Job) -> str:
    return output.printable(f"job {job.id}  {job.status.lower()}")
