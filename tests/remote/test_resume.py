"""Downloads that are taken up again, or started from nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import FolderUnusable, MediaUnavailable
from syncd.remote import Http, fetch
from syncd.remote.part import Note, Part
from syncd.simulator import Fault, Simulator

LIMIT = 10_000_000


async def test_a_body_that_is_reset_comes_whole(
    get: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    sim.faults.add(Fault("reset", origin="media", at=300_000))
    await get()
    assert part.read_bytes() == audio


@pytest.mark.parametrize("kind", ["truncate", "close"])
async def test_a_body_that_breaks_off_is_taken_up_where_it_stopped(
    get: Any, part: Path, audio: bytes, sim: Simulator, kind: str
) -> None:
    sim.faults.add(Fault(kind, origin="media", at=300_000))
    fetched = await get()
    assert part.read_bytes() == audio
    first, second = sim.requests.select(origin="media")
    assert first.range is None
    assert second.status == 206
    assert dict(second.headers)["if-range"] == fetched.etag


async def test_a_part_of_an_earlier_run_is_taken_up(
    get: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    sim.switches.media_ranges = False
    sim.faults.add(Fault("truncate", origin="media", at=300_000, times=None))
    with pytest.raises(MediaUnavailable):
        await get()
    sim.switches.media_ranges = True
    held = part.stat().st_size
    assert 0 < held < len(audio)
    sim.faults.clear()
    sim.requests.clear()
    fetched = await get()
    assert part.read_bytes() == audio
    assert fetched.resumed_from == held
    assert sim.requests.select(origin="media")[0].range == f"bytes={held}-"


async def test_a_body_that_breaks_off_again_and_again_still_comes_whole(
    get: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    sim.faults.add(Fault("truncate", origin="media", at=150_000, times=None))
    await get()
    assert part.read_bytes() == audio
    assert sim.requests.count(origin="media") > 5


async def test_a_body_that_breaks_off_for_ever_is_given_up(
    get: Any, audio: bytes, sim: Simulator, monkeypatch: pytest.MonkeyPatch, raised: Any
) -> None:
    monkeypatch.setattr("syncd.remote.media.MOST_ROUNDS", 2)
    sim.faults.add(Fault("truncate", origin="media", at=1000, times=None))
    with raised(MediaUnavailable):
        await get()
    assert sim.requests.count(origin="media") == 6


async def test_a_host_that_gives_less_than_the_range_is_asked_for_the_rest(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    held: Callable[..., None],
) -> None:
    def reply(_: str, number: int) -> bytes:
        piece, place = (b"45", "4-5") if number == 1 else (b"6789", "6-9")
        return answer(piece, 206, content_type="audio/flac", content_range=f"bytes {place}/10")

    url, heads = await serve(reply)
    held(b"0123")
    await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert part.read_bytes() == b"0123456789"
    assert len(heads) == 2


async def test_a_note_of_another_file_starts_from_nothing(
    get: Any,
    part: Path,
    audio: bytes,
    sim: Simulator,
    note: Path,
) -> None:
    part.write_bytes(b"x" * 500)
    note.write_text(json.dumps({"address": "other/a.flac", "etag": '"x"', "total": 900}))
    fetched = await get()
    assert part.read_bytes() == audio
    assert fetched.resumed_from == 0
    assert sim.requests.select(origin="media")[0].range is None


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"address": 7}', '{"x": 1}', "[" * 9999])
async def test_a_part_without_a_sound_note_starts_from_nothing(
    get: Any, part: Path, audio: bytes, text: str | None, note: Path
) -> None:
    part.write_bytes(b"x" * 500)
    if text is not None:
        note.write_text(text)
    assert (await get()).resumed_from == 0
    assert part.read_bytes() == audio


async def test_audio_that_changed_in_between_starts_from_nothing(
    get: Any, part: Path, sim: Simulator
) -> None:
    sim.switches.media_ranges = False
    sim.faults.add(Fault("truncate", origin="media", at=300_000, times=None))
    with pytest.raises(MediaUnavailable):
        await get()
    sim.switches.media_ranges = True
    sim.faults.clear()
    other = b"other audio" * 100_000
    sim.world.replace_audio(7, audio={"flac": other})
    fetched = await get()
    assert part.read_bytes() == other
    assert fetched.resumed_from == 0


@pytest.mark.parametrize("step", ["cut", "_write_note"])
async def test_a_stop_as_it_starts_from_nothing_joins_nothing_on(
    get: Any, part: Path, sim: Simulator, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    sim.faults.add(Fault("truncate", origin="media", at=300_000, times=None))
    monkeypatch.setattr("syncd.remote.media.MOST_ROUNDS", 1)
    with pytest.raises(MediaUnavailable):
        await get()
    sim.faults.clear()
    other = b"other audio" * 100_000
    sim.world.replace_audio(7, audio={"flac": other})

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(Part, step, stop)
        with pytest.raises(KeyboardInterrupt):
            await get()
    await get()
    assert part.read_bytes() == other


@pytest.mark.parametrize("switch", ["media_ranges", "media_etag"])
async def test_a_host_that_cannot_resume_is_asked_for_the_whole(
    get: Any, part: Path, audio: bytes, sim: Simulator, switch: str
) -> None:
    setattr(sim.switches, switch, False)
    sim.switches.media_last_modified = False
    sim.faults.add(Fault("truncate", origin="media", at=300_000))
    fetched = await get()
    assert part.read_bytes() == audio
    assert fetched.resumed_from == 0


async def test_a_date_vouches_where_there_is_no_etag(
    get: Any, part: Path, audio: bytes, sim: Simulator
) -> None:
    sim.switches.media_etag = False
    sim.faults.add(Fault("truncate", origin="media", at=300_000))
    await get()
    assert part.read_bytes() == audio
    assert "GMT" in dict(sim.requests.select(origin="media")[1].headers)["if-range"]


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (206, {"content_range": "bytes 3-9/10", "etag": '"v1"'}, b"3456789"),
        (206, {"content_range": "bytes 4-9/11", "etag": '"v1"'}, b"456789"),
        (206, {"content_range": "bytes 4-9/10", "etag": '"v2"'}, b"456789"),
        (206, {"content_range": "bytes 9-4/10", "etag": '"v1"'}, b"456789"),
        (206, {"content_range": "bytes 4-12/10", "etag": '"v1"'}, b"456789"),
        (206, {"content_range": "bytes 4-8/10", "etag": '"v1"'}, b"456789"),
        (206, {"content_range": "lines 4-9/10", "etag": '"v1"'}, b"456789"),
        (206, {"etag": '"v1"'}, b"456789"),
        (416, {"content_range": "bytes */10"}, b""),
    ],
    ids=["offset", "total", "etag", "backwards", "beyond", "length", "unit", "none", "416"],
)
async def test_a_range_that_does_not_fit_exactly_is_not_joined_on(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    status: int,
    headers: dict[str, str],
    body: bytes,
    held: Callable[..., None],
) -> None:
    def reply(head: str, _: int) -> bytes:
        if "range:" in head.lower():
            return answer(body, status, content_type="audio/flac", **headers)
        return answer(b"abcdefghij", content_type="audio/flac", etag='"v2"')

    url, heads = await serve(reply)
    held(b"0123")
    fetched = await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert part.read_bytes() == b"abcdefghij"
    assert (fetched.etag, fetched.resumed_from) == ('"v2"', 0)
    assert ["range:" in head.lower() for head in heads] == [True, False]


async def test_a_range_that_fits_is_joined_on(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    held: Callable[..., None],
) -> None:
    def reply(head: str, _: int) -> bytes:
        assert "Range: bytes=4-" in head
        assert 'If-Range: "v1"' in head
        return answer(b"456789", 206, content_type="audio/flac", content_range="bytes 4-9/10")

    url, _ = await serve(reply)
    held(b"0123")
    fetched = await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert part.read_bytes() == b"0123456789"
    assert (fetched.resumed_from, fetched.measured) == (4, True)


async def test_a_part_that_is_whole_is_vouched_for_by_its_last_byte(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    held: Callable[..., None],
) -> None:
    def reply(head: str, _: int) -> bytes:
        assert "Range: bytes=9-" in head
        return answer(b"9", 206, content_type="audio/flac", content_range="bytes 9-9/10")

    url, heads = await serve(reply)
    held(b"0123456789")
    await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert part.read_bytes() == b"0123456789"
    assert len(heads) == 1


async def test_a_range_that_was_not_asked_for_is_not_taken_for_the_whole(
    http: Http, serve: Any, answer: Callable[..., bytes], part: Path, raised: Any
) -> None:
    url, _ = await serve(
        lambda *_: answer(b"0123", 206, content_type="audio/flac", content_range="bytes 0-3/10")
    )
    with raised(MediaUnavailable, "another range"):
        await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert part.read_bytes() == b""


async def test_a_weak_validator_is_not_relied_on(
    http: Http,
    serve: Any,
    answer: Callable[..., bytes],
    part: Path,
    held: Callable[..., None],
) -> None:
    url, heads = await serve(lambda *_: answer(b"0123456789", content_type="audio/flac"))
    held(b"0123", etag='W/"v1"')
    await fetch(http, f"{url}/a", part, policy=http.media_policy, max_size=LIMIT)
    assert "range" not in heads[0].lower()


async def test_a_part_that_is_linked_to_a_placed_file_leaves_that_file_alone(
    get: Any, part: Path, audio: bytes
) -> None:
    placed = part.with_name("placed.flac")
    placed.write_bytes(b"tagged, and moved by its owner")
    part.hardlink_to(placed)
    await get()
    assert part.read_bytes() == audio
    assert placed.read_bytes() == b"tagged, and moved by its owner"


@pytest.mark.parametrize(
    "odd", ['"\x80\xff"', '"a\r\nX-API-Key: 1"', f'"{"e" * 60_000}"', "\x9b", "\ud800"]
)
def test_a_validator_that_no_header_can_hold_is_none(odd: str) -> None:
    assert Note(address="a", etag=odd).validator is None
    assert Note(address="a", last_modified=odd).validator is None
    assert Note(address="a", etag='W/"1"', last_modified="Thu").validator is None
    assert Note(address="a", etag='"1"').validator == '"1"'


@pytest.mark.parametrize("name", ["7.flac.part", "7.flac.part.json"])
@pytest.mark.parametrize("place", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("else")])
def test_what_is_no_file_in_its_place_settles_that_track_alone(
    tmp_path: Path, name: str, place: Callable[[Path], None]
) -> None:
    place(tmp_path / name)
    is_replaced = name.endswith(".json") and place is not os.mkdir
    said = nullcontext() if is_replaced else pytest.raises(FolderUnusable, match="not an ordinary")
    with said, Part(tmp_path / "7.flac.part") as held:
        held.begin(Note(address="a"))
    assert not (tmp_path / "else").exists()


def test_a_pipe_in_the_place_of_a_note_is_replaced(tmp_path: Path) -> None:
    part = tmp_path / "7.flac.part"
    part.write_bytes(b"half")
    os.mkfifo(tmp_path / "7.flac.part.json")
    with Part(part) as held:
        assert held.note is None
        held.begin(Note(address="media.audiopod.ai/7.flac"))
    with Part(part) as held:
        held.write(b"more")
    with Part(part) as held:
        assert held.note == Note(address="media.audiopod.ai/7.flac")
