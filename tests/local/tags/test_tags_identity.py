"""A scan learns which job a file belongs to, whatever the file is called and whatever is in it."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.flac import FLAC
from mutagen.ogg import OggPage

from syncd.core.model import FORMATS, Identity, Origin
from syncd.local.tags import Cover, read_fields, read_identity, write_fields

from .fresh import Fields, Fresh, MakeFresh

ORIGIN = Origin("https://api.audiopod.ai", "u-12")
OURS = Identity(4711, ORIGIN)
OWN = {"job_id": ("4711",), "origin": (str(ORIGIN),)}


def test_the_id_and_its_origin_are_found(fresh: Fresh, fields: Fields, cover: Cover) -> None:
    write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)
    assert read_identity(renamed(fresh, f"track.{fresh.fmt}")) == OURS


@pytest.mark.parametrize("name", ["TRACK.FLAC", "track.Oga", "track.mp3", "track.wav", "a.b.opus"])
def test_the_bytes_say_what_a_file_is_and_not_its_suffix(make_fresh: MakeFresh, name: str) -> None:
    fresh = make_fresh("flac")
    write_fields(fresh.path, "flac", OWN, cover=None, duration=1)
    assert read_identity(renamed(fresh, name)) == OURS


def test_a_file_that_is_not_named_as_audio_is_not_looked_into(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("flac")
    write_fields(fresh.path, "flac", OWN, cover=None, duration=1)
    assert read_identity(renamed(fresh, "track.flac.bak")) is None


def test_an_id_behind_a_large_cover_is_found(fresh: Fresh, cover: Cover) -> None:
    large = Cover(cover.data + bytes(1_500_000), cover.mime, cover.width, cover.height)
    write_fields(fresh.path, fresh.fmt, {"title": ("T",)}, cover=large, duration=fresh.duration)
    write_fields(fresh.path, fresh.fmt, OWN, cover=None, duration=fresh.duration)
    assert read_identity(renamed(fresh, f"track.{fresh.fmt}")) == OURS


@pytest.mark.parametrize(
    ("name", "head"),
    [("a.flac", b"fLaC\0\0\0\x22" + bytes(34)), ("a.wav", b"RIFF\xff\xff\xff\xffWAVE")],
)
def test_a_terabyte_of_nothing_is_not_read_to_its_end(
    tmp_path: Path, name: str, head: bytes
) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(head)
        file.truncate(1 << 40)
    assert read_identity(path) is None


def test_a_fresh_file_carries_no_id(fresh: Fresh) -> None:
    assert read_identity(renamed(fresh, f"track.{fresh.fmt}")) is None


def test_an_id_without_an_origin_stands_for_itself(fresh: Fresh) -> None:
    own = {"job_id": ("12",)}
    write_fields(fresh.path, fresh.fmt, own, cover=None, duration=fresh.duration)
    assert read_identity(renamed(fresh, f"track.{fresh.fmt}")) == Identity(12, None)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        pytest.param(["12"], 12, id="a number"),
        pytest.param([" 12 "], 12, id="blanks around it"),
        pytest.param(["12", "12"], 12, id="the same twice"),
        pytest.param(["12", "13"], None, id="two of them"),
        pytest.param(["0"], None, id="zero"),
        pytest.param([str(2**63 - 1)], 2**63 - 1, id="largest"),
        pytest.param([str(2**63)], None, id="too large"),
        pytest.param(["-12"], None, id="below zero"),
        pytest.param(["12.0"], None, id="a fraction"),
        pytest.param(["twelve"], None, id="a word"),
        pytest.param(["١٢"], None, id="digits of another script"),
        pytest.param(["9" * 5000], None, id="no number that a job could have"),
        pytest.param([""], None, id="nothing"),
    ],
)
@pytest.mark.parametrize("fmt", ["flac", "mp3"])
def test_only_one_positive_integer_is_an_id(
    make_fresh: MakeFresh, fmt: str, ids: list[str], expected: int | None
) -> None:
    fresh = make_fresh(fmt)
    name = "audiopod_job_id"
    if fresh.fmt == "flac":
        audio = FLAC(fresh.path)
        audio[name] = ids
        audio.save()
    else:
        tags = id3.ID3()
        tags.add(id3.TXXX(encoding=1, desc=name, text=ids))
        tags.save(fresh.path, v2_version=3, v23_sep=None)
    identity = read_identity(renamed(fresh, f"track.{fresh.fmt}"))
    assert identity == (None if expected is None else Identity(expected, None))


@pytest.mark.parametrize("fmt", FORMATS)
def test_damage_never_raises(make_fresh: MakeFresh, fields: Fields, cover: Cover, fmt: str) -> None:
    fresh = make_fresh(fmt)
    write_fields(fresh.path, fmt, fields, cover=cover, duration=fresh.duration)
    whole = fresh.path.read_bytes()
    tags = whole.index(b"AUDIOPOD_JOB_ID")
    path = renamed(fresh, f"track.{fmt}")
    source = random.Random(fmt)
    found = []
    for _ in range(150):
        damaged = bytearray(whole)
        near = source.choice((0, tags - 200, tags))
        for _ in range(source.choice((1, 3, 20))):
            damaged[max(0, near) + source.randrange(400)] = source.choice((0, 127, 255))
        if source.random() < 0.3:
            del damaged[max(0, near) + source.randrange(400) :]
        path.write_bytes(damaged)
        found.append(read_identity(path))
    assert None in found


def test_a_flipped_digit_in_an_ogg_names_no_other_job(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("ogg")
    write_fields(fresh.path, "ogg", OWN, cover=None, duration=1)
    path = renamed(fresh, "track.ogg")
    path.write_bytes(path.read_bytes().replace(b"JOB_ID=4711", b"JOB_ID=4712"))
    assert read_identity(path) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="a web page"),
        pytest.param(b"fLaC", id="only the magic of flac"),
        pytest.param(b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(100), id="a tag beyond the end"),
        pytest.param(b"OggS\0" + bytes(22), id="an empty page"),
        pytest.param(b"RIFF\0\0\0\0WAVE", id="no chunks"),
        pytest.param(b"fLaC\x84\0\0\x08\xff\xff\xff\xff\0\0\0\0", id="comments beyond the end"),
    ],
)
def test_what_is_no_track_carries_no_id(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "track.flac"
    path.write_bytes(data)
    assert read_identity(path) is None


def test_a_file_that_cannot_be_read_is_not_taken_for_one_without_an_id(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_identity(tmp_path / "gone.mp3")
    (tmp_path / "folder.mp3").mkdir()
    with pytest.raises(IsADirectoryError):
        read_identity(tmp_path / "folder.mp3")


def test_opus_is_tagged_and_identified_as_ogg_is(tmp_path: Path) -> None:
    packets = [
        b"OpusHead\x01\x02" + struct.pack("<HIhB", 312, 48_000, 0, 0),
        b"OpusTags" + struct.pack("<I", 4) + b"test" + struct.pack("<I", 0),
        bytes(100),
    ]
    path = tmp_path / "track.opus"
    with path.open("wb") as file:
        for number, packet in enumerate(packets):
            page = OggPage()
            page.packets, page.sequence, page.position = [packet], number, number // 2 * 48_312
            page.first, page.last = number == 0, number == 2
            file.write(page.write())
    written = write_fields(path, "ogg", OWN, cover=None, duration=1)
    assert read_fields(path, "ogg") == written
    assert read_identity(path) == OURS


def renamed(fresh: Fresh, name: str) -> Path:
    return fresh.path.rename(fresh.path.with_name(name))
