"""The version of an ID3 tag, and the same tag in the other one.

What this program wrote is spelled anew. All else is carried over: byte for byte, but that text in
an encoding that v2.3 lacks is put into UTF-16 (id3.org, "ID3v2.3.0" section 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutagen import id3

from syncd.local.tags import mapping, wav
from syncd.local.tags.container import errors_translated
from syncd.local.tags.frames import Tag, carried, first_tag, parse, serialised
from syncd.local.tags.id3 import COVER, FRONT, MOOD, V23_NAMES, is_spelled, to_v23, to_v24


@dataclass(frozen=True, slots=True)
class Version:
    """The version of ID3v2 that a tag has, 3 or 4, and the name of the frame, if any, that keeps it
    from becoming one of the other."""

    found: int
    kept_by: str | None = None


def version_of(path: Path, fmt: str, wanted: int) -> Version | None:
    """The version of the tag in the file, to become one of ``wanted``; ``None`` where it has none
    of either version.

    Raises ``CorruptMedia`` if the tags cannot be read, ``OSError`` if the file cannot.
    """
    reader = _READERS.get(fmt)
    if reader is None:
        return None
    with path.open("rb") as file, errors_translated("read"):
        data = reader(file)
        if not data or data[3] not in (3, 4):
            return None
        tag = parse(data)
        return Version(tag.version, in_version(tag, wanted)[1])


def in_version(tag: Tag, version: int) -> tuple[Tag, str | None]:
    """``tag`` in ID3v2.``version``; or as it stands, and the name of the frame that would say
    something else there. What is ours comes first."""
    if tag.version == version:
        return tag, None
    ours, foreign = [], []
    for data in tag.frames:
        frame = tag.frame(data)
        if frame is not None and _is_managed(frame):
            ours.append(frame)
        elif (kept := carried(data, version)) is not None:
            foreign.append(kept)
        else:
            return tag, data[:4].decode("ascii")
    tags = id3.ID3()
    for frame in ours:
        if frame.HashKey in tags:
            return tag, frame.FrameID  # two of a kind, of which one is somebody else's
        tags.add(frame)
    if version == 3:
        to_v23(tags)
    else:
        to_v24(tags)
        tags.delall(MOOD)
    made = parse(serialised(tags, version)).frames if tags else ()
    return Tag(version, (*made, *foreign)), None


def _is_managed(frame: Any) -> bool:
    """Whether ``frame`` is spelled as what this program writes, in either version."""
    if frame.FrameID == "APIC":
        return bool(frame.type == FRONT and frame.desc.rstrip() == COVER)
    spellings = [name for names in mapping.ID3.values() for name in names]
    older = [name for names in V23_NAMES.values() for name in names]
    return any(is_spelled(frame, name) for name in (*spellings, *older))


_READERS = {"mp3": first_tag, "wav": wav.read_tag}
