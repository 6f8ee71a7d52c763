"""What reading an ID3 tag may cost. mutagen has no bound of its own, and tags come from anywhere.

A packed frame (id3.org, "ID3v2.4.0 main structure" section 4.1.2, flag k) of a megabyte swells to
gigabytes; nobody packs frames but who means harm, so here it is one that nobody can read. And for
each frame mutagen copies all that follows it, so that a tag of many frames takes for ever.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any

from mutagen import MutagenError
from mutagen.id3 import _frames, _tags
from mutagen.id3._util import unsynch

_MOST_COPIED = 1 << 34
"""Bytes: a few seconds. A tag of a hundred frames and a cover of ten megabytes comes to 2**30."""

_HEADER = 10


class _Packed:
    """Stands where mutagen looks for ``zlib``."""

    error = zlib.error

    @staticmethod
    def decompress(_data: bytes) -> bytes:
        raise zlib.error("packed frames are not read")


def bound() -> None:
    """From now on every tag that is read in this process is held to this.

    One that is too much raises ``mutagen.MutagenError``.
    """
    read: Any = _tags.read_frames

    def read_frames(header: Any, data: bytes, frames: Any) -> Any:
        most = _MOST_COPIED // max(1, len(data))
        if len(data) > _HEADER * most and _holds_more(header, data, most):
            raise MutagenError("the tag has more frames than anybody can read")
        return read(header, data, frames)

    vars(_tags)["read_frames"] = read_frames
    vars(_frames)["zlib"] = _Packed


def _holds_more(header: Any, data: bytes, most: int) -> bool:
    """Whether more than ``most`` frames follow each other, in either way to read their lengths."""
    version = header.version[1]
    if version < 4 and header.f_unsynch:
        decode: Any = unsynch.decode
        with suppress(ValueError):
            data = decode(data)
    if version == 2:
        return _count(data, 6, slice(3, 6), 8, most) > most
    ways = (8,) if version == 3 else (7, 8)
    return any(_count(data, _HEADER, slice(4, 8), bits, most) > most for bits in ways)


def _count(data: bytes, head: int, length: slice, bits: int, most: int) -> int:
    """How many frames there are, no further than ``most`` and one; padding is none."""
    position = count = 0
    while count <= most and data[position : position + length.start].strip(b"\0"):
        size = 0
        for byte in data[position : position + head][length]:
            size = size << bits | byte & (1 << bits) - 1
        position += head + size
        count += 1
    return count
