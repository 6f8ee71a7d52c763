"""Whatever is written, cues, grids, ratings, comments and pictures of others stay as they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mutagen import id3

from syncd.local.audio import check
from syncd.local.tags import Cover, changes, edit_fields, read_fields, write_fields

from .djs import CHUNKS, FRAMES, mixed, theirs
from .fresh import Fields, Fresh, MakeFresh, ReadID3


class Mixed:
    """A placed file with all of it in."""

    def __init__(self, fresh: Fresh, fields: Fields, cover: Cover) -> None:
        # mutagen, which plays the other programs here, reads a number as the name of a genre.
        fields = {**fields, "genre": ("lo-fi/chill", "jazz")}
        self.path, self.fmt, self.fields = fresh.path, fresh.fmt, fields
        self.duration = fresh.duration
        self.owned = write_fields(self.path, self.fmt, fields, cover=cover, duration=fresh.duration)
        mixed(self.path, self.fmt)
        self.before = theirs(self.path, self.fmt)

    def edit(self, wanted: Fields, version: int | None = None) -> None:
        made = changes(read_fields(self.path, self.fmt), owned=self.owned, wanted=wanted)
        written = edit_fields(self.path, self.fmt, made, id3_version=version)
        assert written, "something was to be written"
        self.owned |= written


@pytest.fixture
def file(fresh: Fresh, fields: Fields, cover: Cover) -> Mixed:
    return Mixed(fresh, fields, cover)


def title_alone(file: Mixed) -> None:
    file.edit({"title": ("Regen",)})


def every_field(file: Mixed) -> None:
    file.edit({name: (f"{name} {'x' * 300}",) for name in ("title", "genre", "emotion", "comment")})
    file.edit({"lyrics": ("la " * 30_000,), "bpm": ("99",), "key": ("Am",), "liked": ()})


def taken_away(file: Mixed) -> None:
    file.edit(dict.fromkeys(file.fields, ()))


def for_djs(file: Mixed) -> None:
    file.edit({"comment": ("Am - 92 BPM",), "genre": ("lo-fi",)}, version=3)


def for_djs_and_back(file: Mixed) -> None:
    for_djs(file)
    file.edit({"comment": file.fields["comment"], "genre": ("a", "b")}, version=4)


def fetched_so(file: Mixed) -> None:
    write_fields(file.path, file.fmt, {"title": ("x",)}, cover=None, duration=file.duration)


def fetched_so_for_djs(file: Mixed) -> None:
    write_fields(
        file.path, file.fmt, {"title": ("x",)}, cover=None, duration=file.duration, id3_version=3
    )


@pytest.mark.parametrize(
    "write",
    [
        title_alone,
        every_field,
        taken_away,
        for_djs,
        for_djs_and_back,
        fetched_so,
        fetched_so_for_djs,
    ],
    ids=lambda write: write.__name__,
)
def test_what_others_wrote_stays_byte_for_byte(file: Mixed, write: Callable[[Mixed], None]) -> None:
    expected = len(FRAMES) + {"mp3": 0, "wav": len(CHUNKS) + 2}.get(file.fmt, -len(FRAMES))
    assert len(file.before) >= max(expected, 7)
    write(file)
    assert sorted(theirs(file.path, file.fmt)) == sorted(file.before)
    assert check(file.path, file.fmt, expected_duration=None).duration == file.duration


@pytest.mark.parametrize("fmt", ["mp3", "wav"])
def test_a_tag_becomes_one_for_djs_whole(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields, cover: Cover, fmt: str
) -> None:
    file = Mixed(make_fresh(fmt), fields, cover)
    before = read_fields(file.path, fmt)
    for_djs(file)
    assert read_fields(file.path, fmt) == {
        **before,
        "comment": ("Am - 92 BPM",),
        "genre": ("lo-fi",),
    }
    tags = id3_of(file.path)
    assert tags.version == (2, 3, 0)
    assert tags["TXXX:MOOD"].text == list(fields["emotion"])
    assert not tags.getall("TMOO")
    assert str(tags["TYER"]) == "2026"
    ours = [tags[name] for name in ("TIT2", "TXXX:MOOD", "COMM::XXX", "USLT::XXX", "TCON")]
    assert {frame.encoding for frame in ours} == {id3.Encoding.UTF16}
    assert tags["APIC:Cover"].data == cover.data
    for_back = {"comment": file.fields["comment"], "genre": file.fields["genre"]}
    file.edit(for_back, version=4)
    assert read_fields(file.path, fmt) == before
    tags = id3_of(file.path)
    assert (tags.version, tags.getall("TXXX:MOOD")) == ((2, 4, 0), [])
    assert tags["TMOO"].text == list(fields["emotion"])


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("fmt", ["mp3", "wav"])
def test_a_fresh_file_is_written_in_either_version(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields, cover: Cover, fmt: str, version: int
) -> None:
    fresh = make_fresh(fmt)
    fields["synced_lyrics"] = ("[00:01.500]雨\n[00:03.000]\n[00:04.250]la",)
    for _ in range(2):
        owned = write_fields(
            fresh.path, fmt, fields, cover=cover, duration=12.3456, id3_version=version
        )
        assert owned == {**fields, "duration": ("12.346",)}
        assert read_fields(fresh.path, fmt) == owned
    tags = id3_of(fresh.path)
    assert tags.version == (2, version, 0)
    assert tags["SYLT::XXX"].text == [("雨", 1500), ("", 3000), ("la", 4250)]
    assert [picture.data for picture in tags.getall("APIC")] == [cover.data]


def test_lyrics_with_times_are_left_out_where_there_is_no_place_for_them(
    make_fresh: MakeFresh,
) -> None:
    fresh = make_fresh("flac")
    lyrics = {"synced_lyrics": ("[00:01.500]la",)}
    assert write_fields(fresh.path, "flac", lyrics, cover=None, duration=1) == {
        "duration": ("1.000",)
    }


def test_lyrics_with_times_of_the_users_stay(make_fresh: MakeFresh, id3_of: ReadID3) -> None:
    fresh = make_fresh("mp3")
    ours, wanted = ("[00:01.500]la",), ("[00:01.500]lu",)
    owned = write_fields(fresh.path, "mp3", {"synced_lyrics": ours}, cover=None, duration=1)
    tags = id3.ID3(fresh.path)
    tags.add(id3.SYLT(3, "XXX", format=2, type=1, desc="", text=[("mine", 1500)]))
    tags.save(fresh.path)
    found = read_fields(fresh.path, "mp3")
    assert changes(found, owned=owned, wanted={"synced_lyrics": wanted}) == ()
    assert id3_of(fresh.path)["SYLT::XXX"].text == [("mine", 1500)]
