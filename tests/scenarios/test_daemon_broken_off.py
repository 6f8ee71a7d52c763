"""Work that is broken off: it is said to whoever waits, and what was begun is gone on with."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.daemon import pulse
from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .daemons import SWIFT, Daemon, daemon, warnings
from .mirroring import Look, Mirror
from .ringing import RINGING, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench
    from tests.scenarios.starting import Running

SLOW = Fault("throttle", origin="media", rate=60_000, times=None, path=r"\.flac$")
MUTE = Fault("hang", origin="api")


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, where every rename waits for the user."""
    return Mirror.of(bench, look, sync={"rename_budget": 0})


# --- pause ---


def test_a_pause_breaks_off_a_download_and_resume_goes_on_where_it_was(mirror: Mirror) -> None:
    bench, sim = mirror.bench, mirror.sim
    with daemon(bench, before=RINGING) as running:
        sim.faults.add(SLOW)
        job = mirror.add("Long", audio={"flac": tone("flac", 1, 20.0)}, audio_duration=20.0)
        part = bench.root / f".syncd/incoming/{job}.flac.part"
        ring_only(running, "poll")
        running.wait_until(lambda: part.exists() and part.stat().st_size > 30_000)
        assert bench.run("pause").code == 0
        running.wait_for("paused")
        assert running.status()["transfers"] == []
        held = part.stat().st_size
        sim.faults.clear()
        sim.requests.clear()
        assert bench.run("resume").code == 0
        running.wait_until(lambda: "Long.flac" in mirror.files())
        (request,) = [one for one in bench.requests("media") if one.path.endswith(".flac")]
        assert (request.range, request.status) == (f"bytes={held}-", 206)
        running.wait_for("idle")
        assert warnings(running.stop()) == []


# --- a request that waits for its answer ---


@contextmanager
def waiting(mirror: Mirror, running: Daemon, *command: str | int) -> Iterator[Running]:
    """A forwarded command, while what it asked of the service is not answered."""
    running.wait_for("idle")
    mirror.sim.requests.clear()
    mirror.sim.faults.add(MUTE)
    started = mirror.bench.start(*command)
    running.wait_until(mirror.asked)
    # Whoever asks next is answered.
    mirror.sim.faults.clear()
    yield started


def by_sighup(running: Daemon) -> None:
    running.running.send_signal(signal.SIGHUP)


def by_a_command_that_borrows_the_library(running: Daemon) -> None:
    with running.contact.borrowed("syncd verify"):
        assert running.state == "lent"


def by_sigterm(running: Daemon) -> None:
    running.stop()


def test_a_request_that_is_broken_off_is_answered_whatever_breaks_it_off(mirror: Mirror) -> None:
    jobs = mirror.jobs
    with daemon(mirror.bench, before=RINGING) as running:
        for song in ("Alpha", "Beta", "Gamma"):
            mirror.rename(song, f"{song} live")
        running.wait_until(lambda: sum(one["count"] for one in running.status()["held"]) == 3)
        mirror.sim.requests.clear()
        cases: list[tuple[tuple[str | int, ...], Callable[[Daemon], None]]] = [
            (("sync",), by_sighup),
            (("approve", "--job", jobs["Alpha"]), by_sighup),
            (("sync",), by_a_command_that_borrows_the_library),
            (("approve", "--job", jobs["Beta"]), by_a_command_that_borrows_the_library),
            (("approve", "--job", jobs["Gamma"]), by_sigterm),
        ]
        for command, break_off in cases:
            with waiting(mirror, running, *command) as started:
                break_off(running)
                told = mirror.bench.finish(started)
            case = command, break_off.__name__
            assert (told.code, told.out) == (1, ""), case
            said = f"syncd: {command[0]} was broken off"
            why = ": the daemon stops; ask again once it runs"
            said += why if break_off is by_sigterm else "; ask again"
            assert told.complaint == said, case
    # What was approved stays so, whoever was there to hear of it.
    mirror.sync()
    assert set(mirror.account().values()) == {"Alpha live", "Beta live", "Gamma live", "Delta"}


# --- a disk that does not answer ---


def test_a_thread_that_a_dead_disk_holds_does_not_hold_the_process(
    mirror: Mirror, tmp_path: Path
) -> None:
    stuck = tmp_path / "stuck"
    dead_disk = f"""
import os, pathlib, threading
from syncd.daemon import pulse
pulse.LONGEST_STOP /= 10
def fsync(descriptor, real=os.fsync):
    if ".syncd/incoming" in os.readlink(f"/proc/self/fd/{{descriptor}}"):
        pathlib.Path({str(stuck)!r}).touch()
        threading.Event().wait()
    real(descriptor)
os.fsync = fsync
"""
    assert pulse.LONGEST_STOP < 5
    with daemon(mirror.bench, before=SWIFT + dead_disk) as running:
        mirror.add("Echo")
        asking = mirror.bench.start("sync")
        running.wait_until(stuck.exists)
        assert warnings(running.stop()) == [
            "stopped in the middle of something; the next start goes on from here"
        ]
    assert mirror.bench.finish(asking).code == 1
    assert "Echo.flac" not in mirror.files()
    mirror.sync()
    assert "Echo.flac" in mirror.files()
