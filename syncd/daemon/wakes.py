"""The queue in which wake-ups collapse: however many come, the next cycle looks once.

A wake-up says what to look at, never what to do. A request of a user, and a ping, have their turn
in the same queue: between two cycles.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from syncd.cycle import Look
from syncd.engine import Engine

NOTHING = Look()

MOST_REASONS = 20
"""Reasons that are kept for a look: while looks are held, for a pause of months, they gather."""


@dataclass(frozen=True, slots=True)
class Wake:
    """What to look at, and why, in a few words each."""

    look: Look
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Something that a user asked for; ``answer`` is what ``work`` gives with the open library.

    ``is_brief``: it has its turn between two cycles of a long one, too.
    """

    what: str
    work: Callable[[Engine], Awaitable[Any]]
    is_brief: bool = False
    answer: asyncio.Future[Any] = field(default_factory=asyncio.Future)


class Ping:
    """Shows that the queue is served."""


class Upkeep:
    """The catalog and the trash are to be kept up."""


class Wakes:
    """Filled from the event loop's thread; ``next`` serves one caller."""

    def __init__(self) -> None:
        self._look = NOTHING
        self._why: dict[str, None] = {}
        self._requests: deque[Request] = deque()
        self._pinged = False
        self._neglected = False
        self._held: set[str] = set()
        self._stirred = asyncio.Event()

    def wake(self, look: Look, why: str) -> None:
        self._look |= look
        if len(self._why) < MOST_REASONS:
            self._why[why] = None
        self._stirred.set()

    def ask(self, request: Request) -> None:
        self._requests.append(request)
        self._stirred.set()

    def ping(self) -> None:
        self._pinged = True
        self._stirred.set()

    def keep_up(self) -> None:
        """The upkeep is due."""
        self._neglected = True
        self._stirred.set()

    def hold(self, why: str, held: bool) -> None:
        """While held, for whatever reason, wake-ups gather and wait; the others do not."""
        (self._held.add if held else self._held.discard)(why)
        self._stirred.set()

    @property
    def is_asked(self) -> bool:
        """Whether a request waits for its turn."""
        return bool(self._requests)

    @property
    def is_asked_briefly(self) -> bool:
        """Whether a brief one does."""
        return any(request.is_brief for request in self._requests)

    def next_brief(self) -> Request | None:
        """The brief request that waits the longest, taken out of the queue; ``None``: no such."""
        found = next((request for request in self._requests if request.is_brief), None)
        if found is not None:
            self._requests.remove(found)
        return found

    @property
    def is_woken(self) -> bool:
        """Whether there is something to look at."""
        return self._look != NOTHING and not self._held

    async def stirred(self) -> None:
        """Wait until a request comes, a ping or a wake-up; they stay in the queue."""
        while not (self._pinged or self.is_asked or self._neglected or self.is_woken):
            self._stirred.clear()
            await self._stirred.wait()

    async def pinged(self) -> None:
        """Wait for a ping, and take it; everything else stays in the queue."""
        while not self._pinged:
            self._stirred.clear()
            await self._stirred.wait()
        self._pinged = False

    async def next(self) -> Wake | Request | Ping | Upkeep:
        """What is to be done next: a ping first, then what users ask for; all wake-ups last."""
        await self.stirred()
        if self._pinged:
            self._pinged = False
            return Ping()
        if self._requests:
            return self._requests.popleft()
        if self._neglected:
            self._neglected = False
            return Upkeep()
        wake = Wake(self._look, tuple(self._why))
        self._look, self._why = NOTHING, {}
        return wake

    def refuse(self, error: Exception) -> None:
        """Answer all requests that wait with ``error``."""
        while self._requests:
            answer = self._requests.popleft().answer
            if not answer.done():
                answer.set_exception(error)
