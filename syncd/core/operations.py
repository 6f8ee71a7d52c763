"""What a plan consists of: one small frozen class per operation, each with its reason.

A new operation touches three files: this one, the planner and the executor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Fetch a job's audio in ``format``, check and tag it, and place it at ``path``.

    ``title`` is the name as the server has it, ``stem`` the one emitted for it; ``album`` and
    ``number`` are given to the track now, and for good.
    """

    verb: ClassVar[str] = "download"
    job_id: int
    path: str
    format: str
    title: str | None
    stem: str
    album: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Take the file at ``path``, which carries the job's id, into the baseline as it is."""

    verb: ClassVar[str] = "adopt"
    job_id: int
    path: str
    album: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Record that the track cannot be had now, and why; it is due again after a back-off."""

    verb: ClassVar[str] = "defer"
    job_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Leave everything as it is until the user has decided; ``path`` is what stands there."""

    verb: ClassVar[str] = "hold"
    job_id: int
    path: str
    reason: str


Operation = Download | Adopt | Defer | Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A track for which nothing is to be done now; ``until`` where the time is known."""

    job_id: int
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order, and what is waiting. Empty operations: both sides are in step."""

    operations: tuple[Operation, ...] = ()
    waits: tuple[Wait, ...] = ()

    @property
    def holds(self) -> tuple[Hold, ...]:
        return tuple(op for op in self.operations if isinstance(op, Hold))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)
