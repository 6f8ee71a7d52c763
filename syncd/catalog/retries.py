"""When failed jobs were sent to be made again: what the service's limit is reckoned from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from syncd.catalog.schema import RETRY

_KEPT = timedelta(days=1)


class Retries:
    """The retries of an open catalog (``Catalog.retries``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def note(self, job_id: int, now: datetime) -> None:
        """Note one that is about to be sent, and forget those of earlier days."""
        with self._begin() as connection:
            connection.execute(delete(RETRY).where(RETRY.c.at < now - _KEPT))
            connection.execute(insert(RETRY).values(job_id=job_id, at=now))

    def lately(self, now: datetime, within: timedelta) -> list[datetime]:
        """When any was sent, no longer ago than ``within``, oldest first.

        What lies in the future, by a clock that was set since, says nothing.
        """
        statement = select(RETRY.c.at).where(RETRY.c.at > now - within, RETRY.c.at <= now)
        with self._begin() as connection:
            return [*connection.execute(statement.order_by(RETRY.c.at)).scalars()]
