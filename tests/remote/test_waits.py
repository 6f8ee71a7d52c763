"""Pauses: how ``Retry-After`` is read, and how the gate keeps them."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

import pytest

from syncd.errors import Offline, RateLimited, RemoteError
from syncd.remote import Retries
from syncd.remote.waits import Again, Gate, how_long, http_date, retried, retry_after

NOW = 1_770_000_000.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("0", 0.0),
        ("120", 120.0),
        ("1.5", 1.5),
        ("999999999", 86_400.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        ("Mon, 02 Feb 2026 02:41:30 -0000", 90.0),
        ("Mon, 99 Feb 2026 02:41:30 GMT", None),
    ],
)
def test_a_pause_is_read_from_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


def test_what_is_no_date_is_none() -> None:
    assert http_date("x") is None
    assert http_date(None) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 seconds"),
        (0.2, "1 second"),
        (119.0, "119 seconds"),
        (119.5, "2 minutes"),
        (1019.0, "17 minutes"),
        (3600.0, "60 minutes"),
        (7200.0, "2 hours"),
        (86_400.0, "24 hours"),
    ],
)
def test_a_wait_is_told_in_words(seconds: float, words: str) -> None:
    assert how_long(seconds) == words


def over(left: float) -> RateLimited:
    return RateLimited("too many", retry_after=left)


async def test_an_open_gate_lets_through() -> None:
    await Gate(60).wait()


async def test_a_gate_that_is_shut_for_long_turns_away() -> None:
    gate = Gate(60)
    gate.shut(3600, over)
    with pytest.raises(RateLimited) as caught:
        await gate.wait()
    assert caught.value.retry_after == pytest.approx(3600, abs=1)


async def test_a_shorter_pause_does_not_open_a_gate_that_is_shut_for_longer() -> None:
    gate = Gate(60)
    gate.shut(3600, over)
    gate.shut(0.0, over)
    with pytest.raises(RateLimited):
        await gate.wait()


async def test_a_gate_opens_when_the_pause_is_over() -> None:
    gate = Gate(60)
    gate.shut(0.01, over)
    async with asyncio.timeout(5):
        await gate.wait()


async def test_another_error_is_not_tried_again() -> None:
    calls = 0

    async def send() -> None:
        nonlocal calls
        calls += 1
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await retried(Retries(wait_initial=0.0), send)
    assert calls == 1


async def test_the_last_error_is_raised_without_a_context() -> None:
    async def send() -> None:
        raise Again(Offline("no connection"))

    with pytest.raises(RemoteError) as caught:
        await retried(Retries(attempts=2, wait_initial=0.0), send)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
