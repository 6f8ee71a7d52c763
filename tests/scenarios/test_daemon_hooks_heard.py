"""What hooks hear of work that was broken off, of what commands did, and of what ends the work."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .daemons import Daemon, daemon
from .hooking import HANG, Hooked
from .mirroring import Look, Mirror
from .ringing import RINGING, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

SLOW = Fault("throttle", origin="media", rate=20_000, times=None, path=r"\.flac$")


@pytest.fixture
def hooked(bench: Bench, look: Look) -> Hooked:
    """Four songs in step, with hooks."""
    return Hooked(Mirror.of(bench, look))


def half_done(hooked: Hooked, running: Daemon) -> None:
    """A cycle that has renamed a job and goes on with a download."""
    mirror = hooked.mirror
    mirror.sim.faults.add(SLOW)
    mirror.add("Long", audio={"flac": tone("flac", 1, 20.0)}, audio_duration=20.0)
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Omega")
    ring_only(running, "sweep")
    running.wait_until(lambda: "Omega.flac" in mirror.files())
    running.wait_until(lambda: running.status()["transfers"])


def told_of(hooked: Hooked, name: str) -> list[int]:
    """The jobs that a hook was told of, in the order of its runs."""
    return [track["job_id"] for document, _ in hooked.runs(name) for track in document["tracks"]]


def reasons(hooked: Hooked) -> list[str]:
    return [one["reason"] for document, _ in hooked.runs("error") for one in document["tracks"]]


# --- work that is broken off ---


def test_what_a_cycle_did_before_a_pause_is_told(hooked: Hooked) -> None:
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        half_done(hooked, running)
        assert hooked.mirror.bench.run("pause").code == 0
        running.wait_until(lambda: hooked.runs("renamed"))
        assert told_of(hooked, "added") == []
        hooked.mirror.sim.faults.clear()
        assert hooked.mirror.bench.run("resume").code == 0
        running.wait_until(lambda: hooked.runs("added"))
    assert told_of(hooked, "renamed") == [hooked.mirror.jobs["Alpha"]]
    assert told_of(hooked, "added") == [hooked.mirror.jobs["Long"]]


def test_what_a_cycle_did_before_the_stop_is_told(hooked: Hooked) -> None:
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        half_done(hooked, running)
        running.stop()
    assert told_of(hooked, "renamed") == [hooked.mirror.jobs["Alpha"]]


def test_what_a_cycle_did_before_a_command_came_is_told_and_what_that_did(hooked: Hooked) -> None:
    mirror = hooked.mirror
    with daemon(mirror.bench, before=RINGING) as running:
        half_done(hooked, running)
        assert mirror.bench.run("evict", mirror.jobs["Beta"]).code == 0
        running.wait_until(lambda: hooked.runs("removed"))
        mirror.sim.faults.clear()
        running.wait_for("idle")
    assert told_of(hooked, "renamed") == [mirror.jobs["Alpha"]]
    assert told_of(hooked, "removed") == [mirror.jobs["Beta"]]


def test_what_was_done_before_the_start_is_not_told(hooked: Hooked) -> None:
    mirror = hooked.mirror
    assert mirror.bench.run("rename", mirror.jobs["Alpha"], "Omega").code == 0
    with daemon(mirror.bench, before=RINGING) as running:
        running.wait_for("idle")
    assert hooked.ran() == set()


# --- commands ---


def test_what_commands_did_is_told_with_the_paths_of_now(hooked: Hooked) -> None:
    mirror = hooked.mirror
    bench, jobs = mirror.bench, mirror.jobs
    with daemon(bench, before=RINGING) as running:
        assert bench.run("rename", jobs["Alpha"], "Omega").code == 0
        running.wait_until(lambda: hooked.runs("renamed"))
        ((document, environ),) = hooked.runs("renamed")
        assert [one["job_id"] for one in document["tracks"]] == [jobs["Alpha"]]
        assert environ["SYNCD_PATH"] == str(mirror.path("Omega"))
        assert bench.run("rm", jobs["Beta"], "--yes").code == 0
        running.wait_until(lambda: hooked.runs("removed"))
        assert bench.run("evict", jobs["Gamma"]).code == 0
        running.wait_until(lambda: len(hooked.runs("removed")) == 2)
        assert bench.run("fetch", jobs["Gamma"]).code == 0
        running.wait_until(lambda: hooked.runs("added"))
        running.wait_for("idle")
    assert told_of(hooked, "removed") == [jobs["Beta"], jobs["Gamma"]]
    assert told_of(hooked, "added") == [jobs["Gamma"]]
    assert hooked.ran() == {"renamed", "removed", "added"}


# --- what goes wrong ---


def test_a_refused_key_is_told_once(hooked: Hooked) -> None:
    sim = hooked.mirror.sim
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        sim.world.revoke(sim.key)
        ring_only(running, "poll")
        running.wait_for("refused")
        running.wait_until(lambda: hooked.runs("error"))
        assert hooked.mirror.bench.run("sync").code == 77
        running.wait_for("refused")
    assert len(reasons(hooked)) == 1, reasons(hooked)
    assert "key" in reasons(hooked)[0]


def test_a_folder_that_is_away_is_told_once_each_time(hooked: Hooked) -> None:
    root = hooked.mirror.bench.root
    away = root.with_name("away")
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        for times in (1, 2):
            root.rename(away)
            ring_only(running, "scan")
            running.wait_for("waiting")
            running.wait_until(lambda: len(hooked.runs("error")) == times)  # noqa: B023
            away.rename(root)
            running.wait_for("idle")
    assert all(str(root) in reason for reason in reasons(hooked))


def test_what_ends_the_daemon_is_told_before_it_ends(hooked: Hooked) -> None:
    catalog = hooked.mirror.bench.state / "catalog.sqlite3"
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        catalog.rename(catalog.with_name("elsewhere"))
        running.running.send_signal(signal.SIGUSR1)
        running.ended(78)
    (reason,) = reasons(hooked)
    assert "catalog" in reason


def test_a_hook_that_hangs_does_not_hold_up_what_ends_the_daemon(hooked: Hooked) -> None:
    hooked.configure(on_error=hooked.program(HANG, "error"))
    catalog = hooked.mirror.bench.state / "catalog.sqlite3"
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        catalog.rename(catalog.with_name("elsewhere"))
        running.running.send_signal(signal.SIGUSR1)
        running.ended(78)
    assert hooked.into("error").exists()


def test_a_configuration_that_is_refused_is_told(hooked: Hooked) -> None:
    config = hooked.mirror.bench.config
    with daemon(hooked.mirror.bench, before=RINGING) as running:
        config.write_text(config.read_text() + "\n[rot]\n")
        running.reload()
        running.wait_until(lambda: hooked.runs("error"))
    (reason,) = reasons(hooked)
    assert str(config) in reason
