"""Elapsed time that two clocks agree on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syncd.core.policy import Now
from syncd.core.time import TOLERANCE, agreed_elapsed, rearmed

from .trees import NOW, absence

HOUR = timedelta(hours=1)
AGO = NOW - HOUR
ARMED = absence(HOUR)
UNHEARD = absence(HOUR, server=False)


@pytest.mark.parametrize(
    ("since_server", "now", "elapsed"),
    [
        pytest.param(AGO, Now(NOW, NOW), HOUR, id="both agree"),
        pytest.param(AGO, Now(NOW + HOUR, NOW), HOUR, id="the local clock stepped forward"),
        pytest.param(AGO, Now(NOW, NOW + HOUR), HOUR, id="the service's stepped forward"),
        pytest.param(AGO, Now(NOW - 2 * HOUR, NOW), -HOUR, id="the local clock stepped back"),
        pytest.param(AGO - HOUR, Now(NOW, NOW - HOUR), HOUR, id="two zones, one length"),
        pytest.param(None, Now(NOW, NOW), None, id="the service was not heard then"),
        pytest.param(AGO, Now(NOW), None, id="the service is not heard now"),
        pytest.param(None, Now(NOW), None, id="it was never heard"),
    ],
)
def test_what_has_elapsed_by_both_clocks(
    since_server: datetime | None, now: Now, elapsed: timedelta | None
) -> None:
    assert agreed_elapsed(AGO, since_server, now) == elapsed


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(Now(NOW, NOW), id="both clocks went on"),
        pytest.param(Now(NOW + 900 * HOUR, NOW + 900 * HOUR), id="suspended for long"),
        pytest.param(Now(NOW + TOLERANCE, NOW), id="a little fast"),
        pytest.param(Now(NOW - TOLERANCE, NOW), id="a little slow"),
        pytest.param(Now(NOW + HOUR), id="the service is not heard now, and the clock stepped"),
    ],
)
def test_a_grace_goes_on(now: Now) -> None:
    assert rearmed(ARMED, now) == ARMED


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(Now(NOW + HOUR, NOW), id="a step forward"),
        pytest.param(Now(NOW - HOUR, NOW), id="a step back"),
        pytest.param(Now(NOW + TOLERANCE + timedelta(seconds=1), NOW), id="just too fast"),
        pytest.param(Now(NOW - TOLERANCE - timedelta(seconds=1), NOW), id="just too slow"),
        pytest.param(Now(NOW, NOW + HOUR), id="a step of the service's clock"),
    ],
)
def test_a_grace_begins_anew_where_the_clocks_disagree(now: Now) -> None:
    again = rearmed(ARMED, now)
    assert (again.armed_at, again.armed_server) == (now.local, now.server)
    assert agreed_elapsed(again.armed_at, again.armed_server, now) == timedelta(0)


def test_only_the_grace_begins_anew_and_the_evidence_stays() -> None:
    again = rearmed(ARMED, Now(NOW + HOUR, NOW))
    assert (again.first_at, again.last_at, again.scans, again.seen_at) == (
        ARMED.first_at,
        ARMED.last_at,
        ARMED.scans,
        ARMED.seen_at,
    )


def test_a_grace_begins_anew_when_the_service_is_first_heard() -> None:
    again = rearmed(UNHEARD, Now(NOW, NOW))
    assert (again.armed_at, again.armed_server) == (NOW, NOW)
    assert rearmed(again, Now(NOW + HOUR, NOW + HOUR)) == again


def test_a_grace_waits_as_it_is_while_the_service_is_not_heard() -> None:
    assert rearmed(UNHEARD, Now(NOW)) == UNHEARD
