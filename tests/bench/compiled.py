"""Statements that are compiled once for all catalogs of this process.

SQLAlchemy keeps them with each engine; a history opens its catalog a dozen times, and would spend
a third of its time on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from syncd.catalog import database

_SHARED: LRUCache[Any, Any] = LRUCache(2_000)


@contextmanager
def shared() -> Iterator[None]:
    """While this lasts. The dialects of all catalogs are alike, and count as one."""

    def create_engine(*arguments: Any, **named: Any) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(*arguments, **named)
        engine._compiled_cache = _SHARED
        return engine

    with (
        patch.object(database, "create_engine", create_engine),
        patch.object(SQLiteDialect_pysqlite, "__hash__", lambda _: 1, create=True),
        patch.object(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other)),
    ):
        yield
