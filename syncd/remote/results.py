"""What the calls that give no single job return. ``raw`` is the answer as JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.core.model import Job


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing (``GET /jobs``, ``GET /liked``).

    ``total`` is X-Total-Count, ``None`` where it is missing or no number. ``rows`` holds the id of
    each entry in the order of the list, ``None`` for one that is no job; those are ``rejected``.
    """

    jobs: tuple[Job, ...]
    total: int | None
    rows: tuple[int | None, ...]

    @property
    def rejected(self) -> int:
        """How many entries were no jobs."""
        return len(self.rows) - len(self.jobs)


@dataclass(frozen=True, slots=True)
class Counts:
    """``GET /jobs/counts``: how many match, by task and by song type (``songs``, …)."""

    total: int
    by_task: Mapping[str, int]
    by_song_type: Mapping[str, int]
    raw: str


@dataclass(frozen=True, slots=True)
class AvailableFilters:
    """The values that jobs can be filtered by, as ``GET /filters/stats`` offers them."""

    song_types: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    occasions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """``GET /filters/stats``. Counts that are missing are ``None``."""

    total_tracks: int | None
    liked_count: int | None
    song_types: Mapping[str, int]
    available_filters: AvailableFilters
    raw: str


@dataclass(frozen=True, slots=True)
class Presets:
    """``GET /presets``: each genre preset by name, as the JSON object it is."""

    genre_presets: Mapping[str, Mapping[str, object]]
    raw: str


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """``GET /model/status``, of undocumented shape; ``state`` is its ``status``, if text."""

    state: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class SampleData:
    """``GET /sample-data``, of undocumented shape."""

    raw: str
