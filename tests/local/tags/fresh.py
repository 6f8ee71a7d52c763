"""What the tests of tags are handed: a fresh file, and how fields and frames are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mutagen import id3


@dataclass(frozen=True, slots=True)
class Fresh:
    """One unfinished download: nothing in its name tells the format."""

    path: Path
    fmt: str
    duration: float


Fields = dict[str, tuple[str, ...]]
MakeFresh = Callable[[str], Fresh]
ReadID3 = Callable[[Path], id3.ID3]
