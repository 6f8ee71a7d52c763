"""The watchdog: fed as long as something gets on, or is waited for that ends; and no longer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import pytest

from syncd.daemon import pulse
from syncd.daemon.clocks import Clocks
from syncd.daemon.wakes import Request
from syncd.engine import Engine
from syncd.simulator import Fault

from .living import House, Living, Manager

WATCHDOG = 0.03
"""Seconds in which systemd wants a sign of life."""

BEATS = 20


@dataclass(slots=True)
class Beats(Clocks):
    """Clocks that count how often they are looked at: once a beat."""

    count: int = field(default=0, init=False)

    def look(self) -> tuple[Literal["slept", "stepped"], float] | None:
        self.count += 1
        return None


async def test_the_clocks_are_looked_at_from_the_start_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = Beats()
    monkeypatch.setattr(Clocks, "look", lambda _: beats.look())
    # Long before the first beat: a clock that is set before it is compared with how it was then.
    monkeypatch.setattr(pulse, "TICK", 3_600.0)
    async with house.inhabited():
        assert beats.count == 1


async def fed(living: Living, manager: Manager) -> int:
    """How often the watchdog is fed in so many beats, the first of them aside."""
    beats = Beats()
    living.daemon.pulse.clocks = beats
    # What got on up to now is told with the first one.
    await living.until(lambda: beats.count > 1)
    before, begun = manager.signs_of_life, beats.count
    await living.until(lambda: beats.count >= begun + BEATS)
    return manager.signs_of_life - before


SLOW = {
    "an answer of the API": Fault("hang", origin="api", times=None),
    "the rest of such an answer": Fault("hang", origin="api", at=20, times=None),
    "an answer of a media host": Fault("hang", origin="media", times=None),
    "the rest of a file": Fault("hang", origin="media", at=2_000, times=None),
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW.keys())
async def test_one_slow_answer_does_not_starve_it(
    house: House, manager: Manager, fault: Fault
) -> None:
    house.configure(api={"timeout": "600s"})
    house.sim.faults.add(fault)
    async with house.inhabited(manager, watchdog=WATCHDOG, state="working") as living:
        await living.until(lambda: house.sim.requests.select(origin=fault.origin))
        activity = -1
        while activity != (activity := living.daemon.activity):
            await asyncio.sleep(0.1)
        assert await fed(living, manager) >= BEATS - 1
        assert living.daemon.activity == activity, "nothing got on meanwhile"


async def test_a_narrow_bandwidth_does_not_starve_it(house: House, manager: Manager) -> None:
    house.configure(limits={"bandwidth": "200B", "parallel_downloads": 1})
    async with house.inhabited(manager, watchdog=3.0, state="working") as living:
        daemon = living.daemon
        await living.until(lambda: any(one.size for one in daemon.live.transfers))
        # Beside what is told of each chunk, of which the next may be minutes away.
        paid = daemon.activity - daemon.live.activity
        await living.until(lambda: daemon.activity - daemon.live.activity > paid)


async def test_one_that_is_stuck_is_not_fed(house: House, manager: Manager) -> None:
    stuck, free = asyncio.Event(), asyncio.Event()

    async def hang(engine: Engine) -> None:
        stuck.set()
        await free.wait()

    async with house.inhabited(manager, watchdog=WATCHDOG) as living:
        assert await fed(living, manager) >= BEATS - 1, "it is idle, and serves its queue"
        living.daemon.wakes.ask(Request("a test", hang))
        await stuck.wait()
        assert await fed(living, manager) <= 1
        free.set()
