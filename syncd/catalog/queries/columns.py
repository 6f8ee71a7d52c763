"""An entry as columns of text: for tables, templates and spreadsheets.

Addresses of audio and covers are left out: they are long, and open nothing after a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

from syncd.catalog.queries.entry import Entry
from syncd.core.harmony import camelot, classical, openkey

TABLE = (
    "id", "status", "task", "display_name", "created_at", "completed_at", "audio_duration",
    "song_type", "genre", "emotion", "occasion", "language", "liked", "bpm", "keyscale",
    "timesignature", "quality_score", "prompt", "lyrics", "path", "state", "reason",
)  # fmt: skip
"""The columns of a spreadsheet, by the names of the API, then by ours."""

COLUMNS = (
    *TABLE, "title", "duration", "date", "year", "month", "day", "key", "camelot", "openkey",
    "album", "artist", "track", "ext", "format", "size",
)  # fmt: skip
"""All that there are: those that a template can name, with all that ``library.template`` can."""


def columns_of(entry: Entry, root: Path) -> dict[str, str]:
    """``COLUMNS`` of ``entry``; what is not known is empty. ``path`` is absolute.

    ``duration`` is ``3:07``, ``audio_duration`` seconds; ``date`` and its parts are of
    ``created_at``, in UTC. Several values of a facet are joined by ``; ``. ``format``, which is
    ``ext``, and ``size`` are those of the file.
    """
    job, made = entry.job, entry.created_at
    suffix = PurePath(entry.path or "").suffix.removeprefix(".")
    known: dict[str, object] = {
        "display_name": entry.display_name,
        "title": entry.display_name,
        "created_at": _iso(made),
        "completed_at": _iso(job["completed_at"]),
        "genre": _joined(job["genre"]),
        "emotion": _joined(job["emotion"]),
        "occasion": _joined(job["occasion"]),
        "language": job["language"] or job["vocal_language"],
        "liked": "yes" if job["liked"] else "no",
        "path": str(root / entry.path) if entry.path else None,
        "state": entry.state,
        "reason": entry.reason,
        "duration": clock(entry.audio_duration),
        "date": f"{made:%Y-%m-%d}" if made else None,
        "year": f"{made:%Y}" if made else None,
        "month": f"{made:%m}" if made else None,
        "day": f"{made:%d}" if made else None,
        "key": classical(job["keyscale"]),
        "camelot": camelot(job["keyscale"]),
        "openkey": openkey(job["keyscale"]),
        "album": entry.album,
        "artist": entry.artist,
        "track": entry.number,
        "ext": suffix,
        "format": suffix,
        "size": entry.size,
    }
    return {name: _text(known[name] if name in known else job[name]) for name in COLUMNS}


def clock(seconds: float | None) -> str | None:
    """``3:07``, or ``1:02:03`` from an hour on; ``None`` for no length."""
    if seconds is None or seconds < 0:
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _joined(values: Iterable[str] | None) -> str:
    return "; ".join(values or ())


def _text(value: Any) -> str:
    return "" if value is None else str(value)
