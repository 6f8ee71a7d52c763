"""What kind of file the first bytes show: an audio format, or what came in its place."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from syncd.local.audio import mp3
from syncd.local.audio.trailers import after_id3

_HEAD = 1024

_OTHER_KINDS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1aE\xdf\xa3", "a Matroska file"),
    (b"FORM", "an AIFF file"),
    (b"RF64", "an RF64 file"),
)


def audio_format(file: BinaryIO) -> str | None:
    """The format of ``file`` by its magic bytes, after any ID3v2 tags; ``None`` for anything else.

    A file that ends inside its ID3v2 tag is taken for an mp3, which such a tag normally precedes.
    """
    size = file.seek(0, 2)
    start = after_id3(file)
    if start > size:
        return "mp3"
    file.seek(start)
    head = file.read(12)
    if head.startswith(b"fLaC"):
        return "flac"
    if mp3.starts_at(file, start, size):
        return "mp3"
    if start:
        return "mp3" if start == size else None
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    return None


def description(file: BinaryIO, found: str | None) -> str:
    """What a user would call the file: ``"an mp3 file"``, ``"a web page"``, ``"JSON text"``."""
    if found:
        return named(found)
    file.seek(0)
    head = file.read(_HEAD)
    for magic, kind in _OTHER_KINDS:
        if head.startswith(magic):
            return kind
    if head[4:8] == b"ftyp":
        return "an MP4 file"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")) or b"<html" in text:
        return "a web page"
    if text.startswith(b"<"):
        return "XML text"
    if text.startswith((b"{", b"[")):
        return "JSON text"
    if head and all(byte >= 32 or byte in b"\t\r\n" for byte in head):
        return "plain text"
    return "data that is no audio"


def named(audio: str) -> str:
    """``"an mp3 file"``: a format with its article."""
    return f"an {audio} file" if audio in ("mp3", "ogg") else f"a {audio} file"
