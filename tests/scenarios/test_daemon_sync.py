"""``syncd sync``, ``approve`` and ``reject`` while the daemon runs: it does them, as they do it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.simulator import Fault, Simulator

from .daemons import Daemon, daemon
from .mirroring import Look, Mirror, delete, patch
from .ringing import RINGING

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench, Completed

FAILS = Fault("status", origin="media", status=404, times=None)
SILENT = Fault("status", status=503, times=None)


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, where every rename waits for the user."""
    return Mirror.of(bench, look, sync={"rename_budget": 0})


@pytest.fixture
def alone(bench: Bench, look: Look, tmp_path: Path) -> Iterator[Mirror]:
    """The like of it, of another account, for which no daemon runs."""
    with Simulator() as sim:
        yield Mirror.of(bench.beside(tmp_path / "alone", sim), look, sync={"rename_budget": 0})


@pytest.fixture
def running(mirror: Mirror) -> Iterator[Daemon]:
    with daemon(mirror.bench, before=RINGING) as made:
        mirror.sim.requests.clear()
        yield made


def nothing(mirror: Mirror) -> None:
    """Leave everything as it is."""


def a_new_job(mirror: Mirror) -> None:
    mirror.add("Echo")


def a_job_without_audio(mirror: Mirror) -> None:
    mirror.add("Echo")
    mirror.sim.faults.add(FAILS)


def a_rename_here(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")


def a_silent_service(mirror: Mirror) -> None:
    mirror.sim.faults.add(SILENT)


def said(mirror: Mirror, result: Completed) -> tuple[int, str, str]:
    """What a command said, without what differs between two libraries."""
    texts = [result.out, result.err]
    for found, stands_for in ((str(mirror.bench.folder), "HOME"), (mirror.sim.api_url, "URL")):
        texts = [text.replace(found, stands_for) for text in texts]
    complaints = [line for line in texts[1].splitlines() if line.startswith("syncd: ")]
    return result.code, texts[0], "\n".join(complaints)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (nothing, 0),
        (a_new_job, 0),
        (a_job_without_audio, 1),
        (a_rename_here, 3),
        (a_silent_service, 75),
    ],
    ids=lambda given: given.__name__ if callable(given) else str(given),
)
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_it_says_the_same_and_ends_with_the_same_code(
    mirror: Mirror,
    running: Daemon,
    alone: Mirror,
    haste: str,
    happens: Callable[[Mirror], None],
    code: int,
    options: tuple[str, ...],
) -> None:
    found = []
    for one, key in ((mirror, None), (alone, alone.sim.key)):
        happens(one)
        result = one.bench.run("sync", *options, before=haste, AUDIOPOD_API_KEY=key)
        found.append(said(one, result))
    assert found[0] == found[1]
    assert found[0][0] == code
    assert running.state in ("idle", "working", "offline")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sync_that_is_stopped_leaves_the_daemon_at_it(
    mirror: Mirror, running: Daemon, number: int, code: int
) -> None:
    mirror.sim.faults.add(Fault("throttle", origin="media", rate=2000, times=None))
    mirror.add("Echo")
    command = mirror.bench.start("sync")
    running.wait_until(lambda: running.status()["transfers"])
    command.send_signal(number)
    result = mirror.bench.finish(command)
    assert result.code == code
    assert result.complaint == (
        "syncd: stopped; the daemon goes on with it; syncd status shows how it is"
    )
    assert running.status()["transfers"]
    mirror.sim.faults.clear()
    running.wait_until(lambda: "Echo.flac" in mirror.files())
    running.wait_for("idle")


def test_two_at_once_are_both_answered(mirror: Mirror, running: Daemon) -> None:
    mirror.add("Echo")
    commands = [mirror.bench.start("sync", "--json") for _ in range(2)]
    documents = [mirror.bench.finish(command).document for command in commands]
    assert sorted(len(found["operations"]) for found in documents) == [0, 1]
    assert len(mirror.bench.downloads()) == 1


def test_a_daemon_that_stops_meanwhile_is_said(mirror: Mirror, running: Daemon) -> None:
    mirror.sim.faults.add(Fault("throttle", origin="media", rate=2000, times=None))
    mirror.add("Echo")
    command = mirror.bench.start("sync")
    running.wait_until(lambda: running.status()["transfers"])
    running.stop()
    result = mirror.bench.finish(command)
    assert result.code == 1
    assert re.search("the daemon stops|sync was broken off", result.complaint)
    mirror.sim.faults.clear()
    assert mirror.bench.run("sync").code == 0
    assert "Echo.flac" in mirror.files()


def test_a_sync_that_another_command_takes_the_library_from_is_told_so(
    mirror: Mirror, running: Daemon
) -> None:
    mirror.sim.faults.add(Fault("throttle", origin="media", rate=2000, times=None))
    mirror.add("Echo")
    command = mirror.bench.start("sync")
    running.wait_until(lambda: running.status()["transfers"])
    assert mirror.bench.run("rename", mirror.jobs["Alpha"], "Omega").code == 0
    result = mirror.bench.finish(command)
    assert (result.code, result.complaint) == (1, "syncd: sync was broken off; ask again")
    mirror.sim.faults.clear()
    running.wait_until(lambda: "Echo.flac" in mirror.files())


def test_approve_and_reject_say_the_same_with_and_without_a_daemon(
    mirror: Mirror, running: Daemon, alone: Mirror
) -> None:
    found: list[list[Any]] = []
    for one in (mirror, alone):
        one.rename("Alpha", "Alpha live")
        one.rename("Beta", "Beta live")
        assert one.bench.run("sync").code == 3
        (batch,) = one.bench.run("pending", "--json").document["batches"]
        approved = one.bench.run("approve", "--job", one.jobs["Alpha"], "--json")
        rejected = one.bench.run("reject", batch["batch"], "--json")
        assert one.sent() == [patch(one.jobs["Alpha"], "Alpha live")]
        found.append([said(one, approved), said(one, rejected)])
    assert found[0] == found[1]
    assert [code for code, _, _ in found[0]] == [3, 0]
    (released,) = json.loads(found[0][0][1])["approved"]
    assert released["id"] == mirror.jobs["Alpha"]
    (rejected,) = json.loads(found[0][1][1])["rejected"]
    assert rejected["id"] == mirror.jobs["Beta"]
    assert running.status()["held"] == []


def test_a_batch_that_is_none_is_refused_alike(
    mirror: Mirror, running: Daemon, alone: Mirror
) -> None:
    for command in ("approve", "reject"):
        found = [said(one, one.bench.run(command, 99)) for one in (mirror, alone)]
        assert found[0] == found[1]
        assert found[0][0] != 0
    assert running.state == "idle"


def test_a_deletion_is_sent_before_its_grace_is_over_where_it_is_approved(
    mirror: Mirror, running: Daemon
) -> None:
    mirror.path("Beta").unlink()
    running.wait_until(lambda: running.status()["pending"] == 1)
    result = mirror.bench.run("approve", "--job", mirror.jobs["Beta"])
    assert result.code == 0, result.err
    assert mirror.sent() == [delete(mirror.jobs["Beta"])]
    assert running.status()["pending"] == 0


def test_a_deletion_that_is_rejected_brings_the_file_back(mirror: Mirror, running: Daemon) -> None:
    mirror.path("Beta").unlink()
    running.wait_until(lambda: running.status()["pending"] == 1)
    result = mirror.bench.run("reject", "--job", mirror.jobs["Beta"])
    assert result.code == 0, result.err
    running.wait_until(lambda: "Beta.flac" in mirror.files())
    assert mirror.sent() == []
