"""Tags changed in a file of the library: what is written, and what stays."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.flac import FLAC, Picture
from mutagen.wave import WAVE

from syncd.local import retag as module
from syncd.local.audio import check
from syncd.local.audio.flac import blocks
from syncd.local.exchange import exchange
from syncd.local.scan import file_stat
from syncd.local.tags import read_fields

from .retagged import (
    WANTED,
    Track,
    failing,
    payload,
    set_title,
)


def test_what_changed_is_written_and_the_audio_stays(track: Track) -> None:
    before = payload(track.path, track.fmt)
    done = track.retag()
    assert done is not None
    assert done.written == WANTED
    assert done.stat == file_stat(track.path)
    assert done.sha256 == hashlib.sha256(track.path.read_bytes()).hexdigest()
    assert read_fields(track.path, track.fmt) == {**track.owned, **WANTED}
    assert payload(track.path, track.fmt) == before
    check(track.path, track.fmt, expected_duration=None)
    assert track.incoming() == []


def test_a_second_time_changes_nothing(track: Track) -> None:
    done = track.retag()
    assert done is not None
    before = file_stat(track.path), track.path.parent.stat().st_mtime_ns
    assert track.retag(owned={**track.owned, **done.written}) is None
    assert track.retag() is None
    assert (file_stat(track.path), track.path.parent.stat().st_mtime_ns) == before


def test_a_title_of_the_users_stays(track: Track) -> None:
    set_title(track.path, track.fmt, "My own")
    done = track.retag()
    assert done is not None
    assert done.written == {"genre": WANTED["genre"]}
    assert read_fields(track.path, track.fmt)["title"] == ("My own",)
    assert track.retag(wanted={"title": ("Storm",)}) is None


def test_a_forced_title_replaces_the_users(track: Track) -> None:
    set_title(track.path, track.fmt, "My own")
    done = track.retag(force=["title"])
    assert done is not None
    assert done.written == WANTED
    assert read_fields(track.path, track.fmt)["title"] == WANTED["title"]


def test_a_field_that_is_wanted_empty_is_taken_away(track: Track) -> None:
    done = track.retag(wanted={"genre": ()})
    assert done is not None
    assert done.written == {"genre": ()}
    assert "genre" not in read_fields(track.path, track.fmt)


FOREIGN_FRAMES = [
    id3.GEOB(encoding=0, mime="application/octet-stream", desc="Serato Markers2", data=b"\1\0\xff"),
    id3.PRIV(owner="TRAKTOR4", data=bytes(range(256))),
    id3.POPM(email="Windows Media Player 9 Series", rating=128, count=3),
    id3.COMM(encoding=1, lang="eng", desc="", text=["bought at a fair"]),
    id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=b"\x89PNG front"),
    id3.APIC(encoding=0, mime="image/png", type=4, desc="back", data=b"\x89PNG back"),
]


@pytest.mark.parametrize("fmt", ["mp3", "wav"])
def test_cues_ratings_comments_and_pictures_stay_byte_for_byte(
    placed: Callable[[str], Track], fmt: str
) -> None:
    track = placed(fmt)
    audio = WAVE(track.path) if fmt == "wav" else id3.ID3(track.path)
    for frame in FOREIGN_FRAMES:
        (audio.tags if fmt == "wav" else audio).add(frame)
    audio.save(track.path)
    before = raw_frames(track.path.read_bytes())
    assert track.retag() is not None
    after = raw_frames(track.path.read_bytes())
    changed = {b"TIT2", b"TCON"}
    assert {name for name, _ in before} >= {b"GEOB", b"PRIV", b"POPM", b"COMM", b"APIC"}
    assert [frame for frame in after if frame[0] not in changed] == [
        frame for frame in before if frame[0] not in changed
    ]


def raw_frames(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and bytes of each frame of the only ID3v2.4 tag in ``data``."""
    at = data.index(b"ID3\4\0") + 10
    found = []
    while data[at : at + 4].isalnum():
        size = sum(byte << 7 * place for place, byte in enumerate(data[at + 7 : at + 3 : -1]))
        found.append((data[at : at + 4], data[at : at + 10 + size]))
        at += 10 + size
    return found


def test_pictures_cuesheets_and_unknown_comments_stay_byte_for_byte(flac: Track) -> None:
    audio = FLAC(flac.path)
    for kind in (3, 4):
        picture = Picture()
        picture.type, picture.mime, picture.data = kind, "image/png", b"\x89PNG %d" % kind
        audio.add_picture(picture)
    audio["SERATO_MARKERS_V2"] = ["AAAA\nBBBB"]
    audio.save()
    data = flac.path.read_bytes()
    foreign = b"\x02\0\1\4" + b"Srt1" + bytes(range(256))
    flac.path.write_bytes(data[:42] + foreign + data[42:])
    before = raw_blocks(flac.path)
    assert flac.retag() is not None
    assert raw_blocks(flac.path) == before
    assert FLAC(flac.path)["SERATO_MARKERS_V2"] == ["AAAA\nBBBB"]


def raw_blocks(path: Path) -> list[tuple[int, bytes]]:
    """Kind and bytes of each block but padding and comments."""
    with path.open("rb") as file:
        found = []
        for block in blocks(file):
            file.seek(block.start)
            found.append((block.kind, file.read(block.size)))
    return [block for block in found if block[0] not in (1, 4)]


# --- what a file is beside its bytes -------------------------------------------------------------


def test_mode_stays_and_the_date_moves_on(flac: Track) -> None:
    flac.path.chmod(0o640)
    before = flac.path.stat()
    flac.retag()
    after = flac.path.stat()
    assert after.st_mode == before.st_mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_mtime > before.st_mtime


def test_the_date_moves_on_from_one_in_the_future(flac: Track) -> None:
    os.utime(flac.path, (4_000_000_000, 4_000_000_000))
    flac.retag()
    assert flac.path.stat().st_mtime >= 4_000_000_002


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes in this Python")
def test_extended_attributes_stay(flac: Track) -> None:
    try:
        os.setxattr(flac.path, "user.tags", b"favourite\0\xff")
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error.strerror}")
    assert flac.retag() is not None
    assert os.getxattr(flac.path, "user.tags") == b"favourite\0\xff"


def test_an_owner_that_may_not_be_given_is_no_obstacle(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "chown", failing(errno.EPERM))
    assert flac.retag() is not None


def test_what_is_placed_is_durable_first(flac: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync = os.fsync

    def noted_fsync(descriptor: int) -> None:
        steps.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noted_exchange(part: Path, target: Path) -> bool:
        assert steps == [part.name]
        steps.append("exchange")
        return exchange(part, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(module, "exchange", noted_exchange)
    flac.retag()
    assert steps[1:] == ["exchange", "March"]
