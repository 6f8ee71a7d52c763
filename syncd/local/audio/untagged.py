"""The audio of a file as one number, whatever its tags: two files with the same one sound alike.

What is hashed is never moved or changed by a tag editor: the frames of a FLAC or an mp3, the
samples of a WAV and how they are laid out, the packets of an Ogg stream but its comments, which
may be cut into pages anew. Sources: as for the walks beside this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from syncd.errors import CorruptMedia
from syncd.local.audio import flac, ogg, wav
from syncd.local.audio.signature import audio_format
from syncd.local.audio.trailers import after_id3, before_trailers

_PIECE = 1 << 20
_CODECS = (b"\x01vorbis", b"OpusHead")
_COMMENTS = 1
"""The comments are the second packet, counted from 0 (Vorbis I, section 4.2; RFC 7845, 3)."""


def untagged_sha256(path: Path, format_: str) -> str | None:
    """The SHA-256 of the audio alone in the file at ``path``, as hexadecimal digits.

    ``None`` where it cannot be told from the tags: the file is no ``format_`` file by its bytes,
    is damaged, or is an Ogg of another codec than Vorbis and Opus. Raises ``OSError``.
    """
    digest, length = hashlib.sha256(), 0
    try:
        for piece in _pieces(path, format_):
            digest.update(piece)
            length += len(piece)
    except CorruptMedia:
        return None
    return digest.hexdigest() if length else None


def untagged_size(path: Path, format_: str) -> int:
    """How many bytes of the file at ``path`` are audio, or fewer: no file that holds the same is
    shorter. 0 where ``untagged_sha256`` is ``None``. Raises ``OSError``."""
    try:
        return sum(map(len, _pieces(path, format_)))
    except CorruptMedia:
        return 0


def _pieces(path: Path, format_: str) -> Iterator[bytes]:
    with path.open("rb", buffering=_PIECE) as file:
        if audio_format(file) == format_:
            size = file.seek(0, 2)
            yield from _READERS[format_](file, size)


def _of_flac(file: BinaryIO, size: int) -> Iterator[bytes]:
    last = list(flac.blocks(file))[-1]
    end = before_trailers(file, size)
    return _span(file, last.start + last.size, end)


def _of_mp3(file: BinaryIO, size: int) -> Iterator[bytes]:
    start = after_id3(file)
    return _span(file, start, before_trailers(file, size))


def _of_wav(file: BinaryIO, size: int) -> Iterator[bytes]:
    for chunk in list(wav.chunks(file, size)):
        if chunk.name in (b"fmt ", b"data"):
            yield chunk.name
            yield from _span(file, chunk.start, chunk.start + chunk.size)


def _of_ogg(file: BinaryIO, size: int) -> Iterator[bytes]:
    packets: dict[int, int] = {}
    for page in ogg.pages(file):
        if ogg.checksum(page) != page.crc:
            raise CorruptMedia(f"the ogg file is damaged in the page at byte {page.start}")
        if page.first:
            if not page.body.startswith(_CODECS):
                raise CorruptMedia("the ogg file is neither Vorbis nor Opus")
            packets[page.serial] = 0
        if page.serial not in packets:
            raise CorruptMedia(f"the ogg file lacks a page before byte {page.start}")
        at = 0
        for length in page.lacing:
            if packets[page.serial] != _COMMENTS:
                yield page.body[at : at + length]
            at += length
            if length < 255:
                packets[page.serial] += 1
        if page.last:
            # It may end before the last packet does.
            yield page.position.to_bytes(8, "little", signed=True)


def _span(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end:
        piece = file.read(min(_PIECE, end - start))
        if not piece:
            raise CorruptMedia("the file is cut short")
        yield piece
        start += len(piece)


_READERS = {"flac": _of_flac, "mp3": _of_mp3, "ogg": _of_ogg, "wav": _of_wav}
