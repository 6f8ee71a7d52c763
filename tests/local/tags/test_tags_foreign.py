"""Tags of other hands are understood where they are ours to read, and kept where they are not."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.flac import FLAC, Picture
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from syncd.local.audio import check
from syncd.local.tags import Cover, read_fields, write_fields

from .fresh import Fields, Fresh, MakeFresh, ReadID3


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        pytest.param({"KEY": ["Am"]}, {"key": ("Am",)}, id="only KEY"),
        pytest.param({"INITIALKEY": ["C"], "KEY": ["Am"]}, {"key": ("C",)}, id="both keys"),
        pytest.param({"GROUPING": ["gym"]}, {"occasion": ("gym",)}, id="only GROUPING"),
        pytest.param({"COMMENT": ["mine"]}, {"comment": ("mine",)}, id="a comment is no prompt"),
        pytest.param({"FMPS_RATING": ["0.6"]}, {}, id="a middling rating"),
        pytest.param({"FMPS_RATING": ["great"]}, {}, id="a rating in words"),
        pytest.param({"fmps_rating": ["1"]}, {"liked": ("1",)}, id="the highest rating"),
        pytest.param({"TITLE": ["", "B"]}, {"title": ("B",)}, id="an empty value"),
    ],
)
def test_vorbis_comments_of_any_hand_are_understood(
    make_fresh: MakeFresh, comments: dict[str, list[str]], expected: Fields
) -> None:
    fresh = make_fresh("flac")
    audio = FLAC(fresh.path)
    audio.delete()
    audio.update(comments)
    audio.save()
    assert read_fields(fresh.path, "flac") == expected


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param([id3.TIT1(3, ["gym"])], {"occasion": ("gym",)}, id="only TIT1"),
        pytest.param(
            [id3.TIT1(3, ["x"]), id3.GRP1(3, ["gym"])], {"occasion": ("gym",)}, id="GRP1 first"
        ),
        pytest.param(
            [id3.GRP1(3, ["x"]), id3.TXXX(1, "Occasion", ["gym"])],
            {"occasion": ("gym",)},
            id="TXXX first, in any case",
        ),
        pytest.param([id3.COMM(3, "eng", "", ["mine"])], {}, id="a comment is no prompt"),
        pytest.param([id3.TLEN(3, ["about a minute"])], {}, id="a length in words"),
        pytest.param([id3.TXXX(3, "FMPS_RATING", ["0.5"])], {}, id="a middling rating"),
        pytest.param(
            [id3.USLT(3, "eng", "", "la"), id3.USLT(3, "eng", "translation", "do")],
            {"lyrics": ("la",)},
            id="the lyrics without a description",
        ),
        pytest.param([id3.TDRC(3, ["2026"])], {"date": ("2026",)}, id="only a year"),
    ],
)
def test_id3_frames_of_any_hand_are_understood(
    make_fresh: MakeFresh, frames: list[id3.Frame], expected: Fields
) -> None:
    fresh = make_fresh("mp3")
    tags = id3.ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(fresh.path)
    assert read_fields(fresh.path, "mp3") == expected


def test_an_older_id3_tag_is_read_and_brought_up_to_date(
    make_fresh: MakeFresh,
    id3_of: ReadID3,
) -> None:
    fresh = make_fresh("mp3")
    older = id3.ID3()
    older.add(id3.TDRC(1, ["2025-02-03"]))
    older.add(id3.TCON(1, ["(17)"]))
    older.add(id3.PRIV(owner="dj", data=b"\0\xff\1"))
    older.update_to_v23()
    older.save(fresh.path, v2_version=3)
    assert read_fields(fresh.path, "mp3") == {"date": ("2025-02-03",), "genre": ("Rock",)}
    write_fields(fresh.path, "mp3", {"title": ("T",)}, cover=None, duration=1)
    tags = id3_of(fresh.path)
    assert tags.version == (2, 4, 0)
    assert tags["PRIV:dj:\0\xff\1"].data == b"\0\xff\1"
    assert str(tags["TDRC"]) == "2025-02-03"


def test_a_rating_that_is_there_is_kept_and_not_claimed(fresh: Fresh) -> None:
    rate(fresh, "0.4")
    written = write_fields(
        fresh.path, fresh.fmt, {"liked": ("1",)}, cover=None, duration=fresh.duration
    )
    assert "liked" not in written
    assert "liked" not in read_fields(fresh.path, fresh.fmt)


def rate(fresh: Fresh, rating: str) -> None:
    if fresh.fmt in ("flac", "ogg"):
        audio = (FLAC if fresh.fmt == "flac" else OggVorbis)(fresh.path)
        audio["FMPS_RATING"] = [rating]
        audio.save()
        return
    audio = WAVE(fresh.path) if fresh.fmt == "wav" else id3.ID3()
    if fresh.fmt == "wav" and audio.tags is None:
        audio.add_tags()
    tags = audio.tags if fresh.fmt == "wav" else audio
    tags.add(id3.TXXX(encoding=3, desc="fmps_rating", text=[rating]))
    audio.save(fresh.path)


# --- what is not ours ----------------------------------------------------------------------------


FOREIGN_FRAMES = [
    id3.GEOB(
        encoding=0, mime="application/octet-stream", desc="Serato Markers2", data=b"\1\1\0\xff"
    ),
    id3.PRIV(owner="TRAKTOR4", data=bytes(range(256))),
    id3.POPM(email="Windows Media Player 9 Series", rating=128, count=3),
    id3.COMM(encoding=1, lang="eng", desc="", text=["bought at a fair"]),
    id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=[" 00000A2C"]),
    id3.USLT(encoding=3, lang="eng", desc="translation", text="do re mi"),
    id3.APIC(encoding=0, mime="image/png", type=4, desc="", data=b"\x89PNG back"),
    id3.TXXX(encoding=1, desc="SERATO_PLAYCOUNT", text=["3"]),
    id3.TPE4(encoding=1, text=["A Remixer"]),
    id3.UFID(owner="http://example.org", data=b"42"),
]


@pytest.mark.parametrize("fmt", ["mp3", "wav"])
def test_frames_of_other_programs_survive_byte_for_byte(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields, cover: Cover, fmt: str
) -> None:
    fresh = make_fresh(fmt)
    theirs = WAVE(fresh.path) if fmt == "wav" else id3.ID3()
    if fmt == "wav":
        theirs.add_tags()
    for frame in FOREIGN_FRAMES:
        (theirs.tags if fmt == "wav" else theirs).add(frame)
    theirs.save(fresh.path)
    unknown = b"XYZZ" + (5).to_bytes(4, "big") + b"\0\0hello"
    insert_frame(fresh.path, unknown)
    write_fields(fresh.path, fmt, fields, cover=cover, duration=fresh.duration)
    tags, data = id3_of(fresh.path), fresh.path.read_bytes()
    for frame in FOREIGN_FRAMES:
        kept = tags[frame.HashKey]
        assert kept == frame
        assert getattr(kept, "encoding", None) == getattr(frame, "encoding", None)
    assert unknown in data
    assert [frame.email for frame in tags.getall("POPM")] == ["Windows Media Player 9 Series"]


def test_blocks_of_other_programs_survive_byte_for_byte(
    make_fresh: MakeFresh, fields: Fields, cover: Cover
) -> None:
    fresh = make_fresh("flac")
    back = Picture()
    back.type, back.mime, back.data = 4, "image/png", b"\x89PNG back"
    audio = FLAC(fresh.path)
    audio["REPLAYGAIN_TRACK_GAIN"] = ["-6.1 dB"]
    audio.add_picture(back)
    audio.save()
    cuesheet = bytes(128 + 8 + 1 + 258) + b"\1" + bytes(8) + b"\xaa" + bytes(27)
    foreign = [(2, b"Srt1" + bytes(range(256))), (5, cuesheet)]
    data = fresh.path.read_bytes()
    added = b"".join(bytes([kind]) + len(body).to_bytes(3, "big") + body for kind, body in foreign)
    fresh.path.write_bytes(data[:42] + added + data[42:])
    write_fields(fresh.path, "flac", fields, cover=cover, duration=fresh.duration)
    written = fresh.path.read_bytes()
    for _, body in foreign:
        assert body in written
    kept = FLAC(fresh.path)
    assert kept["REPLAYGAIN_TRACK_GAIN"] == ["-6.1 dB"]
    assert [picture.data for picture in kept.pictures] == [back.data, cover.data]


def test_comments_of_other_programs_survive_in_ogg(
    make_fresh: MakeFresh, fields: Fields, cover: Cover
) -> None:
    fresh = make_fresh("ogg")
    back = Picture()
    back.type, back.mime, back.data = 4, "image/png", b"\x89PNG back"
    pictures = [base64.b64encode(back.write()).decode(), "no picture at all"]
    audio = OggVorbis(fresh.path)
    vendor = audio.tags.vendor
    audio["REPLAYGAIN_TRACK_GAIN"] = ["-6.1 dB"]
    audio["METADATA_BLOCK_PICTURE"] = pictures
    audio.save()
    write_fields(fresh.path, "ogg", fields, cover=cover, duration=fresh.duration)
    kept = OggVorbis(fresh.path)
    assert kept.tags.vendor == vendor
    assert kept["REPLAYGAIN_TRACK_GAIN"] == ["-6.1 dB"]
    assert kept["METADATA_BLOCK_PICTURE"][:2] == pictures


def test_an_id3_tag_around_a_flac_is_taken_away(make_fresh: MakeFresh, fields: Fields) -> None:
    fresh = make_fresh("flac")
    tag = io.BytesIO()
    stray = id3.ID3()
    stray.add(id3.TIT2(encoding=3, text=["stray"]))
    stray.save(tag)
    trailer = b"TAG" + bytes(125)
    fresh.path.write_bytes(tag.getvalue() + fresh.path.read_bytes() + trailer)
    write_fields(fresh.path, "flac", fields, cover=None, duration=fresh.duration)
    data = fresh.path.read_bytes()
    assert data.startswith(b"fLaC")
    assert not data.endswith(trailer)
    assert check(fresh.path, "flac", expected_duration=None).duration == fresh.duration


def insert_frame(path: Path, frame: bytes) -> None:
    """Puts a frame that mutagen does not know in place of as much padding."""
    data = path.read_bytes()
    start = data.index(b"ID3\x04")
    end = data.index(bytes(len(frame) + 10), start + 10)
    path.write_bytes(data[:end] + frame + data[end + len(frame) :])
