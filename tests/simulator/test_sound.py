"""The audio and covers made for jobs are files that other programs read."""

from __future__ import annotations

import io

import mutagen
import pytest
import soundfile
from PIL import Image

from syncd.simulator.sound import square_png, tone


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav"])
def test_a_tone_is_read_and_decoded_in_full(kind: str) -> None:
    data = tone(kind, 5, 0.5)
    assert mutagen.File(io.BytesIO(data)).info.length == pytest.approx(0.5, abs=0.03)
    samples, rate = soundfile.read(io.BytesIO(data))
    assert len(samples) / rate == pytest.approx(0.5, abs=0.03)


def test_the_tone_is_the_same_in_every_lossless_format() -> None:
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


def test_a_cover_is_an_image_of_one_colour() -> None:
    image = Image.open(io.BytesIO(square_png(3)))
    image.load()
    assert (image.size, len(image.getcolors() or [])) == ((16, 16), 1)
    assert square_png(3) != square_png(4)
