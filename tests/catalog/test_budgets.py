"""What was done within the last day, by the local clock or by the service's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.evidence import Sighting
from syncd.core.policy import Now
from syncd.core.time import DAY

from .looking import HOUR, both, count

SECOND = timedelta(seconds=1)
NOTHING = Sighting(missed=frozenset(), unsure=frozenset())


def spend(catalog: Catalog, job_id: int, now: Now, verb: str = "delete-remote") -> None:
    done = Done(job_id=job_id, verb=verb, state=State.GONE, counted=True)
    catalog.outcomes.record(done, entry=0, now=now)


def test_what_is_counted_is_spent_by_verb_and_distinct_job(catalog: Catalog, now: datetime) -> None:
    for job_id in (1, 2, 2):
        spend(catalog, job_id, both(now))
    spend(catalog, 1, both(now), verb="rename-remote")
    uncounted = Done(job_id=3, verb="delete-remote", state=State.GONE)
    catalog.outcomes.record(uncounted, entry=0, now=both(now))
    assert catalog.baseline(both(now)).spent == {
        "delete-remote": frozenset({1, 2}),
        "rename-remote": frozenset({1}),
    }


@pytest.mark.parametrize(
    ("local", "server", "counts"),
    [
        (DAY - SECOND, DAY - SECOND, True),
        (DAY, DAY, False),
        # A clock that was set forward does not empty the budget of the day.
        (3 * DAY, HOUR, True),
        # Nor does a service that lost its time.
        (HOUR, 3 * DAY, True),
        # A local clock alone may have been set.
        (9 * DAY, None, True),
        # A clock that was set back: what was done lies ahead of it.
        (-HOUR, DAY, True),
    ],
)
def test_what_was_done_counts_until_both_clocks_say_that_a_day_is_over(
    catalog: Catalog,
    now: datetime,
    local: timedelta,
    server: timedelta | None,
    counts: bool,
) -> None:
    spend(catalog, 1, both(now))
    later = Now(now + local, None if server is None else now + server)
    assert bool(catalog.baseline(later).spent) is counts


def test_what_was_done_unheard_by_the_service_counts_for_a_day_once_it_is_heard(
    catalog: Catalog, now: datetime
) -> None:
    spend(catalog, 1, Now(now))
    heard = now + 40 * DAY
    assert catalog.baseline(both(heard)).spent == {"delete-remote": frozenset({1})}
    catalog.scans.note(NOTHING, Now(heard))
    catalog.scans.note(NOTHING, both(heard))
    catalog.scans.note(NOTHING, both(heard + HOUR))
    late = heard + DAY - SECOND
    assert catalog.baseline(both(late)).spent == {"delete-remote": frozenset({1})}
    assert catalog.baseline(both(heard + DAY)).spent == {}


def test_what_was_done_unheard_by_a_clock_that_was_ahead_counts_for_a_day_too(
    catalog: Catalog, now: datetime
) -> None:
    spend(catalog, 1, Now(now + 40 * DAY))
    catalog.scans.note(NOTHING, both(now))
    assert catalog.baseline(both(now + DAY)).spent == {}


def test_doing_it_again_counts_from_the_last_time(catalog: Catalog, now: datetime) -> None:
    spend(catalog, 1, both(now))
    spend(catalog, 1, both(now + 23 * HOUR))
    assert catalog.baseline(both(now + DAY + HOUR)).spent == {"delete-remote": frozenset({1})}


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        (lambda now: both(now + 2 * DAY + SECOND), 1),
        (lambda now: both(now + 2 * DAY), 2),
        (lambda now: Now(now + 9 * DAY, now + HOUR), 2),
        (lambda now: Now(now + HOUR, now + 9 * DAY), 2),
        (lambda now: Now(now + 9 * DAY, None), 2),
    ],
    ids=["both clocks", "not two days yet", "set forward", "service astray", "service unheard"],
)
def test_only_what_is_old_by_both_clocks_is_pruned(
    catalog: Catalog,
    now: datetime,
    later: object,
    kept: int,
) -> None:
    spend(catalog, 1, both(now))
    spend(catalog, 2, later(now))  # type: ignore[operator]
    assert count(catalog, "spent") == kept
