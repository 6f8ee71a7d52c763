"""What was sent to be made again, and when: kept for good, so that no job is sent without end.

The pace that the service asks for is reckoned from it, too (``core.pacing``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from syncd.catalog.schema import JOB, META, RETRY
from syncd.core import pacing
from syncd.core.baseline import Retried
from syncd.core.policy import Now

_REST = "no_retry_before"


class Retries:
    """The retries of an open catalog (``Catalog.retries``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def note(self, job_id: int, now: Now) -> int:
        """Note one that is about to be sent; the number of the note."""
        with self._begin() as connection:
            return _note(connection, job_id, now)

    def note_if_allowed(self, job_id: int, now: Now) -> int | None:
        """The same, where the service takes another one now; ``None`` where it does not."""
        with self._begin() as connection:
            if not pacing.is_over(_rest(connection) or now.local, now.local):
                return None
            if not pacing.allowed(_lately(connection, now.local, pacing.WINDOW), now.local):
                return None
            return _note(connection, job_id, now)

    def take_back(self, note: int, *, rest: datetime | None = None) -> None:
        """It certainly was not done, and so counts for nothing; until ``rest`` none is sent."""
        with self._begin() as connection:
            connection.execute(delete(RETRY).where(RETRY.c.id == note))
            if rest is not None:
                value = rest.isoformat()
                statement = upsert(META).values(key=_REST, value=value)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
                )

    def refuse(self, note: int, reason: str) -> None:
        """The service would not: it is not asked again, until the job shows something else."""
        error = select(JOB.c.error_message).where(JOB.c.id == RETRY.c.job_id).scalar_subquery()
        with self._begin() as connection:
            connection.execute(
                update(RETRY).where(RETRY.c.id == note).values(refused=reason, error=error)
            )

    def take_over(self, times: Mapping[int, int], now: Now) -> None:
        """Note what another catalog knew: that jobs were sent so often, the last time just now."""
        # Long enough ago to say nothing of the pace.
        then = Now(now.local - pacing.WINDOW, now.server)
        with self._begin() as connection:
            known = {job_id: one.times for job_id, one in _retried(connection).items()}
            for job_id, number in times.items():
                for _ in range(number - known.get(job_id, 0)):
                    _note(connection, job_id, then)

    def lately(self, now: datetime, within: timedelta) -> list[datetime]:
        """When any was sent, no longer ago than ``within``, oldest first.

        What lies in the future, by a clock that was set since, says nothing.
        """
        with self._begin() as connection:
            return _lately(connection, now, within)


class _Read(TypedDict):
    retried: dict[int, Retried]
    retries: tuple[datetime, ...]
    no_retry_before: datetime | None


def read_retries(connection: Connection, now: datetime) -> _Read:
    """What a ``Baseline`` has of them."""
    return {
        "retried": _retried(connection),
        "retries": tuple(_lately(connection, now, pacing.WINDOW)),
        "no_retry_before": _rest(connection),
    }


def _retried(connection: Connection) -> dict[int, Retried]:
    is_same = RETRY.c.error.is_not_distinct_from(JOB.c.error_message)
    statement = (
        select(RETRY.c.job_id, RETRY.c.at, RETRY.c.server_at, RETRY.c.refused, is_same.label("is"))
        .join(JOB, JOB.c.id == RETRY.c.job_id, isouter=True)
        .order_by(RETRY.c.id)
    )
    found: dict[int, Retried] = {}
    for job_id, at, server_at, refused, is_same_job in connection.execute(statement):
        before = found.get(job_id)
        found[job_id] = Retried(
            times=1 + (before.times if before else 0),
            at=at,
            server_at=server_at,
            refused=refused if is_same_job else None,
        )
    return found


def _note(connection: Connection, job_id: int, now: Now) -> int:
    values = {"job_id": job_id, "at": now.local, "server_at": now.server}
    result = connection.execute(insert(RETRY).values(values))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _lately(connection: Connection, now: datetime, within: timedelta) -> list[datetime]:
    statement = select(RETRY.c.at).where(RETRY.c.at > now - within, RETRY.c.at <= now)
    return [*connection.execute(statement.order_by(RETRY.c.at)).scalars()]


def _rest(connection: Connection) -> datetime | None:
    found = connection.execute(select(META.c.value).where(META.c.key == _REST))
    value = found.scalar_one_or_none()
    return datetime.fromisoformat(value) if value else None
