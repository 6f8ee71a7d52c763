"""ID3 tags of every age and make: what no change names stays byte for byte."""

from __future__ import annotations

import zlib

import pytest
from mutagen import id3

from syncd.errors import CorruptMedia
from syncd.local.tags import Change, changes, edit_fields, read_fields

from .fresh import MakeFresh, ReadID3

TITLE = Change("title", ("A",), ("B",))


PACKED = zlib.compress(b"\3MY_CUES\0one, two")
FOREIGN = {
    "compressed": b"TXXX\0\0\0" + bytes([len(PACKED) + 4]) + b"\0\x09\0\0\0\x11" + PACKED,
    "unreadable": b"XYZZ\0\0\0\x05\0\0hello",
    "a rating with a long count": b"POPM\0\0\0\x0c\0\0me\0\x80\0\0\0\0\0\0\0\x07",
    "twice the same": b"PRIV\0\0\0\x04\0\0dj\0\1" * 2,
    "read-only, grouped": b"TPE4\0\0\0\x03\x30\x40\x81\0R",
}


def tag_of(body: bytes, *, version: int = 4, flags: int = 0) -> bytes:
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, flags]) + size + body


def text(name: bytes, value: bytes, *, plain: bool = False) -> bytes:
    length = len(value) + 1
    size = length.to_bytes(4, "big") if plain else bytes([0, 0, length >> 7, length & 0x7F])
    return name + size + b"\0\0\3" + value


@pytest.mark.parametrize("frame", FOREIGN.values(), ids=FOREIGN)
def test_frames_that_no_library_would_write_so_survive(make_fresh: MakeFresh, frame: bytes) -> None:
    fresh = make_fresh("mp3")
    audio = fresh.path.read_bytes()
    kept = frame + text(b"TPE4", b"x")
    fresh.path.write_bytes(tag_of(text(b"TIT2", b"A") + kept + bytes(20)) + audio)
    assert edit_fields(fresh.path, "mp3", [TITLE]) == {"title": ("B",)}
    assert fresh.path.read_bytes() == tag_of(text(b"TIT2", b"B\0") + kept + bytes(19)) + audio


def test_a_tag_of_version_3_stays_one(make_fresh: MakeFresh, id3_of: ReadID3) -> None:
    fresh = make_fresh("mp3")
    geob = id3.GEOB(encoding=1, mime="x", filename="é", desc="Serato Markers2", data=b"\1\xff\0")
    older = id3.ID3()
    for frame in (
        id3.TIT2(1, ["A"]),
        id3.TDRC(1, ["2026-03-01T12:34"]),
        id3.TXXX(1, "MOOD", ["calm", "warm"]),
        geob,
    ):
        older.add(frame)
    older.update_to_v23()
    older.save(fresh.path, v2_version=3, v23_sep=None)
    owned = read_fields(fresh.path, "mp3")
    assert owned["emotion"] == ("calm", "warm")
    wanted = {
        "title": ("雨",),
        "date": ("2026-04-02T01:02:03",),
        "emotion": ("sad", "blue"),
        "genre": ("a/b", "c"),
    }
    edit_fields(fresh.path, "mp3", changes(owned, owned=owned, wanted=wanted))
    assert read_fields(fresh.path, "mp3") == wanted
    tags = id3_of(fresh.path)
    assert tags.version == (2, 3, 0)
    assert str(tags["TYER"]) == "2026"
    assert tags["TXXX:MOOD"].text == ["sad", "blue"]
    assert tags["GEOB:Serato Markers2"] == geob
    assert not {"TDAT", "TIME", "TMOO"} & {*tags}
    assert {frame.encoding for frame in tags.values()} == {1}


