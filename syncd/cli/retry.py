"""``syncd retry``: have failed jobs made again, and follow them until they settle."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.errors import ConfigError, ExitCode, NoSuchJob, SyncdError

if TYPE_CHECKING:
    from syncd.actions.retry import Turn
    from syncd.config import Settings
    from syncd.core.model import Job
    from syncd.secret import Secret

_LARGEST = 2**63 - 1

_SHOWN = 10
"""How many bars there are at most."""


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
    sent, refused, error = _send_all(settings, key, list(dict.fromkeys(job_ids or ())) or None)
    settled: dict[int, Job | NoSuchJob] = {}
    if wait and sent:
        try:
            with _following(sent) as told:
                settled = output.run_until_stopped(_follow(settings, key, sent, told))
        except SyncdError as trouble:
            error = error or trouble
    if as_json:
        output.print_json(
            {
                "retried": [_job_json(job, settled.get(job.id)) for job in sent],
                "errors": [{"id": i, "error": e.message} for i, e in refused.items()],
            }
        )
    else:
        for job in sent:
            typer.echo(output.printable(_said(job, settled.get(job.id))))
        if failed and not (sent or refused or error):
            output.say_nothing_found("no job of the account has failed")
    for one in (*refused.values(), *((error,) if error else ())):
        output.complain(one)
    raise typer.Exit(int(_exit_code(sent, settled, refused, error, waited=wait)))


def _exit_code(
    sent: Sequence[Job],
    settled: dict[int, Job | NoSuchJob],
    refused: dict[int, SyncdError],
    error: SyncdError | None,
    *,
    waited: bool,
) -> ExitCode:
    if error is not None:
        return error.exit_code
    if refused:
        return max(one.exit_code for one in refused.values())
    if waited and any(not _is_completed(settled.get(job.id)) for job in sent):
        return ExitCode.FAILED
    return ExitCode.IN_STEP


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
    settings: Settings, key: Secret, job_ids: Sequence[int] | None
) -> tuple[list[Job], dict[int, SyncdError], SyncdError | None]:
    """Send them (``None``: all that failed) in turns, and wait in between without the library."""
    from syncd.cli.opening import borrowed

    sent: list[Job] = []
    refused: dict[int, SyncdError] = {}
    limited = False
    while True:
        # A running daemon stands aside for each turn alone, which takes seconds.
        with borrowed(settings, "retry"):
            turn = output.run_until_stopped(_send(settings, key, job_ids, patient=not limited))
        # Twice in a row, with nothing sent in between: others use the limit up.
        limited = turn.limited and not turn.sent
        sent += turn.sent
        refused |= turn.refused
        if turn.error is not None or not turn.left:
            return sent, refused, turn.error
        job_ids = turn.left
        done = f"{len(sent)} sent, {len(turn.left)} to go"
        pause = f"the service takes 10 in a minute; the next in {math.ceil(turn.wait)} s"
        typer.echo(f"{done}: {pause}", err=True)
        output.run_until_stopped(asyncio.sleep(turn.wait))


async def _send(
    settings: Settings, key: Secret, job_ids: Sequence[int] | None, *, patient: bool
) -> Turn:
    from syncd.actions.retry import failed_jobs, send
    from syncd.engine import open_engine

    async with open_engine(settings, key) as engine:
        if job_ids is None:
            job_ids = await failed_jobs(engine.library)
        parts = (engine.library, engine.context, engine.policy)
        return await send(*parts, job_ids, patient=patient)


async def _follow(
    settings: Settings, key: Secret, jobs: Sequence[Job], told: Callable[[Job], None]
) -> dict[int, Job | NoSuchJob]:
    from syncd.actions.retry import follow
    from syncd.engine import open_client

    async with open_client(settings, key) as client:
        return await follow(client, jobs, told)


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
