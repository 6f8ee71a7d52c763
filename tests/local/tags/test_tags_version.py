"""The version of an ID3 tag: what stands in the other one, and what keeps it from becoming that."""

from __future__ import annotations

import pytest
from mutagen import id3
from mutagen.wave import WAVE

from syncd.local.audio import check
from syncd.local.tags import Change, Version, edit_fields, read_fields, version_of, write_fields
from syncd.local.tags.frames import Tag
from syncd.local.tags.version import in_version

from .fresh import Fields, MakeFresh, ReadID3


@pytest.mark.parametrize(
    "frame",
    [
        id3.TSOP(encoding=1, text=["Pod, Audio"]),
        id3.RVA2(desc="track", channel=1, gain=-3.0, peak=0.5),
        id3.APIC(encoding=3, mime="image/png", type=3, desc="mine", data=b"\x89PNG front"),
    ],
    ids=lambda frame: frame.FrameID,
)
def test_a_tag_stays_of_its_version_where_another_s_frame_would_not_fit(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields, frame: id3.Frame
) -> None:
    fresh = make_fresh("mp3")
    owned = write_fields(fresh.path, "mp3", fields, cover=None, duration=1)
    tags = id3.ID3(fresh.path)
    tags.add(frame)
    tags.save(fresh.path)
    comment = Change("comment", owned["comment"], ("Am - 92 BPM",))
    assert version_of(fresh.path, "mp3", 3) == Version(4, frame.FrameID)
    before = fresh.path.read_bytes()
    assert edit_fields(fresh.path, "mp3", [], id3_version=3) == {}
    assert fresh.path.read_bytes() == before
    assert edit_fields(fresh.path, "mp3", [comment], id3_version=3) == {"comment": comment.after}
    tags = id3_of(fresh.path)
    assert (tags.version, tags[frame.HashKey]) == ((2, 4, 0), frame)
    assert str(tags["COMM::XXX"]) == "Am - 92 BPM"


TEXTS = (
    id3.TSSE(encoding=3, text=["Lavf59.27.100"]),
    id3.TXXX(encoding=3, desc="MY_OWN", text=["雨", "Café 🎧", ""]),
    id3.TXXX(encoding=2, desc="", text=["雨"]),
    id3.TPE4(encoding=2, text=["Ä", "B"]),
    id3.COMM(encoding=3, lang="deu", desc="Notiz", text=["Ä"]),
    id3.USLT(encoding=3, lang="eng", desc="other", text="la\n雨"),
)


@pytest.mark.parametrize("fmt", ["mp3", "wav"])
def test_a_tag_becomes_one_for_djs_with_the_texts_of_others_in_another_encoding(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields, fmt: str
) -> None:
    file = make_fresh(fmt)
    # mutagen, which plays the other programs here, reads a number as the name of a genre.
    fields["genre"] = ("lo-fi", "jazz")
    write_fields(file.path, fmt, fields, cover=None, duration=1)
    before = read_fields(file.path, fmt)
    tags = WAVE(file.path).tags if fmt == "wav" else id3.ID3(file.path)
    assert tags is not None
    for frame in TEXTS:
        tags.add(frame)
    tags.save(file.path)
    assert version_of(file.path, fmt, 3) == Version(4)
    assert edit_fields(file.path, fmt, [], id3_version=3) == {"id3_version": ("3",)}
    found = id3_of(file.path)
    assert found.version == (2, 3, 0)
    for frame in TEXTS:
        there = found[frame.HashKey]
        assert there == frame
        assert there.encoding == id3.Encoding.UTF16
    assert read_fields(file.path, fmt) == before
    assert check(file.path, fmt, expected_duration=None)
    assert version_of(file.path, fmt, 4) == Version(3)
    assert edit_fields(file.path, fmt, [], id3_version=4) == {"id3_version": ()}
    found = id3_of(file.path)
    assert found.version == (2, 4, 0)
    assert [found[frame.HashKey] for frame in TEXTS] == list(TEXTS)


@pytest.mark.parametrize(
    "frame",
    [b"TXXX\0\0\0\x04\0\0\3a\0\xff", b"TSSE\0\0\0\x02\0\0\7a", b"TSSE\0\0\0\0\0\0"],
    ids=["no UTF-8", "no encoding", "empty"],
)
def test_a_text_that_cannot_be_read_keeps_its_version(frame: bytes) -> None:
    tag = Tag(4, (frame,))
    assert in_version(tag, 3) == (tag, frame[:4].decode())


def test_a_file_without_a_tag_is_given_none_for_the_sake_of_a_version(
    make_fresh: MakeFresh,
) -> None:
    fresh = make_fresh("mp3")
    before = fresh.path.read_bytes()
    assert version_of(fresh.path, "mp3", 3) is None
    assert edit_fields(fresh.path, "mp3", [], id3_version=3) == {}
    assert fresh.path.read_bytes() == before
