"""Pauses, the rate, and many calls at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from syncd.errors import (
    Offline,
    RateLimited,
)
from syncd.remote import AudioPod, Http
from syncd.simulator import Fault, Simulator


@pytest.mark.parametrize("as_date", [False, True])
async def test_a_short_pause_is_sat_through(
    client: AudioPod, sim: Simulator, as_date: bool
) -> None:
    sim.faults.add(Fault("status", status=429, retry_after=0, retry_after_date=as_date))
    assert (await client.page()).total == 20
    assert len(sim.requests) == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimited), (503, Offline)], ids=["429", "503"]
)
async def test_a_long_pause_ends_the_call_at_once_and_turns_the_next_one_away(
    client: AudioPod, sim: Simulator, status: int, kind: Any, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=status, retry_after=3600))
    with raised(kind) as caught:
        await client.page()
    if kind is RateLimited:
        assert caught.error.retry_after == pytest.approx(3600, abs=2)
    with raised(kind, r"try again in \d\d minutes"):
        await client.job(7)
    assert len(sim.requests) == 1


@pytest.mark.parametrize(("asked", "told"), [(1000.0, "17 minutes"), (None, "60 seconds")])
async def test_who_is_turned_away_is_told_for_how_long(
    client: AudioPod, sim: Simulator, asked: float | None, told: str, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=429, retry_after=asked, times=None))
    with raised(RateLimited, f"too many requests, try again in {told}"):
        await client.page()


async def test_all_calls_wait_while_a_pause_lasts(
    client: AudioPod, sim: Simulator, http: Http
) -> None:
    sim.faults.add(Fault("status", status=429, retry_after=4))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.page()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.stats()
    assert sim.requests.count(path="/filters/stats") == 0


async def test_a_garbled_pause_is_ignored(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http]
) -> None:
    def reply(_: str, number: int) -> bytes:
        if number == 1:
            return answer("{}", 429, retry_after="soon, perhaps")
        return answer("[]", x_total_count="0")

    url, heads = await serve(reply)
    async with opened(url) as http:
        assert (await AudioPod(http).page()).total == 0
    assert len(heads) == 2


async def test_requests_over_the_rate_wait_for_their_turn(
    sim: Simulator, opened: Callable[..., Http]
) -> None:
    async with opened(sim.api_url, requests_per_minute=12) as http:
        client = AudioPod(http)
        # Ten seconds' worth goes out at once, which is two; the third waits five seconds.
        await client.page()
        await client.page()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.page(), 0.2)
    assert len(sim.requests) == 2


async def test_the_rate_holds_from_one_event_loop_to_the_next(
    sim: Simulator, opened: Callable[..., Http]
) -> None:
    http = opened(sim.api_url, requests_per_minute=600)

    async def once() -> None:
        async with http:
            await AudioPod(http).page()

    await asyncio.to_thread(asyncio.run, once())
    await once()
    assert len(sim.requests) == 2


async def test_cancelled_calls_leave_room_for_the_next(
    sim: Simulator, opened: Callable[..., Http]
) -> None:
    sim.faults.add(Fault("hang", times=4))
    async with opened(sim.api_url, parallel=2) as http:
        client = AudioPod(http)
        calls = [asyncio.create_task(client.page()) for _ in range(6)]
        await asyncio.sleep(0.1)
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        sim.faults.clear()
        assert (await client.page()).total == 20


async def test_downloads_do_not_hold_up_calls(sim: Simulator, opened: Callable[..., Http]) -> None:
    sim.faults.add(Fault("hang", origin="media", times=None))
    async with opened(sim.api_url, parallel=1) as http:
        url = http.media_policy.read(f"{sim.media_url}/x.flac")

        async def download() -> None:
            async with http.stream(url, {}):
                pass

        hanging = asyncio.create_task(download())
        assert (await AudioPod(http).page()).total == 20
        hanging.cancel()
        await asyncio.wait([hanging])
