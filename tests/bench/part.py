"""What each part of the bench is: cases with stable names, and a verdict on each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol


class Size(Enum):
    """How much of a part is played."""

    CI = "ci"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one case came to: ``troubles`` are empty where everything held.

    ``trace`` is what happened, in words, line by line; ``counts`` what a case of many comes to,
    such as ``{"histories": 1000}``, for the sums of the report.
    """

    troubles: tuple[str, ...] = ()
    trace: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class Part(Protocol):
    """A module that has these."""

    NAME: str
    """One word."""

    UNIT: str
    """What its figure counts, such as ``histories``.

    A part may also say ``LIMIT``, ``AT_ONCE`` (``runner``), ``SOURCES`` (``parts``) and
    ``UNITS_A_CASE`` (``report``).
    """

    def cases(self, size: Size) -> Iterable[str]:
        """The names of the cases, the same each time: a run is taken up again by them."""
        ...

    def play(self, case: str, base: Path) -> Verdict:
        """One case, in an empty folder of its own on a file system in memory."""
        ...
