"""The further trees (``library.also``), which have their turn whenever the first came to rest.

Each is opened for its turn alone, so that one whose disk is away is tried anew, and nothing of
it is locked while others wait. What else waits in the queue goes first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

import structlog
from structlog.contextvars import bound_contextvars

from syncd.core.policy import Policy
from syncd.core.words import of_tree
from syncd.cycle import Look, Report, run_cycle
from syncd.daemon.live import Live
from syncd.daemon.patience import Patience
from syncd.daemon.schedule import Schedule
from syncd.daemon.upkeep import is_due, keep_up
from syncd.daemon.wakes import Wakes
from syncd.engine import Engine, open_further
from syncd.errors import DiskFull, SyncdError
from syncd.executor import FIRST_BACKOFF, Result
from syncd.executor.threads import to_its_end
from syncd.further import tells_others
from syncd.generation import end_caution, settle
from syncd.local.watch import Watch
from syncd.rest import next_look

_IN_A_ROW = 5
"""Cycles of one tree that may follow at once from what each has done; the next one is later."""

_LATER = 60.0
"""Seconds until then, and between two listings of the account that a tree asks for."""

_FULL = 600.0
"""Seconds after which a disk that was too full is looked at again."""

_log = structlog.get_logger("syncd.daemon")


class FurtherTrees:
    """Those of one open library. They have a turn once after it was opened, and after ``stale``."""

    def __init__(self, engine: Engine, wakes: Wakes, live: Live, schedule: Schedule) -> None:
        self._engine = engine
        self._wakes = wakes
        self._live = live
        self._schedule = schedule
        self._trees = engine.settings.trees
        self._is_stale = True
        self._is_broken_off = False
        self._listed_at = float("-inf")
        self._watches: dict[str, asyncio.Task[None]] = {}

    def stale(self) -> None:
        """Something was looked at, or done, that may concern them."""
        self._is_stale = True

    def break_off(self) -> None:
        """End the turn that goes on as soon as it can be: what it left is done in a later one."""
        self._is_broken_off = True

    async def close(self) -> None:
        """End the watches."""
        for format_ in list(self._watches):
            await self._end_watch(format_)

    def _begin_watch(self, format_: str, root: Path) -> None:
        """Wake where something stirs there. Once it is there: a watch waits long for a folder."""
        if format_ not in self._watches:
            self._watches[format_] = asyncio.create_task(self._watch(root))

    async def _end_watch(self, format_: str) -> None:
        if watch := self._watches.pop(format_, None):
            watch.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await watch

    async def _watch(self, root: Path) -> None:
        async with aclosing(Watch(root).stirrings()) as stirrings:
            async for why in stirrings:
                self._wake(Look(scan=True), why)

    def _wake(self, look: Look, why: str) -> None:
        self._is_stale = True
        self._wakes.wake(look, why)

    async def turn(self) -> None:
        """Bring them into step with what is known of the account by now."""
        if not self._is_stale:
            return
        self._is_stale = self._is_broken_off = False
        for format_ in self._trees:
            try:
                with bound_contextvars(tree=format_):
                    async with open_further(self._engine, format_) as tree:
                        self._begin_watch(format_, tree.library.root.path)
                        reports = await self._cycles(tree, format_)
            except SyncdError as error:
                await self._end_watch(format_)
                self._is_stale = True
                self._trouble(format_, error)
            else:
                self._tell_first(reports, format_)

    async def _cycles(self, tree: Engine, format_: str) -> Sequence[Report]:
        """What they came to, one after the other until it rests, or something else is to come."""
        reports: list[Report] = []
        look = Look(sweep=True, scan=True)
        trouble: SyncdError | None = None
        for _ in range(_IN_A_ROW):
            self._live.stir()
            policy, trouble = await asyncio.to_thread(_with_room, tree)
            report = await self._cycle(tree, policy, look)
            reports.append(report)
            if report.error or report.gave_way:
                # It is tried again when the first tree has come to rest the next time.
                self._is_stale = True
                trouble = report.error or trouble
                break
            again = next_look(report, policy)
            if again is None:
                await self._rest(tree, report)
                break
            if again.wait:
                self._later(again.wait)
                break
            look = again.look
        else:
            self._later(_LATER)
        self._time_what_waits(reports[-1])
        if not policy.room:
            self._later(_FULL)
        if trouble := trouble or _failure(reports[-1]):
            self._trouble(format_, trouble)
        else:
            self._live.settle(_kind(format_))
        return reports

    async def _cycle(self, tree: Engine, policy: Policy, look: Look) -> Report:
        patience = Patience(self._wakes)

        def give_way() -> bool:
            # Asked in any case: the first time is when the plan is made.
            return patience.is_over() or self._is_broken_off

        return await run_cycle(tree.library, tree.executor, policy, look, give_way=give_way)

    async def _rest(self, tree: Engine, report: Report) -> None:
        library = tree.library
        if not (report.doubts or report.unreadable):
            await to_its_end(end_caution, library)
            if await to_its_end(settle, library):
                self._wake(Look(scan=True), "all was seen once")
        now = library.now()
        # Not before the service told its time: what is old is told by both clocks.
        if now.server is not None and await asyncio.to_thread(is_due, library, now):
            kept = await keep_up(library, tree.settings, now, alive=self._live.stir)
            for trouble in kept.troubles:
                self._trouble(tree.settings.format, trouble)

    def _tell_first(self, reports: Sequence[Report], format_: str) -> None:
        """Have the first tree follow what was done here."""
        if not tells_others(reports):
            return
        now = time.monotonic()
        sweep = any(report.wants_sweep for report in reports) and now - self._listed_at > _LATER
        if sweep:
            self._listed_at = now
        self._wake(Look(sweep=sweep, scan=True), f"something was done in the {format_} tree")

    def _time_what_waits(self, report: Report) -> None:
        now = self._live.now()
        waits = [wait.until for wait in report.plan.waits if wait.until is not None]
        if any(outcome.result is Result.FAILED for outcome in report.outcomes):
            waits.append(now + FIRST_BACKOFF)
        if waits:
            self._later(max((min(waits) - now).total_seconds(), _LATER))

    def _later(self, seconds: float) -> None:
        wake = self._wake
        self._schedule.later_at_most(
            "further", seconds, lambda: wake(Look(scan=True), "a further tree is due")
        )

    def _trouble(self, format_: str, error: SyncdError) -> None:
        hint = error.hint and of_tree(error.hint, format_)
        said = SyncdError(f"{format_}: {error.message}", hint=hint)
        if all(said.message != known.message for known in self._live.troubles):
            _log.warning("a further tree is in trouble", tree=format_, why=error.message)
        self._live.trouble((_kind(format_),), said)


def _kind(format_: str) -> str:
    return f"further {format_}"


def _with_room(tree: Engine) -> tuple[Policy, SyncdError | None]:
    """Its policy, by which nothing is fetched where its disk is too full; and that it is."""
    try:
        tree.context.check_space()
    except DiskFull as error:
        return replace(tree.policy, room=False), error
    return tree.policy, None


def _failure(report: Report) -> SyncdError | None:
    """What failed for single tracks, or could not be seen."""
    if report.unreadable:
        return SyncdError(f"{report.unreadable[0]} cannot be read")
    failed = [outcome for outcome in report.outcomes if outcome.result is Result.FAILED]
    if not failed:
        return None
    first = failed[0]
    return SyncdError(f"job {first.operation.job_id}: {first.detail}")
