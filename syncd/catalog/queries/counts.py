"""How many jobs of the account there are by task and song type, and which are liked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from syncd.catalog.queries.entry import Entry
from syncd.catalog.queries.listing import chosen, jobs
from syncd.catalog.schema import KNOWN
from syncd.catalog.store import Catalog
from syncd.core.listing import Listing


@dataclass(frozen=True, slots=True)
class Tally:
    """What ``GET /jobs/counts`` tells, but that song types are called as the jobs call them."""

    total: int
    by_task: dict[str, int]
    by_song_type: dict[str, int]


def tally(catalog: Catalog, *, status: str | None = None, song_type: str | None = None) -> Tally:
    """The jobs in the account, as the catalog knows them."""
    listing = _listing(status, song_type)
    tasks: Counter[str] = Counter()
    song_types: Counter[str] = Counter()
    total = 0
    with catalog.reading() as connection:
        ids = chosen(connection, listing, None).subquery()
        statement = (
            select(KNOWN.c.task, KNOWN.c.song_type, func.count())
            .join(ids, ids.c.id == KNOWN.c.id)
            .where(KNOWN.c.absent_since.is_(None))
            .group_by(KNOWN.c.task, KNOWN.c.song_type)
        )
        for task, kind, number in connection.execute(statement):
            total += number
            if task:
                tasks[task] += number
            if kind:
                song_types[kind] += number
    return Tally(total, dict(tasks), dict(song_types))


def liked(
    catalog: Catalog, *, status: str | None = None, song_type: str | None = None
) -> list[Entry] | None:
    """The liked jobs in the account, the newest first; ``None`` where no like status is known."""
    with catalog.reading() as connection:
        known = select(KNOWN.c.id).where(KNOWN.c.liked.is_not(None)).limit(1)
        if connection.execute(known).first() is None:
            return None
    listing = replace(_listing(status, song_type), liked=True)
    return [entry for entry in jobs(catalog, listing) if entry.absent_since is None]


def _listing(status: str | None, song_type: str | None) -> Listing:
    return Listing(status=(status,) if status else (), song_type=(song_type,) if song_type else ())
