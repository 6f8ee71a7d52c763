"""Once a day the daemon keeps its house: a backup, a purged trash; also right after its start."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault

from .daemons import Daemon, daemon, warnings
from .mirroring import NO_GRACE, Look, Mirror, stepped
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

DAYS = 3 * 86_400
DAY_IN_DAY_OUT = """
from datetime import timedelta
from syncd.daemon import upkeep
upkeep.DAY = timedelta()
"""
"""Put before ``run``: a day has always passed."""

LATER = RINGING + stepped(DAYS)
"""Put before ``run``: it is three days later."""


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Three songs in step, and a fourth in the trash."""
    made = Mirror.of(bench, look, sync={**NO_GRACE}, trash={"retention": "2d"})
    assert bench.run("rm", made.jobs["Delta"], "--yes").code == 0
    assert len(made.trash()) == 1
    return made


def backups(bench: Bench) -> list[Path]:
    return sorted((bench.state / "backups").glob("catalog*"))


def upkeeps(running: Daemon) -> int:
    return sum("upkeep done" in line for line in running.log())


def await_upkeeps(running: Daemon, count: int) -> None:
    running.wait_until(lambda: upkeeps(running) == count)


def test_a_new_library_is_backed_up_once_it_holds_something(bench: Bench, look: Look) -> None:
    mirror = Mirror(bench, bench.sim, look, {})
    mirror.add("Alpha")
    with daemon(bench, before=RINGING) as running:
        running.wait_until(lambda: upkeeps(running))
        (backup,) = backups(bench)
        with closing(sqlite3.connect(backup)) as kept:
            assert kept.execute("SELECT display_name FROM job").fetchall() == [("Alpha",)]
            assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_it_is_done_again_where_a_day_has_passed_and_not_before(mirror: Mirror) -> None:
    first = backups(mirror.bench)
    with daemon(mirror.bench, before=RINGING) as running:
        ring_only(running, "upkeep")
        ring(running, "poll")
        assert upkeeps(running) == 0
    mirror.sim.switches.date_skew = float(DAYS)
    with daemon(mirror.bench, before=LATER) as running:
        running.wait_until(lambda: upkeeps(running) == 1)
    assert len({*backups(mirror.bench)} - {*first}) == 1


def test_while_the_daemon_runs_it_is_done_each_day_and_few_backups_are_kept(
    mirror: Mirror,
) -> None:
    with daemon(mirror.bench, before=RINGING + DAY_IN_DAY_OUT) as running:
        for number in range(1, 4):
            await_upkeeps(running, number)
            ring_only(running, "upkeep")
        await_upkeeps(running, 4)
    assert len(backups(mirror.bench)) <= 2, "those of one second are one"


def test_what_was_in_the_trash_for_long_enough_is_purged_at_the_start(mirror: Mirror) -> None:
    mirror.sim.switches.date_skew = float(DAYS)
    with daemon(mirror.bench, before=LATER) as running:
        running.wait_until(lambda: mirror.trash() == [])
        running.wait_until(lambda: upkeeps(running) == 1)
        assert any("removed from the trash" in line for line in running.log())
        assert warnings(running.stop()) == []


def test_where_the_clocks_disagree_nothing_is_purged(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=LATER + DAY_IN_DAY_OUT) as running:
        await_upkeeps(running, 1)
        ring_only(running, "upkeep")
        await_upkeeps(running, 2)
    assert len(mirror.trash()) == 1


def test_a_silent_service_puts_the_upkeep_off_until_it_answers(mirror: Mirror) -> None:
    mirror.sim.switches.date_skew = float(DAYS)
    mirror.sim.faults.add(Fault("reset", times=None))
    with daemon(mirror.bench, before=LATER, state="offline") as running:
        assert upkeeps(running) == 0
        mirror.sim.faults.clear()
        running.wait_until(lambda: upkeeps(running))
    assert mirror.trash() == []
