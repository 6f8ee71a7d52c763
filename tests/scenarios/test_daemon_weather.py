"""The daemon and a service that does not answer, refuses the key, or asks for patience."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault, Simulator

from .daemons import SWIFT, Daemon, daemon, warnings
from .mirroring import Look, Mirror, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

POLLING = f"""{SWIFT}
import logging
from syncd.daemon.schedule import Schedule
def ringing(self, name, seconds, ring, *, jitter, every=Schedule.every):
    def told():
        logging.getLogger("bells").info("the %s rings", name)
        ring()
    every(self, name, 1, told, jitter=False)
Schedule.every = ringing
"""
"""Put before ``run``: every timer rings each second, and says so."""

SILENT = Fault("close", times=None)
LEFT_ALONE = "the service cannot be reached; it is tried again"
ANSWERS_AGAIN = "the service answers again"


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, with the key in a file."""
    made = Mirror.of(bench, look, api={"key_file": str(key_file(bench))})
    give_key(bench, bench.sim.key)
    bench.env.pop("AUDIOPOD_API_KEY")
    made.sim.requests.clear()
    return made


def key_file(bench: Bench) -> Path:
    return bench.folder / "key"


def give_key(bench: Bench, key: str) -> None:
    fresh = bench.folder / "key.new"
    fresh.touch(0o600)
    fresh.write_text(f"{key}\n")
    fresh.replace(key_file(bench))


def tries(sim: Simulator) -> int:
    return len(sim.requests.select(origin="api", path="/jobs$"))


def polls_come_due(running: Daemon) -> None:
    """Wait until the timer of the polls rang twice."""

    def rung() -> int:
        return sum("the poll rings" in line for line in running.log())

    before = rung()
    running.wait_until(lambda: rung() >= before + 2)


# --- no answer ---


def test_a_service_that_is_silent_at_the_start_is_tried_until_it_answers(mirror: Mirror) -> None:
    mirror.add("Echo")
    mirror.sim.faults.add(SILENT)
    with daemon(mirror.bench, state="offline") as running:
        status = running.status()
        assert "the connection broke off" in status["awaits"]
        assert status["counts"] == {"placed": 4}
        assert status["service"]["reachable"] is False
        asked = tries(mirror.sim)
        running.wait_until(lambda: tries(mirror.sim) > asked + 4)
        mirror.sim.faults.clear()
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        running.wait_for("idle")
        assert running.status()["awaits"] is None
        lines = running.stop()
    assert warnings(lines) == [LEFT_ALONE]
    assert [line["event"] for line in lines].count(ANSWERS_AGAIN) == 1


def test_what_happens_on_both_sides_while_it_is_silent_is_not_lost(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        mirror.sim.faults.add(SILENT)
        mirror.rename("Alpha", "Alpha live")
        running.wait_for("offline")
        mirror.rename("Beta", "Beta live")
        mirror.add("Echo")
        mirror.sim.faults.clear()
        running.wait_until(lambda: len(mirror.sent()) == 2)
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        lines = running.stop()
    renamed = [patch(mirror.jobs[name], f"{name} live") for name in ("Alpha", "Beta")]
    assert sorted(mirror.sent(), key=str) == sorted(renamed, key=str)
    assert mirror.account()[mirror.jobs["Beta"]] == "Beta live"
    assert warnings(lines) == ["rename-remote: failed", LEFT_ALONE]


def test_a_machine_that_comes_back_on_line_goes_on(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look)
    sim, api, media = bench.sim, *(int(u.rpartition(":")[2]) for u in _origins(bench.sim))
    sim.__exit__(None, None, None)  # nobody listens any more, as without a network
    with daemon(bench, state="offline") as running:
        assert "is this machine online?" in running.status()["awaits"]
        with Simulator(sim.world, port=api, media_port=media, key=sim.key):
            mirror.add("Echo")
            running.wait_until(lambda: "Echo.flac" in mirror.files())
            running.wait_for("idle")
            assert warnings(running.stop()) == [LEFT_ALONE]


def _origins(sim: Simulator) -> tuple[str, str]:
    return sim.api_url, sim.media_url


def test_a_user_need_not_wait_for_the_next_try(mirror: Mirror) -> None:
    patient = f"{SWIFT}\nweather.FIRST_WAIT = 3600.0\n"
    mirror.sim.faults.add(SILENT)
    with daemon(mirror.bench, state="offline", before=patient) as running:
        mirror.sim.faults.clear()
        mirror.add("Echo")
        assert running.ask("sync")["exit_code"] == 0
        assert "Echo.flac" in mirror.files()


def test_a_media_host_that_is_silent_is_told_once_and_waited_for_once(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=POLLING) as running:
        mirror.sim.faults.add(Fault("close", origin="media", times=None))
        for name in ("Echo", "Foxtrot", "Golf"):
            mirror.add(name)
        running.wait_until(lambda: running.status()["counts"].get("unavailable") == 3)
        running.wait_for("idle")
        (trouble,) = running.status()["errors"]
        assert trouble["message"].startswith("the media host is silent: ")
        mirror.sim.faults.clear()
        # None of the three is due: it is another one that shows that it answers again.
        mirror.add("Hotel")
        running.wait_until(lambda: len(mirror.files()) == 8)
        running.wait_until(lambda: running.status()["errors"] == [])
        lines = running.stop()
    assert warnings(lines) == ["the media host is silent"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("portal", times=None),
        Fault("redirect", times=None, location="http://127.0.0.1:9/login"),
        Fault("status", times=None, status=511, body="<html>", content_type="text/html"),
    ],
    ids=["page", "redirect", "511"],
)
def test_a_captive_portal_is_bad_weather(mirror: Mirror, fault: Fault) -> None:
    with daemon(mirror.bench) as running:
        mirror.sim.faults.add(fault)
        mirror.rename("Alpha", "Alpha live")
        running.wait_for("offline")
        assert mirror.sent() == []
        mirror.sim.faults.clear()
        running.wait_until(mirror.sent)
        running.wait_for("idle")
        assert warnings(running.stop()) == ["rename-remote: failed", LEFT_ALONE]
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]


