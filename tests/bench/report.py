"""The report of what was played, from what is remembered of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import syncd

from . import played, runner
from .played import PLAYED, Sum
from .store import Store

REPORT = Path(__file__).with_name("REPORT.md")

_HEAD = f"""# What the trust bench came to

syncd {syncd.__version__}. Written by `python -m tests.bench report` from what it remembers and from
[PLAYED.json](PLAYED.json), which has what other runs came to, elsewhere or before, and the commands
in [CONTRIBUTING](../../CONTRIBUTING.md); what it found is in [FOUND.md](FOUND.md). Each row is one
run and one state of the program and the bench, a digest of their source. A seed is a case's name:
any of them is played again with `python -m tests.bench PART --case SEED`.

"""

_TOLD = 4
"""Spans of cases that a row has room for."""


def write(store: Store) -> None:
    sums = played.merge(played.read(PLAYED), store.sums())
    played.write(PLAYED, sums)
    REPORT.write_text(text(sums), encoding="utf-8")


def text(sums: Sequence[Sum]) -> str:
    rows = [
        "| Part | Program | Commit | Cases | Seeds | What | Processor | First | Last | Troubled |",
        "|---|---|---|---:|---|---|---:|---|---|---|",
    ]
    order = list(runner.PARTS)
    for one in sorted(sums, key=lambda one: (order.index(one.part), one.first)):
        counts = ", ".join(f"{number:,} {what}" for what, number in sorted(one.counts.items()))
        seeds = ", ".join(one.spans) if len(one.spans) <= _TOLD else "by name"
        rows.append(
            f"| {one.part} | `{one.program}` | `{one.commit}` | {one.cases:,} | {seeds} | {counts} "
            f"| {one.seconds / 60:,.1f} min | {one.first} | {one.last} "
            f"| {' '.join(one.troubled) or 'none'} |"
        )
    versions = "".join(f"\n- {name}" for name in dict.fromkeys(one.versions for one in sums))
    return _HEAD + "\n".join(rows) + f"\n\nPlayed on:\n{versions}\n" + _tables()


def _tables() -> str:
    """What parts state of themselves, such as the outcome of each fault."""
    found = []
    for name in runner.PARTS:
        which = runner.part(name)
        table = getattr(which, "table", None)
        if table is not None and table.__module__ == which.__name__:
            found.append(f"\n## {name.capitalize()}\n\n{table()}\n")
    return "".join(found)
