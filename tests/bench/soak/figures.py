"""What a daemon takes, hour by hour, and whether that grows."""

from __future__ import annotations

import os
import sqlite3
import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ..ledger import everything
from .home import Home

MEBI, KIBI = 1 << 20, 1 << 10
DAY = 86_400.0

ALLOWED: Mapping[str, tuple[float, float]] = {
    # Python's memory is never quite given back, and its pieces lie ever otherwise.
    "memory": (0.10, 3 * MEBI),
    "descriptors": (0.0, 3),
    "threads": (0.0, 1),
    "children": (0.0, 0),
    "catalog": (0.15, 256 * KIBI),
    # SQLite folds it in when it has so many pages, and it is as large as it ever was until then.
    "write-ahead log": (0.0, 8 * MEBI),
    "backups": (0.15, 256 * KIBI),
    "state files": (0.0, 3),
    "own files": (0.25, 8),
    "trash files": (0.35, 8),
    "trash": (0.35, 512 * KIBI),
    "library files": (0.25, 10),
    # Each of a day: what is done there differs from day to day.
    "log a day": (0.50, 64 * KIBI),
    "requests a day": (0.50, 200),
    "processor a day": (1.0, 20),
}
"""By how much a figure of the last third may be above that of the first: a part of it, and so
much. Of the rows of each table (``rows of job``) it is ``ROWS``."""

ROWS = (0.35, 40)

SUMS = {"log": "log a day", "requests": "requests a day", "processor": "processor a day"}
"""Figures that only grow, and what each is called for one day."""


def taken(home: Home) -> dict[str, float]:
    """All figures of one moment, in bytes, numbers and seconds of the processor."""
    proc = Path("/proc", str(home.pid))
    status = dict(
        line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line
    )
    fields = (proc / "stat").read_text().rpartition(")")[2].split()
    trash = list(everything(home.root / ".syncd" / "trash"))
    own = list(everything(home.root / ".syncd"))
    state = list(everything(home.state))
    found: dict[str, float] = {
        "memory": int(status["RssAnon"].split()[0]) * KIBI,
        "descriptors": len(os.listdir(proc / "fd")),  # noqa: PTH208
        "threads": int(status["Threads"]),
        "children": sum(
            len((task / "children").read_text().split()) for task in (proc / "task").iterdir()
        ),
        "catalog": _bytes(path for path in state if path.name == "catalog.sqlite3"),
        "write-ahead log": _bytes(path for path in state if path.name == "catalog.sqlite3-wal"),
        "backups": _bytes(path for path in state if path.parent.name == "backups"),
        "state files": len(state),
        "own files": len(own) - len(trash),
        "trash files": len(trash),
        "trash": _bytes(trash),
        "library files": len(home.ledger.tracks()),
        "log": home.log.stat().st_size,
        "requests": home.requests,
        "processor": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    }
    return found | rows(home)


def rows(home: Home) -> dict[str, float]:
    """How many rows each table of the catalog has."""
    catalog = home.state / "catalog.sqlite3"
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return {
            f"rows of {name}": connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in names
        }


def _bytes(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


@dataclass(slots=True)
class Figures:
    """Of one daemon, over its time: (seconds since the beginning, figures) for each hour."""

    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list)

    def thirds(self, begin: float, end: float) -> dict[str, tuple[float, float]]:
        """Of each figure its median in the first third of that time, and in the last."""
        third = (end - begin) / 3
        first = self._between(begin, begin + third)
        last = self._between(end - third, end)
        names = sorted({name for one in (*first, *last) for name in one})
        return {name: (_median(first, name), _median(last, name)) for name in names}

    def _between(self, begin: float, end: float) -> list[dict[str, float]]:
        """The figures of that time; of what only grows, what each day of it came to."""
        inside = [(at, one) for at, one in self.samples if begin <= at <= end]
        found = [
            {name: value for name, value in one.items() if name not in SUMS} for _, one in inside
        ]
        for (at, one), (later, other) in zip(inside, inside[24:], strict=False):
            grown = {SUMS[name]: (other[name] - one[name]) * DAY / (later - at) for name in SUMS}
            # A daemon that was started anew begins to count its own time again.
            found.append({name: value for name, value in grown.items() if value >= 0})
        return found


def _median(figures: Sequence[Mapping[str, float]], name: str) -> float:
    found = [one[name] for one in figures if name in one]
    return statistics.median(found) if found else 0.0


def grown(thirds: Mapping[str, tuple[float, float]]) -> list[str]:
    """What grew more than it may."""
    found = []
    for name, (first, last) in thirds.items():
        part, much = ALLOWED.get(name, ROWS)
        if last > first * (1 + part) + much:
            found.append(f"{name} grew from {first:.0f} to {last:.0f}")
    return found


def table(thirds: Mapping[str, tuple[float, float]]) -> list[str]:
    return [f"{name:<24}{first:>14.0f}{last:>14.0f}" for name, (first, last) in thirds.items()]
