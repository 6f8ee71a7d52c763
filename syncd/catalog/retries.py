"""What was sent to be made again, and when: kept for good, so that no job is sent without end.

The pace that the service asks for is reckoned from it, too (``core.pacing``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import Connection, bindparam, insert, select, update

from syncd.catalog.schema import JOB, RETRY
from syncd.catalog.statements import Facts, all_noted, note_all, remove
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
            if not pacing.is_over(_rest(all_noted(connection)) or now.local, now.local):
                return None
            if not pacing.allowed(_lately(connection, now.local, pacing.WINDOW), now.local):
                return None
            return _note(connection, job_id, now)

    def take_back(self, note: int, *, rest: datetime | None = None) -> None:
        """It certainly was not done, and so counts for nothing; until ``rest`` none is sent."""
        with self._begin() as connection:
            remove(connection, RETRY, id=note)
            if rest is not None:
                note_all(connection, {_REST: rest.isoformat()})

    def refuse(self, note: int, reason: str) -> None:
        """The service would not: it is not asked again, until the job shows something else."""
        error = select(JOB.c.error_message).where(JOB.c.id == RETRY.c.job_id).scalar_subquery()
        with self._begin() as connection:
            connection.execute(
                update(RETRY).where(RETRY.c.id == note).values(refused=reason, error=error)
            )

    def times(self) -> dict[int, int]:
        """How often each job was sent."""
        with self._begin() as connection:
            return _times(connection)

    def take_over(self, times: Mapping[int, int], now: Now) -> None:
        """Note what another catalog knew: that jobs were sent so often, the last time just now."""
        # Long enough ago to say nothing of the pace.
        then = Now(now.local - pacing.WINDOW, now.server)
        with self._begin() as connection:
            known = _times(connection)
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


def read_retries(connection: Connection, now: datetime, facts: Facts) -> _Read:
    """What a ``Baseline`` has of them."""
    return {
        "retried": _retried(connection),
        "retries": tuple(_lately(connection, now, pacing.WINDOW)),
        "no_retry_before": _rest(facts),
    }


_IS_SAME = RETRY.c.error.is_not_distinct_from(JOB.c.error_message)
_RETRIED = (
    select(RETRY.c.job_id, RETRY.c.at, RETRY.c.server_at, RETRY.c.refused, _IS_SAME.label("is"))
    .join(JOB, JOB.c.id == RETRY.c.job_id, isouter=True)
    .order_by(RETRY.c.id)
)
_LATELY = (
    select(RETRY.c.at)
    .where(RETRY.c.at > bindparam("after"), RETRY.c.at <= bindparam("now"))
    .order_by(RETRY.c.at)
)


def _retried(connection: Connection) -> dict[int, Retried]:
    found: dict[int, Retried] = {}
    for job_id, at, server_at, refused, is_same_job in connection.execute(_RETRIED):
        before = found.get(job_id)
        found[job_id] = Retried(
            times=1 + (before.times if before else 0),
            at=at,
            server_at=server_at,
            refused=refused if is_same_job else None,
        )
    return found


def _times(connection: Connection) -> dict[int, int]:
    return {job_id: one.times for job_id, one in _retried(connection).items()}


def _note(connection: Connection, job_id: int, now: Now) -> int:
    values = {"job_id": job_id, "at": now.local, "server_at": now.server}
    result = connection.execute(insert(RETRY), values)
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _lately(connection: Connection, now: datetime, within: timedelta) -> list[datetime]:
    return [*connection.execute(_LATELY, {"after": now - within, "now": now}).scalars()]


def _rest(facts: Facts) -> datetime | None:
    value = facts.get(_REST)
    return datetime.fromisoformat(value) if value else None
