"""Values that are spelled otherwise in the catalog than they were asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, select, type_coerce

from syncd.catalog.queries.listing import LANGUAGE
from syncd.catalog.schema import KNOWN
from syncd.catalog.store import Catalog
from syncd.core.listing import Listing
from syncd.core.only import folded

_COLUMNS: dict[str, ColumnElement[Any]] = {
    "task": KNOWN.c.task,
    "song_type": KNOWN.c.song_type,
    "language": LANGUAGE,
    **{name: type_coerce(KNOWN.c[name], String) for name in ("genre", "emotion", "occasion")},
}
_LISTS = ("genre", "emotion", "occasion")


def other_spellings(catalog: Catalog, listing: Listing) -> list[tuple[str, str]]:
    """By field of ``listing``, what jobs have in place of a value that none has, but for capitals.

    The fields in the order of the listing, the values in that of their letters.
    """
    found: list[tuple[str, str]] = []
    with catalog.reading() as connection:
        for name in _COLUMNS:
            asked: tuple[str, ...] = getattr(listing, name)
            if not asked:
                continue
            known = {*_values(connection, name)}
            missing = {folded(value) for value in asked if value not in known}
            found += ((name, value) for value in sorted(known) if folded(value) in missing)
    return found


def _values(connection: Connection, name: str) -> Iterator[str]:
    for text in connection.execute(select(_COLUMNS[name]).distinct()).scalars():
        values: Iterable[str] = json.loads(text) if name in _LISTS else (text or "",)
        yield from values
