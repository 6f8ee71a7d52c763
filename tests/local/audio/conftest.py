"""Real audio, from the simulator's own library, in files that carry no telling suffix."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

SAMPLES = {
    "flac": "pixel-picnic.flac",
    "mp3": "firefly-lullaby.mp3",
    "ogg": "paper-lanterns-2.ogg",
    "wav": "coracao-de-sal.wav",
}


@pytest.fixture(scope="session")
def samples() -> dict[str, bytes]:
    """One whole file of each format."""
    folder = files("syncd.simulator") / "data" / "audio"
    return {name: (folder / file).read_bytes() for name, file in SAMPLES.items()}


@pytest.fixture(scope="session")
def mp3_frames(samples: dict[str, bytes]) -> list[bytes]:
    """The frames of the mp3 (MPEG-2, 22.05 kHz); the first one holds the count of the others."""
    kbits = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    mp3 = samples["mp3"]
    at, frames = mp3.index(b"\xff\xf3"), []
    while at < len(mp3):
        length = 72_000 * kbits[mp3[at + 2] >> 4] // 22_050 + (mp3[at + 2] >> 1 & 1)
        frames.append(mp3[at : at + length])
        at += length
    return frames


@pytest.fixture
def placed(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts bytes into a file named as an unfinished download is."""

    def place(data: bytes) -> Path:
        path = tmp_path / "track.part"
        path.write_bytes(data)
        return path

    return place
