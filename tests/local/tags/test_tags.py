"""Managed fields go into a fresh file of any format and come out of it as they went in."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.model import FORMATS
from syncd.errors import CorruptMedia
from syncd.local.audio import check
from syncd.local.tags import MAX_COVER, Cover, lrc_text, read_fields, write_fields

from .fresh import Fields, Fresh, MakeFresh


def test_every_field_reads_back_as_it_was_written(
    fresh: Fresh, fields: Fields, cover: Cover
) -> None:
    written = write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)
    assert written == {**fields, "duration": (f"{fresh.duration:.3f}",)}
    assert read_fields(fresh.path, fresh.fmt) == written


def test_the_audio_is_as_sound_and_as_long_as_before(
    fresh: Fresh, fields: Fields, cover: Cover
) -> None:
    write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)
    audio = check(fresh.path, fresh.fmt, expected_duration=fresh.duration)
    assert audio.duration == fresh.duration


def test_writing_again_changes_no_byte(fresh: Fresh, fields: Fields, cover: Cover) -> None:
    first = write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)
    once = fresh.path.read_bytes()
    second = write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)
    assert second == first
    assert fresh.path.read_bytes() == once


def test_a_field_that_is_not_given_is_left_alone_and_told_as_served(
    fresh: Fresh, fields: Fields
) -> None:
    write_fields(fresh.path, fresh.fmt, fields, cover=None, duration=fresh.duration)
    written = write_fields(
        fresh.path, fresh.fmt, {"title": ("Other",)}, cover=None, duration=fresh.duration
    )
    ours = {"title": ("Other",), "duration": (f"{fresh.duration:.3f}",)}
    left = {name: values for name, values in fields.items() if name not in ("title", "liked")}
    assert written == {**ours, **{f"served {name}": values for name, values in left.items()}}
    assert read_fields(fresh.path, fresh.fmt) == {**fields, **ours}


def test_long_lyrics_and_a_large_cover_fit(fresh: Fresh, fields: Fields, cover: Cover) -> None:
    large = Cover(cover.data + bytes(2_000_000), cover.mime, cover.width, cover.height)
    assert len(large.data) < MAX_COVER
    fields["lyrics"] = ("la la la, 夜\n" * 20_000,)
    written = write_fields(fresh.path, fresh.fmt, fields, cover=large, duration=fresh.duration)
    assert written["lyrics"] == fields["lyrics"]
    assert check(fresh.path, fresh.fmt, expected_duration=None).duration == fresh.duration


def test_what_no_tag_can_hold_is_left_out(fresh: Fresh) -> None:
    given_fields = {"title": ("a\0b\ud800",), "genre": ("\0", "", "jazz"), "task": ("",)}
    written = write_fields(fresh.path, fresh.fmt, given_fields, cover=None, duration=fresh.duration)
    assert written == {
        "title": ("ab?",),
        "genre": ("jazz",),
        "duration": (f"{fresh.duration:.3f}",),
    }


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60
)
ONE = st.tuples(TEXT)
MANY = st.lists(TEXT, min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize("fmt", FORMATS)
@settings(max_examples=60, deadline=None)
@given(
    values=st.fixed_dictionaries(
        {"title": ONE, "lyrics": ONE},
        optional={"prompt": ONE, "genre": MANY, "occasion": MANY, "seed": MANY, "key": ONE},
    )
)
def test_any_text_survives(fmt: str, values: Fields, whole: Callable[[str], bytes]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.part"
        path.write_bytes(whole(fmt))
        written = write_fields(path, fmt, values, cover=None, duration=1.5)
        assert written == {**values, "duration": ("1.500",)}


def test_a_full_disk_is_not_taken_for_a_corrupt_file(
    fresh: Fresh, fields: Fields, cover: Cover
) -> None:
    with file_size_limited(fresh.path.stat().st_size + 100), pytest.raises(OSError, match="large"):
        write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)


def test_damaged_tags_are_called_corrupt(fresh: Fresh, fields: Fields) -> None:
    write_fields(fresh.path, fresh.fmt, fields, cover=None, duration=fresh.duration)
    data = fresh.path.read_bytes()
    start = data.index(b"text2music")
    fresh.path.write_bytes(data[: start if fresh.fmt != "wav" else start + 4])
    with pytest.raises(CorruptMedia):
        read_fields(fresh.path, fresh.fmt)
    with pytest.raises(CorruptMedia):
        write_fields(fresh.path, fresh.fmt, fields, cover=None, duration=fresh.duration)


def test_a_page_lost_from_the_tags_of_an_ogg_is_called_corrupt(
    make_fresh: MakeFresh,
) -> None:
    fresh = make_fresh("ogg")
    lyrics = {"lyrics": ("la la la\n" * 5000,)}
    write_fields(fresh.path, "ogg", lyrics, cover=None, duration=1)
    data = fresh.path.read_bytes()
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"OggS"]
    fresh.path.write_bytes(data[: starts[3]] + data[starts[4] :])
    with pytest.raises(CorruptMedia, match="they are damaged"):
        read_fields(fresh.path, "ogg")


def test_a_flac_without_any_comments_gets_them(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("flac")
    data = fresh.path.read_bytes()
    fresh.path.write_bytes(b"fLaC\x80" + data[5:42] + data[data.index(b"\xff\xf8") :])
    assert read_fields(fresh.path, "flac") == {}
    written = write_fields(fresh.path, "flac", {"title": ("T",)}, cover=None, duration=1)
    assert read_fields(fresh.path, "flac") == written


def test_a_field_that_does_not_read_back_is_reported(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("mp3")
    with pytest.raises(CorruptMedia, match="the tag date of the mp3 file does not read back"):
        write_fields(fresh.path, "mp3", {"date": ("next spring",)}, cover=None, duration=1)


def test_synchronised_lyrics_become_plain_lines() -> None:
    assert lrc_text("\ufeff[00:01.00]a\r\n[00:02.00]b\r\r\n\n") == "[00:01.00]a\n[00:02.00]b\n"


@contextmanager
def file_size_limited(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
