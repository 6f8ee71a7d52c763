"""Managed fields in an ID3 tag, as mp3 files and the ``id3 `` chunk of WAV files carry it.

Text is written as UTF-8, in v2.3 as UTF-16, several values as several strings of one frame. A frame
that this program did not write is left as it stands.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from mutagen import id3

from syncd.core.lyrics import timed_lines, timed_text
from syncd.core.tagging import Fields
from syncd.local.tags import mapping
from syncd.local.tags.change import Change
from syncd.local.tags.cover import Cover
from syncd.local.tags.frames import Tag

_UTF8 = id3.Encoding.UTF8
FRONT = id3.PictureType.COVER_FRONT
_UNKNOWN_LANGUAGE = "XXX"
_POPM_EMAIL, _POPM_BEST = "syncd", 255
_V24 = (2, 4, 0)
MOOD = "TXXX:MOOD"
COVER = "Cover"
_IN_MILLISECONDS, _OF_LYRICS = 2, 1
V23_NAMES = {"TDRC": ("TYER", "TDAT", "TIME"), "TMOO": (MOOD,)}
"""What v2.3 has for frames that only v2.4 knows."""


def load(file: BinaryIO) -> id3.ID3:
    """The tag at the start of ``file``, brought to v2.4; an empty one where there is none.

    Raises ``mutagen.MutagenError`` for a tag that cannot be read.
    """
    file.seek(0)
    tags = id3.ID3()
    try:
        # Taken as it stands: mutagen's update would turn the genre "17" to "Rock".
        tags.load(file, translate=False)
    except id3.ID3NoHeaderError:
        return id3.ID3()
    if tags.version < _V24:
        to_v24(tags)
    return tags


def to_v24(tags: id3.ID3) -> None:
    """Spell what ``tags`` of v2.3 hold of ours as v2.4 has it."""
    genres = {key: list(frame.text) for key, frame in tags.items() if key == "TCON"}
    tags.update_to_v24()
    for key, texts in genres.items():
        tags[key].text = texts  # as it stands, as above
    if not tags.getall("TMOO") and (moods := _values(tags, MOOD)):
        _set(tags, "TMOO", moods)


def to_v23(tags: id3.ID3) -> None:
    """Spell what ``tags`` hold of ours as v2.3 has it.

    v2.4's own date stays beside the year: it keeps the rest, and who knows it not passes it over.
    """
    if moods := _values(tags, "TMOO"):
        tags.delall("TMOO")
        _set(tags, MOOD, moods)
    if dates := _values(tags, "TDRC"):
        tags.delall("TYER")
        tags.add(id3.TYER(encoding=_UTF8, text=[text[:4] for text in dates]))


def read(tags: id3.ID3) -> dict[str, tuple[str, ...]]:
    """The managed fields that ``tags`` holds."""
    return mapping.read(mapping.ID3, lambda spelling: _values(tags, spelling))


def read_cover(tags: id3.ID3) -> bytes | None:
    """The bytes of the front cover that ``tags`` holds."""
    return next((frame.data for frame in tags.getall("APIC") if frame.type == FRONT), None)


def apply(tags: id3.ID3, fields: Fields, cover: Cover | None) -> None:
    """Set ``fields`` and the front cover in ``tags``; a rating that is there is kept."""
    for field, values in fields.items():
        for spelling in mapping.ID3[field]:
            _set(tags, spelling, (mapping.LIKED_RATING,) if field == "liked" else values)
    if cover is not None:
        _set_cover(tags, cover)


def edited(tag: Tag, changes: Sequence[Change]) -> tuple[Tag, set[str]]:
    """``tag`` with ``changes`` made in it, in its own version; and the fields that were set.

    Frames that no change names are the same bytes as before, and so is every rating of another
    program. Raises ``CorruptMedia`` or ``mutagen.MutagenError`` for what cannot be written.
    """
    view = load(io.BytesIO(tag.rendered())) if tag.frames else id3.ID3()
    fields = set()
    for change in changes:
        before = id3.ID3()
        if change.before:
            apply(before, {change.field: change.before}, None)
        spellings = mapping.ID3[change.field]
        for spelling in spellings:
            if change.may_replace(_values(view, spelling), _values(before, spelling)):
                tag = _replaced(tag, spelling, change)
                fields.add(change.field)
            elif spelling == spellings[0]:
                break  # what the field is read from is the user's, so all of it is
    return tag, fields


def is_spelled(frame: Any, spelling: str) -> bool:
    """Whether ``frame`` is what this program would replace under ``spelling``."""
    if spelling.startswith("TXXX:"):
        name = spelling.removeprefix("TXXX:").casefold()
        return bool(frame.FrameID == "TXXX" and frame.desc.casefold() == name)
    if frame.FrameID != spelling:
        return False
    if spelling == "COMM":
        return _is_ours(frame)
    if spelling == "POPM":
        return bool(frame.email == _POPM_EMAIL)
    return spelling not in ("USLT", "SYLT") or not frame.desc


def _replaced(tag: Tag, spelling: str, change: Change) -> Tag:
    names = (spelling, *(V23_NAMES.get(spelling, ()) if tag.version == 3 else ()))
    places = [
        at
        for at, data in enumerate(tag.frames)
        if (frame := tag.frame(data)) is not None and any(is_spelled(frame, name) for name in names)
    ]
    at = places[0] if places else len(tag.frames)
    kept = [data for place, data in enumerate(tag.frames[at:], at) if place not in places]
    made = _frames(tag, spelling, change) if change.after else []
    new = tag.made(made) if made else ()
    return replace(tag, frames=(*tag.frames[:at], *new, *kept))


def _frames(tag: Tag, spelling: str, change: Change) -> list[Any]:
    """The frames that ``change`` puts under ``spelling``, in the version of ``tag``."""
    if spelling == "POPM" and any(data.startswith(b"POPM") for data in tag.frames):
        return []
    if tag.version == 3 and spelling == "TMOO":
        spelling = MOOD
    made = id3.ID3()
    rating = (mapping.LIKED_RATING,)
    _set(made, spelling, rating if change.field == "liked" else change.after)
    if tag.version == 3 and spelling == "TDRC":
        # Readers of v2.3 know the year; v2.4's own frame beside it keeps the rest.
        made.add(id3.TYER(encoding=_UTF8, text=[text[:4] for text in change.after]))
    return list(made.values())


def _is_ours(comment: Any) -> bool:
    return bool(comment.lang == _UNKNOWN_LANGUAGE and not comment.desc)


def _values(tags: id3.ID3, spelling: str) -> tuple[str, ...]:
    if spelling.startswith("TXXX:"):
        texts = [text for frame in _user_defined(tags, spelling) for text in frame.text]
    elif spelling == "USLT":
        lyrics = sorted(tags.getall("USLT"), key=lambda frame: frame.desc != "")
        texts = [frame.text for frame in lyrics[:1]]
    elif spelling == "SYLT":
        synced = sorted(tags.getall("SYLT"), key=lambda frame: frame.desc != "")
        texts = [timed_text(tuple((at, text) for text, at in frame.text)) for frame in synced[:1]]
    elif spelling == "COMM":
        texts = [text for frame in tags.getall("COMM") if _is_ours(frame) for text in frame.text]
    elif spelling == "POPM":
        ours = [frame for frame in tags.getall("POPM") if frame.email == _POPM_EMAIL]
        texts = [str(frame.rating) for frame in ours]
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
    elif spelling in ("USLT", "SYLT"):
        for frame in tags.getall(spelling):
            if not frame.desc:
                del tags[frame.HashKey]
        tags.add(_lyrics(values[0]) if spelling == "USLT" else _synced_lyrics(values[0]))
    elif spelling == "POPM":
        if not tags.getall("POPM"):
            tags.add(id3.POPM(email=_POPM_EMAIL, rating=_POPM_BEST))
    elif spelling == "TLEN":
        tags.add(id3.TLEN(encoding=_UTF8, text=[str(round(float(values[0]) * 1000))]))
    else:
        tags.add(id3.Frames[spelling](encoding=_UTF8, text=list(values)))


def _lyrics(text: str) -> Any:
    return id3.USLT(encoding=_UTF8, lang=_UNKNOWN_LANGUAGE, desc="", text=text)


def _synced_lyrics(text: str) -> Any:
    return id3.SYLT(
        encoding=_UTF8,
        lang=_UNKNOWN_LANGUAGE,
        format=_IN_MILLISECONDS,
        type=_OF_LYRICS,
        desc="",
        text=[(line, at) for at, line in timed_lines(text)],
    )


def _user_defined(tags: id3.ID3, spelling: str) -> list[Any]:
    # Tag editors change the case of a description as they please.
    name = spelling.removeprefix("TXXX:").casefold()
    return [frame for frame in tags.getall("TXXX") if frame.desc.casefold() == name]


def _set_cover(tags: id3.ID3, cover: Cover) -> None:
    pictures = tags.getall("APIC")
    front = [picture for picture in pictures if picture.type == FRONT]
    if any(picture.data == cover.data for picture in front):
        return
    for picture in front:
        del tags[picture.HashKey]
    # Frames are told apart by their description alone, and a back cover may have none.
    taken = {picture.desc for picture in tags.getall("APIC")}
    description = COVER
    while description in taken:
        description += " "
    tags.add(
        id3.APIC(encoding=_UTF8, mime=cover.mime, type=FRONT, desc=description, data=cover.data)
    )
