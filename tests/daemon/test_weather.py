"""How long the service is left alone, and what ends the daemon."""

from __future__ import annotations

import pytest

from syncd.daemon.weather import FIRST_WAIT, LONGEST_WAIT, Weather, is_fatal
from syncd.errors import (
    CatalogUnusable,
    ConfigError,
    KeyRefused,
    Locked,
    Offline,
    RateLimited,
    RootUnusable,
    StateUnusable,
    SyncdError,
    Uninitialised,
    WrongAccount,
)


def test_the_wait_doubles_up_to_its_limit() -> None:
    weather = Weather(draw=lambda: 0.5)
    waits = [weather.failed(Offline("no answer")) for _ in range(10)]
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
    assert waits == sorted(waits)


@pytest.mark.parametrize(("drawn", "part"), [(0.0, 0.75), (1.0, 1.25)])
def test_the_wait_is_spread(drawn: float, part: float) -> None:
    assert Weather(draw=lambda: drawn).failed(Offline("x")) == part * FIRST_WAIT


def test_success_begins_anew_and_says_whether_it_was_news() -> None:
    weather = Weather(draw=lambda: 0.5)
    assert not weather.cleared()
    weather.failed(Offline("x"))
    weather.failed(Offline("x"))
    assert weather.error is not None
    assert weather.cleared()
    assert weather.error is None
    assert weather.failed(Offline("x")) == FIRST_WAIT


@pytest.mark.parametrize("drawn", [0.0, 1.0])
def test_a_wait_that_the_service_asked_for_is_never_shorter(drawn: float) -> None:
    error = RateLimited("slow down", retry_after=700.0)
    assert Weather(draw=lambda: drawn).failed(error) >= 700.0


@pytest.mark.parametrize(
    ("error", "fatal"),
    [
        (RootUnusable("not mounted"), False),
        (RootUnusable("another library", may_return=False), True),
        (KeyRefused("401"), False),
        (WrongAccount("another account"), True),
        (Locked("busy"), False),
        (CatalogUnusable("damaged"), True),
        (StateUnusable("read-only"), True),
        (ConfigError("no key"), True),
        (Uninitialised("no library"), True),
        (Offline("no answer"), False),
    ],
)
def test_only_what_a_person_must_settle_ends_the_daemon(error: SyncdError, fatal: bool) -> None:
    assert is_fatal(error, running=False) is fatal


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("no key"),
        Uninitialised("no library"),
        WrongAccount("another key"),
        RootUnusable("another library", may_return=False),
        StateUnusable("read-only"),
    ],
)
def test_what_vanishes_from_a_running_daemon_may_come_back(error: SyncdError) -> None:
    assert not is_fatal(error, running=True)
