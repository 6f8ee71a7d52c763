"""The bandwidth that all downloads share; its arithmetic on a clock that only waiting moves on."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from syncd.engine import _http
from syncd.errors import MediaSilent
from syncd.remote import Http, Retries, fetch, fetch_bytes
from syncd.remote.bandwidth import Bandwidth
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Fault, Simulator

T = TypeVar("T")

LIMIT = 10_000_000


class Idle(selectors.SelectSelector):
    """Waits for nothing: moves the clock on by what there was to wait, and a microsecond more.

    Without that, what waits for less than a float can tell would wait for ever.
    """

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += (timeout or 0.0) + 1e-6
        return super().select(0)


class Still(asyncio.SelectorEventLoop):
    """A loop in which time next to stands still while anything is to be done."""

    def __init__(self) -> None:
        self._idle = Idle()
        super().__init__(self._idle)

    def time(self) -> float:
        return self._idle.now


def played(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Still) as runner:
        return runner.run(main)


async def download(bandwidth: Bandwidth, chunks: int, size: int) -> float:
    """When a download of so many chunks is paid for."""
    for _ in range(chunks):
        await bandwidth.take(size)
    return asyncio.get_running_loop().time()


def test_a_second_s_worth_is_free_and_the_rest_takes_its_time() -> None:
    assert played(download(Bandwidth(1000), 10, 100)) == pytest.approx(0, abs=0.01)
    assert played(download(Bandwidth(1000), 60, 100)) == pytest.approx(5, abs=0.01)


def test_a_chunk_may_be_larger_than_a_second_s_worth() -> None:
    assert played(download(Bandwidth(1000), 1, 64_000)) == pytest.approx(63, abs=0.01)


def test_a_byte_a_second_is_a_rate() -> None:
    assert played(download(Bandwidth(1), 1, 5)) == pytest.approx(4, abs=0.01)


def test_without_a_rate_nothing_waits() -> None:
    assert played(download(Bandwidth(0), 100, 1_000_000)) == pytest.approx(0, abs=0.01)


def test_what_was_waited_is_told() -> None:
    async def main() -> tuple[float, float]:
        bandwidth = Bandwidth(1000)
        return await bandwidth.take(1000), await bandwidth.take(500)

    assert played(main()) == pytest.approx((0, 0.5), abs=0.01)


def test_two_downloads_share_it() -> None:
    async def main() -> list[float]:
        bandwidth = Bandwidth(1000)
        return await asyncio.gather(*(download(bandwidth, 50, 100) for _ in range(2)))

    ended = played(main())
    assert max(ended) == pytest.approx(9, abs=0.01)
    assert min(ended) == pytest.approx(9, abs=1.2)  # the first one had what is free


def test_small_chunks_take_nothing_from_large_ones() -> None:
    async def main() -> tuple[float, float]:
        bandwidth = Bandwidth(1000)
        large = asyncio.create_task(download(bandwidth, 1, 4000))
        small = asyncio.create_task(download(bandwidth, 1000, 10))
        ended = await large
        small.cancel()
        return ended, asyncio.get_running_loop().time()

    # Each piece of the large one, a quarter of a second's worth, waits for one small chunk.
    assert played(main())[0] == pytest.approx(3, abs=0.2)


def test_one_that_is_cancelled_gives_its_turn_away_at_once() -> None:
    async def main() -> float:
        bandwidth = Bandwidth(1000)
        endless = asyncio.create_task(bandwidth.take(1_000_000))
        await asyncio.sleep(1)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        await bandwidth.take(1000)
        return asyncio.get_running_loop().time()

    assert played(main()) == pytest.approx(2, abs=0.25)


def test_a_limit_stands_still_while_it_is_waited() -> None:
    async def main() -> tuple[float | None, float]:
        bandwidth = Bandwidth(1000)
        async with asyncio.timeout(2) as limit:
            await asyncio.sleep(0.5)
            await bandwidth.take_outside(limit, 10_000)
            return limit.when(), asyncio.get_running_loop().time()

    assert played(main()) == pytest.approx((11, 9.5), abs=0.01)


def test_a_limit_goes_on_after_the_wait() -> None:
    async def main() -> float:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2) as limit:
                await Bandwidth(1000).take_outside(limit, 10_000)
                await asyncio.sleep(100)
        return asyncio.get_running_loop().time()

    assert played(main()) == pytest.approx(11, abs=0.01)


def test_without_a_limit_there_is_none_afterwards() -> None:
    async def main() -> float | None:
        async with asyncio.timeout(None) as limit:
            await Bandwidth(10).take_outside(limit, 20)
            return limit.when()

    assert played(main()) is None


async def test_a_limited_download_is_overtaken_by_one_without_a_limit(
    sim: Simulator,
    opened: Callable[..., Http],
    address: Callable[[], Awaitable[str]],
    audio: bytes,
    tmp_path: Path,
) -> None:
    ended: list[int] = []

    async def get(bandwidth: int) -> None:
        async with opened(sim.api_url, bandwidth=bandwidth) as http:
            part = tmp_path / f"{bandwidth}.part"
            await fetch(http, await address(), part, policy=http.media_policy, max_size=LIMIT)
        assert part.read_bytes() == audio
        ended.append(bandwidth)

    slowly = len(audio) * 3 // 4
    limited = asyncio.create_task(get(slowly))
    await asyncio.sleep(0)
    await get(0)
    await limited
    assert ended == [0, slowly]


class Slow:
    """A host that sends 50 bytes at a time, 1,800 in all."""

    body = b"flac" * 450

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1800\r\nConnection: close\r\n\r\n")
        for start in range(0, len(self.body), 50):
            writer.write(self.body[start : start + 50])
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()


async def test_a_bandwidth_below_the_least_rate_is_not_the_host_s_slowness(
    opened: Callable[..., Http], part: Path
) -> None:
    async with await asyncio.start_server(Slow(), "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"
        once = Retries(attempts=1)
        async with opened(url, timeout=0.05, retries=once, bandwidth=900) as http:
            got = await fetch(http, url, part, policy=http.media_policy, max_size=LIMIT)
    assert (got.size, part.read_bytes()) == (1800, Slow.body)


async def test_a_cover_is_paid_for_and_not_given_up_meanwhile(
    opened: Callable[..., Http], serve: Any, answer: Callable[..., bytes]
) -> None:
    url, _ = await serve(lambda head, number: answer(b"x" * 1500, content_type="image/png"))
    async with opened(url, timeout=0.1, retries=Retries(attempts=1), bandwidth=1000) as http:
        got = await fetch_bytes(http, f"{url}/c", policy=http.media_policy, max_size=LIMIT)
        assert got == b"x" * 1500
        # It was paid for: nothing is left for the next one.
        assert await http.bandwidth.take(500) > 0.1


async def test_a_download_that_waits_for_the_bandwidth_can_be_cancelled_and_taken_up(
    sim: Simulator,
    opened: Callable[..., Http],
    address: Callable[[], Awaitable[str]],
    audio: bytes,
    part: Path,
) -> None:
    url, came = await address(), asyncio.Event()
    async with opened(sim.api_url, bandwidth=1) as http:
        waiting = asyncio.create_task(
            fetch(
                http,
                url,
                part,
                policy=http.media_policy,
                max_size=LIMIT,
                on_bytes=lambda *_: came.set(),
            )
        )
        await came.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with opened(sim.api_url) as http:
        got = await fetch(http, url, part, policy=http.media_policy, max_size=LIMIT)
    assert got.resumed_from > 0
    assert part.read_bytes() == audio


async def test_silence_under_a_bandwidth_is_still_silence(
    sim: Simulator,
    opened: Callable[..., Http],
    address: Callable[[], Awaitable[str]],
    part: Path,
    raised: Any,
) -> None:
    url = await address()
    sim.faults.add(Fault("hang", origin="media", times=None))
    once = Retries(attempts=1)
    async with opened(sim.api_url, timeout=0.1, retries=once, bandwidth=1000) as http:
        with raised(MediaSilent):
            await fetch(http, url, part, policy=http.media_policy, max_size=LIMIT)


async def test_the_setting_reaches_the_downloads() -> None:
    settings = Settings.model_validate({"limits": {"bandwidth": "2MB"}})
    async with _http(settings, Secret("ap_x")) as http:
        assert http.bandwidth.rate == 2_000_000
