"""What the daemon does now and then, whatever else it does: shows life, looks at the clocks."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import structlog

from syncd.daemon.clocks import Clocks
from syncd.daemon.systemd import Notifier

if TYPE_CHECKING:
    from syncd.daemon.daemon import Daemon

TICK = 30.0
"""Seconds between two looks at the clocks, at most."""

LONGEST_STOP = 4.5
"""Seconds after which a daemon that was told to stop ends, whatever it waits for: it can be stopped
anywhere, as a power cut could."""

_log = structlog.get_logger("syncd.daemon")


class Pulse:
    """``beat`` goes on for ever. ``watchdog`` is how many seconds systemd waits for a sign of life;
    ``None`` where it does not wait for one.
    """

    def __init__(self, daemon: Daemon, notifier: Notifier, watchdog: float | None) -> None:
        self._daemon = daemon
        self._notifier = notifier
        self._seconds = min(TICK, watchdog / 3) if watchdog else TICK
        self._watched = watchdog is not None
        self._activity = -1
        self.clocks = Clocks()

    async def beat(self) -> None:
        """Show life, notice what the clocks tell, and see what may have passed by itself."""
        daemon = self._daemon
        self.clocks.look()  # what the next look compares with
        while True:
            await asyncio.sleep(self._seconds)
            self._show_life()
            if happened := self.clocks.look():
                what, seconds = happened
                _log.info(
                    f"the {'clock was set' if what == 'stepped' else 'machine slept'}",
                    seconds=round(seconds),
                )
                (daemon.schedule.rearm if what == "stepped" else daemon.schedule.wake)()
            daemon.apply_pause()
            if daemon.session is not None:
                daemon.session.look_for_room()
                if await daemon.key.is_another(daemon.settings):
                    daemon.call()
            daemon.tell()

    def _show_life(self) -> None:
        """Feed the watchdog: with what got on since, else through the queue, if that is served.

        So one that is stuck is not taken for a busy one, nor one that waits for one that is stuck.
        A slow answer is waited for longer than the watchdog does, and yet not for ever.
        """
        if not self._watched:
            return
        activity, self._activity = self._activity, self._daemon.activity
        session = self._daemon.session
        awaits_answer = session is not None and session.engine.context.http.awaits_answer
        if activity != self._activity or awaits_answer:
            self._notifier.watchdog()
        else:
            self._daemon.wakes.ping()


def end_in_time() -> threading.Timer:
    """End this process soon, also where a thread waits for a disk that does not answer."""

    def end() -> None:
        _log.warning("stopped in the middle of something; the next start goes on from here")
        os._exit(0)

    timer = threading.Timer(LONGEST_STOP, end)
    timer.daemon = True
    timer.start()
    return timer
