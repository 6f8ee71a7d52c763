"""What every format has in common: the right kind, the whole of it, a plausible length."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from syncd.core.model import FORMATS
from syncd.errors import CorruptMedia
from syncd.local.audio import check, sniff

Place = Callable[[bytes], Path]

LIBRARY = files("syncd.simulator") / "data"
TRACKS = json.loads((LIBRARY / "tracks.json").read_text("utf-8"))
EVERY_FILE = [
    pytest.param(path, fmt, track["duration"], id=path.removeprefix("audio/"))
    for track in TRACKS
    for fmt, path in track["audio"].items()
]


@pytest.mark.parametrize(("name", "fmt", "seconds"), EVERY_FILE)
def test_a_whole_file_is_sound_and_as_long_as_it_should_be(
    placed: Place, name: str, fmt: str, seconds: float
) -> None:
    data = (LIBRARY / name).read_bytes()
    audio = check(placed(data), fmt, expected_duration=seconds)
    assert audio.format == fmt
    assert audio.size == len(data)
    assert audio.duration == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("fmt", FORMATS)
def test_the_format_is_known_by_its_bytes(
    samples: dict[str, bytes], placed: Place, fmt: str
) -> None:
    assert sniff(placed(samples[fmt])) == fmt


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_file_cut_anywhere_is_never_accepted(
    samples: dict[str, bytes], placed: Place, fmt: str
) -> None:
    whole = samples[fmt]
    source = random.Random(fmt)
    step = len(whole) // 100
    offsets = {offset + source.randrange(step) for offset in range(0, len(whole) - step, step)}
    offsets |= {*range(64), *range(len(whole) - 64, len(whole))}
    accepted = [offset for offset in offsets if _is_sound(placed(whole[:offset]), fmt)]
    assert accepted == []


@pytest.mark.parametrize("fmt", ["flac", "ogg"])
def test_damage_anywhere_in_the_checksummed_formats_is_found(
    samples: dict[str, bytes], placed: Place, fmt: str
) -> None:
    whole = samples[fmt]
    start = 0 if fmt == "ogg" else whole.index(b"\xff\xf8")
    source = random.Random(fmt)
    accepted = []
    for _ in range(100):
        damaged = bytearray(whole)
        offset = source.randrange(start, len(whole) - 8)
        for place in range(offset, offset + source.choice((1, 2, 8))):
            damaged[place] ^= source.randrange(1, 256)
        if _is_sound(placed(bytes(damaged)), fmt):
            accepted.append(offset)
    assert accepted == []


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_hole_in_the_middle_is_found(samples: dict[str, bytes], placed: Place, fmt: str) -> None:
    whole = samples[fmt]
    middle = len(whole) // 2
    with pytest.raises(CorruptMedia):
        check(placed(whole[:middle] + whole[middle + 1000 :]), fmt, expected_duration=None)


@pytest.mark.parametrize("fmt", FORMATS)
def test_another_format_is_refused_by_name(
    samples: dict[str, bytes], placed: Place, fmt: str
) -> None:
    other = "mp3" if fmt != "mp3" else "ogg"
    with pytest.raises(CorruptMedia, match=rf"expected an? {fmt} file and got an {other} file"):
        check(placed(samples[other]), fmt, expected_duration=None)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"\n <!DOCTYPE html>\n<html><body>Not here", "a web page", id="html"),
        pytest.param(b"<!-- gateway --><HTML>502", "a web page", id="html after a comment"),
        pytest.param(b"\xef\xbb\xbf<?xml version='1.0'?><Error/>", "XML text", id="xml"),
        pytest.param(b'{"detail": "no such file"}', "JSON text", id="json"),
        pytest.param(b"Service unavailable\n", "plain text", id="text"),
        pytest.param(b"PK\x03\x04" + bytes(64), "a zip archive", id="zip"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(64), "a picture", id="png"),
        pytest.param(bytes(4) + b"ftypM4A " + bytes(64), "an MP4 file", id="mp4"),
        pytest.param(b"\xff\xfe<\0h\0t\0m\0l\0", "data that is no audio", id="utf-16"),
        pytest.param(bytes(5000), "data that is no audio", id="zeros"),
    ],
)
def test_what_is_no_audio_is_called_by_its_name(placed: Place, data: bytes, kind: str) -> None:
    path = placed(data)
    assert sniff(path) is None
    for fmt in FORMATS:
        with pytest.raises(CorruptMedia, match=f"got {kind}$"):
            check(path, fmt, expected_duration=None)


def test_an_empty_file_is_called_empty(placed: Place) -> None:
    with pytest.raises(CorruptMedia, match="the file is empty"):
        check(placed(b""), "mp3", expected_duration=None)


def test_a_file_that_cannot_be_read_is_not_called_corrupt(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check(tmp_path / "gone.part", "mp3", expected_duration=None)


@pytest.mark.parametrize(
    ("factor", "accepted"),
    [
        pytest.param(1.0, True, id="as announced"),
        pytest.param(1.8, True, id="a little over half of what was announced"),
        pytest.param(5.0, False, id="a fifth of what was announced"),
        pytest.param(0.2, True, id="five times what was announced"),
        pytest.param(0.01, False, id="a hundred times what was announced"),
        pytest.param(-1.0, True, id="nothing announced, as -1"),
        pytest.param(float("nan"), True, id="nothing announced, as no number"),
        pytest.param(float("inf"), True, id="nothing announced, as no end"),
    ],
)
def test_the_announced_length_bounds_the_measured_one(
    mp3_frames: list[bytes], placed: Place, factor: float, accepted: bool
) -> None:
    # Ten times over: long enough that seconds of slack do not decide.
    path = placed(b"".join(mp3_frames[1:]) * 10)
    seconds = check(path, "mp3", expected_duration=None).duration
    if accepted:
        assert check(path, "mp3", expected_duration=seconds * factor).duration == seconds
    else:
        with pytest.raises(CorruptMedia, match="s were announced"):
            check(path, "mp3", expected_duration=seconds * factor)


def test_a_long_file_is_read_in_pieces(mp3_frames: list[bytes], placed: Place) -> None:
    path = placed(b"".join(mp3_frames[1:]) * 200)
    tracemalloc.start()
    try:
        check(path, "mp3", expected_duration=None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20 < path.stat().st_size


def _is_sound(path: Path, fmt: str) -> bool:
    try:
        check(path, fmt, expected_duration=None)
    except CorruptMedia:
        return False
    return True
