"""The job id that a file carries, found without parsing more of it than need be.

A scan asks this of every file that changed. What an audio file holds never raises: no id, two
ids, damaged tags and another kind of file all mean that the file carries none.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mutagen.id3 import ID3, TXXX

from syncd.core.model import Identity, Origin
from syncd.core.naming import AUDIO_SUFFIXES
from syncd.errors import CorruptMedia
from syncd.local.audio import flac, ogg
from syncd.local.audio.signature import audio_format
from syncd.local.audio.trailers import after_id3
from syncd.local.tags import mapping, wav

_LONGEST_TAG = 64 * 1024 * 1024
_LARGEST_ID = 2**63 - 1
_VORBIS_MAGIC, _OPUS_MAGIC = b"\x03vorbis", b"OpusTags"
_WANTED = {name.casefold(): name for name in (mapping.JOB_ID, mapping.ORIGIN)}


def read_identity(path: Path) -> Identity | None:
    """The job id and origin embedded in the audio file at ``path``.

    ``None`` where the suffix is none of ``AUDIO_SUFFIXES``, the bytes are not audio, or the tags
    hold no id, more than one, or one that is no positive integer. The bytes decide what the file
    is, not its suffix. Raises ``OSError`` if the file cannot be read: unreadable is not absent.
    """
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        return None
    with path.open("rb") as file:
        found = audio_format(file)
        if found is None:
            return None
        try:
            texts = _READERS[found](file)
        except CorruptMedia:
            return None
    ids = {text.strip() for text in texts.get(mapping.JOB_ID, ())}
    job_id = ids.pop() if len(ids) == 1 else ""
    if not (job_id.isascii() and job_id.isdecimal() and len(job_id) <= len(str(_LARGEST_ID))):
        return None
    number = int(job_id)
    origins = texts.get(mapping.ORIGIN)
    origin = Origin.parse(origins[0]) if origins and origins[0] else None
    return Identity(number, origin) if 1 <= number <= _LARGEST_ID else None


def _of_id3(data: bytes) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    try:
        frames = {"TXXX": TXXX, "TXX": TXXX}
        tags = ID3(io.BytesIO(data), known_frames=frames, translate=False, load_v1=False)
        for frame in tags.getall("TXXX"):
            if name := _WANTED.get(frame.desc.casefold()):
                texts.setdefault(name, []).extend(frame.text)
    except Exception:
        # The bytes are in memory, so whatever a parser says of them is about the content.
        return {}
    return texts


def _of_mp3(file: BinaryIO) -> dict[str, list[str]]:
    length = after_id3(file)
    file.seek(0)
    return _of_id3(file.read(length)) if length <= _LONGEST_TAG else {}


def _of_wav(file: BinaryIO) -> dict[str, list[str]]:
    return _of_id3(wav.read_tag(file))


def _of_flac(file: BinaryIO) -> dict[str, list[str]]:
    for block in flac.blocks(file):
        if block.kind == flac.VORBIS_COMMENT:
            file.seek(block.start)
            return _of_comments(file.read(block.size))
    return {}


def _of_ogg(file: BinaryIO) -> dict[str, list[str]]:
    packet = bytearray()
    for segment in _second_packet(ogg.pages(file)):
        packet += segment
        if len(packet) > _LONGEST_TAG:
            return {}
    for magic in (_VORBIS_MAGIC, _OPUS_MAGIC):
        if packet.startswith(magic):
            return _of_comments(bytes(packet[len(magic) :]))
    return {}


def _second_packet(pages: Iterator[ogg.Page]) -> Iterator[bytes]:
    # The first page holds the first packet alone (Vorbis I, A.2; RFC 7845, section 3).
    serial: int | None = None
    for page in pages:
        if serial is None:
            if page.body.startswith((b"\x01vorbis", b"OpusHead")):
                serial = page.serial
            continue
        if page.serial != serial:
            continue
        # A digit that flipped would name another job.
        if ogg.checksum(page) != page.crc:
            raise CorruptMedia(f"the ogg file is damaged in the page at byte {page.start}")
        at = 0
        for length in page.lacing:
            yield page.body[at : at + length]
            at += length
            if length < 255:
                return


def _of_comments(data: bytes) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    try:
        (vendor,) = struct.unpack_from("<I", data)
        position = 4 + vendor
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
        for _ in range(count):
            (length,) = struct.unpack_from("<I", data, position)
            position += 4 + length
            name, _, value = data[position - length : position].partition(b"=")
            if wanted := _WANTED.get(name.decode("ascii", "replace").casefold()):
                texts.setdefault(wanted, []).append(value.decode("utf-8", "replace"))
    except struct.error:
        return {}
    return texts


_READERS = {"flac": _of_flac, "mp3": _of_mp3, "ogg": _of_ogg, "wav": _of_wav}
