"""A long download is broken off for what waits, where it can be taken up again; and gets on."""

from __future__ import annotations

import pytest

from syncd.daemon import patience, session
from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .living import House, Living

LONG = tone("wav", 7, 20.0)
SLOWLY = Fault("throttle", origin="media", rate=len(LONG) // 4, times=None, path=r"\.wav$")
"""Four seconds for all of it."""


@pytest.fixture
def long(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """There is something long to be fetched, of which nobody waits longer than for a moment."""
    monkeypatch.setattr(patience, "_TURN", 0.3)
    monkeypatch.setattr(patience, "_TIMES", 0.0)
    house.configure(sync={"poll_interval": "1h"})
    return house


async def rename_meanwhile(living: Living) -> None:
    """Rename a song while the long one is being fetched, and wait until that is sent."""
    house = living.house
    house.sim.faults.add(SLOWLY)
    house.sim.world.add(display_name="Long", audio={"wav": LONG}, audio_duration=20.0)
    living.daemon.wakes.wake(session.Look(poll=True), "a test")
    await living.until(lambda: any(one.size for one in living.daemon.live.transfers))
    house.path("Alpha").rename(house.path("Omega"))
    living.daemon.wakes.wake(session.Look(scan=True), "a test")
    await living.until(house.sent)


def is_there(house: House) -> bool:
    return bool(list(house.root.rglob("Long.wav")))


def ranges(house: House) -> list[str | None]:
    """Which parts of the long one were asked for."""
    asked = house.sim.requests.select(origin="media", path=r"\.wav$")
    return [dict(request.headers).get("range") for request in asked]


async def test_a_rename_is_sent_while_a_long_download_is_left_and_taken_up_again(
    long: House,
) -> None:
    async with long.inhabited() as living:
        await rename_meanwhile(living)
        assert not is_there(long)
        await living.until(lambda: is_there(long))
        await living.come_to("idle")
        assert living.troubles == []
    first, *others = ranges(long)
    assert first is None
    assert others
    starts = [int((asked or "bytes=0-")[6:-1]) for asked in others]
    assert all(start > 0 for start in starts)
    assert starts == sorted(starts)


async def test_one_that_cannot_be_taken_up_again_is_not_broken_off(long: House) -> None:
    long.sim.switches.media_ranges = False
    async with long.inhabited() as living:
        await rename_meanwhile(living)
        assert is_there(long)
    assert ranges(long) == [None]


async def test_one_that_something_waits_for_all_the_time_gets_on_all_the_same(long: House) -> None:
    async with long.inhabited() as living:
        long.sim.faults.add(SLOWLY)
        long.sim.world.add(display_name="Long", audio={"wav": LONG}, audio_duration=20.0)
        living.daemon.wakes.wake(session.Look(poll=True), "a test")

        def is_done() -> bool:
            living.daemon.wakes.wake(session.Look(scan=True), "a test")
            return is_there(long)

        await living.until(is_done)
    assert len(ranges(long)) > 2
