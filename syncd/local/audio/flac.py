"""The metadata blocks and frames of a FLAC file, with the checksums of every frame.

Source: RFC 9639 (metadata blocks in section 8, frames in section 9).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from syncd.errors import CorruptMedia
from syncd.local.audio.trailers import after_id3, before_trailers

STREAMINFO, VORBIS_COMMENT = 0, 4
_LAST_BLOCK = 0x80
_MOST_BLOCKS = 10_000
"""Metadata blocks that are looked at; a few is usual. Noughts alone are empty ones without end."""
_CHUNK = 1 << 20
_LONGEST_HEADER = 16
_SLACK = 1024


class Block(NamedTuple):
    """One metadata block: its type, and where its body lies, in bytes from the file's start."""

    kind: int
    start: int
    size: int


class _StreamInfo(NamedTuple):
    rate: int
    channels: int
    bits: int
    samples: int


class _Header(NamedTuple):
    length: int
    number: int
    samples: int
    variable: bool


def blocks(file: BinaryIO) -> Iterator[Block]:
    """The metadata blocks, in order. Raises ``CorruptMedia`` where the chain of blocks ends."""
    position = after_id3(file) + 4
    last = False
    for _ in range(_MOST_BLOCKS):
        if last:
            return
        file.seek(position)
        header = file.read(4)
        if len(header) < 4 or header[0] == 0xFF:
            raise CorruptMedia("the flac file is cut short or damaged in its metadata")
        last = bool(header[0] & _LAST_BLOCK)
        size = int.from_bytes(header[1:], "big")
        yield Block(header[0] & ~_LAST_BLOCK, position + 4, size)
        position += 4 + size
    raise CorruptMedia("the flac file is damaged: its metadata has no end")


def walk(file: BinaryIO, size: int) -> float:
    """The length in seconds of the FLAC in ``file``; raises ``CorruptMedia`` unless it is whole."""
    found = list(blocks(file))
    info = _stream_info(file, found[0])
    position = found[-1].start + found[-1].size
    end = before_trailers(file, size)
    if position >= end:
        raise CorruptMedia("the flac file is cut short: it holds no audio")
    file.seek(position)
    data, at = file.read(min(_CHUNK, end - position)), 0
    left = end - position - len(data)
    header = _parse(data, at)
    if header is None:
        raise CorruptMedia(
            f"the flac file is damaged at byte {position}, where a frame should begin"
        )
    samples = 0
    # A frame does not say how long it is: it ends where another begins and its checksum comes out,
    # or at the end of the audio. So as much as it can take must be in sight.
    while True:
        reach = _longest_frame(info, header)
        if left > 0 and len(data) - at < reach + _LONGEST_HEADER:
            piece = file.read(min(_CHUNK + reach, left))
            data, at, left = data[at:] + piece, 0, left - len(piece) if piece else 0
        samples += header.samples
        follower = _follower(data, at, header, at + reach)
        if follower is not None:
            expected = header.number + (header.samples if header.variable else 1)
            at, header = follower
            if header.number != expected:
                raise CorruptMedia(
                    f"the flac file lacks a frame before byte {end - left - len(data) + at}"
                )
        elif left <= 0 and _sound(data[at:]):
            break
        else:
            raise CorruptMedia(
                "the flac file is damaged or cut short in the frame at byte "
                f"{end - left - len(data) + at}"
            )
    if info.samples and samples != info.samples:
        raise CorruptMedia(f"the flac file holds {samples} of its {info.samples} samples")
    return samples / info.rate


def _stream_info(file: BinaryIO, block: Block) -> _StreamInfo:
    file.seek(block.start)
    data = file.read(34)
    packed = int.from_bytes(data[10:18], "big")
    rate = packed >> 44
    if block.kind != STREAMINFO or block.size != 34 or len(data) < 34 or not rate:
        raise CorruptMedia("the flac file does not begin with its stream information")
    return _StreamInfo(
        rate, (packed >> 41 & 0x7) + 1, (packed >> 36 & 0x1F) + 1, packed & (1 << 36) - 1
    )


def _longest_frame(info: _StreamInfo, header: _Header) -> int:
    # Verbatim is the worst that an encoder can do; a side channel has one bit more. The header's
    # own claims about channels and bits cannot exceed those of the stream.
    return header.samples * info.channels * (info.bits + 1) // 8 + _SLACK


def _follower(data: bytes, at: int, header: _Header, limit: int) -> tuple[int, _Header] | None:
    """Where the frame at ``at`` ends and another begins, if that is before ``limit``."""
    sync = data[at : at + 2]
    candidate = data.find(sync, at + header.length, limit + 2)
    while candidate >= 0:
        following = _parse(data, candidate)
        if following and _sound(data[at:candidate]):
            return candidate, following
        candidate = data.find(sync, candidate + 1, limit + 2)
    return None


def _parse(data: bytes, at: int) -> _Header | None:
    header = data[at : at + _LONGEST_HEADER]
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xFE != 0xF8:
        return None
    blocking, rate = header[2] >> 4, header[2] & 0xF
    if blocking == 0 or rate == 0xF or header[3] >> 4 > 10 or header[3] & 1:
        return None
    # The frame's number is coded as UTF-8 is, up to 36 bits in seven bytes.
    first = header[4]
    extra = 0 if first < 0x80 else 6 - (~first & 0xFF).bit_length() + 1
    if first >= 0x80 and not 1 <= extra <= 6:
        return None
    number = first if first < 0x80 else first & (0x3F >> extra)
    for byte in header[5 : 5 + extra]:
        if byte & 0xC0 != 0x80:
            return None
        number = number << 6 | byte & 0x3F
    position = 5 + extra
    if blocking in (6, 7):
        width = blocking - 5
        samples = int.from_bytes(header[position : position + width], "big") + 1
        position += width
    elif blocking == 1:
        samples = 192
    else:
        samples = 576 << blocking - 2 if blocking < 6 else 256 << blocking - 8
    position += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if position >= len(header) or _crc8(header[:position]) != header[position]:
        return None
    return _Header(position + 1, number, samples, bool(header[1] & 1))


def _crc8_table() -> bytes:
    table = bytearray()
    for value in range(256):
        for _ in range(8):
            value = value << 1 ^ (0x107 if value & 0x80 else 0)
        table.append(value)
    return bytes(table)


_CRC8 = _crc8_table()


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _sound(frame: bytes) -> bool:
    """Whether the CRC-16 at the end of ``frame`` is right.

    The checksum is the remainder by x^16 + x^15 + x^2 + 1, so a frame with its checksum behind it
    is a multiple of that polynomial, which is (x + 1)(x^15 + x + 1). The first factor asks for an
    even number of bits. For the second, x^(15n) = x^n + 1 wherever n is a power of two: a handful
    of shifts of one large integer folds the whole frame, where a table would take a step a byte.
    """
    value = int.from_bytes(frame, "big")
    if value.bit_count() & 1:
        return False
    for power in range((value.bit_length() // 15).bit_length(), -1, -1):
        step = 1 << power
        cut = 15 * step
        while high := value >> cut:
            value ^= high << cut ^ high << step ^ high
    return value == 0
