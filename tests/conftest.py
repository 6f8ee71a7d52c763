"""What every test shares: Hypothesis without a deadline, since these machines are shared."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from syncd.simulator import Simulator

settings.register_profile(
    "syncd", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("syncd")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """An account without jobs."""
    from syncd.simulator import Simulator

    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def spoil_jobs() -> Callable[[Path], None]:
    """Overwrites what a catalog keeps of the jobs, on the disk, behind SQLite's back."""

    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size = connection.execute("PRAGMA page_size").fetchone()[0]
            roots = connection.execute(
                "SELECT rootpage FROM sqlite_master"
                " WHERE tbl_name IN ('job', 'baseline') AND rootpage > 0"
            ).fetchall()
        with path.open("r+b") as stream:
            for (page,) in roots:
                stream.seek((page - 1) * size)
                stream.write(b"\xff" * size)

    return spoil
