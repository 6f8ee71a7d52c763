"""Which jobs are like a given one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from typing import Any

from sqlalchemy import String, select, type_coerce

from syncd.catalog.queries.entry import THERE, Entry, entries_of, unknown
from syncd.catalog.queries.listing import LANGUAGE
from syncd.catalog.schema import BASELINE, KNOWN
from syncd.catalog.store import Catalog
from syncd.core.likeness import Traits, likeness
from syncd.core.model import COMPLETED
from syncd.errors import SyncdError

_TRAITS = select(
    KNOWN.c.id,
    # As text: there are few different ones, and each need be read once.
    *(type_coerce(KNOWN.c[name], String).label(name) for name in ("genre", "emotion", "occasion")),
    LANGUAGE.label("language"),
    KNOWN.c.bpm,
    KNOWN.c.keyscale,
)
_OTHERS = _TRAITS.join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True).where(
    KNOWN.c.status == COMPLETED, THERE
)


@dataclass(frozen=True, slots=True)
class Similar:
    """A job that is like another one; ``score`` is above 0 and at most 1."""

    score: float
    entry: Entry


def similar(catalog: Catalog, job_id: int, limit: int) -> list[Similar]:
    """The completed jobs that are most like job ``job_id``, the most alike first, then the newest.

    Raises ``SyncdError`` where the job is not known, or nothing of it that could be compared.
    """
    with catalog.reading() as connection:
        row = connection.execute(_TRAITS.where(KNOWN.c.id == job_id)).one_or_none()
        if row is None:
            raise unknown(job_id)
        wanted = _traits(row._mapping)
        if wanted == Traits():
            raise SyncdError(
                f"nothing can be compared with job {job_id}: neither its genre, emotion, occasion "
                "and language nor its tempo and key are known"
            )
        scored = (
            (likeness(wanted, _traits(other._mapping)), other.id)
            for other in connection.execute(_OTHERS)
            if other.id != job_id
        )
        best = nlargest(limit, (one for one in scored if one[0] > 0))
        found = entries_of(connection, [job_id for _, job_id in best])
    return [Similar(score, entry) for (score, _), entry in zip(best, found, strict=True)]


def _traits(row: Mapping[Any, Any]) -> Traits:
    return Traits(
        genre=_terms(row["genre"]),
        emotion=_terms(row["emotion"]),
        occasion=_terms(row["occasion"]),
        language=frozenset({row["language"]}) if row["language"] else frozenset(),
        bpm=row["bpm"],
        key=row["keyscale"],
    )


@lru_cache(maxsize=4096)
def _terms(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))
