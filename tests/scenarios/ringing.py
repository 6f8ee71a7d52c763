"""The timers of a daemon, rung by a test: nothing is waited for that only time brings."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from .daemons import SWIFT
from .starting import AT_ONCE

if TYPE_CHECKING:
    from .daemons import Daemon

BELLS = {
    "poll": signal.SIGUSR1,
    "sweep": signal.SIGUSR2,
    "scan": signal.SIGWINCH,
    "upkeep": signal.SIGURG,
}

RINGING = (
    SWIFT
    + AT_ONCE
    + f"""
import asyncio
from syncd.daemon import schedule
bells = { {name: int(number) for name, number in BELLS.items()} }
def every(self, name, seconds, ring, *, jitter, real=schedule.Schedule.every):
    real(self, name, seconds, ring, jitter=jitter)
    asyncio.get_running_loop().add_signal_handler(bells[name], ring)
schedule.Schedule.every = every
"""
)
"""Put before ``run``: a signal rings a timer, and two scans may follow each other at once."""


def ring(running: Daemon, name: str) -> None:
    """Have a timer ring, as if it were due; the cycle that it wakes has ended when this returns."""
    done = running.status()["cycles"]
    running.running.send_signal(BELLS[name])
    running.wait_until(lambda: running.status()["cycles"] > done)
    running.wait_for("idle")


def ring_only(running: Daemon, name: str) -> None:
    """Have a timer ring, and wait for nothing: whoever asks how it is has the catalog read."""
    running.running.send_signal(BELLS[name])
