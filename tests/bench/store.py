"""What was played so far, and what it came to: one SQLite file, so that a run can be taken up."""

from __future__ import annotations

import json
import platform
import sqlite3
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import syncd

from .part import Verdict
from .parts import program
from .played import Sum, spans

_SCHEMA = """
CREATE TABLE IF NOT EXISTS result (
    part TEXT NOT NULL, name TEXT NOT NULL, program TEXT NOT NULL, commit_ TEXT NOT NULL,
    python TEXT NOT NULL, at TEXT NOT NULL, seconds REAL NOT NULL,
    troubles TEXT NOT NULL, counts TEXT NOT NULL,
    PRIMARY KEY (part, name, program)
) STRICT;
CREATE TABLE IF NOT EXISTS run (name TEXT NOT NULL) STRICT;
"""
_HERE = Path(syncd.__file__).parent


@cache
def commit() -> str:
    """The commit that is checked out, if there is one."""
    found = subprocess.run(
        ["git", "-C", _HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    )
    return found.stdout.strip()


class Store:
    """One run: what each of its cases came to, and, as ``others``, what it need not play again."""

    def __init__(self, path: Path, others: Sequence[Sum] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_SCHEMA)
        self._others = others
        self._run = self._named()

    def _named(self) -> str:
        found = self._connection.execute("SELECT name FROM run").fetchone()
        if found is None:
            found = (uuid.uuid4().hex[:8],)
            self._connection.execute("INSERT INTO run VALUES (?)", found)
        return str(found[0])

    def close(self) -> None:
        self._connection.close()

    def missing(self, part: str, cases: Iterable[str]) -> Iterator[str]:
        """Of ``cases`` those that this program has not passed yet, here or in another run.

        Those that no program has passed come first: seeds that nobody knows show more.
        """
        ours = program(part)
        passed: dict[bool, set[str]] = {True: set(), False: set()}
        rows = self._connection.execute(
            "SELECT name, program FROM result WHERE part = ? AND troubles = '[]'", (part,)
        )
        for name, digest in rows:
            passed[digest == ours].add(name)
        for other in self._others:
            if other.part == part:
                passed[other.program == ours] |= other.passed()
        left = [case for case in cases if case not in passed[True]]
        yield from (case for case in left if case not in passed[False])
        yield from (case for case in left if case in passed[False])

    def note(self, part: str, case: str, verdict: Verdict, seconds: float) -> None:
        row = (
            part, case, program(part), commit(), _versions(),
            datetime.now(UTC).isoformat(timespec="seconds"), seconds,
            json.dumps(verdict.troubles), json.dumps(dict(verdict.counts)),
        )  # fmt: skip
        marks = ",".join("?" * len(row))
        self._connection.execute(f"INSERT OR REPLACE INTO result VALUES ({marks})", row)

    def sums(self) -> list[Sum]:
        """By part, and by the programs that it was played with, the latest last."""
        found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
        rows = self._connection.execute(
            "SELECT part, program, commit_, python, at, name, seconds, troubles, counts"
            " FROM result ORDER BY at"
        )
        for row in rows:
            found.setdefault((row[0], row[1]), []).append(row)
        return [self._sum(part, digest, rows) for (part, digest), rows in found.items()]

    def _sum(self, part: str, digest: str, rows: list[tuple[str, ...]]) -> Sum:
        counts: dict[str, int] = {}
        for row in rows:
            for what, number in json.loads(row[8]).items():
                counts[what] = counts.get(what, 0) + number
        return Sum(
            self._run,
            part,
            digest,
            commit=rows[-1][2],
            versions=rows[-1][3],
            first=rows[0][4],
            last=rows[-1][4],
            cases=len(rows),
            spans=spans(row[5] for row in rows),
            seconds=round(sum(float(row[6]) for row in rows)),
            counts=dict(sorted(counts.items())),
            troubled=tuple(row[5] for row in rows if row[7] != "[]"),
        )


def _versions() -> str:
    """Of what the program runs on."""
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.system()} {platform.release()}, {platform.machine()}"
    )
