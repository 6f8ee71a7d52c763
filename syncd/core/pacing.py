"""The pace of retries: the service takes 10 in a minute (api.md, ``POST /jobs/{id}/retry``), and
what is sent unasked lets ever more time pass between two tries of one job.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from syncd.core.baseline import Retried
from syncd.core.policy import Now

MOST_RETRIES = 10

WINDOW = timedelta(seconds=61)
"""The minute, and by how much later than sent a request may be counted by the service."""

DISTANCES = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""Between the first try of a job and the second, the second and the third, and any others."""

LONGEST_REST = timedelta(hours=1)
"""For how long retries are left alone at most where the service asks for that."""


def is_over(rest: datetime, now: datetime) -> bool:
    """Whether a rest until then is over; one that was set by a clock that was wrong is."""
    return not now < rest <= now + LONGEST_REST


def allowed(sent: Sequence[datetime], now: datetime) -> int:
    """How many may be sent at once, after those that were ``sent``, none of them after ``now``."""
    return max(0, MOST_RETRIES - sum(now - moment < WINDOW for moment in sent))


def wait(sent: Sequence[datetime], now: datetime) -> float:
    """Seconds until another one may be sent; 0.0 where it may be now."""
    if allowed(sent, now):
        return 0.0
    return (sorted(sent)[-MOST_RETRIES] + WINDOW - now).total_seconds()


def distance_left(last: Retried, now: Now) -> timedelta | None:
    """How long the next try of a job has to wait, by both clocks; not positive where it is due.

    ``None``: the service's clock is not heard now, and was when the last one was sent. A local
    clock that was set back since says nothing.
    """
    distance = DISTANCES[min(last.times, len(DISTANCES)) - 1]
    by_local = now.local - last.at
    if last.server_at is None:
        return distance - by_local if by_local >= timedelta(0) else timedelta(0)
    if now.server is None:
        return None
    by_server = now.server - last.server_at
    return distance - (by_server if by_local < timedelta(0) else min(by_local, by_server))
