"""Managed fields in an ID3v2.4 tag, as mp3 files and the ``id3 `` chunk of WAV files carry it.

Text is written as UTF-8, several values as several strings of one frame. A frame that this
program did not write is left as it stands.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from mutagen import id3

from syncd.core.tagging import Fields
from syncd.local.tags import mapping
from syncd.local.tags.cover import Cover

_UTF8 = id3.Encoding.UTF8
_FRONT = id3.PictureType.COVER_FRONT
_UNKNOWN_LANGUAGE = "XXX"
_POPM_EMAIL, _POPM_BEST = "syncd", 255
_V24 = (2, 4, 0)


def load(file: BinaryIO) -> id3.ID3:
    """The tag at the start of ``file``, brought to v2.4; an empty one where there is none.

    Raises ``mutagen.MutagenError`` for a tag that cannot be read.
    """
    file.seek(0)
    tags = id3.ID3()
    try:
        # A v2.4 tag is taken as it stands: mutagen's update would turn the genre "17" to "Rock".
        tags.load(file, translate=False)
    except id3.ID3NoHeaderError:
        return id3.ID3()
    if tags.version < _V24:
        tags.update_to_v24()
    return tags


def read(tags: id3.ID3) -> dict[str, tuple[str, ...]]:
    """The managed fields that ``tags`` holds."""
    return mapping.read(mapping.ID3, lambda spelling: _values(tags, spelling))


def read_cover(tags: id3.ID3) -> bytes | None:
    """The bytes of the front cover that ``tags`` holds."""
    return next((frame.data for frame in tags.getall("APIC") if frame.type == _FRONT), None)


def apply(tags: id3.ID3, fields: Fields, cover: Cover | None) -> None:
    """Set ``fields`` and the front cover in ``tags``; a rating that is there is kept."""
    for field, values in fields.items():
        for spelling in mapping.ID3[field]:
            _set(tags, spelling, (mapping.LIKED_RATING,) if field == "liked" else values)
    if cover is not None:
        _set_cover(tags, cover)


def _values(tags: id3.ID3, spelling: str) -> tuple[str, ...]:
    if spelling.startswith("TXXX:"):
        texts = [text for frame in _user_defined(tags, spelling) for text in frame.text]
    elif spelling == "USLT":
        lyrics = sorted(tags.getall("USLT"), key=lambda frame: frame.desc != "")
        texts = [frame.text for frame in lyrics[:1]]
    elif spelling == "TLEN":
        texts = [
            f"{int(text) / 1000:.3f}"
            for frame in tags.getall("TLEN")
            for text in frame.text
            if text.isdecimal()
        ]
    elif spelling == "TDRC":
        # mutagen puts a blank between date and time, where the tag has the "T" of ISO 8601.
        texts = [
            moment.text.replace(" ", "T") for frame in tags.getall("TDRC") for moment in frame.text
        ]
    else:
        texts = [text for frame in tags.getall(spelling) for text in frame.text]
    return tuple(text for text in texts if text)


def _set(tags: id3.ID3, spelling: str, values: tuple[str, ...]) -> None:
    if spelling == f"TXXX:{mapping.RATING}" and _user_defined(tags, spelling):
        return
    if spelling.startswith("TXXX:"):
        for frame in _user_defined(tags, spelling):
            del tags[frame.HashKey]
        name = spelling.removeprefix("TXXX:")
        tags.add(id3.TXXX(encoding=_UTF8, desc=name, text=list(values)))
    elif spelling == "COMM":
        tags.add(id3.COMM(encoding=_UTF8, lang=_UNKNOWN_LANGUAGE, desc="", text=list(values)))
    elif spelling == "USLT":
        for frame in tags.getall("USLT"):
            if not frame.desc:
                del tags[frame.HashKey]
        tags.add(id3.USLT(encoding=_UTF8, lang=_UNKNOWN_LANGUAGE, desc="", text=values[0]))
    elif spelling == "POPM":
        if not tags.getall("POPM"):
            tags.add(id3.POPM(email=_POPM_EMAIL, rating=_POPM_BEST))
    elif spelling == "TLEN":
        tags.add(id3.TLEN(encoding=_UTF8, text=[str(round(float(values[0]) * 1000))]))
    else:
        tags.add(id3.Frames[spelling](encoding=_UTF8, text=list(values)))


def _user_defined(tags: id3.ID3, spelling: str) -> list[Any]:
    # Tag editors change the case of a description as they please.
    name = spelling.removeprefix("TXXX:").casefold()
    return [frame for frame in tags.getall("TXXX") if frame.desc.casefold() == name]


def _set_cover(tags: id3.ID3, cover: Cover) -> None:
    pictures = tags.getall("APIC")
    front = [picture for picture in pictures if picture.type == _FRONT]
    if any(picture.data == cover.data for picture in front):
        return
    for picture in front:
        del tags[picture.HashKey]
    # Frames are told apart by their description alone, and a back cover may have none.
    taken = {picture.desc for picture in tags.getall("APIC")}
    description = "Cover"
    while description in taken:
        description += " "
    tags.add(
        id3.APIC(encoding=_UTF8, mime=cover.mime, type=_FRONT, desc=description, data=cover.data)
    )
