"""A tag that is made to cost memory or time is one that nobody can read."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from syncd.errors import CorruptMedia
from syncd.local.tags import read_fields, read_identity, write_fields

from .fresh import Fresh, MakeFresh

OWN = b"\3AUDIOPOD_JOB_ID\0" + b"7"
MEGABYTE = 1 << 20


def safe(size: int) -> bytes:
    return bytes(size >> shift & 127 for shift in (21, 14, 7, 0))


def frame(name: bytes, body: bytes, flags: int = 0) -> bytes:
    return name + safe(len(body)) + flags.to_bytes(2, "big") + body


def tagged(fresh: Fresh, frames: bytes, version: int = 4) -> Fresh:
    audio = fresh.path.read_bytes()
    head = b"ID3" + bytes([version, 0, 0]) + safe(len(frames))
    path = fresh.path.with_suffix(".mp3")
    path.write_bytes(head + frames + audio)
    return Fresh(path, fresh.fmt, fresh.duration)


@pytest.fixture
def bomb() -> bytes:
    """A frame of a hundred kilobytes that unpacks to a hundred megabytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(100)) + packer.flush()
    return frame(b"TXXX", safe(100 * MEGABYTE) + packed, flags=0x0009)


@pytest.mark.parametrize("read", [read_identity, lambda path: read_fields(path, "mp3")])
def test_a_packed_frame_is_not_unpacked(
    make_fresh: MakeFresh, bomb: bytes, read: Callable[..., object]
) -> None:
    fresh = tagged(make_fresh("mp3"), bomb)
    tracemalloc.start()
    try:
        read(fresh.path)
        assert tracemalloc.get_traced_memory()[1] < 20 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_what_stands_beside_a_packed_frame_is_read(make_fresh: MakeFresh, bomb: bytes) -> None:
    fresh = tagged(make_fresh("mp3"), bomb + frame(b"TXXX", OWN))
    found = read_identity(fresh.path)
    assert found is not None
    assert found.job_id == 7


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_tag_of_more_frames_than_anybody_can_read_is_damaged(
    make_fresh: MakeFresh, version: int
) -> None:
    one = b"TXX\0\0\3\3a\0" if version == 2 else frame(b"TXXX", b"\3a\0")
    fresh = tagged(make_fresh("mp3"), one * 200_000, version)
    assert read_identity(fresh.path) is None
    with pytest.raises(CorruptMedia, match="more frames than anybody can read"):
        read_fields(fresh.path, "mp3")


def test_chapters_in_chapters_without_end_are_damaged(make_fresh: MakeFresh) -> None:
    inner = b""
    for _ in range(1_000):
        inner = frame(b"CHAP", b"a\0" + bytes(16) + inner)
    fresh = tagged(make_fresh("mp3"), inner)
    with pytest.raises(CorruptMedia, match="damaged"):
        write_fields(fresh.path, "mp3", {"title": ("T",)}, cover=None, duration=1)


def test_a_tag_with_a_large_picture_and_large_padding_is_read(make_fresh: MakeFresh) -> None:
    picture = frame(b"APIC", b"\3image/png\0\3\0" + bytes(20 * MEGABYTE))
    fresh = tagged(make_fresh("mp3"), picture + frame(b"TXXX", OWN) + bytes(20 * MEGABYTE))
    assert read_fields(fresh.path, "mp3")["job_id"] == ("7",)


def test_a_picture_that_there_is_no_memory_for_is_damaged(
    make_fresh: MakeFresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: object) -> None:
        raise MemoryError

    monkeypatch.setattr("syncd.local.tags.container.FLAC", full)
    with pytest.raises(CorruptMedia, match="damaged"):
        read_fields(make_fresh("flac").path, "flac")
