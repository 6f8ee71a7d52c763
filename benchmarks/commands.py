"""What commands cost that only look: beside beets, which has as many items in its library."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.pairs import Row, Sample, in_turn, run_child, walls

SEARCH = ("ls", "--limit", "50", "paper", "lantern")
_WORDS = ("Amber", "Quiet", "Neon", "Paper", "Lantern", "Harbour", "Signal", "Winter", "Tide")

_STARTING: tuple[tuple[str, ...], ...] = (("--help",), ("--version",))
_LISTING: tuple[tuple[str, ...], ...] = (("status",), ("ls", "--limit", "50"), SEARCH)


def measure(bench: Bench) -> Iterator[Row]:
    jobs = bench.scale.of(100_000, 300)
    _, library = bench.in_step(jobs)
    ours = {" ".join(words): partial(library.run, *words) for words in (*_STARTING, *_LISTING)}
    if "beet" not in bench.rivals:
        taken = in_turn(bench.scale.times(10), ours, warm=True)
    else:
        env = make_beets(bench.fresh("beets"), jobs)
        theirs = {
            f"beet {' '.join(words)}": partial(run_child, ["beet", *words], env=env)
            for words in (("version",), ("ls",), ("ls", "paper", "lantern"))
        }
        taken = in_turn(bench.scale.times(10), {**ours, **theirs}, warm=True)
    for words in _STARTING:
        yield _row(bench, taken, f"syncd {words[0]}", words, "beet version", 0.5)
    for words in _LISTING:
        work = f"syncd {' '.join(words)}, {jobs:,} jobs"
        yield _row(bench, taken, work, words, "beet ls", 1.0)
    work = f"syncd {' '.join(SEARCH)}, {jobs:,} jobs"
    yield _row(bench, taken, work, SEARCH, "beet ls paper lantern", None)


def _row(
    bench: Bench,
    taken: Mapping[str, list[Sample]],
    work: str,
    words: tuple[str, ...],
    beside: str,
    most: float | None,
) -> Row:
    if beside not in taken:
        return Row(work=work, beside=beside, most=most, missing=bench.rivals.absent["beet"])
    ours, theirs = walls(taken[" ".join(words)]), walls(taken[beside])
    return Row(work=work, beside=beside, ours=ours, theirs=theirs, most=most)


def make_beets(folder: Path, items: int) -> Mapping[str, str]:
    """A library of so many items for beets, whose own program makes the tables; what to run it
    with. The rows are written straight into them: importing files would take hours."""
    config, database = folder / "config.yaml", folder / "library.db"
    config.write_text(f"directory: {folder / 'music'}\nlibrary: {database}\nplugins: []\n")
    env = {**os.environ, "BEETSDIR": str(folder), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    run_child(["beet", "ls"], env=env, measured=False)
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = connection.execute("PRAGMA table_info(items)").fetchall()
        blank = {
            name: "" if kind == "TEXT" else b"" if kind == "BLOB" else 0
            for _, name, kind, *_ in columns
            if name not in ("id", "album_id")
        }
        rows = [
            {
                **blank,
                "path": str(folder / f"music/{number}.mp3").encode(),
                "title": f"{_WORDS[number % 9]} {_WORDS[number // 9 % 9]} {number}",
                "artist": "AudioPod",
                "album": f"AudioPod {number // 500}",
                "format": "MP3",
                "length": 180.0,
                "bitrate": 128_000,
            }
            for number in range(items)
        ]
        names = ", ".join(rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        statement = f"INSERT INTO items ({names}) VALUES ({marks})"  # noqa: S608
        connection.executemany(statement, rows)
    return env
