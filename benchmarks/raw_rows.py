"""The floor under a sweep: pages of jobs into a table by ``sqlite3.executemany``, and no more.

``python -m benchmarks.raw_rows PAGES DATABASE`` prints ``{"seconds": …, "jobs": …}``: the insert
and its commit, in WAL mode with ``synchronous=NORMAL`` as the catalog has it. Reading the JSON is
not counted, and there is neither an index nor a search index.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path


def _value(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | dict) else value


def insert(pages: Path, database: Path) -> dict[str, float]:
    """Insert the jobs of all pages; seconds, and how many there are."""
    jobs: dict[int, dict[str, object]] = {}
    for page in sorted(pages.iterdir()):
        for job in json.loads(page.read_bytes()):
            jobs[job["id"]] = job
    names = list(next(iter(jobs.values())))
    rows = [(*(_value(job.get(name)) for name in names), json.dumps(job)) for job in jobs.values()]
    columns = ", ".join(f'"{name}"' for name in (*names, "raw"))
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    typed = columns.replace('"id"', '"id" INTEGER PRIMARY KEY', 1)
    connection.execute(f"CREATE TABLE job ({typed})")
    marks = ", ".join("?" * (len(names) + 1))
    statement = f"INSERT INTO job ({columns}) VALUES ({marks})"  # noqa: S608
    began = time.monotonic()
    connection.executemany(statement, rows)
    connection.commit()
    taken = time.monotonic() - began
    connection.close()
    return {"seconds": taken, "jobs": len(rows)}


if __name__ == "__main__":
    print(json.dumps(insert(Path(sys.argv[1]), Path(sys.argv[2]))))
