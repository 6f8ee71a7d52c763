"""The frames of an mp3 file, chained from header to header up to the last byte.

Source: ISO/IEC 11172-3 and 13818-3 (header, frame length); the Xing, Info and VBRI headers as the
encoders LAME and Fraunhofer write them into a first, silent frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from syncd.errors import CorruptMedia
from syncd.local.audio.trailers import after_id3, before_trailers

_LAYER_3 = 0b01
_MPEG_1 = 0b11
_RATES = {0b11: (44100, 48000, 32000), 0b10: (22050, 24000, 16000), 0b00: (11025, 12000, 8000)}
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_VBRI_OFFSET = 36
_BLOCK = 1 << 20


class _Frame(NamedTuple):
    version: int
    rate: int
    length: int
    mono: bool


@dataclass(frozen=True, slots=True)
class _Info:
    """What the encoder noted in the first frame: how many frames follow, how many bytes in all."""

    frames: int
    bytes: int | None


def starts_at(file: BinaryIO, start: int, size: int) -> bool:
    """Whether an mp3 frame begins at ``start`` and another, or nothing, follows it."""
    file.seek(start)
    frame = _parse(file.read(4))
    if frame is None:
        return False
    file.seek(start + frame.length)
    following = file.read(4)
    return len(following) < 4 or _parse(following) is not None or following[:3] in (b"TAG", b"APE")


def walk(file: BinaryIO, size: int) -> float:
    """The length in seconds of the mp3 in ``file``; raises ``CorruptMedia`` unless it is whole.

    A file without an encoder's count that was cut exactly between two frames looks whole.
    """
    start = after_id3(file)
    if start >= size:
        raise CorruptMedia("the mp3 file is cut short inside its tags")
    end = before_trailers(file, size)
    first = _first(file, start)
    info = _info(file, start, first)
    version, rate = first.version, first.rate
    frames, position = _chained(file, start, end, first)
    audible = frames - (info is not None)
    complete = _holds(info, audible, position - start)
    # Some encoders leave padding behind the last frame, which only their own count can excuse.
    if position < end and not (info and complete):
        raise CorruptMedia(
            f"the mp3 file is damaged at byte {position}, where a frame should begin"
        )
    if info and not complete:
        raise CorruptMedia(f"the mp3 file holds {audible} of its {info.frames} frames")
    return audible * (1152 if version == _MPEG_1 else 576) / rate


def _chained(file: BinaryIO, start: int, end: int, first: _Frame) -> tuple[int, int]:
    """How many frames of the kind of ``first`` follow each other from ``start`` on, and where the
    last of them ends."""
    frames, position = 0, start
    lengths: dict[bytes, int] = {}  # a file has few headers, each thousands of times
    while position < end:
        file.seek(position)
        block, at = file.read(_BLOCK), 0
        if len(block) < min(4, end - position):
            break  # somebody cuts it meanwhile
        while header := block[at : at + 4]:
            if (length := lengths.get(header)) is None:
                if len(header) < 4 and position + 4 <= end:
                    break  # the rest of it stands in the next block
                frame = _parse(header)
                if frame is None or (frame.version, frame.rate) != (first.version, first.rate):
                    return frames, position
                length = lengths[header] = frame.length
            if position >= end:
                return frames, position
            if position + length > end:
                raise CorruptMedia(
                    f"the mp3 file is cut short in its last frame, at byte {position}"
                )
            at += length
            position += length
            frames += 1
    return frames, position


def _holds(info: _Info | None, audible: int, length: int) -> bool:
    if info is None:
        return True
    # Some encoders count the frame that holds the count as well; the bytes must then agree, since
    # a file that lacks its last frame shows the same difference.
    return audible >= info.frames or (audible + 1 == info.frames and length == info.bytes)


def _first(file: BinaryIO, start: int) -> _Frame:
    file.seek(start)
    frame = _parse(file.read(4))
    if frame is None:
        raise CorruptMedia("the mp3 file does not begin with a frame")
    return frame


def _info(file: BinaryIO, start: int, frame: _Frame) -> _Info | None:
    file.seek(start)
    data = file.read(frame.length)
    side = (17 if frame.mono else 32) if frame.version == _MPEG_1 else (9 if frame.mono else 17)
    xing = data[4 + side :]
    if xing[:4] in (b"Xing", b"Info"):
        flags = int.from_bytes(xing[4:8], "big")
        if not flags & 1:
            return None
        after = 12
        total = int.from_bytes(xing[after : after + 4], "big") if flags & 2 else None
        return _Info(int.from_bytes(xing[8:12], "big"), total)
    vbri = data[_VBRI_OFFSET:]
    if vbri[:4] == b"VBRI":
        return _Info(int.from_bytes(vbri[14:18], "big"), int.from_bytes(vbri[10:14], "big"))
    return None


def _parse(header: bytes) -> _Frame | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version = header[1] >> 3 & 0b11
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 0b11
    # Bitrate 0 is the free format, whose frames carry no length: no encoder of music writes it.
    if header[1] >> 1 & 0b11 != _LAYER_3 or version not in _RATES or rate > 2:
        return None
    if not 0 < bitrate < 15:
        return None
    hertz = _RATES[version][rate]
    kbits, slots = (_KBITS_1, 144_000) if version == _MPEG_1 else (_KBITS_2, 72_000)
    length = slots * kbits[bitrate] // hertz + (header[2] >> 1 & 1)
    return _Frame(version, hertz, length, header[3] >> 6 == 0b11)
