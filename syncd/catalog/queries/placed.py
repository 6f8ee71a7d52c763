"""The tracks whose files are in place, with the tags that they were given, for exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from syncd.catalog.queries.entry import CONFIRMED
from syncd.catalog.queries.listing import chosen
from syncd.catalog.schema import ABSENCE, BASELINE, KNOWN
from syncd.catalog.store import Catalog
from syncd.core.cases import EXPECTED
from syncd.core.listing import Listing

_OF_JOB = (
    "id", "task", "display_name", "audio_duration", "created_at", "quality_score", "prompt", "bpm",
    "keyscale", "genre", "emotion", "occasion", "language", "vocal_language", "song_type", "liked",
)  # fmt: skip
_OF_FILE = ("path", "tags", "album", "number", "format", "size", "mtime_ns", "placed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEntry:
    """A track whose file is in place, as the catalog has it.

    The first fields are the job's (``core.model.Job``), with what was learnt of it. ``path`` is
    relative to the root, ``tags`` are the managed fields as this program last wrote them, ``size``
    is in bytes.
    """

    id: int
    task: str | None
    display_name: str | None
    audio_duration: float | None
    created_at: datetime | None
    quality_score: float | None
    prompt: str | None
    bpm: float | None
    keyscale: str | None
    genre: tuple[str, ...]
    emotion: tuple[str, ...]
    occasion: tuple[str, ...]
    language: str | None
    vocal_language: str | None
    song_type: str | None
    liked: bool | None
    path: str
    tags: Mapping[str, tuple[str, ...]]
    album: str | None
    number: int | None
    format: str | None
    size: int | None
    mtime_ns: int | None
    placed_at: datetime | None


def placed(catalog: Catalog) -> list[PlacedEntry]:
    """The tracks whose files are in place, the newest first.

    A file that scans agree is missing is not in place.
    """
    statement = (
        select(
            *(KNOWN.c[name] for name in _OF_JOB),
            *(BASELINE.c[name] for name in _OF_FILE),
        )
        .join(BASELINE, BASELINE.c.job_id == KNOWN.c.id)
        .join(ABSENCE, and_(ABSENCE.c.job_id == KNOWN.c.id, CONFIRMED), isouter=True)
        .where(BASELINE.c.state.in_(EXPECTED), BASELINE.c.path.is_not(None))
        .where(ABSENCE.c.job_id.is_(None))
    )
    with catalog.reading() as connection:
        found = {row.id: _entry(row._asdict()) for row in connection.execute(statement)}
        ids = connection.execute(chosen(connection, Listing())).scalars()
        return [found[job_id] for job_id in ids if job_id in found]


def ids(catalog: Catalog, listing: Listing, *, now: datetime | None = None) -> list[int]:
    """The ids of ``listing``, in its order; ``now`` and what is raised as in ``listing.stream``."""
    with catalog.reading() as connection:
        return list(connection.execute(chosen(connection, listing, now)).scalars())


def _entry(row: Mapping[str, Any]) -> PlacedEntry:
    lists = {name: tuple(row[name]) for name in ("genre", "emotion", "occasion")}
    tags = {name: tuple(values) for name, values in (row["tags"] or {}).items()}
    return PlacedEntry(**{**row, **lists, "tags": tags})
