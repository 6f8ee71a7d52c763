"""The pages of an Ogg file, with the checksum of each, and the length of its audio streams.

Sources: RFC 3533 (Ogg pages), the Vorbis I specification section 4.2.2, RFC 7845 (Opus in Ogg).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from syncd.errors import CorruptMedia

_HEADER = struct.Struct("<4sBBqIIIB")
_FIRST, _LAST = 2, 4
_NO_POSITION = -1
_OPUS_RATE = 48_000
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL_ONES = 0xFFFFFFFF


class Page(NamedTuple):
    """One page. ``position`` counts samples and is -1 where no packet ends on the page.

    ``lacing`` holds the segment lengths, ``body`` the segments, ``start`` the page's offset in
    bytes from the file's start.
    """

    start: int
    flags: int
    position: int
    serial: int
    sequence: int
    crc: int
    lacing: bytes
    body: bytes

    @property
    def first(self) -> bool:
        return bool(self.flags & _FIRST)

    @property
    def last(self) -> bool:
        return bool(self.flags & _LAST)


@dataclass(slots=True)
class _Stream:
    sequence: int
    rate: int
    skipped: int
    position: int = 0
    ended: bool = False


def pages(file: BinaryIO) -> Iterator[Page]:
    """The pages from the file's start to its end, checksums not looked at.

    Raises ``CorruptMedia`` where a page is cut short or does not begin as one.
    """
    start = 0
    file.seek(0)
    while head := file.read(_HEADER.size):
        if len(head) < _HEADER.size:
            raise CorruptMedia(f"the ogg file is cut short at byte {start}")
        magic, version, flags, position, serial, sequence, crc, segments = _HEADER.unpack(head)
        if magic != b"OggS" or version:
            raise CorruptMedia(
                f"the ogg file is damaged at byte {start}, where a page should begin"
            )
        lacing = file.read(segments)
        length = sum(lacing)
        body = file.read(length)
        if len(lacing) < segments or len(body) < length:
            raise CorruptMedia(f"the ogg file is cut short in the page at byte {start}")
        yield Page(start, flags, position, serial, sequence, crc, lacing, body)
        start += _HEADER.size + segments + length


def walk(file: BinaryIO, size: int) -> float:
    """The length in seconds of the Ogg in ``file``; raises ``CorruptMedia`` unless it is whole.

    Streams that follow each other add up; one that carries neither Vorbis nor Opus adds nothing.
    """
    streams: dict[int, _Stream] = {}
    seconds = 0.0
    for page in pages(file):
        if checksum(page) != page.crc:
            raise CorruptMedia(f"the ogg file is damaged in the page at byte {page.start}")
        if page.first:
            streams[page.serial] = _begun(page)
        stream = streams.get(page.serial)
        if stream is None or stream.ended or page.sequence != stream.sequence:
            raise CorruptMedia(f"the ogg file lacks a page before byte {page.start}")
        stream.sequence = (page.sequence + 1) & _ALL_ONES
        if page.position != _NO_POSITION:
            stream.position = page.position
        if page.last:
            stream.ended = True
            seconds += _length(stream)
    if not all(stream.ended for stream in streams.values()):
        raise CorruptMedia("the ogg file is cut short: its last page is missing")
    return seconds


def checksum(page: Page) -> int:
    """The CRC-32 of ``page`` with the place of its checksum taken as zero.

    Ogg's checksum has the polynomial of zlib's, with the bits of each byte taken the other way
    round and no inversion at either end: on mirrored bytes, zlib computes it.
    """
    head = _HEADER.pack(
        b"OggS", 0, page.flags, page.position, page.serial, page.sequence, 0, len(page.lacing)
    )
    mirrored = (head + page.lacing + page.body).translate(_MIRRORED)
    crc = zlib.crc32(mirrored, _ALL_ONES) ^ _ALL_ONES
    return int.from_bytes(crc.to_bytes(4, "little").translate(_MIRRORED), "big")


def _begun(page: Page) -> _Stream:
    head = page.body
    if head.startswith(b"\x01vorbis") and len(head) >= 16:
        return _Stream(page.sequence, int.from_bytes(head[12:16], "little"), 0)
    if head.startswith(b"OpusHead") and len(head) >= 12:
        return _Stream(page.sequence, _OPUS_RATE, int.from_bytes(head[10:12], "little"))
    return _Stream(page.sequence, 0, 0)


def _length(stream: _Stream) -> float:
    samples = max(0, stream.position - stream.skipped)
    return samples / stream.rate if stream.rate else 0.0
