"""A daemon at rest, with hours that pass in seconds: ``idle.py FOLDER HOURS FACTOR``.

Prints one JSON object: requests by kind, wake-ups of the event loop, memory. Run by ``test_idle``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import selectors
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import apscheduler.schedulers.base

from syncd import log
from syncd.daemon.clocks import Clocks
from syncd.daemon.daemon import Daemon
from syncd.daemon.systemd import Notifier
from syncd.local.root import create_root
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Simulator, World

FACTOR = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
BEGUN, WALL = time.monotonic(), time.time()


def compressed() -> float:
    """Seconds since the epoch on a clock that runs ``FACTOR`` times as fast."""
    return WALL + (time.monotonic() - BEGUN) * FACTOR


def now() -> datetime:
    return datetime.fromtimestamp(compressed(), UTC)


class Selector(selectors.DefaultSelector):
    """Sleeps ``FACTOR`` times shorter, and counts how often it wakes."""

    wakes = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout / FACTOR if timeout else timeout)
        if timeout is None or timeout > 0:
            # One that slept: the loop also asks without a wait while it has work.
            self.wakes += 1
        return found


class Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return compressed()


class Moment(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(compressed(), tz)


def memory() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def rest(folder: Path, hours: float, selector: Selector) -> Mapping[str, Any]:
    moment = time.time() - 86_400
    world = World.demo(clock=lambda: moment)
    # A day later all that was in flight has ended, and nothing happens any more.
    moment += 86_400
    with Simulator(world) as sim:
        root = folder / "Music"
        create_root(root, sim.api_url)
        settings = Settings.model_validate(
            {
                # Its seconds are as short as all others here.
                "api": {"base_url": sim.api_url, "timeout": "600s"},
                "library": {"root": str(root)},
                "state": {"dir": str(folder / "state")},
                "limits": {"min_free_space": "1MB"},
            }
        )
        daemon = Daemon(
            settings,
            load=lambda: settings,
            load_key=lambda _: Secret(sim.key),
            notifier=Notifier({}),
            clock=now,
        )
        daemon.pulse.clocks = Clocks(compressed, compressed, compressed)
        running = asyncio.create_task(daemon.run())
        # The first hour is for what follows the start.
        await asyncio.sleep(3_600)
        assert daemon.word in ("idle", "working"), daemon.word
        first = len(sim.requests.select(origin="api"))
        wakes, before, polls = selector.wakes, memory(), daemon.live.cycles
        await asyncio.sleep(hours * 3_600)
        after = memory()
        asked = sim.requests.select(origin="api")[first:]
        daemon.stop()
        await running
        return {
            "hours": hours,
            "requests": len(asked),
            "methods": Counter(record.method for record in asked),
            "media": len(sim.requests.select(origin="media")),
            "cycles": daemon.live.cycles - polls,
            "wakes": selector.wakes - wakes,
            "memory_before": before,
            "memory_after": after,
        }


def main() -> None:
    folder, hours = Path(sys.argv[1]), float(sys.argv[2])
    log.configure("error", "text")
    apscheduler.schedulers.base.datetime = Moment
    selector = Selector()
    loop = Loop(selector)
    try:
        figures = loop.run_until_complete(rest(folder, hours, selector))
        sys.stdout.write(f"{json.dumps(figures)}\n")
    finally:
        loop.close()


if __name__ == "__main__":
    main()
