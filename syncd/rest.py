"""A run: cycles until both sides rest. What follows a cycle is the same for a command and for the
daemon (``next_look``); a command waits for it here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from syncd.core.cases import scans_apart
from syncd.core.policy import Policy
from syncd.cycle import Look, Report, run_cycle
from syncd.executor import Executor, Result
from syncd.executor.threads import to_its_end
from syncd.generation import end_caution
from syncd.library import Library

_log = structlog.get_logger("syncd.rest")


@dataclass(frozen=True, slots=True)
class Again:
    """What to look at next, in ``wait`` seconds.

    ``is_for_missed``: a file was missed, and nothing else is left. ``is_sweep_alone``: nothing was
    done, but a listing of the account is needed.
    """

    look: Look
    wait: float = 0.0
    is_for_missed: bool = False
    is_sweep_alone: bool = False


def next_look(report: Report, policy: Policy) -> Again | None:
    """What follows ``report``; ``None`` where all that it left waits for a time or for the user.

    What a scan missed is looked for once more, far enough from the first time.
    """
    if report.error:
        return None
    again = report.count(Result.DONE) or report.count(Result.REPLAN) or report.settled
    if again or report.gave_way:
        return Again(Look(scan=True, sweep=report.wants_sweep))
    if report.wants_sweep and not report.look.sweep:
        return Again(Look(scan=True, sweep=True), is_sweep_alone=True)
    if report.plan.missed:
        look = Look(scan=True, sweep=report.wants_sweep)
        return Again(look, scans_apart(policy), is_for_missed=True)
    return None


async def run_until_rest(
    library: Library, executor: Executor, policy: Policy, *, sweep: bool = True
) -> list[Report]:
    """Cycles until nothing is left to do now; each operation on a track is done once in a run.

    The first cycle sweeps (unless ``sweep`` is false), and each that follows a surprise about the
    account; what is observed while acting is taken into the catalog at once. What a scan missed is
    looked for once more.
    """
    reports: list[Report] = []
    dealt_with: set[tuple[int, str]] = set()
    looked_for: set[int] = set()
    listed = False
    look = Look(sweep=sweep, scan=True)
    while True:
        now_policy = replace(policy, attempted=frozenset(dealt_with))
        report = await run_cycle(library, executor, now_policy, look)
        reports.append(report)
        if report.error:
            return reports
        listed = (listed or look.sweep) and not report.doubts
        # Also what was done: a program that takes each file away would keep us at it for ever.
        settled = (o for o in report.outcomes if o.result in (Result.DONE, Result.FAILED))
        dealt_with |= {(o.operation.job_id, o.operation.verb) for o in settled}
        again = next_look(report, policy)
        if again is None or (again.is_for_missed and not report.plan.missed - looked_for):
            if listed and not report.unreadable:
                await to_its_end(end_caution, library)
            await to_its_end(purge_trash, library)
            return reports
        look = again.look
        if again.is_for_missed:
            looked_for |= report.plan.missed
            library.progress.looking_again(len(report.plan.missed), again.wait)
            _log.info(_looking_again(len(report.plan.missed), again.wait))
            await asyncio.sleep(again.wait)


def _looking_again(missed: int, seconds: float) -> str:
    files_ = "1 file is" if missed == 1 else f"{missed} files are"
    return f"{files_} missing; looking again in {seconds:.0f} s"


def purge_trash(library: Library) -> int:
    """Remove for good what was in the trash for long enough; how many files that were."""
    now = library.now()
    retention = timedelta(seconds=library.retention)
    purged = library.trash.purge(now=now.local, server_now=now.server, retention=retention)
    for entry in purged:
        _log.info("removed from the trash", name=entry.name, job=entry.job_id)
    return len(purged)
