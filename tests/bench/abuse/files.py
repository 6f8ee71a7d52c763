"""Files that are none, or that cost more to read than they are worth."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import MappingProxyType

from mutagen.ogg import OggPage

from syncd.simulator.sound import tone


def _block(kind: int, body: bytes, *, last: bool = False, size: int | None = None) -> bytes:
    length = len(body) if size is None else size
    return bytes([kind | (128 if last else 0)]) + length.to_bytes(3, "big") + body


def _flac(*blocks: bytes) -> bytes:
    """A sound FLAC with ``blocks`` put behind what says how it sounds."""
    whole = tone("flac", 7, 0.2)
    end = _block(1, b"", last=True) if whole[4] & 0x80 else b""
    return b"fLaC\0" + whole[5:42] + b"".join(blocks) + end + whole[42:]


def _safe(size: int) -> bytes:
    return bytes(size >> shift & 127 for shift in (21, 14, 7, 0))


def _id3(*frames: bytes, version: int = 4, flags: int = 0, size: int | None = None) -> bytes:
    body = b"".join(frames)
    length = len(body) if size is None else size
    return b"ID3" + bytes([version, 0, flags]) + _safe(length) + body + tone("mp3", 7, 0.2)


def _frame(name: bytes, body: bytes, *, flags: int = 0, size: int | None = None) -> bytes:
    length = len(body) if size is None else size
    return name + _safe(length) + flags.to_bytes(2, "big") + body


def _packed(size: int) -> bytes:
    """A frame of ``size`` bytes that takes a thousandth of it, as ID3v2.4 packs them."""
    packer = zlib.compressobj(9)
    made = b"".join(packer.compress(b"a" * (1 << 20)) for _ in range(size >> 20)) + packer.flush()
    return _frame(b"TXXX", _safe(min(size, (1 << 28) - 1)) + b"\3a\0" + made, flags=0x0009)


def _bombed() -> bytes:
    packer = zlib.compressobj(9)
    made = packer.compress(b"\3a\0") + b"".join(
        packer.compress(b"a" * (1 << 20)) for _ in range(1_024)
    )
    made += packer.flush()
    return _frame(b"TXXX", _safe((1 << 28) - 1) + made, flags=0x0009)


def _nested(deep: int) -> bytes:
    """Chapters in chapters."""
    inner = b""
    for _ in range(deep):
        inner = _frame(b"CHAP", b"a\0" + b"\0" * 16 + inner)
    return inner


def _wav(*chunks: bytes, size: int | None = None) -> bytes:
    whole = tone("wav", 7, 0.2)
    body = whole[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4 if size is None else size) + b"WAVE" + body


def sound_of(kind: str, number: int) -> bytes:
    if kind != "ogg":
        return tone(kind, number, 0.2)
    return files("syncd.simulator").joinpath("data", "audio", "paper-lanterns-2.ogg").read_bytes()


def _ogg_of_comments() -> bytes:
    """A first page as it should be, and then a packet that never ends."""
    whole = sound_of("ogg", 0)
    first = whole[: whole.index(b"OggS", 4)]
    pages = OggPage.from_packets([b"\x03vorbis" + b"\0\0\0\0" + b"\xff" * 7_000_000], sequence=1)
    for page in pages:
        page.serial = int.from_bytes(first[14:18], "little")
    return first + b"".join(page.write() for page in pages)


FILES: Mapping[str, tuple[str, Callable[[], bytes]]] = MappingProxyType(
    {
        "a page for a browser": ("mp3", lambda: b"<html>" + b"x" * 9_999),
        "nothing but noughts": ("mp3", lambda: b"\0" * 500_000),
        "nothing but frame marks": ("mp3", lambda: b"\xff\xfb" * 2_000_000),
        "a FLAC by the name of an MP3": ("mp3", lambda: tone("flac", 3, 0.2)),
        "a program": ("mp3", lambda: b"\x7fELF" + b"\1" * 9_999),
        "an archive": ("mp3", lambda: gzip.compress(b"a" * 10_000_000)),
        "a tag that is longer than the file": ("mp3", lambda: _id3(size=(1 << 28) - 1)),
        "a frame that is longer than its tag": (
            "mp3", lambda: _id3(_frame(b"TIT2", b"\3a", size=(1 << 28) - 1)),
        ),
        "a frame that swells to a gigabyte": ("mp3", lambda: _id3(_bombed())),
        "frames that swell to a gigabyte together": (
            "mp3", lambda: _id3(*(_packed(1 << 25) for _ in range(32))),
        ),
        "chapters a thousand deep": ("mp3", lambda: _id3(_nested(1_000))),
        "a hundred thousand frames": (
            "mp3",
            lambda: _id3(*(_frame(b"TXXX", b"\3%d\0a" % n) for n in range(100_000))),
        ),
        "a picture of seven megabytes in the tag": (
            "mp3", lambda: _id3(_frame(b"APIC", b"\3image/png\0\3\0" + b"\x89" * 7_000_000)),
        ),
        "an old tag of no known version": ("mp3", lambda: _id3(b"abc" * 100, version=200)),
        "a tag with an extended header that lies": (
            "mp3", lambda: _id3(b"\x7f\x7f\x7f\x7f" + b"\0" * 50, flags=0x40),
        ),
        "tags in tags": ("mp3", lambda: _id3() [:10] * 50_000 + tone("mp3", 7, 0.2)),
        "a comment longer than its block": (
            "flac", lambda: _flac(_block(4, b"\xff\xff\xff\xff" + b"a" * 100)),
        ),
        "a comment that counts four billion": (
            "flac", lambda: _flac(_block(4, b"\0\0\0\0\xff\xff\xff\xff" + b"a" * 100)),
        ),
        "a picture longer than its block": (
            "flac", lambda: _flac(_block(6, b"\0\0\0\3\xff\xff\xff\xff" + b"a" * 100)),
        ),
        "a block longer than the file": ("flac", lambda: _flac(_block(1, b"", size=(1 << 24) - 1))),
        "a hundred thousand blocks": (
            "flac", lambda: _flac(*(_block(1, b"") for _ in range(100_000))),
        ),
        "a seek table without end": ("flac", lambda: _flac(_block(3, b"\xff" * 7_000_000))),
        "blocks without a last": ("flac", lambda: tone("flac", 7, 0.2)[:42] + _block(1, b"") * 500),
        "sizes of four gigabytes": ("wav", lambda: _wav(size=0xFFFFFFFF)),
        "a chunk longer than the file": ("wav", lambda: _wav(b"id3 \xff\xff\xff\xff" + b"ID3")),
        "a hundred thousand chunks": ("wav", lambda: _wav(b"junk\0\0\0\0" * 100_000)),
        "a tag chunk that swells to a gigabyte": (
            "wav",
            lambda: _wav(b"id3 " + struct.pack("<I", len(_id3(_bombed()))) + _id3(_bombed())),
        ),
        "a comment that never ends": ("ogg", _ogg_of_comments),
        "pages without a stream": ("ogg", lambda: b"OggS" * 500_000),
    }
)  # fmt: skip
