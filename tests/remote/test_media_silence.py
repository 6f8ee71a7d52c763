"""Media hosts that say nothing, or next to nothing."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import MediaSilent, MediaUnavailable
from syncd.remote import AddressPolicy, Http, Retries, fetch, fetch_bytes
from syncd.simulator import Fault, Simulator

LIMIT = 10_000_000


@pytest.fixture
async def brief(sim: Simulator, opened: Callable[..., Http]) -> AsyncIterator[Http]:
    """An ``Http`` of little patience, that sends each request twice at most."""
    twice = Retries(attempts=2, wait_initial=0.001, wait_max=0.005)
    async with opened(sim.api_url, timeout=0.2, retries=twice) as running:
        yield running


@pytest.mark.parametrize(
    "fault", [Fault("hang"), Fault("close"), Fault("reset")], ids=lambda fault: fault.kind
)
async def test_a_host_that_answers_nothing_is_silent(
    brief: Http, address: Any, part: Path, sim: Simulator, fault: Fault, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault(fault.kind, origin="media", times=None))
    with raised(MediaSilent):
        await fetch(brief, url, part, policy=brief.media_policy, max_size=LIMIT)
    assert sim.requests.count(origin="media") == 2


async def test_a_host_that_is_not_there_is_silent(http: Http, part: Path, raised: Any) -> None:
    with raised(MediaSilent, "no connection"):
        await fetch(http, "http://127.0.0.1:9/a", part, policy=http.media_policy, max_size=9)


async def test_a_name_that_does_not_resolve_is_silence(
    opened: Callable[..., Http], part: Path, monkeypatch: pytest.MonkeyPatch, raised: Any
) -> None:
    async def unknown(*_: object) -> None:
        raise OSError(errno.ENOENT, "no such name")

    monkeypatch.setattr(AddressPolicy, "resolve", unknown)
    async with opened("https://api.example.invalid") as http:
        with raised(MediaSilent, "the connection failed"):
            await fetch(http, "https://m.invalid/a", part, policy=http.media_policy, max_size=9)


async def test_a_head_that_drips_for_ever_is_silence(
    opened: Callable[..., Http], part: Path, raised: Any
) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"
        async with opened(url, timeout=0.05, retries=Retries(attempts=1)) as http:
            with raised(MediaSilent, "in time"):
                await fetch(http, url, part, policy=http.media_policy, max_size=LIMIT)


async def test_silence_after_half_a_body_is_silence(
    brief: Http, address: Any, part: Path, sim: Simulator, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault("truncate", origin="media", at=300_000))
    sim.faults.add(Fault("hang", origin="media", times=None))
    with raised(MediaSilent):
        await fetch(brief, url, part, policy=brief.media_policy, max_size=LIMIT)
    assert part.stat().st_size == 300_000


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, origin="media", times=None),
        Fault("status", status=400, origin="media", times=None),
        Fault("redirect", location="http://[x]/", origin="media", times=None),
        Fault("truncate", at=1000, origin="media", times=None),
        Fault("reset", at=300_000, origin="media", times=None),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_a_host_that_gives_an_answer_of_any_kind_is_not_silent(
    brief: Http, address: Any, part: Path, sim: Simulator, fault: Fault, raised: Any
) -> None:
    url = await address()
    sim.switches.media_ranges = False
    sim.faults.add(fault)
    with raised(MediaUnavailable) as caught:
        await fetch(brief, url, part, policy=brief.media_policy, max_size=LIMIT)
    assert type(caught.error) is MediaUnavailable


async def test_an_answer_that_is_no_http_is_not_silence(
    http: Http, serve: Any, part: Path, raised: Any
) -> None:
    url, _ = await serve(lambda *_: b"220 mail.example ESMTP\r\n\r\n")
    with raised(MediaUnavailable, "broke off") as caught:
        await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert type(caught.error) is MediaUnavailable


async def test_a_body_that_drips_is_left_and_taken_up_by_a_later_run(
    brief: Http, address: Any, get: Any, audio: bytes, part: Path, sim: Simulator, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault("throttle", origin="media", rate=500.0, times=None))
    with raised(MediaUnavailable, "gives less than 1 kB/s"):
        await fetch(brief, url, part, policy=brief.media_policy, max_size=LIMIT)
    assert sim.requests.count(origin="media") == 1
    held = part.stat().st_size
    assert 0 < held < len(audio)
    sim.faults.clear()
    assert (await get()).resumed_from == held
    assert part.read_bytes() == audio


# --- covers ---


@pytest.mark.parametrize(("attempts", "asked"), [(1, 1), (2, 2), (None, 3)])
async def test_a_cover_is_asked_for_as_often_as_was_said(
    http: Http, address: Any, sim: Simulator, attempts: int | None, asked: int, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault("status", status=500, origin="media", times=None))
    with raised(MediaUnavailable):
        await fetch_bytes(http, url, policy=http.media_policy, max_size=LIMIT, attempts=attempts)
    assert sim.requests.count(origin="media") == asked


async def test_a_cover_that_drips_is_given_up(
    brief: Http, address: Any, sim: Simulator, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault("throttle", origin="media", rate=500.0, times=None))
    with raised(MediaUnavailable, r"gave nothing whole in 0\.4 seconds") as caught:
        await fetch_bytes(brief, url, policy=brief.media_policy, max_size=LIMIT)
    assert type(caught.error) is MediaUnavailable
    assert sim.requests.count(origin="media") == 1


@pytest.mark.parametrize("attempts", [1, 100])
async def test_a_cover_of_a_silent_host_is_silence(
    brief: Http, address: Any, sim: Simulator, attempts: int, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault("hang", origin="media", times=None))
    with raised(MediaSilent):
        await fetch_bytes(brief, url, policy=brief.media_policy, max_size=LIMIT, attempts=attempts)
    assert sim.requests.count(origin="media") < 100
