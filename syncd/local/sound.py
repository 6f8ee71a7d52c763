"""How the sound in an audio file is sampled and packed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

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
    with path.open("rb") as opened:
        file = _Attentive(opened)
        found = _said(file, fmt)
        if file.error is not None:
            raise file.error
        return found


def _said(file: Any, fmt: str) -> Sound:
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


class _Attentive:
    """A file that remembers what it could not be read for: mutagen takes some of that for an end,
    or for damage, and what a sick disk says is nothing that the file says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            self.error = error
            raise
