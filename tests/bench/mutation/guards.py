"""The guards of the program and the lines that keep its invariants, each with what would notice.

They stand in ``lists/``, one table each: taken out or turned one by one, each has to be missed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LISTS = Path(__file__).parent / "lists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A line that keeps something from being lost, ``guard`` in words.

    In ``file``, below ``syncd``, ``old`` becomes ``new``; then one of the tests ``noticed_by``
    fails. ``equivalent`` says why nothing can notice it where the line is a second guard.
    """

    guard: str
    file: str
    old: str
    new: str
    noticed_by: tuple[str, ...]
    ci: bool = False
    """Whether it is taken out in each run of CI as well: those that are the quickest to notice."""
    equivalent: str | None = None

    @property
    def key(self) -> str:
        """Its name as that of a case: without blanks."""
        return re.sub(r"[^a-z0-9]+", "-", self.guard.lower()).strip("-")


def guards() -> Iterator[Guard]:
    """All of them, in the order of the lists."""
    for path in sorted(LISTS.glob("*.toml")):
        for table in tomllib.loads(path.read_text(encoding="utf-8"))["guard"]:
            noticed_by = tuple(table.pop("noticed_by"))
            yield Guard(noticed_by=noticed_by, **table)
