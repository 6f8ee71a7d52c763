"""Downloads that are refused, or fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncd.errors import (
    AddressExpired,
    AddressRefused,
    CorruptMedia,
    DiskFull,
    LocalError,
    MediaUnavailable,
    TooLarge,
)
from syncd.remote import AddressPolicy, Http, fetch
from syncd.remote.addresses import Scope
from syncd.simulator import Fault, Simulator

LIMIT = 10_000_000


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_address_that_has_run_out_is_told_apart(
    get: Any, sim: Simulator, status: int, raised: Any
) -> None:
    sim.faults.add(Fault("status", origin="media", status=status))
    with raised(AddressExpired):
        await get()
    assert sim.requests.count(origin="media") == 1


async def test_a_signed_address_runs_out_and_a_fresh_one_takes_the_part_up(
    get: Any, address: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    old = await address()
    sim.faults.add(Fault("truncate", origin="media", at=300_000), Fault("expired", origin="media"))
    with pytest.raises(AddressExpired):
        await get(old)
    fetched = await get()
    assert part.read_bytes() == audio
    assert fetched.resumed_from > 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, origin="media", times=None),
        Fault("status", status=503, origin="media", times=None),
        Fault("status", status=429, retry_after=0, origin="media", times=None),
        Fault("reset", at=0, origin="media", times=None),
        Fault("close", origin="media", times=None),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_a_host_that_gives_nothing_is_given_up_after_its_attempts(
    get: Any, sim: Simulator, fault: Fault, raised: Any
) -> None:
    sim.faults.add(fault)
    with raised(MediaUnavailable):
        await get()
    assert sim.requests.count(origin="media") == 3


@pytest.mark.parametrize("fault", [Fault("status", status=500), Fault("reset")])
async def test_a_passing_fault_of_the_host_is_sat_through(
    get: Any, part: Path, audio: bytes, sim: Simulator, fault: Fault
) -> None:
    sim.faults.add(Fault(fault.kind, status=fault.status, origin="media", times=2))
    await get()
    assert part.read_bytes() == audio


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=400, origin="media", times=None),
        Fault("status", status=503, retry_after=3600, origin="media", times=None),
    ],
    ids=["400", "long pause"],
)
async def test_what_will_not_pass_soon_is_not_tried_again(
    get: Any, sim: Simulator, fault: Fault, raised: Any
) -> None:
    sim.faults.add(fault)
    with raised(MediaUnavailable):
        await get()
    assert sim.requests.count(origin="media") == 1


async def test_a_host_that_falls_silent_is_given_up_and_the_part_kept(
    sim: Simulator, address: Any, opened: Callable[..., Http], part: Path, raised: Any
) -> None:
    url = await address()
    sim.faults.add(Fault("hang", origin="media", at=300_000, times=None))
    sim.switches.media_ranges = False
    async with opened(sim.api_url, timeout=0.05) as http:
        with raised(MediaUnavailable, "in time") as caught:
            await fetch(http, url, part, policy=http.media_policy, max_size=LIMIT)
    assert type(caught.error) is MediaUnavailable
    assert part.stat().st_size > 0


async def test_a_file_that_says_it_is_too_large_is_not_begun(
    get: Any,
    part: Path,
    sim: Simulator,
    raised: Any,
    note: Path,
) -> None:
    with raised(TooLarge):
        await get(max_size=1000)
    assert not part.exists()
    assert not note.exists()
    assert sim.requests.count(origin="media") == 1


async def test_a_file_that_grows_too_large_is_dropped(
    get: Any, part: Path, sim: Simulator, raised: Any
) -> None:
    sim.switches.media_length = False
    with raised(TooLarge):
        await get(max_size=300_000)
    assert not part.exists()


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json"])
@pytest.mark.parametrize(
    ("status", "headers"),
    [(200, {}), (206, {}), (206, {"content_range": "bytes 4-9/10", "etag": '"v1"'})],
    ids=["200", "206", "206 of the range asked for"],
)
async def test_a_page_in_place_of_audio_is_refused_and_the_part_kept(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    note: Path,
    status: int,
    headers: dict[str, str],
    kind: str,
    raised: Any,
    held: Callable[..., None],
) -> None:
    url, heads = await serve(lambda *_: answer(b"<html>", status, content_type=kind, **headers))
    held(b"0123")
    before = note.read_bytes()
    with raised(CorruptMedia, kind.partition(";")[0]):
        await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert part.read_bytes() == b"0123"
    assert note.read_bytes() == before
    assert len(heads) == 1


@pytest.mark.parametrize(
    ("body", "headers"), [(b"", {}), (b"\x1f\x8b", {"content_encoding": "gzip"})]
)
async def test_an_empty_or_packed_body_is_no_audio(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    body: bytes,
    headers: dict[str, str],
    raised: Any,
) -> None:
    url, _ = await serve(lambda *_: answer(body, content_type="audio/flac", **headers))
    with raised(CorruptMedia):
        await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)


class Rebound(AddressPolicy):
    """A public policy before which a name resolved well, and then led to this machine."""

    def read(self, address: str) -> httpx.URL:
        return httpx.URL(address)

    async def resolve(self, url: httpx.URL) -> None:
        return None


async def test_a_name_that_resolves_anew_is_caught_at_the_connection(
    get: Any, part: Path, raised: Any
) -> None:
    with raised(AddressRefused):
        await get(policy=Rebound(Scope.PUBLIC))
    assert part.read_bytes() == b""


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_ends_the_download_and_keeps_the_part(
    get: Any, part: Path, monkeypatch: pytest.MonkeyPatch, code: int, raised: Any
) -> None:
    write = os.write

    def full(file: int, data: Any) -> int:
        if os.fstat(file).st_size > 200_000 and part.exists():
            raise OSError(code, "no room")
        return write(file, data)

    monkeypatch.setattr(os, "write", full)
    with raised(DiskFull):
        await get()
    assert part.stat().st_size > 200_000


async def test_a_part_is_never_written_through_a_link(
    get: Any, part: Path, tmp_path: Path, raised: Any
) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    part.symlink_to(target)
    with raised(LocalError):
        await get()
    assert target.read_text() == "mine"


async def test_a_note_is_never_written_through_a_link(
    get: Any,
    part: Path,
    tmp_path: Path,
    note: Path,
) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    note.symlink_to(target)
    await get()
    assert target.read_text() == "mine"
    assert part.exists()
    assert not note.is_symlink()


async def test_what_is_no_ordinary_file_is_not_written_to(
    get: Any, part: Path, raised: Any
) -> None:
    os.mkfifo(part)
    with raised(LocalError):
        await get()


async def test_a_device_is_not_written_to(http: Http, address: Any, raised: Any) -> None:
    with raised(LocalError, "not an ordinary file"):
        await fetch(
            http, await address(), Path(os.devnull), policy=http.media_policy, max_size=LIMIT
        )


async def test_a_disk_that_fails_is_told(
    get: Any, monkeypatch: pytest.MonkeyPatch, raised: Any
) -> None:
    def fail(_file: int, _size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "ftruncate", fail)
    with raised(LocalError, "Input/output error"):
        await get()


async def test_a_folder_that_is_missing_is_told(
    http: Http, tmp_path: Path, address: Any, raised: Any
) -> None:
    gone = tmp_path / "gone" / "7.part"
    with raised(LocalError, "cannot be written"):
        await fetch(http, await address(), gone, policy=http.media_policy, max_size=LIMIT)
