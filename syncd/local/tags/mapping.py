"""How each managed field is spelled in ID3 and in Vorbis comments (``core.tagging.MANAGED``).

A field is written under all of its spellings and read from the first one that is there. The
spelling in ``WRITTEN_ONLY`` is there for players: what it holds may be anybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_OWN = {
    "job_id": "AUDIOPOD_JOB_ID",
    "origin": "AUDIOPOD_ORIGIN",
    "task": "AUDIOPOD_TASK",
    "seed": "AUDIOPOD_SEED",
    "quality": "AUDIOPOD_QUALITY",
    "timesignature": "AUDIOPOD_TIMESIGNATURE",
    "completed_at": "AUDIOPOD_COMPLETED_AT",
}

JOB_ID, ORIGIN = _OWN["job_id"], _OWN["origin"]
RATING = "FMPS_RATING"
LIKED_RATING = "1.0"

ID3 = {
    **{field: (f"TXXX:{name}",) for field, name in _OWN.items()},
    "title": ("TIT2",),
    "artist": ("TPE1",),
    "albumartist": ("TPE2",),
    "album": ("TALB",),
    "track": ("TRCK",),
    "date": ("TDRC",),
    "genre": ("TCON",),
    "emotion": ("TMOO",),
    "occasion": ("TXXX:OCCASION", "GRP1", "TIT1"),
    "language": ("TLAN",),
    "bpm": ("TBPM",),
    "key": ("TKEY",),
    "lyrics": ("USLT",),
    "synced_lyrics": ("SYLT",),
    "prompt": ("TXXX:AUDIOPOD_PROMPT",),
    "comment": ("COMM",),
    "liked": (f"TXXX:{RATING}", "POPM"),
    "duration": ("TLEN",),
}
"""Frames of ID3v2.4 (id3.org, "ID3v2.4 native frames"; GRP1 is Apple's), ``TXXX:`` and the
description for user-defined ones. ``COMM`` is the one with an empty description; so are ``SYLT``
and ``USLT``."""

VORBIS = {
    **{field: (name,) for field, name in _OWN.items()},
    "title": ("TITLE",),
    "artist": ("ARTIST",),
    "albumartist": ("ALBUMARTIST",),
    "album": ("ALBUM",),
    "track": ("TRACKNUMBER",),
    "date": ("DATE",),
    "genre": ("GENRE",),
    "emotion": ("MOOD",),
    "occasion": ("OCCASION", "GROUPING"),
    "language": ("LANGUAGE",),
    "bpm": ("BPM",),
    "key": ("INITIALKEY", "KEY"),
    "lyrics": ("LYRICS",),
    "synced_lyrics": (),
    "prompt": ("AUDIOPOD_PROMPT",),
    "comment": ("COMMENT",),
    "liked": (RATING,),
    "duration": ("AUDIOPOD_DURATION",),
}
"""Field names of Vorbis comments (flac, ogg, opus). They have none for synchronised lyrics."""

WRITTEN_ONLY = frozenset({"POPM"})
_OF_FORMAT = {"flac": VORBIS, "ogg": VORBIS, "mp3": ID3, "wav": ID3}


def spellable(fmt: str, fields: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Those of ``fields`` that a file of ``fmt`` has a spelling for."""
    spellings = _OF_FORMAT[fmt]
    return {name: values for name, values in fields.items() if spellings.get(name)}


def read(
    spellings: Mapping[str, tuple[str, ...]], values_of: Callable[[str], tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The managed fields of a file, each from the first of its ``spellings`` that has values.

    ``values_of`` gives what stands under one spelling.
    """
    fields = {}
    for field, names in spellings.items():
        found = (values_of(name) for name in names if name not in WRITTEN_ONLY)
        if values := next(filter(None, found), None):
            fields[field] = values
    if "liked" in fields:
        if is_liked(fields["liked"][0]):
            fields["liked"] = ("1",)
        else:
            del fields["liked"]
    return fields


def is_liked(rating: str) -> bool:
    """Whether an ``FMPS_RATING`` (0.0 to 1.0) is the highest, which stands for a like."""
    try:
        return float(rating) == float(LIKED_RATING)
    except ValueError:
        return False
