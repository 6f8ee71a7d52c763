"""Small but valid audio and cover files, made without any library."""

from __future__ import annotations

import io
import math
import random
import struct
import wave
import zlib
from collections.abc import Callable

RATE = 8000
_BLOCK = 1024


def tone(extension: str, seed: int, seconds: float = 0.25) -> bytes:
    """A short valid file whose bytes differ with the seed.

    Args:
        extension: ``flac``, ``wav`` (mono, 16 bit, 8 kHz) or ``mp3`` (silence, 44.1 kHz).

    Raises:
        ValueError: another extension.
    """
    if extension not in _MAKERS:
        raise ValueError(f"no {extension} can be made here, only {', '.join(_MAKERS)}")
    return _MAKERS[extension](seed, seconds)


def square_png(seed: int, side: int = 16) -> bytes:
    """A PNG of one colour that follows from the seed."""
    colour = random.Random(seed).randbytes(3)  # noqa: S311
    rows = (b"\0" + colour * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in parts)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _samples(seed: int, seconds: float) -> list[int]:
    source = random.Random(seed)  # noqa: S311
    step = 2 * math.pi * source.uniform(200, 900) / RATE
    count = max(1, int(seconds * RATE))
    return [int(9000 * math.sin(step * n)) + source.randint(-40, 40) for n in range(count)]


def _wav(seed: int, seconds: float) -> bytes:
    samples = _samples(seed, seconds)
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return target.getvalue()


def _mp3(seed: int, seconds: float) -> bytes:
    # MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, stereo. A side information of zeros means that no
    # main data follows, so the rest of a frame is ancillary: room for bytes that tell seeds apart.
    frames = max(4, math.ceil(seconds * 44100 / 1152))
    source = random.Random(seed)  # noqa: S311
    ancillary = [bytes(source.randrange(0x20, 0x7F) for _ in range(417 - 36)) for _ in range(4)]
    return b"".join(
        b"\xff\xfb\x90\x00" + bytes(32) + ancillary[number % 4] for number in range(frames)
    )


def _flac(seed: int, seconds: float) -> bytes:
    # RFC 9639 with verbatim subframes only. An MD5 of zeros means "not computed".
    samples = _samples(seed, seconds)
    packed = (RATE << 44) | (0 << 41) | (15 << 36) | len(samples)
    info = struct.pack(">HH", _BLOCK, _BLOCK) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    frames = (
        _flac_frame(start // _BLOCK, samples[start : start + _BLOCK])
        for start in range(0, len(samples), _BLOCK)
    )
    return b"fLaC\x80" + len(info).to_bytes(3, "big") + info + b"".join(frames)


def _flac_frame(number: int, samples: list[int]) -> bytes:
    # Fixed block size, given as 16 bits at the end of the header; 8 kHz; mono; 16 bit.
    head = b"\xff\xf8\x74\x08" + chr(number).encode() + struct.pack(">H", len(samples) - 1)
    body = head + bytes([_crc(head, 8, 0x07)]) + b"\x02"
    body += struct.pack(f">{len(samples)}h", *samples)
    return body + struct.pack(">H", _crc(body, 16, 0x8005))


def _crc_table(width: int, polynomial: int) -> list[int]:
    top, mask, table = 1 << (width - 1), (1 << width) - 1, []
    for byte in range(256):
        value = byte << (width - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return table


_CRC_TABLES = {(width, poly): _crc_table(width, poly) for width, poly in ((8, 7), (16, 0x8005))}


def _crc(data: bytes, width: int, polynomial: int) -> int:
    table, mask, value = _CRC_TABLES[width, polynomial], (1 << width) - 1, 0
    for byte in data:
        value = ((value << 8) & mask) ^ table[(value >> (width - 8)) ^ byte]
    return value


_MAKERS: dict[str, Callable[[int, float], bytes]] = {"flac": _flac, "mp3": _mp3, "wav": _wav}
