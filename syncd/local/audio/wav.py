"""The chunks of a WAV file, their sizes held against the size of the file.

Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF), and what programs
that write to a pipe leave behind: sizes of zero or all ones, which they could not go back to fill.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from syncd.errors import CorruptMedia

HEADER_SIZE = 12
_UNKNOWN = (0, 0xFFFFFFFF)
_INFO = b"INFO"

_MOST_CHUNKS = 10_000
"""Chunks that are looked at; a few is usual. Noughts alone are empty ones without end."""


class Chunk(NamedTuple):
    """One chunk: its identifier, and where its body lies, in bytes from the file's start.

    ``form`` holds the first four bytes of a ``LIST``'s body. A body of odd ``size`` is followed by
    a byte of padding that the size does not count.
    """

    name: bytes
    start: int
    size: int
    form: bytes = b""

    @property
    def is_info(self) -> bool:
        """Whether this is a ``LIST`` of ``INFO``, the format's own kind of tags."""
        return self.name == b"LIST" and self.form == _INFO


def chunks(file: BinaryIO, size: int) -> Iterator[Chunk]:
    """The chunks of a file of ``size`` bytes. A ``data`` chunk of unknown size runs to the end.

    Raises ``CorruptMedia`` where a chunk, or the whole, says that it goes on beyond the end.
    """
    file.seek(4)
    claimed = int.from_bytes(file.read(4), "little")
    streamed = claimed in _UNKNOWN
    # One byte of padding at the very end is often counted and not written.
    if not streamed and claimed + 8 > size + 1:
        raise CorruptMedia(f"the wav file is cut short: {size} of {claimed + 8} bytes")
    end = size if streamed else min(size, claimed + 8)
    position = HEADER_SIZE
    for _ in range(_MOST_CHUNKS):
        if position + 8 > end:
            return
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        body = position + 8
        if name == b"data" and (length == _UNKNOWN[1] or (streamed and length == 0)):
            length = end - body
        if body + length > end:
            raise CorruptMedia(f"the wav file is cut short in its chunk at byte {position}")
        yield Chunk(name, body, length, file.read(4) if name == b"LIST" else b"")
        position = body + length + length % 2
    raise CorruptMedia("the wav file is damaged: its chunks have no end")


def walk(file: BinaryIO, size: int) -> float:
    """The length in seconds of the WAV in ``file``; raises ``CorruptMedia`` unless it is whole.

    A file with streaming sizes that was cut between two samples looks whole.
    """
    layout: tuple[int, int] | None = None
    data: Chunk | None = None
    for chunk in chunks(file, size):
        if chunk.name == b"fmt ":
            layout = _layout(file, chunk)
        elif chunk.name == b"data" and data is None:
            data = chunk
    if layout is None or data is None:
        missing = "data" if layout else "fmt"
        raise CorruptMedia(f"the wav file is damaged: it has no {missing} chunk")
    rate, align = layout
    if data.size % align:
        raise CorruptMedia("the wav file is cut short in its last sample")
    return data.size / rate


def _layout(file: BinaryIO, chunk: Chunk) -> tuple[int, int]:
    """Bytes a second, and bytes a sample over all channels."""
    file.seek(chunk.start)
    data = file.read(16)
    if len(data) < 16 or chunk.size < 16:
        raise CorruptMedia("the wav file is damaged in its fmt chunk")
    _, channels, samples, rate, align, _ = struct.unpack("<HHIIHH", data)
    if not (channels and samples and rate and align):
        raise CorruptMedia("the wav file is damaged in its fmt chunk")
    return rate, align
