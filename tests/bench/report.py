"""The report of what was played, from what is remembered of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import syncd

from . import parts, played
from .played import PLAYED, Sum
from .store import Store

REPORT = Path(__file__).with_name("REPORT.md")

_HEAD = f"""# What the trust bench came to

syncd {syncd.__version__}. Written by `python -m tests.bench report` from what it remembers and from
[PLAYED.json](PLAYED.json), which has what other runs came to, elsewhere or before, and the commands
in [CONTRIBUTING](../../CONTRIBUTING.md); what it found is in [FOUND.md](FOUND.md). The first table
has what all runs came to; in the second each row is one run and one state of the program and the
bench, a digest of their source. Seeds that no program has played come first in a run. A seed is a
case's name: any of them is played again with `python -m tests.bench PART --case SEED`.

"""

_TOLD = 4
"""Spans of cases that a row has room for."""


def write(store: Store) -> None:
    sums = played.merge(played.read(PLAYED), store.sums())
    played.write(PLAYED, sums)
    REPORT.write_text(text(sums), encoding="utf-8")


def text(sums: Sequence[Sum]) -> str:
    return _HEAD + _totals(sums) + _runs(sums) + _tables()


def _totals(sums: Sequence[Sum]) -> str:
    """What all runs of a part came to: a case that several programs played is one."""
    rows = [
        "| Part | Cases | of them with the program as it is | Processor | Troubled still |",
        "|---|---:|---:|---:|---|",
    ]
    for name in parts.PARTS:
        runs = sorted((one for one in sums if one.part == name), key=lambda one: one.last)
        cases, now, troubled = set[str](), set[str](), dict[str, None]()
        for one in runs:
            played_ = set(played.spread(one.spans))
            cases |= played_
            now |= played_ if one.program == parts.program(name) else set()
            for case in one.passed() & troubled.keys():
                del troubled[case]
            troubled |= dict.fromkeys(one.troubled)
        seconds = sum(one.seconds for one in runs)
        rows.append(
            f"| {name} | {len(cases):,}{_units(name, cases)} | {len(now):,}{_units(name, now)} "
            f"| {seconds / 3600:,.1f} h | {' '.join(troubled) or 'none'} |"
        )
    return "\n".join(rows) + "\n\n"


def _units(name: str, cases: Collection[str]) -> str:
    """How many of what a part counts, where a case is several."""
    many = getattr(parts.part(name), "UNITS_A_CASE", 1)
    return f" ({len(cases) * many:,} {parts.part(name).UNIT})" if many > 1 and cases else ""


def _runs(sums: Sequence[Sum]) -> str:
    rows = [
        "| Part | Program | Commit | Cases | Seeds | What | Processor | First | Last | Troubled |",
        "|---|---|---|---:|---|---|---:|---|---|---|",
    ]
    order = list(parts.PARTS)
    for one in sorted(sums, key=lambda one: (order.index(one.part), one.first)):
        counts = ", ".join(f"{number:,} {what}" for what, number in sorted(one.counts.items()))
        seeds = ", ".join(one.spans) if len(one.spans) <= _TOLD else "by name"
        rows.append(
            f"| {one.part} | `{one.program}` | `{one.commit}` | {one.cases:,} | {seeds} | {counts} "
            f"| {one.seconds / 60:,.1f} min | {one.first} | {one.last} "
            f"| {' '.join(one.troubled) or 'none'} |"
        )
    versions = "".join(f"\n- {name}" for name in dict.fromkeys(one.versions for one in sums))
    return "\n".join(rows) + f"\n\nPlayed on:\n{versions}\n"


def _tables() -> str:
    """What parts state of themselves, such as the outcome of each fault."""
    found = []
    for name in parts.PARTS:
        which = parts.part(name)
        table = getattr(which, "table", None)
        if table is not None and table.__module__ == which.__name__:
            found.append(f"\n## {name.capitalize()}\n\n{table()}\n")
    return "".join(found)
