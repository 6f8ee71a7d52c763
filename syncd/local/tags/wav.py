"""The ID3 tag of a WAV file: in the chunk ``id3 ``, behind the audio.

Readers built on ffprobe take the tags of ``LIST``/``INFO`` for all there is, so that chunk goes
(tags.md). Chunks are moved inside the file: it is one that nobody else sees yet.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from syncd.errors import CorruptMedia
from syncd.local.audio.wav import HEADER_SIZE, Chunk, chunks

_NAMES = (b"id3 ", b"ID3 ")
_MOST = 0xFFFFFFFF
_PIECE = 1 << 20


def read_tag(file: BinaryIO) -> bytes:
    """The ID3 tag in ``file``, empty where there is none.

    Raises ``CorruptMedia`` where the chunks do not add up.
    """
    size = file.seek(0, 2)
    for chunk in chunks(file, size):
        if chunk.name in _NAMES:
            file.seek(chunk.start)
            return file.read(chunk.size)
    return b""


def write_tag(file: BinaryIO, tag: bytes, *, keep_info: bool = False) -> None:
    """Make ``tag`` the only tag of ``file``: no ``LIST``/``INFO``, no other ``id3 `` chunk.

    ``keep_info`` leaves ``LIST``/``INFO`` as it stands: another program put it there since. Sizes
    that a streaming encoder left open are filled in. Raises ``CorruptMedia`` where the
    chunks do not add up or the file would outgrow a RIFF's four gigabytes.
    """
    size = file.seek(0, 2)
    kept = [
        chunk
        for chunk in chunks(file, size)
        if chunk.name not in _NAMES and (keep_info or not chunk.is_info)
    ]
    end = HEADER_SIZE
    for chunk in kept:
        end = _move(file, chunk, end)
    if end + len(tag) + 9 > _MOST:
        raise CorruptMedia("the wav file has no room for tags: a RIFF file ends at 4 GiB")
    file.seek(end)
    file.write(struct.pack("<4sI", _NAMES[0], len(tag)) + tag + bytes(len(tag) % 2))
    end = file.tell()
    file.truncate()
    file.seek(4)
    file.write(struct.pack("<I", end - 8))


def _move(file: BinaryIO, chunk: Chunk, to: int) -> int:
    """Move ``chunk`` down to offset ``to``; the offset behind it and its padding."""
    if chunk.start - 8 != to:
        done = 0
        while done < chunk.size:
            file.seek(chunk.start + done)
            piece = file.read(min(_PIECE, chunk.size - done))
            file.seek(to + 8 + done)
            file.write(piece)
            done += len(piece)
    file.seek(to)
    file.write(struct.pack("<4sI", chunk.name, chunk.size))
    if chunk.size % 2:
        file.seek(to + 8 + chunk.size)
        file.write(b"\0")
    return to + 8 + chunk.size + chunk.size % 2
