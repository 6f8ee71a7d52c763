"""What listings with a filter teach of the jobs: the only documented way to their facets.

``GET /filters/stats`` offers the values, ``GET /jobs`` lists the jobs that have one. A service that
does not know a filter ignores it and lists all jobs: that must teach nothing (api.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from syncd.core.model import ALL_TIME, FACETS, SONG_TYPES, Job
from syncd.errors import ContractBroken, RequestRefused
from syncd.remote.client import AudioPod
from syncd.remote.query import LARGEST_LIMIT, JobQuery
from syncd.remote.results import AvailableFilters, Page

LIKED = "liked"

MOST_STARTS = 3
"""How often the listing of one value is begun anew where it shifts while it is read."""

MOST_VALUES = 500
"""Of each facet that are listed, each with a request or more; the service has a few dozen."""

_LONGEST_VALUE = 200
"""Characters of a value: an address has to hold it."""

_NONSENSE = "no such value"


class FilterIgnored(Exception):
    """The service does not honour the filter: what it lists says nothing."""


def offered(filters: AvailableFilters) -> dict[str, tuple[str, ...]]:
    """The values to list the jobs of, by facet; the first ``MOST_VALUES`` of each."""
    return {
        "genre": _usable(filters.genres),
        "emotion": _usable(filters.emotions),
        "occasion": _usable(filters.occasions),
        "language": _usable(filters.languages),
        "song_type": SONG_TYPES,
    }


async def check_honoured(client: AudioPod, kind: str) -> bool:
    """Raise ``FilterIgnored`` where the service does not know the filter: one request, two for
    likes.

    A value that nobody has must list nothing, or be refused. Whether it is certain that the filter
    is honoured: a service may refuse a value and ignore all others.
    """
    if kind == LIKED:
        pages = [await client.page(_query(LIKED, value, limit=1)) for value in ("true", "false")]
        if pages[0].rows and pages[0].rows == pages[1].rows:
            raise FilterIgnored
        return bool(pages[0].rows or pages[1].rows)
    try:
        page = await client.page(_query(kind, _NONSENSE, limit=1))
    except RequestRefused:
        return False
    if page.rows or page.total:
        raise FilterIgnored
    return True


async def count(client: AudioPod) -> int | None:
    """How many jobs there are without any filter; ``None`` where the service does not say."""
    return (await client.page(JobQuery(limit=1))).total


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a listing stands: it goes on with row ``skip``.

    ``row`` is the id of the job that stood there and ``moment`` when it was created, ``tail`` the
    id of the last one that was read; ``total`` is the last X-Total-Count, ``starts`` how often the
    listing was begun, ``is_end`` that nothing follows.
    """

    skip: int = 0
    row: int | None = None
    moment: datetime | None = None
    tail: int | None = None
    total: int | None = None
    starts: int = 1
    is_end: bool = False

    def document(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return {**asdict(self), "moment": self.moment and self.moment.isoformat()}

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Self:
        """What ``document`` gave; the beginning for ``None``."""
        if document is None:
            return cls()
        moment = document["moment"]
        return cls(**{**document, "moment": moment and datetime.fromisoformat(moment)})


def listed_back_to(places: Iterable[Place]) -> datetime | None:
    """The moment after which no job can be missing from any of the listings that stand there.

    ``ALL_TIME`` where all came to their end, ``None`` where it is not known.
    """
    moments = [ALL_TIME if place.is_end else place.moment for place in places]
    known = [moment for moment in moments if moment is not None]
    return max(known, default=ALL_TIME) if len(known) == len(moments) else None


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a listing: its jobs, where the listing stands after it, and whether it is done."""

    jobs: tuple[Job, ...]
    place: Place
    is_done: bool


async def list_on(
    client: AudioPod, kind: str, value: str, place: Place, *, oldest: datetime | None
) -> Part:
    """The next page of the jobs that have ``value``, newest first, as far back as ``oldest``.

    Jobs of one moment at the end of a page come once more with the next, since they may come in
    another order. Raises ``FilterIgnored`` where a job of it says itself that it has another value,
    ``ContractBroken`` for a listing that shifts each time or never gets on.
    """
    page = await client.page(_query(kind, value, skip=place.skip))
    if any(_contradicts(job, kind, value) for job in page.jobs):
        raise FilterIgnored
    if place.skip and not _continues(page, place):
        if place.starts == MOST_STARTS:
            raise ContractBroken(
                f"the list of jobs of {kind} {value} shifted {place.starts} times in a row",
                hint="it is read anew later",
            )
        # What was found so far is no less true.
        return Part((), Place(starts=place.starts + 1), is_done=False)
    is_end = _is_last(page, place)
    after = replace(_after(page, place), is_end=is_end)
    return Part(page.jobs, after, is_done=is_end or _is_behind(page, oldest))


def _usable(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if len(value) <= _LONGEST_VALUE)[:MOST_VALUES]


def _query(kind: str, value: str, *, skip: int = 0, limit: int = LARGEST_LIMIT) -> JobQuery:
    given: dict[str, Any] = {kind: value == "true" if kind == LIKED else value}
    return JobQuery(skip=skip, limit=limit, sort_by="created_at", sort_order="desc", **given)


def _contradicts(job: Job, kind: str, value: str) -> bool:
    if kind == LIKED:
        return job.liked is False
    said = getattr(job, kind) if kind in FACETS else None
    if not said:
        return False
    values = (said,) if isinstance(said, str) else said
    if kind == "song_type":
        # The counts speak of songs, the filter of song.
        return value not in {one.casefold().removesuffix("s") for one in values} | set(values)
    return value.casefold() not in {one.casefold() for one in values}


def _moments(page: Page) -> list[datetime | None]:
    """When each row was created, where that is known."""
    created = {job.id: job.created_at for job in page.jobs}
    return [None if row is None else created[row] for row in page.rows]


def _is_newest_first(moments: list[datetime | None]) -> bool:
    known = [moment for moment in moments if moment is not None]
    return len(known) == len(moments) and known == sorted(known, reverse=True)


def _continues(page: Page, place: Place) -> bool:
    """Whether no job can have slipped between what was read before and ``page``."""
    if not page.rows:
        return False
    if place.row is not None and page.rows[0] == place.row:
        return True
    moments = _moments(page)
    head, tail = moments[0], moments[-1]
    if place.moment is None or head is None or tail is None or not _is_newest_first(moments):
        return False
    # Another order among jobs of one moment is no shift; nor are newer jobs that moved all down,
    # as long as the page goes on to where the listing stood.
    if head == place.moment:
        return page.total is not None and page.total == place.total
    return head > place.moment >= tail and page.rows[-1] != place.tail


def _after(page: Page, place: Place) -> Place:
    if not page.rows:
        return Place(total=page.total, starts=place.starts)
    moments = _moments(page)
    first = last = len(page.rows) - 1
    while first > 0 and moments[last] is not None and moments[first - 1] == moments[last]:
        first -= 1
    if first == 0:
        first = last  # all of one moment: there is nothing better to go on from
    return Place(
        skip=place.skip + first,
        row=page.rows[first],
        moment=moments[first],
        tail=page.rows[-1],
        total=page.total,
        starts=place.starts,
    )


def _is_last(page: Page, place: Place) -> bool:
    if len(page.rows) <= 1:
        # A single row has nothing to overlap with: the next page would be this one again.
        return True
    if len(page.rows) >= LARGEST_LIMIT:
        return False
    # A short page alone may come from a service whose pages are smaller.
    if page.total is not None and place.skip + len(page.rows) >= page.total:
        return True
    return place.skip > 0 and page.rows[-1] == place.tail


def _is_behind(page: Page, oldest: datetime | None) -> bool:
    moments = _moments(page)
    if oldest is None or not moments or not _is_newest_first(moments):
        return False
    last = moments[-1]
    return last is not None and last < oldest
