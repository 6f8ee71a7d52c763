"""How long to wait, and for what: retries, ``Retry-After``, and the gate that all calls share."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina
from stamina.instrumentation import set_on_retry_hooks

from syncd.core.words import amount
from syncd.errors import RemoteError

T = TypeVar("T")

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds; a longer ``Retry-After`` is taken for this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a request is sent, and how long it may wait in between, in seconds.

    ``longest_wait`` is the longest ``Retry-After`` that a request sits through.
    """

    attempts: int = 5
    wait_initial: float = 0.5
    wait_max: float = 30.0
    longest_wait: float = 60.0


class Again(Exception):
    """This try gave nothing, and another one may: ``error`` is what the last of them raises.

    ``wait`` is what the service asked for, in seconds; ``None`` leaves it to the backoff.
    """

    def __init__(self, error: RemoteError, *, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


async def retried(retries: Retries, send: Callable[[], Awaitable[T]]) -> T:
    """What ``send`` returns, sent again while it raises ``Again``; then ``Again.error``."""
    # stamina's own hooks would write to the standard output where structlog is installed.
    set_on_retry_hooks(())
    caller = stamina.AsyncRetryingCaller(
        attempts=retries.attempts,
        timeout=None,
        wait_initial=retries.wait_initial,
        wait_max=retries.wait_max,
        wait_jitter=retries.wait_initial,
    )
    try:
        return await caller(_backoff, send)
    except Again as again:
        error = again.error
    # Raised here, where no exception of the transport is left to hang on it as its context.
    raise error


def _backoff(error: BaseException) -> bool | float:
    if not isinstance(error, Again):
        return False
    return True if error.wait is None else error.wait


def retry_after(value: str | None, *, now: float) -> float | None:
    """Seconds to wait, from a ``Retry-After`` header: seconds or an HTTP date (RFC 9110, 10.2.3).

    ``now`` is the service's idea of the time, in seconds since the epoch. What is neither is
    ``None``.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = http_date(value)
        if moment is None:
            return None
        seconds = max(0.0, moment - now)
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, LONGEST_RETRY_AFTER)


def how_long(seconds: float) -> str:
    """A wait in words, rounded up: ``17 minutes``."""
    count, unit = math.ceil(seconds), "second"
    for size, larger in ((60, "minute"), (60, "hour")):
        if count < 2 * size:
            break
        count, unit = math.ceil(count / size), larger
    return amount(count, unit)


def http_date(value: str | None) -> float | None:
    """An HTTP date as seconds since the epoch; ``None`` for what is none."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


class Gate:
    """Shut when the service asks for a pause; every call waits before it.

    A pause longer than ``longest`` seconds is not sat through: who comes to the gate is turned
    away with the error that the pause came with.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._until = 0.0
        self._error: Callable[[float], RemoteError] | None = None

    def shut(self, seconds: float, error: Callable[[float], RemoteError]) -> None:
        """Shut for ``seconds``; ``error`` makes the error of a turned-away call from what is left.

        Never opens a gate that is shut for longer.
        """
        until = asyncio.get_running_loop().time() + seconds
        if until > self._until:
            self._until, self._error = until, error

    async def wait(self) -> None:
        """Return once the gate is open, or raise the error of a pause that is too long."""
        while (left := self._until - asyncio.get_running_loop().time()) > 0:
            if left > self._longest and self._error is not None:
                raise self._error(left)
            await asyncio.sleep(left)
