"""An ID3v2 tag as the frames it is made of, each byte for byte as it stands.

mutagen writes a whole tag anew: flags, odd encodings and frames that it merges would not survive.
Here only the frames that change are made by it, and put among the others.

Sources: id3.org, "ID3v2.3.0" sections 3.1 to 3.3 and "ID3v2.4.0 main structure" sections 3 and 4.
"""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF16_LE
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from mutagen.id3 import ID3, ID3v1SaveOptions

from syncd.errors import CorruptMedia

_HEADER = 10
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_FRAME_UNSYNCHRONISED = 0x02
_NAME = re.compile(rb"[A-Z][A-Z0-9]{3}")
_PADDING = 1024
_LARGEST = 1 << 28
_WITH_ENCODING = (b"COMM", b"USLT", b"SYLT", b"USER", b"OWNE", b"COMR", b"GEOB", b"APIC", b"WXXX")
_TEXT = (b"COMM", b"USLT")
"""Frames of a language, a description and text."""
_LANGUAGE = 3
_LATIN_1, _UTF_16 = 0, 1
"""The encodings of text that both versions have."""
_UTF_16_BE, _UTF_8 = 2, 3
_ONE_VERSIONS = (
    *(b"ASPI", b"EQU2", b"RVA2", b"SEEK", b"SIGN", b"TDEN", b"TDOR", b"TDRC", b"TDRL", b"TDTG"),
    *(b"TIPL", b"TMCL", b"TMOO", b"TPRO", b"TSOA", b"TSOP", b"TSOT", b"TSST"),
    *(b"EQUA", b"IPLS", b"RVAD", b"TDAT", b"TIME", b"TORY", b"TRDA", b"TSIZ", b"TYER"),
    *(b"CHAP", b"CTOC"),  # these hold frames in the way of their version
)
"""Frames that mean nothing, or something else, in the other version."""


@dataclass(frozen=True, slots=True)
class Tag:
    """The frames of one tag of ID3v2.3 or v2.4 (``version`` 3 or 4), header and body of each."""

    version: int = 4
    frames: tuple[bytes, ...] = ()

    def rendered(self, room: int = 0) -> bytes:
        """The tag as bytes: ``room`` of them where it fits in, else as many as it takes and some.

        Raises ``CorruptMedia`` for more than a tag can hold.
        """
        body = b"".join(self.frames)
        padding = room - _HEADER - len(body)
        if padding < 0:
            padding = _PADDING if room else 0
        size = len(body) + padding
        if size >= _LARGEST:
            raise CorruptMedia("the tags have no room for more: an ID3 tag ends at 256 MiB")
        head = b"ID3" + bytes([self.version, 0, 0]) + _as_synchsafe(size)
        return head + body + bytes(padding)

    def frame(self, data: bytes) -> Any:
        """What ``data``, one of ``frames``, says; ``None`` for what nobody can read."""
        tags = ID3()
        tag = Tag(self.version, (data,)).rendered()
        tags.load(io.BytesIO(tag), translate=False, load_v1=False)
        return next(iter(tags.values()), None)

    def made(self, frames: list[Any]) -> tuple[bytes, ...]:
        """``frames`` of mutagen as bytes for this tag."""
        tags = ID3()
        for frame in frames:
            tags.add(frame)
        return parse(serialised(tags, self.version)).frames


def first_tag(file: BinaryIO) -> bytes:
    """The ID3v2 tag that ``file`` begins with, whole; empty where there is none."""
    file.seek(0)
    header = file.read(_HEADER)
    if len(header) < _HEADER or header[:3] != b"ID3" or max(header[6:]) > 0x7F:
        return b""
    length = _synchsafe(header[6:]) + (_HEADER if header[5] & _FOOTER else 0)
    return header + file.read(length)


