"""Freshly downloaded files of every format, and the fields that a job would put into them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.wave import WAVE

from syncd.core.model import FORMATS
from syncd.core.tagging import MANAGED
from syncd.local.audio import check
from syncd.local.tags import Cover

from .fresh import Fresh, MakeFresh, ReadID3

LIBRARY = files("syncd.simulator") / "data"
SAMPLES = {
    "flac": "pixel-picnic.flac",
    "mp3": "firefly-lullaby.mp3",
    "ogg": "paper-lanterns-2.ogg",
    "wav": "coracao-de-sal.wav",
}
FIELDS = {
    "title": ("雨の図書館 / مكتبة المطر; 🎧, Café",),
    "artist": ("AudioPod",),
    "albumartist": ("AudioPod",),
    "album": ("AudioPod 2026-03",),
    "track": ("7",),
    "date": ("2026-03-01T12:34:56",),
    "genre": ("lo-fi/chill", "17", "(9)jazz"),
    "emotion": ("wistful", "calm; warm"),
    "occasion": ("study", "rain, late"),
    "language": ("jpn",),
    "bpm": ("76",),
    "key": ("F#m",),
    "lyrics": ("[verse]\n雨の音だけ\r\n\nページをめくる\n",),
    "prompt": ("slow lofi beat,\nwarm piano = vinyl",),
    "comment": ("slow lofi beat,\nwarm piano = vinyl",),
    "job_id": ("4711",),
    "origin": ("https://api.audiopod.ai#u-12",),
    "task": ("text2music",),
    "seed": ("760112", "760113"),
    "quality": ("0.91",),
    "timesignature": ("4/4",),
    "completed_at": ("2026-03-01T12:36:10",),
    "liked": ("1",),
}


@pytest.fixture
def make_fresh(tmp_path: Path) -> MakeFresh:
    """Makes the fresh file of one format."""

    def make(fmt: str) -> Fresh:
        path = tmp_path / f".{fmt}-download.part"
        path.write_bytes((LIBRARY / "audio" / SAMPLES[fmt]).read_bytes())
        return Fresh(path, fmt, check(path, fmt, expected_duration=None).duration)

    return make


@pytest.fixture(params=FORMATS)
def fresh(request: pytest.FixtureRequest, make_fresh: MakeFresh) -> Fresh:
    """The fresh file of every format in turn."""
    return make_fresh(request.param)


@pytest.fixture(scope="session")
def whole() -> Callable[[str], bytes]:
    """The bytes of one audio file of a format."""
    return lambda fmt: (LIBRARY / "audio" / SAMPLES[fmt]).read_bytes()


@pytest.fixture
def id3_of() -> ReadID3:
    """Reads the ID3 tag of an mp3 or WAV as it stands, nothing translated."""

    def read(path: Path) -> id3.ID3:
        if path.read_bytes()[:4] != b"RIFF":
            return id3.ID3(path, translate=False)
        tags = WAVE(path).tags
        assert tags is not None
        tags.clear()
        tags.load(path, translate=False)
        return tags

    return read


@pytest.fixture
def fields() -> dict[str, tuple[str, ...]]:
    """A value, or several, for every managed field but the measured one, and the one that only
    some containers have."""
    assert set(FIELDS) == {*MANAGED} - {"duration", "synced_lyrics"}
    return dict(FIELDS)


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return (LIBRARY / "covers" / "rainy-library.jpg").read_bytes()


@pytest.fixture(scope="session")
def cover(jpeg: bytes) -> Cover:
    parsed = Cover.parse(jpeg)
    assert parsed is not None
    return parsed
