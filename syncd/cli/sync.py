"""``syncd sync`` and ``syncd plan``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.core.model import RemoteTree
    from syncd.core.operations import Operation, Plan, Wait
    from syncd.cycle import Report
    from syncd.progress import Progress
    from syncd.secret import Secret

JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
_SHOWN = 20


def sync(
    context: typer.Context,
    as_json: JSON = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Bring the folder into step with the account, then exit.

    Runs cycles until nothing is left to do now, and tries again what failed earlier.
    """
    from syncd import config, log
    from syncd.cli.progress import Bars

    settings = config.load(context.obj)
    bars = sys.stderr.isatty() and not quiet
    # Bars say what each track does; a line for each on top would only push them about.
    level = "warning" if bars and settings.log.level == "info" else settings.log.level
    log.configure(level, settings.log.format)
    key = config.load_key(settings)
    with Bars() if bars else nullcontext() as progress:
        reports = output.run_until_stopped(run_sync(settings, key, progress))
    code = verdict(reports)
    if as_json:
        output.print_json(_summary_json(settings, reports, code))
    elif not quiet:
        typer.echo(summary(reports))
    if error := reports[-1].error:
        output.complain(error)
    raise typer.Exit(int(code))


async def run_sync(settings: Settings, key: Secret, progress: Progress | None) -> list[Report]:
    """Open the library, run cycles until nothing is left to do now, close it."""
    from syncd.cycle import run_until_rest
    from syncd.engine import open_engine

    async with open_engine(settings, key, progress=progress) as engine:
        policy = replace(engine.policy, retry_now=True)
        return await run_until_rest(engine.library, engine.executor, policy)


def verdict(reports: Sequence[Report]) -> ExitCode:
    """The exit code of a run: what ended it, else what failed, else what is held."""
    from syncd.executor import Result

    if error := reports[-1].error:
        return error.exit_code
    if any(report.count(Result.FAILED) for report in reports):
        return ExitCode.FAILED
    return ExitCode.HELD if reports[-1].plan.holds else ExitCode.IN_STEP


def summary(reports: Sequence[Report]) -> str:
    """What a run did, for people: a line of counts, then what failed or is held, with reasons."""
    from syncd.executor import Result

    outcomes = [outcome for report in reports for outcome in report.outcomes]
    placed = sum(o.result is Result.DONE and o.operation.verb == "download" for o in outcomes)
    adopted = sum(o.result is Result.DONE and o.operation.verb == "adopt" for o in outcomes)
    failed = [o for o in outcomes if o.result is Result.FAILED]
    holds = reports[-1].plan.holds
    words = [f"{placed} placed"]
    if adopted:
        words.append(f"{adopted} adopted")
    if failed:
        words.append(f"{len(failed)} failed")
    if holds:
        words.append(f"{len(holds)} held")
    if waiting := len(reports[-1].plan.waits) - len(failed):
        words.append(f"{waiting} waiting")
    in_step = verdict(reports) is ExitCode.IN_STEP
    lines = ["in step: " + ", ".join(words) if in_step else ", ".join(words)]
    lines += [f"  failed: job {o.operation.job_id}: {o.detail}" for o in failed[:_SHOWN]]
    lines += [f"  held: {hold.path}: {hold.reason}" for hold in holds[:_SHOWN]]
    if (more := max(len(failed) - _SHOWN, 0) + max(len(holds) - _SHOWN, 0)) > 0:
        lines.append(f"  and {more} more: syncd plan lists them all")
    lines += [f"  doubtful: {doubt}" for report in reports for doubt in report.doubts]
    return "\n".join(output.printable(line) for line in lines)


def plan(
    context: typer.Context,
    as_json: JSON = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Plan from the catalog, without asking the service.")
    ] = False,
) -> None:
    """Show what sync would do, and why. Changes nothing."""
    from syncd import config, log

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    key = config.load_key(settings)
    made, remote, doubts = output.run_until_stopped(_plan(settings, key, offline=offline))
    root = settings.library.root
    if as_json:
        output.print_json(
            {
                "operations": [_operation_json(op, root, remote) for op in made],
                "waiting": [_wait_json(wait, remote) for wait in made.waits],
                "doubts": list(doubts),
            }
        )
    else:
        typer.echo(_plan_text(made, doubts))
    raise typer.Exit(int(ExitCode.HELD if made.holds else ExitCode.IN_STEP))


async def _plan(
    settings: Settings, key: Secret, *, offline: bool
) -> tuple[Plan, RemoteTree, tuple[str, ...]]:
    from syncd.cycle import make_plan, observe, observe_remote, origin_of
    from syncd.engine import open_rehearsal

    async with open_rehearsal(settings, key) as (library, policy):
        doubts = () if offline else await observe_remote(library)
        trees = await observe(library)
        policy = replace(policy, retry_now=True, origin=origin_of(library))
        return make_plan(trees, policy, library.clock()), trees.remote, doubts


def _plan_text(made: Plan, doubts: Sequence[str]) -> str:
    lines = []
    for op in made:
        where = getattr(op, "path", None) or f"job {op.job_id}"
        lines.append(f"{op.verb:9} {where}  ({op.reason})")
    lines += [f"{'wait':9} job {wait.job_id}  ({_wait_words(wait)})" for wait in made.waits]
    lines += [f"doubtful: {doubt}" for doubt in doubts]
    if not made.operations:
        lines.append("nothing to do: the folder is in step")
    return "\n".join(output.printable(line) for line in lines)


def _wait_words(wait: Wait) -> str:
    return f"{wait.reason}; due {wait.until:%Y-%m-%d %H:%M} UTC" if wait.until else wait.reason


def _operation_json(op: Operation, root: Path, remote: RemoteTree) -> dict[str, object]:
    track = remote.tracks[op.job_id]
    path = getattr(op, "path", None)
    return {
        "operation": op.verb,
        "id": op.job_id,
        "display_name": track.title,
        "path": None if path is None else root / path,
        "format": getattr(op, "format", None),
        "reason": op.reason,
    }


def _wait_json(wait: Wait, remote: RemoteTree) -> dict[str, object]:
    track = remote.tracks[wait.job_id]
    return {
        "id": wait.job_id,
        "display_name": track.title,
        "status": track.status,
        "reason": wait.reason,
        "until": wait.until,
    }


def _summary_json(
    settings: Settings, reports: Sequence[Report], code: ExitCode
) -> dict[str, object]:
    from syncd.secret import redact

    root = settings.library.root
    last = reports[-1]
    return {
        "exit_code": int(code),
        "operations": [
            {
                "operation": outcome.operation.verb,
                "id": outcome.operation.job_id,
                "path": root / path if (path := getattr(outcome.operation, "path", None)) else None,
                "result": outcome.result,
                "reason": outcome.operation.reason,
                "detail": outcome.detail,
            }
            for report in reports
            for outcome in report.outcomes
        ],
        "waiting": len(last.plan.waits),
        "held": len(last.plan.holds),
        "doubts": [doubt for report in reports for doubt in report.doubts],
        "error": None if last.error is None else redact(last.error.message),
        "hint": None if last.error is None else last.error.hint,
    }
