"""``python -m tests.bench``: try to make the program lose something.

Without the name of a part all are played. What was passed is remembered by the source of the
program and the bench, so that a long run can be broken off and taken up; ``report`` writes down
what it came to, and a run on another machine goes on from there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import parts, played, report, runner
from .part import Size, Verdict
from .store import Store

_TOLD = 60
"""Lines of a trace that are printed; ``--case`` prints all."""

_LEAST = 0.1
"""The share of a part's cases that continuous integration plays even where it is slow."""

_QUIET = 30.0
"""Seconds after which a long run says where it is."""


def main() -> int:
    given = _parser().parse_args()
    if given.case:
        return _replay(given.parts[0], given.case)
    # What continuous integration plays, it plays itself.
    store = Store(given.state, () if given.ci else played.read(played.PLAYED))
    try:
        if given.parts == ["report"]:
            report.write(store)
            return 0
        return _play(given, store)
    finally:
        store.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[*parts.PARTS, "report", []])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--ci", action="store_true", help="what continuous integration plays")
    size.add_argument("--full", action="store_true", help="all (unless told)")
    parser.add_argument("--minutes", type=float, help="stop after so long, to be taken up later")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--state", type=Path, default=Path(".bench/results.sqlite"), metavar="FILE")
    parser.add_argument("--case", help="play this one alone, here, and print all of it")
    return parser


@dataclass(slots=True)
class _Tally:
    """What a part came to so far, told as it goes."""

    part: str
    troubled: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    _told: float = field(default_factory=time.monotonic)

    def hear(self, case: str, verdict: Verdict) -> None:
        for what, number in verdict.counts.items():
            self.counts[what] = self.counts.get(what, 0) + number
        if verdict.troubles:
            self.troubled.append(case)
            print(f"\n=== {self.part} {case}", *verdict.troubles, sep="\n  ")
            print("  …", *verdict.trace[-_TOLD:], sep="\n  ")
            print(f"  again: python -m tests.bench {self.part} --case {case}", flush=True)
        if time.monotonic() - self._told > _QUIET:
            self._told = time.monotonic()
            print(f"  at {case}", flush=True)

    def __str__(self) -> str:
        counts = "".join(f"; {number:,} {what}" for what, number in sorted(self.counts.items()))
        troubled = " ".join(self.troubled[:20]) or "none"
        return f"{counts}; troubled: {troubled}"


def _play(given: argparse.Namespace, store: Store) -> int:
    """All parts that were asked for, one after another; 1 where anything was wrong."""
    size = Size.CI if given.ci else Size.FULL
    until = None if given.minutes is None else time.monotonic() + 60 * given.minutes
    troubled = False
    for name in given.parts or parts.PARTS:
        cases = list(parts.part(name).cases(size))
        missing = list(store.missing(name, cases))
        print(f"{name}: {len(cases):,} cases, {len(missing):,} to play", flush=True)
        began, tally = time.monotonic(), _Tally(name)
        count = runner.run(
            name, missing, store, workers=given.workers, until=until, tell=tally.hear
        )
        print(f"{name}: {count:,} in {time.monotonic() - began:.0f} s{tally}", flush=True)
        if count < len(missing):
            print(f"{name}: {len(missing) - count:,} left for another run: time is up", flush=True)
            troubled = troubled or (given.ci and count < _LEAST * len(missing))
        troubled = troubled or bool(tally.troubled)
    return 1 if troubled else 0


def _replay(name: str, case: str) -> int:
    verdict, seconds = runner.play(name, case)
    print(*verdict.trace, sep="\n")
    print(f"{case}: {seconds:.1f} s; {dict(verdict.counts)}")
    if not verdict.troubles:
        return 0
    print("troubles:", *verdict.troubles, sep="\n  ")
    shrink = getattr(parts.part(name), "shrunk", None)
    if shrink is not None:
        print("shrinking", flush=True)
        print(shrink(case))
    return 1


if __name__ == "__main__":
    sys.exit(main())
