"""Is this file the sound audio file that it should be? ``check`` answers by walking its structure.

Nothing is decoded. FLAC frames and Ogg pages carry checksums, and all of them are computed; mp3
frames are chained from header to header and counted against the encoder's own count; the sizes in
a WAV are held against the size of the file. Reading is in pieces: memory does not grow with the
file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from syncd.errors import CorruptMedia
from syncd.local.audio import flac, mp3, ogg, wav
from syncd.local.audio.signature import audio_format, description, named

_WALKS = {"flac": flac.walk, "mp3": mp3.walk, "ogg": ogg.walk, "wav": wav.walk}
_READ_AHEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Audio:
    """What a checked file holds: ``duration`` in seconds as its frames add up, ``size`` in bytes.

    ``format`` is one of ``core.model.FORMATS``.
    """

    format: str
    duration: float
    size: int


def sniff(path: Path) -> str | None:
    """The audio format that the first bytes show (``core.model.FORMATS``), or ``None``.

    An ID3v2 tag in front is skipped. Raises ``OSError`` if the file cannot be read.
    """
    with path.open("rb") as file:
        return audio_format(file)


def check(path: Path, expected_format: str, *, expected_duration: float | None) -> Audio:
    """The measure of the audio file at ``path``, walked from end to end.

    ``expected_duration`` is the service's ``audio_duration`` in seconds; ``None``, zero and below
    say nothing. Raises ``CorruptMedia`` for a file that is empty, of another format, damaged, cut
    short or far from the expected length; ``OSError`` if it cannot be read.
    """
    with path.open("rb", buffering=_READ_AHEAD) as file:
        size = file.seek(0, 2)
        if not size:
            raise CorruptMedia("the file is empty")
        found = audio_format(file)
        if found != expected_format:
            raise CorruptMedia(
                f"expected {named(expected_format)} and got {description(file, found)}"
            )
        duration = _WALKS[expected_format](file, size)
    if not duration > 0:
        raise CorruptMedia(f"{named(expected_format)} without any audio in it")
    _check_plausible(duration, expected_duration)
    return Audio(expected_format, duration, size)


def _check_plausible(duration: float, expected: float | None) -> None:
    if expected is None or not math.isfinite(expected) or expected <= 0:
        return
    # The service may echo the length that was asked for, and a generated song ends where it ends:
    # shorter by half is ordinary, and two seconds more are encoder delay and rounding, which weigh
    # for clips. Below that, audio is missing.
    if duration < expected * 0.5 - 2:
        raise CorruptMedia(f"{duration:.1f} s of audio where {expected:.1f} s were announced")
    # Extending or repeating a track makes it several times as long while the request's length is
    # still echoed; ten times is another file. The ten seconds keep clips of a second out of it.
    if duration > expected * 10 + 10:
        raise CorruptMedia(f"{duration:.1f} s of audio where only {expected:.1f} s were announced")
