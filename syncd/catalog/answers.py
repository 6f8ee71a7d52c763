"""What the service said of the account as a whole, kept with its age to be told without a network.

Counts, likes, filters and presets, by the query that they were asked with. Kept without the
signatures of addresses, and as long as the catalog belongs to the same service and key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, bindparam, delete, select

from syncd.catalog.schema import ANSWER
from syncd.catalog.statements import all_noted, find, put
from syncd.core.model import unsigned

MOST_KEPT = 50
"""How many answers of one name are kept, the newest: one for each query."""

Query = Mapping[str, str | int]

_NEWEST = (
    select(ANSWER.c.query)
    .where(ANSWER.c.name == bindparam("of"))
    .order_by(ANSWER.c.at.desc())
    .limit(MOST_KEPT)
)
_TOO_MANY = delete(ANSWER).where(ANSWER.c.name == bindparam("of"), ANSWER.c.query.not_in(_NEWEST))


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it came, but for the signatures of addresses; ``at``: when it was given."""

    body: Any
    at: datetime


class Answers:
    """The answers of an open catalog (``Catalog.answers``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def keep(self, name: str, query: Query, body: Any, now: datetime) -> None:
        """Keep ``body`` in place of what was answered to the same query before."""
        row = {"name": name, "query": _text(query), "body": unsigned(body), "at": now}
        with self._begin() as connection:
            put(connection, ANSWER, ("name", "query"), [row])
            connection.execute(_TOO_MANY, {"of": name})

    def find(self, name: str, query: Query) -> Kept | None:
        """What was answered to this very query last."""
        with self._begin() as connection:
            row = find(connection, ANSWER, name=name, query=_text(query)).one_or_none()
        return Kept(row.body, row.at) if row else None


def forget_answers(connection: Connection, base_url: str, key_fingerprint: str | None) -> None:
    """Forget all where the catalog is bound to another service or another key from now on."""
    bound = all_noted(connection)
    before = (bound.get("base_url"), bound.get("key_fingerprint"))
    if before[0] is not None and before != (base_url, key_fingerprint):
        connection.execute(delete(ANSWER))


def _text(query: Query) -> str:
    return urlencode(sorted(query.items()))