# --- patience ---


def test_a_wait_that_the_service_asks_for_is_waited_out(mirror: Mirror) -> None:
    mirror.add("Echo")
    mirror.sim.faults.add(Fault("status", path="/jobs$", status=429, retry_after=2))
    with daemon(mirror.bench, state="offline", before=POLLING) as running:
        assert "429" in running.status()["awaits"]
        polls_come_due(running)
        assert tries(mirror.sim) == 1
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        assert warnings(running.stop()) == ["the service asks for patience; it is tried again"]


# --- the key ---


@pytest.mark.parametrize("refused", ["wrong", "revoked", "expired"])
def test_a_refused_key_is_not_tried_again_until_the_file_changes(
    mirror: Mirror, refused: str
) -> None:
    world, bench = mirror.sim.world, mirror.bench
    match refused:
        case "wrong":
            give_key(bench, "ap_nobody")
        case "revoked":
            world.revoke(mirror.sim.key)
        case "expired":
            world.expire(mirror.sim.key)
    mirror.add("Echo")
    with daemon(bench, state="refused", before=POLLING) as running:
        asked = len(mirror.sim.requests)
        mirror.rename("Alpha", "Alpha live")
        polls_come_due(running)
        status = running.status()
        assert len(mirror.sim.requests) == asked
        assert str(key_file(bench)) in status["awaits"]
        assert status["counts"] == {"placed": 4}
        assert len(bench.run("ls", "--json").document) == 4
        world.grant("ap_rotated")
        give_key(bench, "ap_rotated")
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        running.wait_for("idle")
        lines = running.stop()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]
    assert warnings(lines) == ["waiting"]
    assert "ap_" not in json.dumps(lines)


def test_a_key_that_is_revoked_while_it_runs_is_not_tried_again(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=POLLING) as running:
        mirror.sim.world.revoke(mirror.sim.key)
        running.wait_for("refused")
        asked = len(mirror.sim.requests)
        polls_come_due(running)
        assert len(mirror.sim.requests) == asked
        mirror.sim.world.grant("ap_rotated")
        give_key(mirror.bench, "ap_rotated")
        running.wait_for("idle")
        assert running.ask("sync")["exit_code"] == 0


def test_a_key_that_was_rotated_while_the_old_one_was_refused_is_taken(mirror: Mirror) -> None:
    def rotate(_: object) -> None:
        mirror.sim.world.revoke(mirror.sim.key)
        mirror.sim.world.grant("ap_rotated")
        give_key(mirror.bench, "ap_rotated")

    mirror.sim.faults.add(Fault("run", origin="api", call=rotate))
    with daemon(mirror.bench) as running:
        assert running.status()["errors"] == []


def test_who_asks_for_a_sync_with_a_refused_key_is_told_so(mirror: Mirror) -> None:
    mirror.sim.world.revoke(mirror.sim.key)
    with daemon(mirror.bench, state="refused") as running:
        refused = mirror.bench.run("sync")
        assert refused.code == 77
        assert str(key_file(mirror.bench)) in refused.complaint
        running.wait_for("refused")
