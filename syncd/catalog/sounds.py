"""What was read from placed files for exports: a file is opened once, not at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from syncd.catalog.schema import BASELINE, SOUND
from syncd.catalog.statements import put
from syncd.core.cases import EXPECTED


class Unread(NamedTuple):
    """A placed file that was not read since it has this size (bytes) and date."""

    job_id: int
    path: str
    format: str
    size: int
    mtime_ns: int


class Rates(NamedTuple):
    """``sample_rate`` in hertz, ``bit_rate`` in bits a second; ``None`` where it is not known."""

    sample_rate: int | None = None
    bit_rate: int | None = None


class Sounds:
    """The part of ``Catalog`` for it; each method is one transaction."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def unread(self) -> list[Unread]:
        """The placed files of which nothing is known."""
        columns = ("job_id", "path", "format", "size", "mtime_ns")
        same = and_(
            SOUND.c.job_id == BASELINE.c.job_id,
            SOUND.c.size == BASELINE.c.size,
            SOUND.c.mtime_ns == BASELINE.c.mtime_ns,
        )
        statement = (
            select(*(BASELINE.c[name] for name in columns))
            .join(SOUND, same, isouter=True)
            .where(BASELINE.c.state.in_(EXPECTED), SOUND.c.job_id.is_(None))
            .where(*(BASELINE.c[name].is_not(None) for name in columns))
            .order_by(BASELINE.c.job_id)
        )
        with self._begin() as connection:
            return [Unread(*row) for row in connection.execute(statement)]

    def keep(self, found: Iterable[tuple[Unread, Rates]]) -> None:
        """What was read of files."""
        rows = [
            {
                "job_id": file.job_id,
                "size": file.size,
                "mtime_ns": file.mtime_ns,
                "sample_rate": rates.sample_rate,
                "bit_rate": rates.bit_rate,
            }
            for file, rates in found
        ]
        with self._begin() as connection:
            put(connection, SOUND, ("job_id",), rows)

    def rates(self) -> dict[int, Rates]:
        """What is known, by job."""
        statement = select(SOUND.c.job_id, SOUND.c.sample_rate, SOUND.c.bit_rate)
        with self._begin() as connection:
            return {job_id: Rates(*rates) for job_id, *rates in connection.execute(statement)}
