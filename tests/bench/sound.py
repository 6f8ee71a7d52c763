"""What is in an audio file, told without any code of the program: which job it says it is of, the
marks that people left in its tags, and what is heard."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import mutagen
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TXXX
from mutagen.mp3 import MP3
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

ID, MARK = "AUDIOPOD_JOB_ID", "SOMEONES_MARK"
SUFFIXES = (".flac", ".mp3", ".wav")


def _text(file: object, name: str) -> list[str]:
    tags = getattr(file, "tags", None)
    if tags is None:
        return []
    if isinstance(tags, ID3):
        return [str(text) for frame in tags.getall(f"TXXX:{name}") for text in frame.text]
    return list(tags.get(name) or [])


def opened(path: Path) -> object | None:
    """The file as mutagen has it; ``None`` where it is no audio."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        kind = {b"fLaC": FLAC, b"OggS": OggVorbis, b"RIFF": WAVE}.get(head, MP3)
        return kind(path)
    except (mutagen.MutagenError, OSError, ValueError):
        return None


def said(path: Path) -> tuple[int | None, tuple[str, ...], str | None]:
    """The job that the tags name, what people wrote there under a name that the program does not
    know, and the title."""
    file = opened(path)
    found = _text(file, ID)
    job = int(found[0]) if found and found[0].isdigit() else None
    return job, tuple(_text(file, MARK)), _title(file)


def job_of(path: Path) -> int | None:
    return said(path)[0]


def marks_of(path: Path) -> tuple[str, ...]:
    return said(path)[1]


def title_of(path: Path) -> str | None:
    return said(path)[2]


def mark(path: Path, text: str) -> bool:
    """Do as a tag editor: write ``text`` beside what is there; whether it could."""
    file = opened(path)
    if file is None:
        return False
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, ID3):
        file.tags.delall(f"TXXX:{MARK}")
        file.tags.add(TXXX(encoding=3, desc=MARK, text=[text]))
    else:
        file.tags[MARK] = text
    file.save()
    return True


def retitle(path: Path, text: str) -> bool:
    """Do as a tag editor: give it another title; whether it could."""
    file = opened(path)
    if file is None or file.tags is None:
        return False
    if isinstance(file.tags, ID3):
        from mutagen.id3 import TIT2

        file.tags.setall("TIT2", [TIT2(encoding=3, text=[text])])
    else:
        file.tags["TITLE"] = text
    file.save()
    return True


def _title(file: object) -> str | None:
    tags = getattr(file, "tags", None)
    if tags is None:
        return None
    found = (
        [str(t) for f in tags.getall("TIT2") for t in f.text]
        if isinstance(tags, ID3)
        else tags.get("TITLE")
    )
    return found[0] if found else None


def strip(path: Path) -> None:
    """Do as a careless program: save it without any tags."""
    file = opened(path)
    if file is not None:
        file.delete()


def heard(data: bytes) -> str:
    """A digest of what is heard alone: the bytes without tags, pictures and padding."""
    if data[:4] == b"fLaC":
        at, last = 4, False
        info = b""
        while not last and at + 4 <= len(data):
            head = data[at]
            size = int.from_bytes(data[at + 1 : at + 4], "big")
            if head & 127 == 0:
                info = data[at + 4 : at + 4 + size]
            last, at = bool(head & 128), at + 4 + size
        return hashlib.sha256(info + data[at:]).hexdigest()
    if data[:4] == b"RIFF":
        at = 12
        while at + 8 <= len(data):
            (size,) = struct.unpack_from("<I", data, at + 4)
            if data[at : at + 4] == b"data":
                return hashlib.sha256(data[at + 8 : at + 8 + size]).hexdigest()
            at += 8 + size + size % 2
    while data[:3] == b"ID3":
        size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
        data = data[10 + size :]
    if data[-128:-125] == b"TAG":
        data = data[:-128]
    return hashlib.sha256(data.lstrip(b"\0")).hexdigest()
