"""Statements that are needed again and again, built once: that takes longer than running them.

Rows are found, changed and removed by what some of their columns equal, or written whether they are
there already or not; the single facts stand in ``meta``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Delete,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import Insert, insert

from syncd.catalog.schema import META

Facts = Mapping[str, str]
"""The single facts, or some of them, by name."""


def find(connection: Connection, table: Table, /, **of: Any) -> CursorResult[Any]:
    """The rows of which these columns equal that, none of it ``None``; without any: all rows."""
    return connection.execute(_select(table, tuple(of)), _named(of))


def change(connection: Connection, table: Table, values: Mapping[str, Any], /, **of: Any) -> None:
    """Write ``values`` to the rows that ``find`` would find."""
    connection.execute(_update(table, tuple(of)), {**values, **_named(of)})


def remove(connection: Connection, table: Table, /, **of: Any) -> None:
    """Remove the rows that ``find`` would find."""
    connection.execute(_delete(table, tuple(of)), _named(of))


def put(
    connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write ``rows``, which all have the same columns; the other columns of a row stay."""
    if rows:
        columns = tuple(rows[0])
        later = tuple(name for name in columns if name not in keys)
        connection.execute(_upsert(table, tuple(keys), later, columns), list(rows))


def put_one(
    connection: Connection,
    table: Table,
    keys: Mapping[str, Any],
    values: Mapping[str, Any],
    /,
    **at_first: Any,
) -> None:
    """Write ``values`` to the row that ``keys`` tell; one that is made has ``at_first`` as well."""
    row = {**keys, **at_first, **values}
    connection.execute(_upsert(table, tuple(keys), tuple(values), tuple(row)), row)


@cache
def _select(table: Table, names: tuple[str, ...]) -> Select[Any]:
    return select(table).where(*_equal(table, names))


@cache
def _update(table: Table, names: tuple[str, ...]) -> Update:
    return update(table).where(*_equal(table, names))


@cache
def _delete(table: Table, names: tuple[str, ...]) -> Delete:
    return delete(table).where(*_equal(table, names))


@cache
def _upsert(
    table: Table, keys: tuple[str, ...], later: tuple[str, ...], columns: tuple[str, ...]
) -> Insert:
    statement = insert(table).values({name: bindparam(name) for name in columns})
    new = {name: statement.excluded[name] for name in later}
    if not new:
        return statement.on_conflict_do_nothing(index_elements=list(keys))
    return statement.on_conflict_do_update(index_elements=list(keys), set_=new)


def _equal(table: Table, names: tuple[str, ...]) -> list[Any]:
    return [table.c[name] == bindparam(_OF + name) for name in names]


_OF = "of_"
"""Before the name of a column: what it equals, where what is written to it has its own name."""


def _named(of: Mapping[str, Any]) -> dict[str, Any]:
    return {_OF + name: value for name, value in of.items()}


_NOTED = select(META.c.value).where(META.c.key == bindparam("of"))


def noted(connection: Connection, key: str) -> str | None:
    """The fact that ``meta`` has by that name."""
    found = connection.execute(_NOTED, {"of": key}).scalar_one_or_none()
    return None if found is None else str(found)


def all_noted(connection: Connection) -> Facts:
    """All facts of ``meta``."""
    return {row.key: row.value for row in find(connection, META)}


def note(connection: Connection, key: str, value: str) -> None:
    note_all(connection, {key: value})


def note_all(connection: Connection, facts: Facts) -> None:
    """Write these; the others stay."""
    rows = [{"key": key, "value": value} for key, value in facts.items()]
    put(connection, META, ("key",), rows)
