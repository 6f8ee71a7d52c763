"""What an observation brings: which jobs the catalog did not know, and which show another track."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, bindparam, func, insert, select
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as upsert

from syncd.catalog.rows import TRACK_COLUMNS, track_from_row
from syncd.catalog.schema import JOB, WORDS

Columns = Mapping[str, Any]
"""A row of the table ``job`` by column, with Python's values."""

_ADDRESSES = ("output_url", "output_urls")
_PLAIN = tuple(name for name in TRACK_COLUMNS if name not in _ADDRESSES)
_LIKED = _PLAIN.index("liked")
_plain = itemgetter(*_PLAIN)
_QUERY = re.compile(r'("https?://[^"\\?]*)\?[^"\\]*(?=")')
"""The query of an address that is a whole string of JSON text: where signatures stand."""


@dataclass(frozen=True, slots=True)
class News:
    """What one observation brought, as ids of jobs.

    ``new``: not held as present before, because unknown or absent. ``changed``: those, and the ones
    of which planning sees something else now (``Job.track``); another signature is nothing else.
    """

    new: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()


class InFlight(NamedTuple):
    """A job that is not finished: PENDING or PROCESSING."""

    status: str
    created_at: datetime | None


# The ids as one parameter: however many there are, it is one statement, and always the same.
_IDS = func.json_each(bindparam("ids", type_=String)).table_valued("value")
_PRESENT = select(*(JOB.c[name] for name in (*_PLAIN, *_ADDRESSES, "raw"))).where(
    JOB.c.id.in_(select(_IDS.c.value)), JOB.c.absent_since.is_(None)
)


_HELD = select(JOB.c.id).where(JOB.c.id.in_(select(_IDS.c.value)))
_TEXTS = ("display_name", "prompt", "lyrics")
_INDEX = insert(WORDS).from_select(
    ["rowid", *_TEXTS],
    select(JOB.c.id, *(func.indexed(JOB.c[name]) for name in _TEXTS)).where(
        JOB.c.id.in_(select(_IDS.c.value))
    ),
)


class _Known(NamedTuple):
    """A present job as its row has it: of its track the plain columns, the addresses, all of it."""

    plain: tuple[Any, ...]
    output_url: str | None
    output_urls: Mapping[str, str]
    raw: str


def take_in(connection: Connection, seen: Mapping[int, Columns], *, all_of_them: bool) -> News:
    """Write the rows ``seen``, by id, unless ``all_of_them`` only those that say something else."""
    found = connection.execute(_PRESENT, {"ids": json.dumps(list(seen))})
    known = {row[0]: _Known(tuple(row[:-3]), *row[-3:]) for row in found}
    if not all_of_them:
        seen = {id_: _with_like(row, known.get(id_)) for id_, row in seen.items()}
    new = frozenset(seen.keys() - known.keys())
    changed = new | {id_ for id_ in known if not _is_same_track(seen[id_], known[id_])}
    written = [
        row
        for id_, row in seen.items()
        if all_of_them or id_ in changed or not _is_same_object(row, known[id_])
    ]
    if written:
        # One statement for all of them: the index makes a segment of its own for each.
        held = set(connection.execute(_HELD, {"ids": json.dumps(list(new))}).scalars())
        connection.execute(_WRITE, written)
        connection.execute(_INDEX, {"ids": json.dumps(list(new - held))})
    return News(new, changed)


def _with_like(row: Columns, known: _Known | None) -> Columns:
    """``row`` with the like that is known: only listings tell it, a status call does not."""
    if known is None or row["liked"] is not None:
        return row
    return {**row, "liked": known.plain[_LIKED]}


def _writing() -> Insert:
    statement = upsert(JOB)
    later: dict[str, Any] = {
        column.name: statement.excluded[column.name]
        for column in JOB.columns
        if column.name not in ("id", "first_seen")
    }
    later["last_sweep"] = func.coalesce(statement.excluded.last_sweep, JOB.c.last_sweep)
    return statement.on_conflict_do_update(index_elements=["id"], set_=later)


_WRITE = _writing()


def _is_same_object(row: Columns, known: _Known) -> bool:
    """Whether the service sent the same object as before, the signatures in it aside."""
    return bool(row["raw"] == known.raw or _unsigned(row["raw"]) == _unsigned(known.raw))


def _is_same_track(row: Columns, known: _Known) -> bool:
    # The common case, and far quicker to see than with the tracks themselves.
    if _plain(row) == known.plain and _paths(row["output_url"], row["output_urls"]) == _paths(
        known.output_url, known.output_urls
    ):
        return True
    before = dict(zip(_PLAIN, known.plain, strict=True))
    addresses = {"output_url": known.output_url, "output_urls": known.output_urls}
    return track_from_row(row) == track_from_row({**before, **addresses})


def _paths(address: str | None, addresses: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    whole = {name: one.partition("?")[0] for name, one in addresses.items()}
    return address and address.partition("?")[0], whole


def _unsigned(raw: str) -> str:
    return _QUERY.sub(r"\1", raw)
