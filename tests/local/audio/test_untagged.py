"""The audio of a file without its tags: what a tag editor does never shows, other audio does."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutagen import id3
from mutagen.flac import FLAC, Picture
from mutagen.mp3 import MP3
from mutagen.ogg import OggPage
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from syncd.core.model import FORMATS
from syncd.local.audio.untagged import untagged_sha256
from syncd.local.tags import write_fields


@pytest.fixture
def track(tmp_path: Path, samples: dict[str, bytes], fmt: str) -> Path:
    path = tmp_path / f"track.{fmt}"
    path.write_bytes(samples[fmt])
    return path


def edit(path: Path, fmt: str) -> None:
    """Let another program write tags that take more room than a page or a padding has."""
    long = "la " * 100_000
    match fmt:
        case "flac":
            flac = FLAC(path)
            flac["lyrics"] = long
            cover = Picture()
            cover.data = b"\x89PNG" + bytes(90_000)
            flac.add_picture(cover)
            flac.save()
        case "ogg":
            ogg = OggVorbis(path)
            ogg["lyrics"] = long
            ogg.save()
        case "mp3":
            mp3 = MP3(path)
            if mp3.tags is None:
                mp3.add_tags()
            mp3.tags.add(id3.COMM(lang="eng", text=long))
            mp3.save(v1=2)
        case "wav":
            wav = WAVE(path)
            if wav.tags is None:
                wav.add_tags()
            wav.tags.add(id3.COMM(lang="eng", text=long))
            wav.save()


@pytest.mark.parametrize("fmt", FORMATS)
def test_tags_of_ours_and_of_others_leave_it_as_it_is(track: Path, fmt: str) -> None:
    served = untagged_sha256(track, fmt)
    assert served is not None
    write_fields(track, fmt, {"title": ("Rain",), "job_id": ("7",)}, cover=None, duration=1.0)
    assert untagged_sha256(track, fmt) == served
    before = track.read_bytes()
    edit(track, fmt)
    assert track.read_bytes() != before
    assert untagged_sha256(track, fmt) == served


@pytest.mark.parametrize("fmt", ["flac", "mp3", "wav"])
def test_one_other_byte_of_audio_shows(track: Path, fmt: str) -> None:
    served = untagged_sha256(track, fmt)
    data = bytearray(track.read_bytes())
    data[len(data) * 2 // 3] ^= 1
    track.write_bytes(data)
    assert untagged_sha256(track, fmt) != served


@pytest.mark.parametrize("fmt", ["ogg"])
def test_a_damaged_page_and_one_that_is_missing_cannot_be_told_from_tags(
    track: Path, fmt: str
) -> None:
    data = track.read_bytes()
    at = data.index(b"OggS", len(data) // 2)
    track.write_bytes(data[:at] + data[at : at + 60] + b"x" + data[at + 61 :])
    assert untagged_sha256(track, fmt) is None
    track.write_bytes(data[: at + 10])
    assert untagged_sha256(track, fmt) is None


@pytest.mark.parametrize("fmt", ["ogg"])
def test_an_ogg_of_another_codec_says_nothing(tmp_path: Path, track: Path, fmt: str) -> None:
    page = OggPage()
    page.packets, page.first, page.last = [b"\x7fFLAC and more"], True, True
    track.write_bytes(page.write())
    assert untagged_sha256(track, fmt) is None


@pytest.mark.parametrize("fmt", FORMATS)
def test_another_kind_of_file_says_nothing(tmp_path: Path, track: Path, fmt: str) -> None:
    other = "mp3" if fmt != "mp3" else "flac"
    assert untagged_sha256(track, other) is None
    track.write_bytes(b"")
    assert untagged_sha256(track, fmt) is None


def test_a_flac_without_frames_says_nothing(tmp_path: Path, samples: dict[str, bytes]) -> None:
    path = tmp_path / "track.flac"
    flac = samples["flac"]
    path.write_bytes(flac[: flac.index(b"\xff\xf8")])
    assert untagged_sha256(path, "flac") is None
