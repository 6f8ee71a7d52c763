"""Which tags a track's file should carry: a job in, managed fields out (tags.md, "Mapping").

Fields are format-free here; ``local.tags`` knows how each container spells them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from syncd.core.model import Job, Origin

Fields = Mapping[str, tuple[str, ...]]
"""Managed field -> its values, in order. A field that is absent here is not written."""

MANAGED = (
    "title",
    "artist",
    "albumartist",
    "album",
    "track",
    "date",
    "genre",
    "emotion",
    "occasion",
    "language",
    "bpm",
    "key",
    "lyrics",
    "prompt",
    "job_id",
    "origin",
    "task",
    "seed",
    "quality",
    "timesignature",
    "completed_at",
    "liked",
    "duration",
)
"""Every field this program writes. Values are text: ``bpm`` a rounded integer, ``duration``
seconds with three decimals (measured, added by the writer), ``date`` and ``completed_at`` ISO 8601
in UTC, ``language`` ISO 639-2, ``key`` at most three characters, ``liked`` "1"."""

_KEY = re.compile(
    r"^\s*(?P<note>[A-Ga-g])\s*(?P<accidental>#|♯|b|♭|-?sharp|-?flat)?\s*"
    r"(?P<mode>major|maj|minor|min|m|M)?\s*$",
    re.IGNORECASE,
)

_ISO_639_2 = {
    "ar": "ara", "bn": "ben", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "fa": "fas", "fi": "fin", "fr": "fra", "gu": "guj", "he": "heb", "hi": "hin",
    "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor", "ml": "mal", "mr": "mar",
    "ms": "msa", "nl": "nld", "no": "nor", "pa": "pan", "pl": "pol", "pt": "por", "ro": "ron",
    "ru": "rus", "sv": "swe", "ta": "tam", "te": "tel", "th": "tha", "tr": "tur", "uk": "ukr",
    "ur": "urd", "vi": "vie", "yue": "yue", "zh": "zho",
}  # fmt: skip
_ISO_639_2_NAMES = {
    "arabic": "ara", "bengali": "ben", "chinese": "zho", "english": "eng", "french": "fra",
    "german": "deu", "hindi": "hin", "italian": "ita", "japanese": "jpn", "korean": "kor",
    "mandarin": "zho", "polish": "pol", "portuguese": "por", "russian": "rus", "spanish": "spa",
    "tamil": "tam", "turkish": "tur", "urdu": "urd", "vietnamese": "vie",
}  # fmt: skip


def desired_fields(
    job: Job, *, origin: Origin, title: str, artist: str, album: str, number: int | None
) -> dict[str, tuple[str, ...]]:
    """The managed fields of ``job``'s file, without ``duration`` (measured when it is written)."""
    fields = {
        "title": _one(title),
        "artist": _one(artist),
        "albumartist": _one(artist),
        "album": _one(album),
        "track": _one(number),
        "date": _one(_iso(job.created_at)),
        "genre": _many(job.genre),
        "emotion": _many(job.emotion),
        "occasion": _many(job.occasion),
        "language": _one(language_code(job.vocal_language or job.language)),
        "bpm": _one(round(job.bpm) or None if job.bpm and 0 < job.bpm < math.inf else None),
        "key": _one(classical_key(job.keyscale)),
        "lyrics": _one(job.lyrics),
        "prompt": _one(job.prompt),
        "job_id": _one(job.id),
        "origin": _one(str(origin)),
        "task": _one(job.task),
        "seed": _many(str(seed) for seed in (job.actual_seeds or _seed(job))),
        "quality": _one(None if job.quality_score is None else f"{job.quality_score:g}"),
        "timesignature": _one(job.timesignature),
        "completed_at": _one(_iso(job.completed_at)),
        "liked": _one("1" if job.liked else None),
    }
    return {name: values for name, values in fields.items() if values}


def classical_key(text: str | None) -> str | None:
    """``"F# min"`` -> ``"F#m"``; ``None`` where the text is no key (TKEY: 3 characters at most)."""
    match = _KEY.match(text or "")
    if not match:
        return None
    accidental = (match["accidental"] or "").lower().lstrip("-")
    sign = {"": "", "#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}[accidental]
    mode = match["mode"] or ""
    minor = mode == "m" or mode.lower() in ("min", "minor")
    return f"{match['note'].upper()}{sign}{'m' if minor else ''}"


def language_code(text: str | None) -> str | None:
    """ISO 639-2/T code of a language given as ``en``, ``en-GB``, ``eng`` or ``English``."""
    if not text:
        return None
    name = text.strip().lower()
    subtag = re.split(r"[-_]", name)[0]
    if subtag in _ISO_639_2:
        return _ISO_639_2[subtag]
    if subtag in _ISO_639_2.values():
        return subtag
    return _ISO_639_2_NAMES.get(name)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")


def _seed(job: Job) -> tuple[int, ...]:
    return () if job.seed is None or job.seed < 0 else (job.seed,)


def _one(value: object) -> tuple[str, ...]:
    # NUL ends a text field in ID3 and Vorbis comments alike, so it cannot be written.
    text = "" if value is None else str(value).replace("\0", "")
    return (text,) if text.strip() else ()


def _many(values: Iterable[str]) -> tuple[str, ...]:
    cleaned = (value.replace("\0", "").strip() for value in values)
    return tuple(dict.fromkeys(value for value in cleaned if value))
