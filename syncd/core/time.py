"""Elapsed time that two clocks agree on: the local one, and the service's.

A wall clock can be set, by hand or by NTP, and a grace must not end by that. Suspend and resume
are no step: both clocks go on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from syncd.core.baseline import Absence
from syncd.core.policy import Now

DAY = timedelta(days=1)
LONGEST_BACKOFF = DAY
"""After how long at most what failed is tried again."""
TOLERANCE = timedelta(minutes=5)
"""By how much the two clocks may differ in what has elapsed before one of them was set."""


def agreed_elapsed(since: datetime, since_server: datetime | None, now: Now) -> timedelta | None:
    """What has elapsed by both clocks; ``None`` where the service's is not known."""
    if since_server is None or now.server is None:
        return None
    return min(now.local - since, now.server - since_server)


def rearmed(absence: Absence, now: Now) -> Absence:
    """``absence`` with its grace begun anew, where the clocks no longer agree on how long it ran.

    Also where the service's time was not known when it began.
    """
    if now.server is None:
        return absence
    if absence.armed_server is not None:
        by_local, by_server = now.local - absence.armed_at, now.server - absence.armed_server
        if abs(by_local - by_server) <= TOLERANCE:
            return absence
    return replace(absence, armed_at=now.local, armed_server=now.server)
