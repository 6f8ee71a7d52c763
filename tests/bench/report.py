"""The report of what was played, from what is remembered of it."""

from __future__ import annotations

import platform
import sqlite3
from pathlib import Path

import syncd

from . import runner
from .store import Store, Sum

REPORT = Path(__file__).with_name("REPORT.md")

_HEAD = """# What the trust bench came to

Written by `python -m tests.bench report`; what it found is in [FOUND.md](FOUND.md). Each row is
one state of the program (a digest of its source), so that sums over several runs can be told apart.

"""


def write(store: Store) -> None:
    REPORT.write_text(text(store.sums()), encoding="utf-8")


def text(sums: list[Sum]) -> str:
    rows = [
        "| Part | Program | Commit | Cases | What | Processor | First | Last | Troubled |",
        "|---|---|---|---:|---|---:|---|---|---|",
    ]
    order = list(runner.PARTS)
    for one in sorted(sums, key=lambda one: (order.index(one.part), one.first)):
        counts = ", ".join(f"{number:,} {what}" for what, number in sorted(one.counts.items()))
        rows.append(
            f"| {one.part} | `{one.program}` | `{one.commit}` | {one.cases:,} | {counts} "
            f"| {one.seconds / 60:,.1f} min | {one.first} | {one.last} "
            f"| {' '.join(one.troubled) or 'none'} |"
        )
    machine = (
        f"\nsyncd {syncd.__version__}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.release()}, "
        f"{platform.machine()}.\n"
    )
    return _HEAD + "\n".join(rows) + "\n" + machine + _tables()


def _tables() -> str:
    """What parts state of themselves, such as the outcome of each fault."""
    found = []
    for name in runner.PARTS:
        which = runner.part(name)
        table = getattr(which, "table", None)
        if table is not None and table.__module__ == which.__name__:
            found.append(f"\n## {name.capitalize()}\n\n{table()}\n")
    return "".join(found)
