"""A run: cycles until both sides rest. What follows a cycle is the same for a command and for the
daemon (``next_look``); a command waits for it here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from syncd import export
from syncd.core.cases import scans_apart
from syncd.core.policy import Policy
from syncd.core.words import looking_again
from syncd.cycle import Look, Report, run_cycle
from syncd.errors import SyncdError
from syncd.executor import Executor, Result
from syncd.executor.threads import to_its_end
from syncd.export import Refreshed
from syncd.generation import end_caution, settle
from syncd.library import Library

LOOKUPS_APART = 3.0
"""Seconds between two tries to look up what the jobs do not say."""

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
    # Not where the service was left alone: then it is none of this look's business.
    learn = report.unlearnt > 0 and report.look.account
    wait = LOOKUPS_APART if learn and not report.gave_way else 0.0
    again = report.count(Result.DONE) or report.count(Result.REPLAN) or report.settled
    if again or report.gave_way:
        return Again(Look(scan=True, sweep=report.wants_sweep, learn=learn), wait)
    if report.wants_sweep and not report.look.sweep:
        return Again(Look(scan=True, sweep=True), is_sweep_alone=True)
    if learn:
        return Again(Look(scan=True, learn=True), wait)
    if report.plan.missed:
        look = Look(scan=True, sweep=report.wants_sweep)
        return Again(look, scans_apart(policy), is_for_missed=True)
    return None


async def run_until_rest(
    library: Library,
    executor: Executor,
    policy: Policy,
    *,
    sweep: bool = True,
    give_way: Callable[[], bool] = lambda: False,
    between: Callable[[Report], Awaitable[None]] | None = None,
) -> list[Report]:
    """Cycles until nothing is left to do now; each operation on a track is done once in a run.

    The first cycle sweeps (unless ``sweep`` is false), and each that follows a surprise about the
    account; what is observed while acting is taken into the catalog at once. What a scan missed is
    looked for once more.

    Once ``give_way()`` is true a cycle fetches nothing more (``run_cycle``). ``between`` is awaited
    before the next one; without it the run ends there, and leaves the downloads to whoever comes
    next.
    """
    reports: list[Report] = []
    dealt_with: set[tuple[int, str]] = set()
    looked_for: set[int] = set()
    listed = gave_way = False
    look = Look(sweep=sweep, scan=True)
    while True:
        now_policy = replace(policy, attempted=frozenset(dealt_with))
        report = await run_cycle(library, executor, now_policy, look, give_way=give_way)
        reports.append(report)
        if report.error or (report.gave_way and between is None):
            return reports
        gave_way = gave_way or report.gave_way
        listed = (listed or look.sweep) and not report.doubts
        # Also what was done: a program that takes each file away would keep us at it for ever.
        settled = (o for o in report.outcomes if o.result in (Result.DONE, Result.FAILED))
        dealt_with |= {(o.operation.job_id, o.operation.verb) for o in settled}
        again = next_look(report, policy)
        if again is None or (again.is_for_missed and not report.plan.missed - looked_for):
            if listed and not report.unreadable:
                # A listing that gave way was carried out by the cycles after it.
                is_settled = gave_way and await to_its_end(settle, library)
                await to_its_end(end_caution, library)
                if is_settled:
                    look = Look(scan=True)
                    continue
            await to_its_end(purge_trash, library)
            await export_anew(library)
            return reports
        look = again.look
        if between is not None:
            await between(report)
        if again.is_for_missed:
            looked_for |= report.plan.missed
            library.progress.looking_again(len(report.plan.missed), again.wait)
            _log.info(f"{looking_again(len(report.plan.missed))} in {again.wait:.0f} s")
        await asyncio.sleep(again.wait)


async def export_anew(library: Library) -> None:
    """Bring the exports up to the catalog, and tell their troubles to the log."""
    for trouble in (await refresh_exports(library)).troubles:
        _log.warning(trouble.message, hint=trouble.hint)


async def refresh_exports(
    library: Library, *, give_way: Callable[[], bool] = lambda: False
) -> Refreshed:
    """Bring the exports up to the catalog; their troubles are for the caller to tell.

    Where it is cancelled, or ``give_way()`` is true, it stops early: the next one goes on.
    """
    stop = threading.Event()

    def refreshed() -> Refreshed:
        try:
            library.root.verify(library.marker)
            return export.refresh(
                library.catalog,
                library.root,
                library.exports,
                now=library.clock(),
                stopped=lambda: stop.is_set() or give_way(),
                verify=lambda: library.root.verify(library.marker),
            )
        except SyncdError as error:
            return Refreshed(troubles=(error,))

    work = asyncio.ensure_future(asyncio.to_thread(refreshed))
    try:
        done = await asyncio.shield(work)
    except asyncio.CancelledError:
        # Waited for: the catalog is closed and the locks given up right after.
        stop.set()
        await asyncio.wait([work])
        raise
    for name in done.left:
        _log.warning("a file of yours is left alone where an export would stand", path=name)
    if done.written or done.removed:
        _log.info("exports refreshed", written=len(done.written), removed=len(done.removed))
    return done


def purge_trash(library: Library) -> int:
    """Remove for good what was in the trash for long enough; how many files that were."""
    now = library.now()
    retention = timedelta(seconds=library.retention)
    purged = library.trash.purge(now=now.local, server_now=now.server, retention=retention)
    for entry in purged:
        _log.info("removed from the trash", name=entry.name, job=entry.job_id)
    return len(purged)
