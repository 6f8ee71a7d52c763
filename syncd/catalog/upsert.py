"""Rows that are written whether they are there already or not, and the single facts in ``meta``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.sqlite import insert

from syncd.catalog.schema import META


def put(
    connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write ``rows``, which all have the same columns; the other columns of a row stay."""
    if not rows:
        return
    statement = insert(table)
    later = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(keys), set_=later), list(rows)
    )


def noted(connection: Connection, key: str) -> str | None:
    """The fact that ``meta`` has by that name."""
    found = connection.execute(select(META.c.value).where(META.c.key == key)).scalar_one_or_none()
    return None if found is None else str(found)


def note(connection: Connection, key: str, value: str) -> None:
    put(connection, META, ("key",), [{"key": key, "value": value}])
