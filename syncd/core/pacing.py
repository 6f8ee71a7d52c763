"""The pace of retries: the service takes 10 in a minute (api.md, ``POST /jobs/{id}/retry``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

MOST_RETRIES = 10

WINDOW = timedelta(seconds=61)
"""The minute, and by how much later than sent a request may be counted by the service."""


def allowed(sent: Sequence[datetime], now: datetime) -> int:
    """How many may be sent at once, after those that were ``sent``, none of them after ``now``."""
    return max(0, MOST_RETRIES - sum(now - moment < WINDOW for moment in sent))


def wait(sent: Sequence[datetime], now: datetime) -> float:
    """Seconds until another one may be sent; 0.0 where it may be now."""
    if allowed(sent, now):
        return 0.0
    return (sorted(sent)[-MOST_RETRIES] + WINDOW - now).total_seconds()
