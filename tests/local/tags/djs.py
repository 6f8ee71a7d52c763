"""What DJ programs and players leave in audio files, and how it is looked at byte for byte."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

from mutagen import id3
from mutagen.flac import FLAC, Picture
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from syncd.local.audio import flac
from syncd.local.audio.wav import chunks

# Shaped as Serato, Traktor, iTunes and Mixed In Key write them; bytes that look like the start of
# MPEG frames are among them, as they are in beat grids.
_CUE = b"CUE\0" + (13).to_bytes(4, "big") + b"\0\0\0\0\x1c\x2b\0\xcc\x00\x00\0\0Drop\0"
_MARKERS = b"\1\1" + base64.b64encode(b"\1\1" + _CUE).replace(b"=", b"A") + bytes(300)
_GRID = b"\1\0\0\0\0\2\x3d\x8f\x5c\x29\0\0\0\4\x41\xff\xfb\x90\x42\xf0\0\0\x6b"
_TRAKTOR = b"DRMT\xff\xe0\0\0" + bytes(range(256)) + b"SKHC\4\0\0\0\0\xff\0\xff"

FRAMES = (
    id3.GEOB(
        0, mime="application/octet-stream", filename="", desc="Serato Markers2", data=_MARKERS
    ),
    id3.GEOB(0, mime="application/octet-stream", filename="", desc="Serato BeatGrid", data=_GRID),
    id3.GEOB(
        0,
        mime="application/octet-stream",
        filename="",
        desc="Serato Overview",
        data=b"\1\5" + bytes(range(16)) * 240,
    ),
    id3.PRIV(owner="TRAKTOR4", data=_TRAKTOR),
    id3.POPM(email="traktor@native-instruments.de", rating=153, count=7),
    id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=[" 00000A2C 00000B1D"]),
    id3.COMM(encoding=1, lang="eng", desc="", text=["8A - Energy 7"]),
    id3.COMM(encoding=1, lang="deu", desc="", text=["vom Flohmarkt"]),
    id3.TXXX(encoding=1, desc="EnergyLevel", text=["7"]),
    id3.TXXX(encoding=0, desc="SERATO_PLAYCOUNT", text=["3"]),
    id3.TPE4(encoding=1, text=["A Remixer"]),
    id3.UFID(owner="http://www.cddb.com/id3/taginfo1.html", data=b"3CD3N86Q"),
    id3.APIC(encoding=0, mime="image/png", type=4, desc="back", data=b"\x89PNG back"),
    id3.APIC(encoding=1, mime="image/jpeg", type=8, desc="artist é", data=b"\xff\xd8\xff artist"),
)

COMMENTS = {
    "SERATO_MARKERS_V2": [base64.encodebytes(_MARKERS).decode().rstrip()],
    "SERATO_BEATGRID": [base64.encodebytes(_GRID).decode().rstrip()],
    "TRAKTOR4": [base64.b64encode(_TRAKTOR).decode()],
    "RATING WMP": ["128"],
    "DESCRIPTION": ["vom Flohmarkt"],
    "REPLAYGAIN_TRACK_GAIN": ["-6.1 dB"],
    "CUESHEET": ['FILE "a.flac" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n'],
}

BLOCKS = (
    (3, (0).to_bytes(8, "big") + (0).to_bytes(8, "big") + (4096).to_bytes(2, "big")),
    (2, b"Srt1" + _MARKERS),
    (2, b"riff" + bytes(range(256))),
    (5, bytes(128 + 8 + 1 + 258) + b"\1" + bytes(8) + b"\xaa" + bytes(27)),
)
"""A seek table, two blocks of applications, a cue sheet: by kind (RFC 9639, section 8)."""

CHUNKS = (
    (b"cue ", (1).to_bytes(4, "little") + bytes(24)),
    (b"LIST", b"adtl" + b"labl\x09\0\0\0\1\0\0\0Drop\0\0"),
    (b"bext", bytes(602) + b"odd"),
)
"""Cue points, their names, and a broadcast extension of an odd length."""


def picture(kind: int) -> Picture:
    made = Picture()
    made.type, made.mime, made.desc, made.data = kind, "image/png", "é", b"\x89PNG %d" % kind
    return made


def mixed(path: Path, fmt: str) -> None:
    """Leave all of it in the file at ``path``, beside what stands there."""
    if fmt == "mp3":
        _add(id3.ID3(path), path)
    elif fmt == "wav":
        audio = WAVE(path)
        for frame in FRAMES:
            audio.tags.add(frame)
        audio.save()
        data = path.read_bytes() + b"".join(
            name + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
            for name, body in CHUNKS
        )
        path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    elif fmt == "ogg":
        audio = OggVorbis(path)
        audio.update(COMMENTS)
        audio["METADATA_BLOCK_PICTURE"] = [
            *audio.get("METADATA_BLOCK_PICTURE", []),
            *(base64.b64encode(picture(kind).write()).decode() for kind in (4, 8)),
        ]
        audio.save()
    else:
        audio = FLAC(path)
        audio.update(COMMENTS)
        for kind in (4, 8):
            audio.add_picture(picture(kind))
        audio.save()
        data = path.read_bytes()
        made = (bytes([kind]) + len(body).to_bytes(3, "big") + body for kind, body in BLOCKS)
        path.write_bytes(data[:42] + b"".join(made) + data[42:])


def _add(tags: id3.ID3, path: Path) -> None:
    for frame in FRAMES:
        tags.add(frame)
    tags.save(path)


def theirs(path: Path, fmt: str) -> list[tuple[bytes, bytes]]:
    """What other programs left in the file, piece by piece: its name and its bytes."""
    if fmt == "mp3":
        return list(_frames(path.read_bytes()))
    if fmt == "wav":
        with path.open("rb") as file:
            found = []
            for chunk in chunks(file, path.stat().st_size):
                file.seek(chunk.start)
                body = file.read(chunk.size)
                found += _frames(body) if chunk.name == b"id3 " else [(chunk.name, body)]
        return found
    comments = OggVorbis(path) if fmt == "ogg" else FLAC(path)
    found = [(name.encode(), "\n".join(comments[name]).encode()) for name in sorted(COMMENTS)]
    if fmt == "ogg":
        return found + [(b"PICTURE", text.encode()) for text in comments["METADATA_BLOCK_PICTURE"]]
    with path.open("rb") as file:
        for block in flac.blocks(file):
            file.seek(block.start)
            if block.kind not in (1, 4):
                found.append((b"%d" % block.kind, file.read(block.size)))
    return found


def _frames(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The foreign frames of an ID3 tag, each with its flags and its body.

    Their order, and how their length is written, are those of the version.
    """
    shift = 8 if data[3] == 3 else 7
    stream = io.BytesIO(data)
    end = 10 + sum(byte << 7 * n for n, byte in enumerate(reversed(data[6:10])))
    stream.seek(10)
    wanted = [_said(frame) for frame in FRAMES]
    while stream.tell() < end:
        head = stream.read(10)
        if not head[:4].isalnum():
            break
        size = sum(byte << shift * n for n, byte in enumerate(reversed(head[4:8])))
        body = stream.read(size)
        if (head[:4], body) in wanted or head[:4] in (b"GEOB", b"PRIV", b"UFID", b"TPE4"):
            yield head[:4], head[8:] + body


def _said(frame: id3.Frame) -> tuple[bytes, bytes]:
    target = io.BytesIO()
    tags = id3.ID3()
    tags.add(frame)
    tags.save(target, v2_version=4, padding=lambda _: 0)
    data = target.getvalue()
    return data[10:14], data[20:]
