"""How the sound in an audio file is sampled and packed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from syncd.errors import CorruptMedia
from syncd.local.tags.container import errors_translated

_OPUS_RATE = 48_000
"""What Opus is always decoded to (RFC 7845, 5.1)."""

_HEAD = 64
_READERS: dict[str, Any] = {"flac": FLAC, "mp3": MP3, "wav": WAVE}


@dataclass(frozen=True, slots=True)
class Sound:
    """``sample_rate`` in hertz, ``bit_rate`` in bits a second on average; ``None``: not said."""

    sample_rate: int | None = None
    bit_rate: int | None = None


def read_sound(path: Path, fmt: str) -> Sound:
    """What the file at ``path`` says; nothing where it is no such file.

    ``fmt`` is one of ``core.model.FORMATS``. Raises ``OSError`` if it cannot be read.
    """
    with path.open("rb") as file:
        try:
            with errors_translated("read"):
                if fmt != "ogg":
                    info: Any = _READERS[fmt](file).info
                    return Sound(info.sample_rate or None, info.bitrate or None)
                is_opus = b"OpusHead" in file.read(_HEAD)
                file.seek(0)
                if is_opus:
                    OggOpus(file)
                    return Sound(_OPUS_RATE)
                info = OggVorbis(file).info
                return Sound(info.sample_rate or None, info.bitrate or None)
        except CorruptMedia:
            return Sound()
