"""Wake-ups collapse; what users ask for and pings do not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from syncd.cycle import Look
from syncd.daemon.wakes import Ping, Request, Upkeep, Wake, Wakes
from syncd.errors import SyncdError

SCAN, POLL = Look(scan=True), Look(poll=True)


async def nothing(engine: Any) -> None:
    pass


async def test_several_wake_ups_are_one_look_with_all_their_reasons() -> None:
    wakes = Wakes()
    wakes.wake(SCAN, "a file changed")
    wakes.wake(POLL, "the poll is due")
    wakes.wake(SCAN, "a file changed")
    found = await wakes.next()
    assert found == Wake(Look(scan=True, poll=True), ("a file changed", "the poll is due"))
    assert not wakes.is_woken


async def test_what_comes_while_it_waits_wakes_it() -> None:
    wakes = Wakes()
    waiting = asyncio.create_task(wakes.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    wakes.wake(SCAN, "now")
    assert await waiting == Wake(SCAN, ("now",))


async def test_a_ping_comes_before_requests_and_they_before_upkeep_and_looks() -> None:
    wakes, request = Wakes(), Request("sync", nothing)
    wakes.wake(SCAN, "x")
    wakes.keep_up()
    wakes.ask(request)
    wakes.ping()
    assert wakes.is_asked
    assert isinstance(await wakes.next(), Ping)
    assert await wakes.next() is request
    assert isinstance(await wakes.next(), Upkeep)
    assert isinstance(await wakes.next(), Wake)


async def test_while_held_looks_gather_and_everything_else_goes_on() -> None:
    wakes = Wakes()
    wakes.hold("pause", True)
    wakes.hold("weather", True)
    wakes.wake(SCAN, "a file changed")
    assert not wakes.is_woken
    wakes.ping()
    assert isinstance(await wakes.next(), Ping)
    waiting = asyncio.create_task(wakes.next())
    wakes.hold("weather", False)
    await asyncio.sleep(0)
    assert not waiting.done(), "it is still paused"
    wakes.wake(POLL, "the poll is due")
    wakes.hold("pause", False)
    assert await waiting == Wake(Look(scan=True, poll=True), ("a file changed", "the poll is due"))


async def test_what_waits_can_be_refused() -> None:
    wakes, request = Wakes(), Request("sync", nothing)
    wakes.ask(request)
    wakes.refuse(SyncdError("the disk is not mounted"))
    with pytest.raises(SyncdError, match="not mounted"):
        await request.answer
    assert not wakes.is_asked
