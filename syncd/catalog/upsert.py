"""Rows that are written whether they are there already or not, and the single facts in ``meta``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.dialects.sqlite import Insert, insert

from syncd.catalog.schema import META


def put(
    connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write ``rows``, which all have the same columns; the other columns of a row stay."""
    if rows:
        connection.execute(_upsert(table, tuple(keys), tuple(rows[0])), list(rows))


@cache  # building it takes longer than running it
def _upsert(table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Insert:
    statement = insert(table)
    later = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=later)


_NOTED = select(META.c.value).where(META.c.key == bindparam("of"))


def noted(connection: Connection, key: str) -> str | None:
    """The fact that ``meta`` has by that name."""
    found = connection.execute(_NOTED, {"of": key}).scalar_one_or_none()
    return None if found is None else str(found)


def note(connection: Connection, key: str, value: str) -> None:
    put(connection, META, ("key",), [{"key": key, "value": value}])
