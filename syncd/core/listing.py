"""Which jobs a listing holds, and in which order: the parameters of ``GET /jobs``, and more.

What they mean where the service does not say is in ``catalog.queries.listing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

SortBy = Literal["created_at", "display_name", "audio_duration", "status"]
AnySortBy = Literal[SortBy, "bpm", "key", "quality_score"]
"""What the service sorts by, and what the catalog does as well."""
SortOrder = Literal["desc", "asc"]
SORTS: tuple[AnySortBy, ...] = get_args(AnySortBy)
ORDERS: tuple[SortOrder, ...] = get_args(SortOrder)

When = datetime | timedelta
"""A moment (aware), or how long before the question was asked."""


@dataclass(frozen=True, slots=True)
class Range:
    """From ``least`` to ``most``, both included; ``None`` leaves that end open."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or several in this order, to be found in title, prompt or lyrics.

    ``prefix``: the last one may go on.
    """

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which jobs to list. What is not given leaves none out; of several values any will do.

    ``match``: all of these must be found. ``key``: in any notation. ``duration`` is seconds,
    ``quality`` 0 … 1. ``since`` is included, ``before`` is not. ``mixes_with``: the id of a job
    whose key and tempo they must go with. ``title``: parts of the display name, whatever their
    case. ``state``: of ``baseline.State``, or ``failed``. What is in any of ``without`` is left
    out, of which only the filters count. ``sort_by``: where it is ``None`` the best match comes
    first, and without ``match`` the newest. ``gone``: also the jobs that are gone from the account
    and have no file here.
    """

    status: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    song_type: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    genre: tuple[str, ...] = ()
    emotion: tuple[str, ...] = ()
    occasion: tuple[str, ...] = ()
    liked: bool | None = None
    id: tuple[int, ...] = ()
    title: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    search: str | None = None
    match: tuple[Word, ...] = ()
    key: tuple[str, ...] = ()
    mixes_with: int | None = None
    bpm: Range | None = None
    duration: Range | None = None
    quality: Range | None = None
    since: When | None = None
    before: When | None = None
    without: tuple[Listing, ...] = ()
    sort_by: AnySortBy | None = None
    sort_order: SortOrder = "desc"
    skip: int = 0
    limit: int | None = None
    gone: bool = False
