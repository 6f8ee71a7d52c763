"""The audio and covers made for jobs are files that other programs read."""

from __future__ import annotations

import io
from pathlib import Path

import mutagen
import pytest

from syncd.local.audio import check
from syncd.local.tags import Cover
from syncd.simulator.sound import square_png, tone


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
def test_a_tone_is_read_and_sound_from_end_to_end(kind: str, tmp_path: Path) -> None:
    data = tone(kind, 5, 0.5)
    assert mutagen.File(io.BytesIO(data)).info.length == pytest.approx(0.5, abs=0.03)
    path = tmp_path / "tone"
    path.write_bytes(data)
    found = check(path, kind, expected_duration=None)
    assert found.duration == pytest.approx(0.5, abs=0.03)


def test_the_tone_is_the_same_in_every_lossless_format() -> None:
    soundfile = pytest.importorskip("soundfile", reason="a decoder, of the dev extra")
    flac, wav = (soundfile.read(io.BytesIO(tone(kind, 5)))[0] for kind in ("flac", "wav"))
    assert flac.tolist() == wav.tolist()
    assert abs(flac).max() > 0.1


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
def test_tones_follow_from_their_seed(kind: str) -> None:
    assert tone(kind, 5) == tone(kind, 5)
    assert tone(kind, 5) != tone(kind, 6)


def test_no_other_format_can_be_made() -> None:
    with pytest.raises(ValueError, match="no ogg can be made"):
        tone("ogg", 1)


def test_a_cover_is_a_picture() -> None:
    cover = Cover.parse(square_png(3))
    assert cover is not None
    assert (cover.mime, cover.width, cover.height) == ("image/png", 16, 16)
    assert square_png(3) != square_png(4)