def serialised(tags: ID3, version: int) -> bytes:
    """``tags`` as a tag of ID3v2.``version`` without padding."""
    target = io.BytesIO()
    tags.save(
        target,
        v1=ID3v1SaveOptions.REMOVE,
        v2_version=version,
        v23_sep=None,
        padding=lambda _: 0,
    )
    return target.getvalue()


def parse(data: bytes) -> Tag:
    """The tag that ``data`` is, which must be of ID3v2.3 or v2.4.

    Raises ``CorruptMedia`` where its frames do not add up.
    """
    version, flags = data[3], data[5]
    body = data[_HEADER : _HEADER + _synchsafe(data[6:10])]
    if version == 3 and flags & _UNSYNCHRONISED:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & _EXTENDED:
        # What it holds (a checksum, for one) would not be true of other frames.
        body = body[_synchsafe(body[:4]) if version == 4 else 4 + _plain(body[:4]) :]
    frames = _split(body, _synchsafe if version == 4 else _plain)
    if frames is None and version == 4:
        # Old versions of iTunes wrote sizes in the way of v2.3.
        plain = _split(body, _plain)
        frames = None if plain is None else [_resized(frame) for frame in plain]
    if frames is None:
        raise CorruptMedia("the tags cannot be read: the sizes of their frames do not add up")
    if version == 4 and flags & _UNSYNCHRONISED:
        frames = [_unsynchronised(frame) for frame in frames]
    return Tag(version, tuple(frames))


def carried(data: bytes, to: int) -> bytes | None:
    """The frame ``data`` of a tag of the other version in one of version ``to``.

    Its body is as it stands, but for text in an encoding that v2.3 lacks. ``None`` where it would
    say something else there.
    """
    name, flags, body = data[:4], data[8:_HEADER], data[_HEADER:]
    if any(flags) or name in _ONE_VERSIONS:
        return None
    if name in _WITH_ENCODING or name.startswith(b"T"):
        if not body:
            return None
        if body[0] not in (_LATIN_1, _UTF_16):
            text = _in_utf_16(name, body)
            if text is None:
                return None
            body = text
    size = len(body).to_bytes(4, "big") if to == 3 else _as_synchsafe(len(body))
    return name + size + flags + body


def _in_utf_16(name: bytes, body: bytes) -> bytes | None:
    """The body of a frame of text alone, put into UTF-16 string by string; ``None`` for others."""
    codec = {_UTF_16_BE: "utf-16-be", _UTF_8: "utf-8"}.get(body[0])
    if codec is None or not (name in _TEXT or name.startswith(b"T")):
        return None
    start = 1 + (_LANGUAGE if name in _TEXT else 0)
    try:
        *strings, last = body[start:].decode(codec).split("\0")
    except UnicodeDecodeError:
        return None
    encoded = [BOM_UTF16_LE + string.encode("utf-16-le") for string in strings]
    # Nothing behind the last terminator is no string.
    encoded.append(BOM_UTF16_LE + last.encode("utf-16-le") if last or not strings else b"")
    return bytes([_UTF_16]) + body[1:start] + b"\0\0".join(encoded)


def _split(body: bytes, size_of: Callable[[bytes], int]) -> list[bytes] | None:
    """The frames in ``body``; ``None`` where their sizes, read so, do not lead from one to one."""
    found = []
    at = 0
    while at + _HEADER <= len(body) and body[at]:
        end = at + _HEADER + size_of(body[at + 4 : at + 8])
        if not _NAME.fullmatch(body[at : at + 4]) or end > len(body):
            return None
        found.append(body[at:end])
        at = end
    return found


def _resized(frame: bytes) -> bytes:
    return frame[:4] + _as_synchsafe(len(frame) - _HEADER) + frame[8:]


def _unsynchronised(frame: bytes) -> bytes:
    """``frame`` saying of itself what the tag said of all of them."""
    return frame[:9] + bytes([frame[9] | _FRAME_UNSYNCHRONISED]) + frame[10:]


def _plain(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _synchsafe(data: bytes) -> int:
    return sum(byte << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=False))


def _as_synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
