"""The daemon: opens the library, works until something ends that, waits for what it takes, and
opens it again. Signals, systemd, the control socket and the clocks live across all of that.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import structlog

from syncd.cycle import Report
from syncd.daemon.changes import check_change
from syncd.daemon.control import Caller, serve, socket_path
from syncd.daemon.herald import Herald
from syncd.daemon.key import KeyInUse
from syncd.daemon.live import Live
from syncd.daemon.metrics import serve_metrics
from syncd.daemon.pause import Pause
from syncd.daemon.pulse import Pulse
from syncd.daemon.requests import Requests
from syncd.daemon.schedule import Schedule
from syncd.daemon.session import Session
from syncd.daemon.snapshot import status_of
from syncd.daemon.status import Word
from syncd.daemon.systemd import Notifier
from syncd.daemon.tasks import cancelled
from syncd.daemon.timing import time_looks
from syncd.daemon.upkeep import damaged
from syncd.daemon.waiting import Waits, awaited, seen_anew
from syncd.daemon.wakes import Wakes
from syncd.daemon.weather import CLOSING, Weather, is_fatal
from syncd.daemon.wire import ended_how
from syncd.engine import open_engine
from syncd.errors import CatalogDamaged, ConfigError, KeyRefused, Locked, SyncdError
from syncd.local.watch import Watch
from syncd.secret import Secret
from syncd.settings import Settings

_log = structlog.get_logger("syncd.daemon")


class Daemon:
    """One library, kept in step for as long as ``run`` goes on.

    ``load`` reads the settings again (SIGHUP), ``load_key`` the API key; both raise
    ``ConfigError``. ``watchdog`` is how many seconds systemd waits for a sign of life.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        load: Callable[[], Settings],
        load_key: Callable[[Settings], Secret],
        notifier: Notifier,
        watchdog: float | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        adopt_settings: Callable[[Settings], None] = lambda settings: None,
        on_stop: Callable[[], object] = lambda: None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.since = clock()
        self.wakes = Wakes()
        self.schedule = Schedule(clock)
        self.weather = Weather()
        self.live = Live(clock)
        self.watch = Watch(settings.library.root, ignore=settings.library.ignore)
        self.pause = Pause(settings.state.dir, clock)
        self.herald = Herald(settings)
        self.session: Session | None = None
        self.waits = Waits()
        self.key = KeyInUse(load_key)
        self.borrower: Caller | None = None
        self.borrowed_for: str | None = None
        self.stopping = False
        self._load = load
        self.load_key = load_key
        self._adopt_settings = adopt_settings
        self._on_stop = on_stop
        self._notifier = notifier
        self.pulse = Pulse(self, notifier, watchdog)
        self._called = asyncio.Event()
        self._reloaded: Settings | None = None
        self._is_running = False
        self._was_lent = False
        self._told: str | None = None

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises the ``SyncdError`` that only a person can settle."""
        state_dir = self.settings.state.dir
        async with AsyncExitStack() as stack:
            path = socket_path(state_dir)
            await stack.enter_async_context(serve(path, Requests(self).handle, state_dir=state_dir))
            stack.push_async_callback(self.herald.close)
            if listen := self.settings.metrics.listen:
                await stack.enter_async_context(serve_metrics(listen, lambda: status_of(self)))
            self._heed_signals(stack)
            self.schedule.start()
            stack.callback(self.schedule.stop)
            time_looks(self.schedule, self.wakes, self.settings.sync)
            self.apply_pause()
            beating = asyncio.create_task(self.pulse.beat())
            beating.add_done_callback(lambda _: self.call())
            stack.push_async_callback(cancelled, beating)
            _log.info("started", root=str(self.settings.library.root))
            try:
                while not self.stopping:
                    await self._turn()
                    if beating.done():
                        beating.result()
            finally:
                self._notifier.stopping()
                self.wakes.refuse(SyncdError("the daemon stops", hint="ask again later"))
            _log.info("stopped")

    # --- one library after the other ---

    async def _turn(self) -> None:
        """Work on the open library until it is to be closed; then wait for what it takes."""
        error = await self._until_called(self._work)
        self.session = None
        if error is not None:
            await self._wait_out(error)
        elif self.borrower is not None:
            await self._lend(self.borrower)
            self._was_lent = True
        if self._reloaded is not None:
            self._take_settings(self._reloaded)

    async def _work(self) -> None:
        self.live.stir()
        key = self.key.take(self.settings)
        async with open_engine(self.settings, key, progress=self.live, clock=self.clock) as engine:
            self.live.interrupted = False
            self.session = Session(
                engine=engine,
                settings=self.settings,
                wakes=self.wakes,
                schedule=self.schedule,
                weather=self.weather,
                live=self.live,
                watch=self.watch,
                alive=self._notifier.watchdog,
                settled=self._settled,
                rested=self.tell,
                was_lent=self._was_lent,
            )
            self._was_lent = False
            self._ready()
            try:
                await self.herald.opened(engine.library.catalog)
                await self.session.work()
            finally:
                self.live.closed(engine.context.http.requests)
                await self._settled(self.session.untold)

    async def _until_called(self, work: Callable[[], Awaitable[None]]) -> SyncdError | None:
        """``work`` until it ends, or is to end; what it failed with, if that can be waited out."""
        self._called.clear()
        if self.stopping or self.borrower is not None or self._reloaded is not None:
            return None
        task = asyncio.ensure_future(work())
        called = asyncio.ensure_future(self._called.wait())
        try:
            await asyncio.wait({task, called}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                self.live.interrupted = True
                task.cancel()
            await task
        except asyncio.CancelledError:
            if not self._called.is_set():
                raise
        except SyncdError as error:
            return error
        finally:
            called.cancel()
            task.cancel()
            await asyncio.wait({task, called})
        return None

    async def _wait_out(self, error: SyncdError) -> None:
        """Wait until what ``error`` is about may have changed, or somebody calls.

        Raises it where only a person can settle it.
        """
        fatal = is_fatal(error, running=self._is_running)
        if isinstance(error, CatalogDamaged):
            error = damaged(self.settings, error.message.partition(": ")[2])  # whoever met it
        if not fatal:
            error = await seen_anew(self.key.advised(error), self.settings.library.root)
        self.herald.trouble(error, lasts=not fatal)
        if fatal:
            raise error
        self.live.trouble(("library",), error)
        self.wakes.refuse(error)
        wait = self.waits.begin(error, self.settings, self.key.stamp)
        self._ready()
        async with self._showing_life():
            await self._until_called(wait.over)

    async def _settled(self, reports: Sequence[Report]) -> None:
        if reports and not isinstance(reports[-1].error, CLOSING):
            self.waits.worked()
        if self.session is not None:
            await self.herald.tell(reports, self.session.engine.library.catalog)

    def _ready(self) -> None:
        if self.session is not None:
            self.waits.opened()
            self.live.settle("library")
        self._is_running = True
        self._tell_ready()

    async def _lend(self, borrower: Caller) -> None:
        """Leave the library to a command until it hangs up."""
        about = {"what": self.borrowed_for, "process": borrower.pid}
        _log.info("standing aside", **about)
        borrower.tell({"lent": True})
        self.tell()
        gone = asyncio.ensure_future(borrower.gone.wait())
        try:
            async with self._showing_life():
                while not (self.stopping or gone.done()):
                    self._called.clear()
                    called = asyncio.ensure_future(self._called.wait())
                    await asyncio.wait({gone, called}, return_when=asyncio.FIRST_COMPLETED)
                    called.cancel()
        finally:
            gone.cancel()
        if borrower.gone.is_set():
            _log.info("the library is given back", ended=ended_how(borrower.farewell), **about)
        if self.borrower is borrower:  # else it is the next one's by now
            self.borrower = self.borrowed_for = None

    @asynccontextmanager
    async def _showing_life(self) -> AsyncIterator[None]:
        """Answer pings in the queue's place, while nobody works through it."""

        async def answer() -> None:
            while True:
                await self.wakes.pinged()
                self._notifier.watchdog()

        answering = asyncio.create_task(answer())
        try:
            yield
        finally:
            await cancelled(answering)

    # --- what it is called for ---

    def call(self) -> None:
        """End what is being done: something else is to come first."""
        self._called.set()

    def stop(self) -> None:
        if not self.stopping:
            self._on_stop()
        self.stopping = self.live.stopping = self.live.interrupted = True
        self._notifier.stopping()
        self.tell()
        self.call()

    def lend(self, borrower: Caller, what: str) -> None:
        """Close the library for ``borrower`` as soon as it can be; raises ``Locked`` where lent."""
        if self.borrower is not None and not self.borrower.gone.is_set():
            raise Locked(
                f"the library is lent to {self.borrowed_for}", hint="wait for it, or stop it"
            )
        self.borrower, self.borrowed_for = borrower, what
        self.call()

    def reload(self) -> None:
        """Read the settings again; refused as a whole where they are bad (SIGHUP)."""
        if self.stopping:
            return
        if self._is_running:
            self._notifier.reloading()
        try:
            settings = self._load()
            check_change(self.settings, settings)
        except Exception as error:
            if self._is_running:
                self._tell_ready()  # with the ones that it has
            if not isinstance(error, ConfigError):
                raise
            _log.error("the configuration was not taken over", why=str(error))
            self.live.trouble(("config",), error)
            self.herald.trouble(error)
        else:
            # Ready once the library is open with them, or waited for.
            self.live.settle("config")
            self._reloaded = settings
            self.call()

    def ask_again(self) -> None:
        """Try at once what is waited for: the folder, the key, the service."""
        if self.session is not None:
            self.session.retry()
        else:
            self.call()

    def _take_settings(self, settings: Settings) -> None:
        self._reloaded = None
        new, old = settings.library, self.settings.library
        if (new.root, new.ignore) != (old.root, old.ignore):
            self.watch = Watch(settings.library.root, ignore=settings.library.ignore)
        self.settings = settings
        self.herald.take(settings)
        self._adopt_settings(settings)
        time_looks(self.schedule, self.wakes, settings.sync)
        _log.info("the configuration was read again")

    def _heed_signals(self, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()
        for number, act in (
            (signal.SIGTERM, self.stop),
            (signal.SIGINT, self.stop),
            (signal.SIGHUP, self.reload),
        ):
            loop.add_signal_handler(number, act)
            stack.callback(loop.remove_signal_handler, number)

    # --- pausing ---

    def set_pause(self, until: datetime | None) -> None:
        """Look at nothing by itself until ``until``, or for good (``None``)."""
        self.pause.begin(until)
        self.apply_pause()
        if self.session is not None:
            self.session.break_off()

    def resume(self) -> None:
        self.pause.end()
        self.apply_pause()
        self.ask_again()

    def apply_pause(self) -> None:
        self.wakes.hold("pause", self.pause.is_on)
        if self.pause.is_on and self.pause.until is not None:
            self.schedule.at("resume", self.pause.until, self.apply_pause)

    # --- how it is ---

    @property
    def activity(self) -> int:
        """Grows with all that gets on."""
        http = self.session.engine.context.http if self.session else None
        return self.live.activity + (http.activity if http else 0)

    @property
    def word(self) -> Word:
        """The state in one word."""
        if self.stopping:
            return "stopping"
        if self.borrower is not None:
            return "lent"
        if wait := self.waits.now:
            return "refused" if isinstance(wait.error, KeyRefused) else "waiting"
        if self.session is None:
            return "starting"
        if self.session.busy or self.wakes.is_woken:
            return "working"
        if self.pause.is_on:
            return "paused"
        if self.weather.error:
            return "offline"
        return "working" if self.watch.is_beginning else "idle"

    @property
    def awaits(self) -> str | None:
        """What it waits for, in words."""
        if self.borrower is not None:
            return f"{self.borrowed_for}, which has the library (process {self.borrower.pid})"
        error = self.waits.now.error if self.waits.now else self.weather.error
        return awaited(error) if error else None

    def _words(self) -> str:
        word, awaits = self.word, self.awaits
        if word == "paused":
            return self.pause.words
        which = "" if word == "waiting" else f"{word}, "
        return f"{which}waits for {awaits}" if awaits else str(word)

    def _tell_ready(self) -> None:
        self._told = self._words()
        self._notifier.ready(self._told)

    def tell(self) -> None:
        """Tell systemd how it is, where that changed."""
        words = self._words()
        if words != self._told:
            self._notifier.status(words)
        self._told = words
