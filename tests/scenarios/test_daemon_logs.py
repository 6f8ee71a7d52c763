"""What the daemon says of itself: its log and ``syncd logs``, its figures and its health."""

from __future__ import annotations

import json
import re
import signal
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd.simulator import Fault

from .daemons import Daemon, daemon
from .mirroring import NO_GRACE, Look, Mirror
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

CANARY = "ap_canary_7f3e9b1d5a2c4e8f"


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, where a deletion waits out no grace."""
    return Mirror.of(bench, look, sync={**NO_GRACE})


@pytest.fixture
def port() -> int:
    """A port of this machine that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def live_through(mirror: Mirror, running: Daemon) -> None:
    """One of each: a download, renames and deletions of both sides, a failure."""
    mirror.add("Echo")
    mirror.rename("Alpha", "Omega")
    mirror.path("Beta").unlink()
    mirror.sim.world.rename(mirror.jobs["Gamma"], "Gamma live")
    mirror.sim.world.delete(mirror.jobs["Delta"])
    ring(running, "sweep")
    running.wait_until(lambda: len(mirror.sent()) == 2)
    running.wait_until(lambda: mirror.files() == ["Echo.flac", "Gamma live.flac", "Omega.flac"])
    mirror.sim.faults.add(Fault("status", origin="media", status=404, times=None))
    mirror.add("Foxtrot")
    ring_only(running, "poll")
    running.wait_until(lambda: running.status()["errors"])
    running.wait_for("idle")


def test_every_line_about_an_operation_says_which_cycle_and_which_job(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.requests.clear()
        live_through(mirror, running)
        lines = running.stop()
    verbs = {"download", "rename-remote", "rename-local", "delete-remote", "trash-local"}
    about = [line for line in lines if line["event"].split(":")[0] in verbs]
    assert {line["event"].split(":")[0] for line in about} == verbs
    assert {line["job"] for line in about} == {*mirror.jobs.values()}
    assert all(re.fullmatch(r"[0-9a-f]{8}", line["cycle"]) for line in about)
    with mirror.bench.catalog() as catalog:
        journal = {entry["cycle"] for job in mirror.jobs.values()
                   for entry in catalog.journal.entries(job)}  # fmt: skip
    assert {line["cycle"] for line in about} <= journal


def test_logs_shows_the_last_lines_and_as_many_as_are_asked_for(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: any("rename-remote" in line for line in running.log()))
        running.wait_for("idle")
        everything = mirror.bench.run("logs", AUDIOPOD_API_KEY=None)
        assert (everything.code, everything.err) == (0, "")
        assert "started" in everything.out.splitlines()[0]
        assert everything.out.splitlines() == running.log()
        for count in (0, 1, 2):
            last = mirror.bench.run("logs", "-n", count).out.splitlines()
            assert last == everything.out.splitlines()[len(running.log()) - count :]


def test_logs_goes_on_with_what_comes_until_ctrl_c(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        command = mirror.bench.start("logs", "--follow", "--lines", 1)
        running.wait_until(command.said)
        assert len(command.said().splitlines()) == 1
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: "rename-remote" in command.said())
        command.send_signal(signal.SIGINT)
        result = mirror.bench.finish(command)
        assert (result.code, result.err) == (0, "")
        assert running.state


def test_whoever_follows_the_log_is_told_when_the_daemon_stops(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        command = mirror.bench.start("logs", "--follow")
        running.wait_until(command.said)
        running.stop()
        result = mirror.bench.finish(command)
    assert result.code == 1
    assert "the daemon stops" in result.complaint


def test_neither_the_key_nor_a_signed_address_is_in_any_log(mirror: Mirror, haste: str) -> None:
    mirror.sim.world.grant(CANARY)
    mirror.bench.env["AUDIOPOD_API_KEY"] = CANARY
    mirror.bench.configure(sync=NO_GRACE, log={"level": "debug"})
    body = f'{{"detail": "the key {CANARY} is not welcome"}}'
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.requests.clear()
        live_through(mirror, running)
        mirror.sim.faults.clear()
        mirror.sim.faults.add(Fault("expired", origin="media"))
        mirror.add("Golf")
        ring_only(running, "poll")
        running.wait_until(lambda: "Golf.flac" in mirror.files())
        running.wait_for("idle")
        for status, word in ((500, "offline"), (401, "refused"), (403, "refused")):
            mirror.sim.faults.add(
                Fault("status", origin="api", status=status, body=body, times=None)
            )
            ring_only(running, "poll")
            running.wait_for(word)
            mirror.sim.faults.clear()
            assert mirror.bench.run("sync", before=haste).code in (0, 1)
            running.wait_for("idle")
        told = mirror.bench.run("logs", "-n", 1000).out
        shown = json.dumps(running.status()) + mirror.bench.run("status").out
        running.has_ended = True
        running.running.send_signal(signal.SIGTERM)
        ended = mirror.bench.finish(running.running)
    assert ended.code == 0
    assert "a cycle begins" in told
    for text in (told, shown, ended.out, ended.err):
        assert CANARY not in text
        assert CANARY[:12] not in text
        assert "signature=" not in text
    kept = [path for path in mirror.bench.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if CANARY.encode() in path.read_bytes()]


def test_figures_and_health_are_answered_on_a_port(mirror: Mirror, port: int) -> None:
    mirror.bench.configure(sync=NO_GRACE, metrics={"listen": f"127.0.0.1:{port}"})
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.requests.clear()
        live_through(mirror, running)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            metrics = client.get("/metrics")
            assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
            found = figures(metrics.text)
            assert found["syncd_healthy"] == 1
            assert found["syncd_operations_total", "rename-remote"] == 1
            assert found["syncd_operations_total", "delete-remote"] == 1
            assert found["syncd_tracks", "placed"] == 3
            assert found["syncd_troubles"] == 1
            assert found["syncd_requests_total"] > 0
            health = client.get("/health")
            assert (health.status_code, health.json()["healthy"]) == (200, True)
            assert health.json()["state"] in ("idle", "working")
            mirror.sim.faults.add(Fault("status", status=503, times=None))
            ring_only(running, "poll")
            running.wait_for("offline")
            running.wait_until(lambda: client.get("/health").json()["state"] == "offline")
            assert figures(client.get("/metrics").text)["syncd_service_reachable"] == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)


def figures(text: str) -> dict[Any, float]:
    """Samples by name, and by name and label where they have one."""
    return {
        (sample.name, *sample.labels.values()) if sample.labels else sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_port_that_is_taken_is_said_at_the_start(mirror: Mirror) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        mirror.bench.configure(metrics={"listen": listen})
        result = mirror.bench.run("run")
    assert result.code == 2
    assert f"metrics.listen: {listen} cannot be used" in result.complaint
