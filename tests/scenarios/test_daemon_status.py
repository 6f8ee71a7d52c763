"""``syncd status``: how the daemon is, in words and for scripts, and how a library was left."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from syncd.daemon.status import Disk, Held, Service, Status, Transfer, Trouble
from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .daemons import SWIFT, Daemon, daemon
from .mirroring import Look, Mirror
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


SCANS_FAR_APART = """
import syncd.core.cases
syncd.core.cases.SCANS_APART = 300
"""
"""Put before ``run``: what one scan missed is missed for as long as a test looks."""


def names(of: type) -> set[str]:
    """The fields that a part of the status documents."""
    return {field.name for field in fields(of)}


def shown(mirror: Mirror) -> Any:
    """What ``syncd status --json`` prints."""
    result = mirror.bench.run("status", "--json")
    assert (result.code, result.err) == (0, "")
    return result.document


def lines(mirror: Mirror) -> dict[str, str]:
    """What ``syncd status`` prints, by the names of its lines."""
    result = mirror.bench.run("status", AUDIOPOD_API_KEY=None)
    assert (result.code, result.err) == (0, "")
    named = [line.split("  ", 1) for line in result.out.splitlines() if line[:1].strip()]
    return {name: said.strip() for name, said in named}


def test_its_fields_are_the_documented_ones_with_and_without_a_daemon(mirror: Mirror) -> None:
    without = shown(mirror)
    with daemon(mirror.bench, before=RINGING):
        document = shown(mirror)
    for found in (document, without):
        assert found.keys() == names(Status) | {"running"}
        assert found["disk"].keys() == names(Disk)
        assert found["service"].keys() == names(Service)
        assert (found["jobs"], found["counts"], found["root"]) == (
            4,
            {"placed": 4},
            str(mirror.bench.root),
        )
        assert datetime.fromisoformat(found["last"]["sweep"]).tzinfo
    assert (document["running"], document["state"]) == (True, "idle")
    assert document["last"].keys() == document["next"].keys() == {"poll", "sweep", "scan"}
    assert document["service"]["reachable"] is True
    assert document["service"]["model"]
    assert document["watching"] in ("inotify", "polling", "none")
    assert (without["running"], without["state"], without["pid"]) == (False, "stopped", None)


def test_in_words_it_says_how_long_it_runs_and_what_comes_next(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        said = lines(mirror)
        assert said["state"] == "idle"
        assert f"process {running.running.pid}" in said["since"]
        for timer in ("poll", "sweep", "scan"):
            assert "last " in said[timer]
            assert "next in " in said[timer]
        assert "answered" in said["service"]
        assert "free of" in said["disk"]
    said = lines(mirror)
    assert said["state"].startswith("stopped: no daemon runs; syncd run starts one")
    assert "poll" not in said
    assert "last " in said["sweep"]


def test_it_shows_what_is_fetched_how_fast_and_for_how_long_still(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        sound = tone("flac", 1, 4.0)
        mirror.sim.faults.add(Fault("throttle", origin="media", rate=len(sound) / 6, times=None))
        mirror.add("Echo", audio={"flac": sound})
        ring_only(running, "poll")
        running.wait_until(lambda: any(one["left"] for one in running.status()["transfers"]))
        document = shown(mirror)
        assert document["state"] == "working"
        (one,) = document["transfers"]
        assert one.keys() == names(Transfer)
        assert (one["job_id"], one["total"]) == (mirror.jobs["Echo"], len(sound))
        assert one["path"].endswith("Echo.flac")
        assert 0 < one["size"] < one["total"]
        assert one["speed"] > 0
        assert "/s" in mirror.bench.run("status").out
        mirror.sim.faults.clear()


def test_it_shows_what_is_held_and_the_command_that_releases_it(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"rename_budget": 0})
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: running.status()["held"])
        with_daemon = shown(mirror)["held"]
    (held,) = with_daemon
    assert held.keys() == names(Held)
    assert (held["verb"], held["count"]) == ("rename-remote", 1)
    assert shown(mirror)["held"] == with_daemon
    assert f"({held['command']} or" in lines(mirror)["held"].replace("syncd pending; ", "")
    assert mirror.bench.run(*held["command"].split()[1:]).code == 0
    assert shown(mirror)["held"] == []


def test_it_shows_what_one_scan_missed_until_another_one_decides(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=SWIFT + SCANS_FAR_APART) as running:
        mirror.path("Beta").unlink()
        running.wait_until(lambda: running.status()["missed"] == 1)
        document = shown(mirror)
        left = datetime.fromisoformat(document["missed_until"]) - datetime.fromisoformat(
            document["at"]
        )
        assert timedelta() < left <= timedelta(seconds=301)
        assert lines(mirror)["missing"].startswith("1 file; looked for again in ")
        pending = mirror.bench.run("pending")
        assert f"missing: job {mirror.jobs['Beta']}" in pending.out
        assert "one scan did not find its file" in pending.out
        assert "in all: 1 missed by one scan" in pending.out
        (found,) = mirror.bench.run("pending", "--json").document["missed"]
        assert (found["id"], found["path"]) == (mirror.jobs["Beta"], str(mirror.path("Beta")))


def test_it_shows_what_goes_wrong_since_when_and_how_often(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.faults.add(Fault("status", origin="media", status=404, times=None))
        mirror.add("Echo")
        ring_only(running, "poll")
        running.wait_until(lambda: running.status()["errors"])
        running.wait_for("idle")
        (error,) = shown(mirror)["errors"]
        assert error.keys() == names(Trouble)
        assert error["first_at"] <= error["last_at"]
        assert str(mirror.jobs["Echo"]) in lines(mirror)["errors"]
        mirror.sim.faults.clear()
        assert mirror.bench.run("sync").code == 0
        assert shown(mirror)["errors"] == []


def test_it_needs_neither_a_network_nor_a_key(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        refuse_all(running)
        mirror.sim.requests.clear()
        assert shown(mirror)["jobs"] == 4
    assert lines(mirror)["state"].startswith("stopped")


def refuse_all(running: Daemon) -> None:
    """Have every request fail, and the daemon see it."""
    running.bench.sim.faults.add(Fault("status", status=503, times=None))
    ring_only(running, "poll")
    running.wait_for("offline")


def test_an_offline_daemon_says_what_it_waits_for(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        refuse_all(running)
        said = lines(mirror)
        while said["state"] == "working":  # it is being tried again
            said = lines(mirror)
        assert said["state"] == "offline"
        assert said["waits for"]
        assert said["service"].startswith("last answer ")
        mirror.sim.faults.clear()
        ring(running, "poll")
        assert "waits for" not in lines(mirror)
