"""Figures: how many jobs there are of what, how long and how large."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import String, case, func, select, type_coerce

from syncd.catalog.queries.entry import THERE
from syncd.catalog.queries.listing import LANGUAGE, chosen
from syncd.catalog.schema import BASELINE, KNOWN, RETRY, SWEEP
from syncd.catalog.store import Catalog
from syncd.core.cases import WITH_FILE
from syncd.core.listing import Listing
from syncd.core.model import FAILED

DIMENSIONS = ("genre", "emotion", "occasion", "language", "task", "month")
"""By what jobs are counted; ``month`` is that of ``created_at``, as ``2026-03``."""

_LISTS = DIMENSIONS[:3]


@dataclass(frozen=True, slots=True)
class Share:
    """Jobs that have a value in common; ``None``: those of which none is known.

    ``seconds`` is how long they play in all, ``size`` how many bytes their files here have.
    """

    value: str | None
    count: int
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """``by`` has for each of ``DIMENSIONS`` its shares: the largest first, months in their order.

    A job with several genres is in several shares.
    """

    total: Share
    files: int
    by: Mapping[str, tuple[Share, ...]]


class _Tally:
    def __init__(self) -> None:
        self.count, self.seconds, self.size = 0, 0.0, 0

    def add(self, seconds: float, size: int) -> None:
        self.count += 1
        self.seconds += seconds
        self.size += size

    def share(self, value: str | None) -> Share:
        return Share(value, self.count, self.seconds, self.size)


def statistics(catalog: Catalog, listing: Listing, *, now: datetime | None = None) -> Statistics:
    """The figures of the jobs of ``listing``; see ``stream`` for ``now`` and what is raised."""
    with catalog.reading() as connection:
        ids = chosen(connection, listing, now).subquery()
        statement = (
            select(
                # As text: there are few different ones, and each need be read once.
                *(type_coerce(KNOWN.c[name], String) for name in _LISTS),
                LANGUAGE,
                KNOWN.c.task,
                func.substr(type_coerce(KNOWN.c.created_at, String), 1, 7),
                func.coalesce(KNOWN.c.audio_duration, 0.0),
                case((BASELINE.c.state.in_(WITH_FILE), BASELINE.c.size)),
            )
            .join(ids, ids.c.id == KNOWN.c.id)
            .join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True)
        )
        total, files = _Tally(), 0
        tallies: tuple[dict[str | None, _Tally], ...] = tuple({} for _ in DIMENSIONS)
        for *texts, seconds, size in connection.execute(statement):
            total.add(seconds, size or 0)
            files += size is not None
            for position, (tally, text) in enumerate(zip(tallies, texts, strict=True)):
                values = _terms(text) if position < len(_LISTS) else (text or None,)
                for value in values:
                    if value not in tally:
                        tally[value] = _Tally()
                    tally[value].add(seconds, size or 0)
    by = {
        name: tuple(_shares(name, found)) for name, found in zip(DIMENSIONS, tallies, strict=True)
    }
    return Statistics(total.share(None), files, by)


def _shares(name: str, tally: Mapping[str | None, _Tally]) -> Iterable[Share]:
    shares = [found.share(value) for value, found in tally.items()]
    if name == "month":
        return sorted(shares, key=lambda share: (share.value is None, share.value or ""))
    return sorted(shares, key=lambda share: (share.value is None, -share.count, share.value or ""))


@lru_cache(maxsize=4096)
def _terms(text: str) -> tuple[str | None, ...]:
    return tuple(dict.fromkeys(json.loads(text))) or (None,)


def count(catalog: Catalog, *, gone: bool = False) -> int:
    """How many jobs there are; ``gone`` as in ``Listing``."""
    statement = select(func.count()).select_from(
        KNOWN.join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True)
    )
    if not gone:
        statement = statement.where(THERE)
    with catalog.reading() as connection:
        return int(connection.execute(statement).scalar_one())


def states(catalog: Catalog) -> dict[str, int]:
    """How many tracks are in each state of the catalog (``core.baseline.State``)."""
    statement = select(BASELINE.c.state, func.count()).group_by(BASELINE.c.state)
    with catalog.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(statement)}


def to_come(catalog: Catalog) -> int:
    """How many jobs nothing was decided of so far: they are new, or not finished."""
    statement = (
        select(func.count())
        .select_from(KNOWN.join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True))
        .where(BASELINE.c.job_id.is_(None), KNOWN.c.absent_since.is_(None))
        .where(KNOWN.c.status != FAILED)
    )
    with catalog.reading() as connection:
        return int(connection.execute(statement).scalar_one())


def failed(catalog: Catalog) -> tuple[int, int]:
    """How many jobs of the account failed, and how many of those were ever retried."""
    is_retried = case((KNOWN.c.id.in_(select(RETRY.c.job_id)), 1))
    statement = (
        select(func.count(), func.count(is_retried))
        .where(KNOWN.c.status == FAILED)
        .where(KNOWN.c.absent_since.is_(None))
    )
    with catalog.reading() as connection:
        jobs, retried = connection.execute(statement).one()
        return jobs, retried


def last_sweep(catalog: Catalog) -> datetime | None:
    """When the whole account was last listed without a doubt."""
    statement = select(func.max(SWEEP.c.finished_at)).where(SWEEP.c.complete)
    with catalog.reading() as connection:
        found: datetime | None = connection.execute(statement).scalar_one()
        return found
