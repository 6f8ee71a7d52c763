"""What the daemon comes to know by itself, how soon, and with how many looks."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault

from .daemons import SWIFT, daemon
from .mirroring import Look, Mirror, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

CLOCKS = f"""{SWIFT}
import functools, os, time
from datetime import UTC, datetime, timedelta
from apscheduler.schedulers import base
def ahead(*names):
    return sum(7_200.0 * os.path.exists(os.path.expanduser("~/" + name)) for name in names)
class Shown(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(seconds=ahead("set", "slept"))
base.datetime = Shown
from syncd.daemon.daemon import Daemon
Daemon.__init__.__kwdefaults__["clock"] = lambda: Shown.now(UTC)
pulse.Clocks = functools.partial(
    pulse.Clocks,
    wall=lambda: time.time() + ahead("set", "slept"),
    up=lambda: time.monotonic() + ahead("slept"),
)
"""
"""Put before ``run``: its clock is set two hours ahead once there is a file ``set`` in the home
folder, and the machine slept for two hours once there is one ``slept``."""


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    return Mirror.of(bench, look, sync={"poll_interval": "5s"})


def test_a_new_job_is_placed_by_the_next_poll(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        due = running.status()["next"]["poll"]
        mirror.sim.requests.clear()
        mirror.add("Echo")
        running.wait_until(lambda: running.status()["next"]["poll"] > due)
        running.wait_until(lambda: "Echo.flac" in mirror.files())
    assert not mirror.sim.requests.mutating()


def test_a_job_that_is_finished_is_placed_without_a_poll(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"poll_interval": "1h"})
    job = mirror.add("Echo", status="PROCESSING", created_at=time.time())
    with daemon(bench) as running:
        poll = running.status()["next"]["poll"]
        mirror.sim.requests.clear()
        mirror.sim.world.complete(job)
        running.wait_until(lambda: any("Echo" in name for name in mirror.files()))
        assert running.status()["next"]["poll"] == poll
        assert ("GET", f"/jobs/{job}/status") in mirror.asked()
        assert ("GET", "/jobs") not in mirror.asked()


def test_a_rename_is_sent_without_a_poll(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"poll_interval": "1h"})
    with daemon(bench) as running:
        mirror.rename("Alpha", "Alpha live")
        running.wait_until(mirror.sent)
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]


def test_a_storm_of_wake_ups_makes_few_cycles(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        before = running.status()["cycles"]
        for number in range(200):
            (mirror.bench.root / f"{number}.txt").touch()
            os.utime(mirror.path("Alpha"))
        running.wait_until(lambda: running.status()["cycles"] > before)
        running.wait_for("idle")
        assert running.status()["cycles"] - before < 10
    assert mirror.sent() == []


def test_a_track_that_had_no_answer_has_another_try_when_the_service_answers(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look, sync={"poll_interval": "1h"})
    with daemon(bench) as running:
        mirror.sim.faults.add(Fault("close", times=None))
        mirror.rename("Alpha", "Alpha live")
        running.wait_for("offline")
        mirror.sim.faults.clear()
        running.wait_until(mirror.sent)
        running.wait_for("idle")
        assert running.status()["errors"] == []


@pytest.mark.parametrize(("happens", "said"), [("set", "the clock was set"), ("slept", "slept")])
def test_after_the_clock_was_set_or_the_machine_slept_everything_due_runs_once(
    bench: Bench, look: Look, happens: str, said: str
) -> None:
    mirror = Mirror.of(bench, look, sync={"poll_interval": "1h"})
    with daemon(bench, before=CLOCKS) as running:
        mirror.add("Echo")
        mirror.sim.requests.clear()
        (bench.home / happens).touch()
        running.wait_until(lambda: any(said in line for line in running.log()))
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        running.wait_for("idle")
        (line,) = [line for line in running.log() if said in line]
        assert "seconds=7200" in line
    assert 1 <= mirror.asked().count(("GET", "/jobs")) <= 3


def test_a_clock_that_was_set_back_keeps_nothing_waiting(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"poll_interval": "1h"})
    (bench.home / "set").touch()
    with daemon(bench, before=CLOCKS) as running:
        mirror.add("Echo")
        (bench.home / "set").unlink()
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        (line,) = [line for line in running.log() if "the clock was set" in line]
        assert "seconds=-7200" in line
