"""What status says of a daemon that rests, waits, is out of reach or not to be asked."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.local.root import create_root
from syncd.simulator import Fault

from .daemons import daemon
from .guarding import ORDINARY_USER
from .mirroring import Look, Mirror
from .ringing import RINGING, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

NONE = {"poll": None, "sweep": None, "scan": None}


def test_last_and_next_always_have_each_look(bench: Bench, mirror: Mirror) -> None:
    document = bench.run("status", "--json").document
    assert document["last"].keys() == document["next"].keys() == NONE.keys()
    with daemon(bench, before=RINGING) as running:
        document = running.status()
        assert document["last"].keys() == document["next"].keys() == NONE.keys()
        assert all(document["next"].values())


def test_while_it_rests_it_names_no_look_that_will_not_be_made(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        assert mirror.bench.run("pause").code == 0
        running.wait_for("paused")
        assert running.status()["next"] == NONE
        assert ", next" not in mirror.bench.run("status").out


def test_while_the_key_is_refused_it_names_none(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.world.revoke(mirror.sim.key)
        ring_only(running, "poll")
        running.wait_for("refused")
        assert running.status()["next"] == NONE


def test_off_line_the_next_poll_is_the_next_try(mirror: Mirror) -> None:
    slow = RINGING + "weather.FIRST_WAIT = 100.0\n"
    with daemon(mirror.bench, before=slow) as running:
        mirror.sim.faults.add(Fault("status", status=503, times=None))
        ring_only(running, "poll")
        running.wait_for("offline")
        document = running.status()
        now, due = (datetime.fromisoformat(document["at"]), document["next"])
        assert (datetime.fromisoformat(due["poll"]) - now).total_seconds() > 70
        assert all(due[name] >= due["poll"] for name in due)


@pytest.mark.parametrize(
    ("options", "words"),
    [((), "until syncd resume"), (("--for", "2h"), "UTC")],
    ids=["for good", "for a while"],
)
def test_a_pause_that_outlives_the_daemon_is_said(
    mirror: Mirror, options: tuple[str, ...], words: str
) -> None:
    with daemon(mirror.bench, before=RINGING):
        assert mirror.bench.run("pause", *options).code == 0
    said = mirror.bench.run("status")
    assert "stopped: no daemon runs" in said.out
    assert "a start, which begins paused, until" in said.out
    assert words in said.out
    document = mirror.bench.run("status", "--json").document
    assert (document["state"], bool(document["paused_until"])) == ("stopped", bool(options))


@pytest.mark.parametrize("command", ["status", "logs", "pending"])
def test_a_state_folder_of_another_user_is_no_daemon_that_is_stopped(
    mirror: Mirror, command: str
) -> None:
    state = mirror.bench.state
    with daemon(mirror.bench, before=RINGING):
        state.chmod(0)
        try:
            result = mirror.bench.run(command, before=ORDINARY_USER)
        finally:
            state.chmod(0o700)
    assert (result.code, result.out) == (1, "")
    assert str(state) in result.complaint
    if command != "pending":
        owner = Path.home().owner() if os.geteuid() == 0 else state.owner()
        assert f"is of the user {owner}, and closed to this one" in result.complaint


# --- the log ---


def test_the_log_has_a_line_for_what_begins_and_ends_to_wait(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"rename_budget": 0})
    with daemon(bench, before=RINGING) as running:
        mirror.rename("Alpha", "Omega")
        mirror.path("Beta").unlink()
        running.wait_until(lambda: running.status()["held"] and running.status()["pending"])
        running.wait_for("idle")
        ring_only(running, "sweep")
        running.wait_for("idle")
        assert bench.run("pause").code == 0
        assert bench.run("resume").code == 0
        running.wait_for("idle")
        lines = running.stop()
    said = [line["event"] for line in lines]
    assert [said.count(one) for one in ("held", "pending", "paused", "resumed")] == [1, 1, 1, 1]
    (held,) = [line for line in lines if line["event"] == "held"]
    assert (held["job"], held["batch"], held["level"]) == (mirror.jobs["Alpha"], 1, "info")


def test_a_folder_that_cannot_be_read_is_a_line_once_until_that_changes(mirror: Mirror) -> None:
    closed = mirror.bench.root / "closed"
    closed.mkdir(mode=0)
    with daemon(mirror.bench, before=RINGING + ORDINARY_USER) as running:
        for _ in range(2):
            ring_only(running, "scan")
            running.wait_for("idle")
        lines = running.stop()
    closed.chmod(0o700)
    (line,) = [line for line in lines if line["event"] == "cannot be read"]
    assert (line["paths"], line["level"]) == (["closed"], "info")


def test_a_service_that_is_left_alone_is_said_with_the_cycle(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.faults.add(Fault("status", status=503, times=None))
        ring_only(running, "poll")
        running.wait_for("offline")
        lines = running.stop()
    (line,) = [one for one in lines if "tried again" in one["event"]]
    assert len(line["cycle"]) == 8


@pytest.mark.parametrize("form", ["json", "journald"])
def test_what_ends_the_daemon_is_a_line_of_its_log(mirror: Mirror, form: str) -> None:
    bench = mirror.bench
    bench.configure(log={"format": form})
    bench.root.rename(bench.folder / "aside")
    create_root(bench.root, bench.sim.api_url)
    ended = bench.run("run", before=RINGING)
    last = ended.err.splitlines()[-1]
    assert ended.code == 78
    if form == "json":
        said = json.loads(last)
        assert (said["event"], said["level"], said["exit_code"]) == ("ended", "error", 78)
    else:
        assert last.startswith("<3>ended ")
    assert "is another library" in last


def test_the_port_that_the_system_chose_for_the_figures_is_said(mirror: Mirror) -> None:
    mirror.bench.configure(metrics={"listen": "127.0.0.1:0"})
    with daemon(mirror.bench, before=RINGING) as running:
        (line,) = [line for line in running.stop() if line["event"] == "figures are served"]
    assert line["host"] == "127.0.0.1"
    assert line["port"] > 0
