"""SIGTERM and SIGINT, whatever the daemon is at; SIGHUP, whatever the configuration says."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from .daemons import SWIFT, Daemon, daemon
from .mirroring import Look, Mirror, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

SOON = 5.0
"""Seconds within which it stops."""

SLOW = Fault("throttle", origin="media", rate=60_000, times=None, path=r"\.flac$")


def stop_soon(running: Daemon, number: int = signal.SIGTERM) -> None:
    """Stop it; it says so last, and leaves nothing behind."""
    state, began = running.bench.state, time.monotonic()
    lines = running.stop(number)
    assert time.monotonic() - began < SOON
    assert lines[-1]["event"] == "stopped"
    assert not (state / "daemon.json").exists()
    running.bench.assert_nothing_half_placed()


# --- SIGTERM ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_idle(mirror: Mirror, number: signal.Signals) -> None:
    with daemon(mirror.bench) as running:
        stop_soon(running, number)
    mirror.assert_rests()


def test_it_does_not_wait_for_its_interpreter(mirror: Mirror) -> None:
    # Which takes itself down for seconds, on a machine that has little time for it.
    slow = f"{SWIFT}\nimport atexit, time\natexit.register(time.sleep, 600)\n"
    with daemon(mirror.bench, before=slow) as running:
        stop_soon(running)


def test_it_stops_in_a_transfer_and_the_next_one_goes_on_from_there(
    bench: Bench, sim: Simulator
) -> None:
    job = sim.world.add(
        display_name="Long", audio={"flac": tone("flac", 1, 20.0)}, audio_duration=20.0
    )
    part = bench.root / f".syncd/incoming/{job}.flac.part"
    sim.faults.add(SLOW)
    with daemon(bench, state="working") as running:
        running.wait_until(lambda: part.exists() and part.stat().st_size > 30_000)
        (transfer,) = running.status()["transfers"]
        assert (transfer["job_id"], transfer["size"] > 0) == (job, True)
        stop_soon(running)
    held = part.stat().st_size
    sim.faults.clear()
    sim.requests.clear()
    with daemon(bench) as running:
        running.wait_until(bench.audio)
    (request,) = bench.requests("media")
    assert (request.range, request.status) == (f"bytes={held}-", 206)


def test_it_stops_when_the_service_is_silent(mirror: Mirror) -> None:
    mirror.sim.faults.add(Fault("hang", origin="api", times=None))
    mirror.sim.requests.clear()
    with daemon(mirror.bench, state="working") as running:
        running.wait_until(lambda: len(mirror.sim.requests))
        stop_soon(running)


def test_it_stops_when_it_is_offline(mirror: Mirror) -> None:
    mirror.sim.faults.add(Fault("close", times=None))
    with daemon(mirror.bench, state="offline") as running:
        stop_soon(running)


def test_it_stops_when_it_waits_for_the_root(mirror: Mirror) -> None:
    aside = mirror.bench.folder / "aside"
    mirror.bench.root.rename(aside)
    with daemon(mirror.bench, state="waiting") as running:
        stop_soon(running)
    aside.rename(mirror.bench.root)
    mirror.assert_rests()


def test_it_stops_while_it_lends_the_library(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running, running.contact.borrowed("syncd verify"):
        running.wait_for("lent")
        stop_soon(running)


def test_who_waits_for_an_answer_is_told_that_it_stops(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        mirror.sim.faults.add(Fault("hang", origin="api", times=None))
        mirror.sim.requests.clear()
        mirror.add("Echo")
        waiting = mirror.bench.start("sync")
        running.wait_until(lambda: len(mirror.sim.requests))
        stop_soon(running)
    told = mirror.bench.finish(waiting)
    assert told.code == 1
    assert told.complaint.startswith("syncd: ")
    assert "Echo.flac" not in mirror.files()


# --- SIGHUP ---


def test_a_good_configuration_is_in_force_after_sighup(mirror: Mirror) -> None:
    mirror.bench.configure(sync={"direction": "down"})
    with daemon(mirror.bench) as running:
        mirror.rename("Alpha", "Alpha live")
        assert running.ask("sync")["exit_code"] == 0
        assert mirror.sent() == []
        mirror.bench.configure(sync={"direction": "both"})
        running.reload()
        running.wait_until(mirror.sent)
        running.wait_for("idle")
        assert running.status()["errors"] == []
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]


def test_another_root_is_in_force_after_sighup(mirror: Mirror) -> None:
    moved = mirror.bench.folder / "Moved"
    with daemon(mirror.bench) as running:
        mirror.bench.root.rename(moved)
        mirror.bench.root = moved
        mirror.bench.configure()
        running.reload()
        running.wait_for("idle")
        mirror.add("Echo")
        assert running.ask("sync")["exit_code"] == 0
        assert running.status()["root"] == str(moved)
    assert "Echo.flac" in mirror.files()


def of_another_state(mirror: Mirror) -> None:
    mirror.bench.configure(
        state={"dir": str(mirror.bench.folder / "other")}, sync={"direction": "down"}
    )


def with_a_bad_value(mirror: Mirror) -> None:
    mirror.bench.configure(sync={"direction": "down", "poll_interval": "1s"})


def with_a_bad_syntax(mirror: Mirror) -> None:
    mirror.bench.config.write_text('[sync]\ndirection = "down"\n[sync\n')


def that_is_gone(mirror: Mirror) -> None:
    mirror.bench.config.unlink()


def that_is_no_text(mirror: Mirror) -> None:
    mirror.bench.config.write_bytes(b"\xff\xfe\0")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (of_another_state, "state.dir was changed"),
        (with_a_bad_value, "sync.poll_interval"),
        (with_a_bad_syntax, "config.toml"),
        (that_is_gone, "config.toml"),
        (that_is_no_text, "config.toml"),
    ],
)
def test_a_bad_configuration_is_refused_as_a_whole(
    mirror: Mirror, spoil: Callable[[Mirror], None], word: str
) -> None:
    with daemon(mirror.bench) as running:
        spoil(mirror)
        running.reload()
        (trouble,) = running.status()["errors"]
        assert word in trouble["message"] + (trouble["hint"] or "")
        mirror.rename("Alpha", "Alpha live")
        running.wait_until(mirror.sent)
        mirror.bench.configure()
        running.reload()
        running.wait_for("idle")
        assert running.status()["errors"] == []


def test_a_configuration_for_another_service_is_waited_out(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        mirror.bench.configure(api={"base_url": "http://127.0.0.1:9"})
        running.reload()
        running.wait_for("waiting")
        assert "belongs to" in running.status()["awaits"]
        mirror.bench.configure()
        running.reload()
        running.wait_for("idle")


def test_a_key_file_that_went_away_is_waited_for(bench: Bench, look: Look) -> None:
    key = bench.folder / "key"
    key.touch(0o600)
    key.write_text(bench.sim.key)
    del bench.env["AUDIOPOD_API_KEY"]
    mirror = Mirror.of(bench, look, api={"key_file": str(key)})
    with daemon(bench) as running:
        key.rename(bench.folder / "aside")
        running.reload()
        running.wait_for("waiting")
        assert str(key) in running.status()["awaits"]
        (bench.folder / "aside").rename(key)
        running.wait_for("idle")
        mirror.add("Echo")
        assert running.ask("sync")["exit_code"] == 0


def test_many_signals_at_once_do_no_harm(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        for _ in range(20):
            os.kill(running.running.pid, signal.SIGHUP)
        running.reload()
        running.wait_for("idle")
        for _ in range(3):
            os.kill(running.running.pid, signal.SIGTERM)
        stop_soon(running)
