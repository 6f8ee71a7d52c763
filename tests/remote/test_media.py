"""Downloads that go well, and where they are led."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import (
    AddressExpired,
    AddressRefused,
    MediaUnavailable,
    TooLarge,
)
from syncd.remote import AudioPod, Http, fetch, fetch_bytes
from syncd.simulator import Fault, Simulator

LIMIT = 10_000_000


async def test_a_file_comes_whole(
    get: Any,
    part: Path,
    audio: bytes,
    note: Path,
) -> None:
    sizes: list[tuple[int, int | None]] = []
    fetched = await get(on_bytes=lambda held, whole: sizes.append((held, whole)))
    assert part.read_bytes() == audio
    assert (fetched.size, fetched.resumed_from, fetched.measured) == (len(audio), 0, True)
    assert fetched.content_type == "audio/flac"
    assert fetched.etag
    assert sizes == sorted(sizes)
    assert sizes[-1] == (len(audio), len(audio))
    assert not note.exists()


async def test_a_part_is_for_its_owner_alone(
    get: Any,
    part: Path,
    sim: Simulator,
    note: Path,
) -> None:
    sim.switches.media_ranges = False
    sim.faults.add(Fault("truncate", origin="media", times=None, at=1000))
    with pytest.raises(MediaUnavailable):
        await get()
    assert part.stat().st_mode & 0o777 == 0o600
    assert note.stat().st_mode & 0o777 == 0o600


async def test_the_key_is_not_sent_and_no_packing_is_asked_for(get: Any, sim: Simulator) -> None:
    await get()
    (request,) = sim.requests.select(origin="media")
    assert not request.has_key
    assert dict(request.headers)["accept-encoding"] == "identity"


async def test_without_a_length_the_chunks_vouch_for_the_whole(
    get: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    sim.switches.media_length = False
    fetched = await get()
    assert part.read_bytes() == audio
    assert fetched.measured


async def test_a_body_with_neither_length_nor_chunks_is_not_vouched_for(
    http: Http, part: Path, serve: Any, answer: Callable[..., bytes]
) -> None:
    url, _ = await serve(lambda *_: answer(b"fLaC", content_type=None, content_length=None))
    fetched = await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert (fetched.size, fetched.measured, fetched.content_type) == (4, False, None)


async def test_redirects_are_followed_without_the_key(
    get: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    sim.switches.media_redirects = 3
    await get()
    assert part.read_bytes() == audio
    assert not any(request.has_key for request in sim.requests.select(origin="media"))


async def test_a_redirect_to_another_host_carries_no_key(
    get: Any, audio: bytes, sim: Simulator, part: Path
) -> None:
    with Simulator(key="ap_evil") as evil:
        sim.faults.add(Fault("redirect", origin="media", location=f"{evil.api_url}/a"))
        with pytest.raises((AddressExpired, MediaUnavailable)):
            await get()
        assert len(evil.requests) == 1
        assert not evil.requests[0].has_key


async def test_redirects_do_not_go_on_for_ever(get: Any, sim: Simulator, raised: Any) -> None:
    sim.switches.media_redirects = 6
    with raised(MediaUnavailable, "more than 5"):
        await get()


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/a", "http://10.0.0.1/a"])
async def test_a_redirect_is_held_to_the_policy(
    get: Any, sim: Simulator, location: str, raised: Any
) -> None:
    sim.faults.add(Fault("redirect", origin="media", location=location))
    with raised(AddressRefused):
        await get()


async def test_a_redirect_to_a_port_that_cannot_be_is_refused(
    get: Any, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("redirect", origin="media", location="http://h:99999/"))
    with raised(AddressRefused):
        await get()


async def test_a_redirect_that_cannot_be_read_is_no_audio(
    get: Any, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("redirect", origin="media", location="http://[x]/", times=None))
    with raised(MediaUnavailable):
        await get()


async def test_a_redirect_that_names_no_place_is_no_audio(
    http: Http, serve: Any, answer: Callable[..., bytes], part: Path, raised: Any
) -> None:
    url, _ = await serve(lambda *_: answer("", 302))
    with raised(MediaUnavailable):
        await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)


async def test_a_cover_comes_as_bytes(http: Http, audio: bytes, sim: Simulator) -> None:
    url = (await AudioPod(http).job(7)).thumbnail_url
    assert url
    sim.faults.add(Fault("reset", origin="media"))
    body = await fetch_bytes(http, url, policy=http.media_policy, max_size=LIMIT)
    assert body.startswith(b"\x89PNG")


async def test_a_cover_that_is_too_large_is_not_read(
    http: Http, address: Any, sim: Simulator, raised: Any
) -> None:
    sim.switches.media_length = False
    with raised(TooLarge):
        await fetch_bytes(http, await address(), policy=http.media_policy, max_size=1000)


async def test_a_cover_address_that_has_run_out_is_told(
    http: Http, address: Any, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("expired", origin="media"))
    with raised(AddressExpired):
        await fetch_bytes(http, await address(), policy=http.media_policy, max_size=LIMIT)
