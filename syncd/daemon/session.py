"""The work while the library is open: wake-ups in, one cycle at a time, and what follows each.

Ends by being cancelled, or by raising what closes the library (``weather.CLOSING``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace

import structlog

from syncd.core.model import RemoteTree
from syncd.core.operations import Plan, Restore
from syncd.core.policy import Policy
from syncd.cycle import Look, Report, run_cycle
from syncd.daemon.exporting import Exporting
from syncd.daemon.further import FurtherTrees
from syncd.daemon.live import Live
from syncd.daemon.patience import Patience
from syncd.daemon.room import Room
from syncd.daemon.schedule import Schedule
from syncd.daemon.tasks import cancelled
from syncd.daemon.timing import Timing
from syncd.daemon.upkeep import is_due, keep_up
from syncd.daemon.wakes import Ping, Request, Upkeep, Wake, Wakes
from syncd.daemon.weather import CLOSING, Weather
from syncd.engine import Engine
from syncd.errors import (
    DiskFull,
    MediaSilent,
    RateLimited,
    RemoteError,
    StatusUnknown,
    SyncdError,
)
from syncd.executor import Result
from syncd.executor.threads import to_its_end
from syncd.generation import end_caution, settle
from syncd.local.watch import Watch
from syncd.remote.waits import how_long
from syncd.settings import Settings

_AGAIN = 3_600.0
"""Seconds for which a restored file is not restored once more, where a program takes it away."""

_MOST_OUTCOMES = 5_000
"""Outcomes that are kept until everything rests; then what was done so far is told."""

_SILENT = (MediaSilent, StatusUnknown)
"""What one track fails with where it may be the service that is out of reach."""

_log = structlog.get_logger("syncd.daemon")


@dataclass(slots=True)
class Session:
    """One open library. ``settled`` is told of the cycles since it rested last, ``alive`` that the
    queue is served, ``rested`` that nothing is being done any more."""

    engine: Engine
    settings: Settings
    wakes: Wakes
    schedule: Schedule
    weather: Weather
    live: Live
    watch: Watch
    alive: Callable[[], None]
    settled: Callable[[Sequence[Report]], Awaitable[None]]
    rested: Callable[[], None]
    was_lent: bool = False
    """It was lent to a command, and nothing else has happened since."""
    busy: str | None = field(default="opening", init=False)
    """What is being done, in a few words; ``None`` between two cycles."""
    left_downloads: bool = field(default=False, init=False)
    """The last cycle did not begin all downloads, because something waits for its turn."""
    _reports: list[Report] = field(default_factory=list, init=False)
    _restored: dict[int, float] = field(default_factory=dict, init=False)
    _timing: Timing = field(init=False)
    _cycling: asyncio.Task[Report] | None = field(default=None, init=False)
    _looking_for_room: asyncio.Task[None] | None = field(default=None, init=False)
    _room: Room = field(init=False)
    _exporting: Exporting = field(init=False)
    _further: FurtherTrees = field(init=False)
    _listed: bool = field(default=False, init=False)
    _unheard: bool = field(init=False)
    """The service was silent: what was put off meanwhile is tried as soon as it answers."""

    def __post_init__(self) -> None:
        self._unheard = self.weather.error is not None
        least = self.settings.limits.min_free_space
        self._room = Room(self.engine.library.root, least, self.live)
        self._exporting = Exporting(self.engine.library, self.wakes, self.live)
        self._further = FurtherTrees(self.engine, self.wakes, self.live, self.schedule)
        poll_interval = self.settings.sync.poll_interval
        self._timing = Timing(self.engine.library, self.wakes, self.schedule, poll_interval)

    async def work(self) -> None:
        """Look at everything once, then at whatever a wake-up says."""
        library = self.engine.library
        async with AsyncExitStack() as stack:
            watcher = asyncio.create_task(self._watch())
            # What ends the watcher ends the work: the queue is woken to find it out.
            watcher.add_done_callback(lambda _: self.wakes.ping())
            stack.push_async_callback(cancelled, watcher)
            stack.push_async_callback(self._further.close)
            self.wakes.wake(await self._first_look(), "the library was opened")
            self.busy = None
            is_fresh = True
            while True:
                match await self.wakes.next():
                    case Ping():
                        if watcher.done():
                            watcher.result()
                        self.alive()
                    case Request() as request:
                        await self._serve(request)
                    case Upkeep():
                        if await asyncio.to_thread(is_due, library, library.now()):
                            await self._keep_up()
                    case Wake(look=look, why=why):
                        await self._cycle(look, why)
                        # Not before the service told its time: what is old is told by both clocks.
                        if is_fresh and library.now().server is not None:
                            is_fresh = False
                            self.wakes.keep_up()

    async def _first_look(self) -> Look:
        """Everything; but after a command that borrowed the library a listing is not needed, unless
        the catalog was bound anew by it."""
        binding = await asyncio.to_thread(self.engine.library.catalog.binding)
        is_new = binding is None or not binding.settled or binding.bound_anew is not None
        is_swept = self.was_lent and not is_new
        return Look(sweep=not is_swept, poll=is_swept, scan=True)

    async def _watch(self) -> None:
        async with aclosing(self.watch.stirrings()) as stirrings:
            async for why in stirrings:
                self.wakes.wake(Look(scan=True), why)

    async def _serve(self, request: Request) -> None:
        """Do what a user asked for; what it fails with is the answer, and ends no work."""
        before, self.busy = self.busy, request.what
        self.live.stir()
        try:
            await asyncio.to_thread(self.engine.library.catalog.verify)
            answer = await request.work(self.engine)
        except Exception as error:
            if not request.answer.done():
                request.answer.set_exception(error)
            if isinstance(error, CLOSING):
                raise
            if not isinstance(error, SyncdError):
                _log.exception("a request failed", request=request.what)
        else:
            if not request.answer.done():
                request.answer.set_result(answer)
        finally:
            if not request.answer.done():
                said, hint = f"{request.what} was broken off", "ask again"
                if self.live.stopping:
                    said, hint = f"{said}: the daemon stops", "ask again once it runs"
                request.answer.set_exception(SyncdError(said, hint=hint))
            self.busy = before
            self.rested()
        self.wakes.wake(Look(scan=True), "a request was served")

    async def serve_brief(self, report: Report) -> None:
        """Serve, after a cycle of a long request, the brief ones that wait meanwhile."""
        self.left_downloads = report.gave_way
        while (request := self.wakes.next_brief()) is not None:
            await self._serve(request)

    async def _cycle(self, look: Look, why: Sequence[str]) -> None:
        self.busy = "looking"
        self.live.stir()
        await asyncio.to_thread(self._room.look)
        _log.debug("a cycle begins", why=", ".join(why))
        patience = Patience(self.wakes)
        engine, policy = self.engine, self._policy()
        self._cycling = asyncio.ensure_future(
            run_cycle(engine.library, engine.executor, policy, look, give_way=patience.is_over)
        )
        try:
            report = await self._cycling
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self.live.broken_off()
            await self.settled(self.untold)
            self._reports = []
            self.wakes.wake(look | Look(scan=True), "the cycle was broken off")
        else:
            await self._follow(report, policy)
        finally:
            self._cycling = None
        # Only then: what ends the work is not over before the library is closed.
        self.busy = None
        self.rested()

    def break_off(self) -> None:
        """End the cycle that goes on, if one does: what it left is done by a later one."""
        self._further.break_off()
        if self._cycling is not None:
            self._cycling.cancel()

    async def _keep_up(self) -> None:
        self.busy = "keeping the catalog up"
        self.live.stir()
        library = self.engine.library
        try:
            kept = await keep_up(library, self.settings, library.now(), alive=self.live.stir)
        finally:
            self.busy = None
            self.rested()
        self.live.settle("upkeep")
        for trouble in kept.troubles:
            self.live.trouble(("upkeep", trouble.message), trouble)

    def _policy(self) -> Policy:
        now = time.monotonic()
        self._restored = {job: at for job, at in self._restored.items() if now - at < _AGAIN}
        attempted = frozenset((job_id, Restore.verb) for job_id in self._restored)
        return replace(
            self.engine.policy,
            room=self._room.there_is,
            attempted=attempted,
            retry_now=self._unheard,
        )

    def restore_again(self, jobs: Iterable[int]) -> None:
        """The user decided that their files are to be here: restore them, however soon."""
        for job_id in jobs:
            self._restored.pop(job_id, None)

    def look_for_room(self) -> None:
        """Wake where there is room on the disk again, after there was none. Returns at once."""
        if not self._room.there_is and self._looking_for_room is None:
            self._looking_for_room = asyncio.create_task(self._look_for_room())

    async def _look_for_room(self) -> None:
        try:
            # In a thread, of which there is one at a time: the disk may not answer.
            if await asyncio.to_thread(self._room.look):
                self.wakes.wake(Look(scan=True), "there is room on the disk again")
        finally:
            self._looking_for_room = None

    async def _follow(self, report: Report, policy: Policy) -> None:
        """What comes after a cycle: the next look, a wait for the service, or rest."""
        self.live.took(report)
        self.left_downloads = report.gave_way
        for outcome in report.outcomes:
            if isinstance(outcome.operation, Restore) and outcome.result is Result.DONE:
                self._restored[outcome.operation.job_id] = time.monotonic()
        if not report.error:
            self._listed = (self._listed or report.look.sweep) and not report.doubts
        if not report.quiet:
            self._unheard = report.error is not None and not report.outcomes
            if policy.room and not report.error:
                self._room.sufficed()
        if report.error:
            await self._stumbled(report, policy)
        elif report.look.poll or report.look.sweep or report.look.flight:
            self.live.settle("service")
            if self.weather.cleared():
                _log.info("the service answers again")
        if not report.error and any(isinstance(o.error, _SILENT) for o in report.outcomes):
            self.wakes.wake(Look(poll=True), "a track had no answer: is the service there?")
        if not report.quiet:
            await self._keep(report)
            self._exporting.stale()
            self._further.stale()
        if report.error or not self._timing.follow(report, policy):
            # What was missed is looked for once more first: until then it is not all known.
            unclear = report.error or report.quiet or report.unreadable or report.plan.missed
            if self._listed and not unclear:
                await to_its_end(end_caution, self.engine.library)
                # The first sweep may have given way to other looks before it was carried out.
                if await to_its_end(settle, self.engine.library):
                    self.wakes.wake(Look(scan=True), "all was seen once")
            if not report.error:
                self.busy = "exporting"
                await self._exporting.refresh()
                self.busy = "at the further trees"
                await self._further.turn()
            await self._rest()
        await self._timing.time_what_waits(report, self.live.now())

    async def _keep(self, report: Report) -> None:
        """Keep of ``report`` what is told once everything rests, and no more: the first sync of a
        large account is many cycles."""
        if self._reports:
            self._reports[-1].plan = Plan()
        report.remote = RemoteTree({})
        self._reports.append(report)
        if sum(len(one.outcomes) for one in self._reports) > _MOST_OUTCOMES:
            await self._rest()

    async def took(self, reports: Sequence[Report]) -> None:
        """Take in what a request did."""
        for report in reports:
            self.live.took(report)
        self.left_downloads = reports[-1].gave_way
        self._reports += reports
        await self._rest()

    async def _stumbled(self, report: Report, policy: Policy) -> None:
        error = report.error
        assert error is not None, "the cycle was ended by something"
        if isinstance(error, CLOSING):
            await self._rest()
            raise error
        if isinstance(error, DiskFull):
            await asyncio.to_thread(self._room.failed, error)
            if policy.room:
                self.wakes.wake(Look(scan=True), "names are mirrored without room on the disk")
            return
        first = self.weather.error is None
        wait = self.weather.failed(error)
        self.live.trouble(("service",) if isinstance(error, RemoteError) else ("cycle",), error)
        if first:
            job = getattr(error, "job_id", None)
            about = {"cycle": report.cycle} | ({} if job is None else {"job": job})
            about |= {"why": error.message, "again_in": how_long(wait)}
            _log.warning(f"{_what_failed(error)}; it is tried again", **about)
        # What was to be looked at is still to be, once the service may be asked.
        self.wakes.wake(report.look | Look(scan=True), "the cycle was broken off")
        self.wakes.hold("weather", True)
        self.schedule.later("retry", wait, self.retry)

    def retry(self) -> None:
        """Ask the service again, however long it was to be left alone."""
        self.schedule.cancel("retry")
        self.wakes.wake(Look(poll=True), "the service is tried again")
        self.wakes.hold("weather", False)

    async def _rest(self) -> None:
        """Nothing follows at once: whoever wants to know what was done is told now."""
        if self._reports:
            await self.settled(self.untold)
            self._reports = []

    @property
    def untold(self) -> Sequence[Report]:
        """The cycles that nobody was told of yet."""
        return self._reports


def _what_failed(error: SyncdError) -> str:
    if isinstance(error, RateLimited):
        return "the service asks for patience"
    return "the service cannot be reached" if isinstance(error, RemoteError) else "a cycle failed"