def test_a_mood_in_a_tag_of_version_3_is_brought_up_to_date(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("mp3")
    older = id3.ID3()
    older.add(id3.TXXX(1, "Mood", ["calm"]))
    older.save(fresh.path, v2_version=3)
    assert read_fields(fresh.path, "mp3") == {"emotion": ("calm",)}


OTHER_TAGS = {
    "v2.3, unsynchronised": (
        tag_of(
            text(b"TIT2", b"A") + b"PRIV\0\0\0\6\0\0d\0\xff\0\xe0\xff\0\0", version=3, flags=128
        ),
        tag_of(text(b"TIT2", b"A") + b"PRIV\0\0\0\6\0\0d\0\xff\xe0\xff\0", version=3),
    ),
    "v2.3, with an extended header": (
        tag_of(bytes([0, 0, 0, 6]) + bytes(6) + text(b"TIT2", b"A"), version=3, flags=0x40),
        tag_of(text(b"TIT2", b"A"), version=3),
    ),
    "v2.4, unsynchronised": (
        tag_of(text(b"TIT2", b"A") + b"PRIV\0\0\0\5\0\0d\0\xff\0\xe0", flags=128),
        tag_of(b"TIT2\0\0\0\2\0\2\3A" + b"PRIV\0\0\0\5\0\2d\0\xff\0\xe0"),
    ),
    "v2.4, with an extended header": (
        tag_of(bytes([0, 0, 0, 6, 1, 0]) + text(b"TIT2", b"A"), flags=0x40),
        tag_of(text(b"TIT2", b"A")),
    ),
    "v2.4, with the sizes of v2.3": (
        tag_of(text(b"TALB", b"x" * 200, plain=True) + text(b"TIT2", b"A")),
        tag_of(text(b"TALB", b"x" * 200) + text(b"TIT2", b"A")),
    ),
    "v2.4, with a footer": (
        tag_of(text(b"TIT2", b"A"), flags=0x10) + b"3DI\4\0\x10\0\0\0\x0c",
        tag_of(text(b"TIT2", b"A")),
    ),
}


@pytest.mark.parametrize(("tag", "plainly"), OTHER_TAGS.values(), ids=OTHER_TAGS)
def test_a_tag_of_another_make_is_read_and_written_plainly(
    make_fresh: MakeFresh, tag: bytes, plainly: bytes
) -> None:
    fresh = make_fresh("mp3")
    audio = fresh.path.read_bytes()
    fresh.path.write_bytes(tag + audio)
    assert edit_fields(fresh.path, "mp3", [TITLE]) == {"title": ("B",)}
    data = fresh.path.read_bytes()
    assert data.endswith(audio)
    assert read_fields(fresh.path, "mp3")["title"] == ("B",)
    frames = frames_of(plainly)
    kept = {name: body for name, body in frames.items() if name != b"TIT2"}
    assert {name: body for name, body in frames_of(data).items() if name != b"TIT2"} == kept


def frames_of(data: bytes) -> dict[bytes, bytes]:
    shift = 8 if data[3] == 3 else 7
    found, at = {}, 10
    while data[at]:
        size = sum(byte << shift * n for n, byte in enumerate(reversed(data[at + 4 : at + 8])))
        found[data[at : at + 4]] = data[at + 8 : at + 10 + size]
        at += 10 + size
        if at == 10 + (data[8] << 7 | data[9]):
            break
    return found


def test_a_tag_of_version_2_comes_up_to_date_whole(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("mp3")
    audio = fresh.path.read_bytes()
    frames = b"TT2\0\0\2\0A" + b"TAL\0\0\2\0x" + b"GEO\0\0\x07\0x\0\0d\0\xff"
    fresh.path.write_bytes(tag_of(frames, version=2) + audio)
    assert edit_fields(fresh.path, "mp3", [TITLE]) == {"title": ("B",)}
    tags = id3.ID3(fresh.path)
    assert (str(tags["TIT2"]), str(tags["TALB"]), tags["GEOB:d"].data) == ("B", "x", b"\xff")
    assert fresh.path.read_bytes().endswith(audio)


def test_what_only_a_tag_at_the_end_says_is_said_in_front_too(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("mp3")
    trailer = b"TAG" + b"A".ljust(30, b"\0") + b"Someone".ljust(30, b"\0") + bytes(64) + b"\xff"
    fresh.path.write_bytes(fresh.path.read_bytes() + trailer)
    edit_fields(fresh.path, "mp3", [TITLE])
    assert read_fields(fresh.path, "mp3") == {"title": ("B",), "artist": ("Someone",)}
    assert fresh.path.read_bytes().endswith(trailer)


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param(tag_of(b"TIT2\0\0\0\x7f\0\0\3A"), id="a frame beyond the end"),
        pytest.param(tag_of(text(b"TIT2", b"A") + b"\x01bad frame"), id="no frame's name"),
    ],
)
def test_a_damaged_tag_is_left_alone(make_fresh: MakeFresh, tag: bytes) -> None:
    fresh = make_fresh("mp3")
    fresh.path.write_bytes(tag + fresh.path.read_bytes())
    before = fresh.path.read_bytes()
    with pytest.raises(CorruptMedia, match="do not add up"):
        edit_fields(fresh.path, "mp3", [Change("title", None, ("B",))])
    assert fresh.path.read_bytes() == before


def test_a_value_that_a_tag_cannot_hold_is_not_claimed(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("mp3")
    audio = fresh.path.read_bytes()
    fresh.path.write_bytes(tag_of(text(b"TIT2", b"A"), version=3) + audio)
    with pytest.raises(CorruptMedia, match="date"):
        edit_fields(fresh.path, "mp3", [Change("date", (), ("last summer",))])


def test_a_tag_that_would_be_too_large_is_not_written(
    make_fresh: MakeFresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = make_fresh("mp3")
    before = fresh.path.read_bytes()
    monkeypatch.setattr("syncd.local.tags.frames._LARGEST", 5000)
    with pytest.raises(CorruptMedia, match="no room"):
        edit_fields(fresh.path, "mp3", [Change("title", (), ("B" * 5000,))])
    assert fresh.path.read_bytes() == before
