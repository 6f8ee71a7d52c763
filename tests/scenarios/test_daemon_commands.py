"""Commands while the daemon runs: some are done by it, the others borrow the library from it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from syncd.daemon.contact import Contact

from .daemons import daemon as ringing
from .mirroring import Mirror, patch
from .ringing import RINGING

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench
    from tests.scenarios.starting import Running

WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def mirror(bench: Bench, look: Callable[..., dict[str, Any]]) -> Mirror:
    """Four songs in step, where every rename waits for the user."""
    return Mirror.of(bench, look, sync={"rename_budget": 0})


@pytest.fixture
def daemon(mirror: Mirror, wait_until: WaitUntil) -> Iterator[Running]:
    """The daemon of that library, once it rests; it ends in order."""
    running = mirror.bench.start("run")
    # It is idle for a moment before its first look, too.
    wait_until(lambda: state_of(mirror.bench) == "idle" and status(mirror.bench)["cycles"])
    mirror.sim.requests.clear()
    yield running
    running.send_signal(signal.SIGTERM)
    code, out, err = running.wait()
    assert "Traceback" not in out + err, err
    assert code == 0, err


def contact(bench: Bench) -> Contact:
    found = Contact.find(bench.state)
    assert found is not None
    return found


def status(bench: Bench) -> Any:
    return contact(bench).ask("status")["status"]


def state_of(bench: Bench) -> str | None:
    return status(bench)["state"] if Contact.find(bench.state) else None


@pytest.mark.usefixtures("daemon")
def test_sync_is_done_by_the_daemon(mirror: Mirror) -> None:
    mirror.add("Echo")
    result = mirror.bench.run("sync", AUDIOPOD_API_KEY=None)
    assert (result.code, result.out) == (0, "in step: 1 placed\n")
    assert "Echo.flac" in mirror.files()
    document = mirror.bench.run("sync", "--json").document
    assert document["exit_code"] == 0
    assert document["operations"] == []


@pytest.mark.usefixtures("daemon")
def test_what_is_held_is_approved_and_rejected_through_the_daemon(
    mirror: Mirror, wait_until: WaitUntil
) -> None:
    mirror.rename("Alpha", "Alpha live")
    mirror.rename("Beta", "Beta live")
    wait_until(lambda: sum(held["count"] for held in status(mirror.bench)["held"]) == 2)
    (held,) = status(mirror.bench)["held"]
    assert f"; {held['command']} or reject " in mirror.bench.run("status").out
    assert held["reject"] == f"syncd reject {held['batch']}"
    assert mirror.bench.run("sync").code == 3
    rejected = mirror.bench.run("reject", "--job", mirror.jobs["Beta"])
    assert rejected.code == 0, rejected.err
    assert "Beta live.flac" in rejected.out
    approved = mirror.bench.run(*held["command"].split()[1:])
    assert (approved.code, approved.out) == (0, "in step: 0 placed, 1 renamed in the account\n")
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]


@pytest.mark.usefixtures("daemon")
def test_another_command_borrows_the_library_and_gives_it_back(
    mirror: Mirror, wait_until: WaitUntil
) -> None:
    result = mirror.bench.run("rename", mirror.jobs["Alpha"], "Omega")
    assert result.code == 0, result.err
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    assert "Omega.flac" in mirror.files()
    wait_until(lambda: state_of(mirror.bench) == "idle")
    assert "syncd rename" in mirror.bench.run("logs").out
    assert mirror.bench.run("verify").code == 0
    mirror.add("Echo")
    assert mirror.bench.run("sync").code == 0
    assert "Echo.flac" in mirror.files()


@pytest.mark.usefixtures("daemon")
def test_while_it_is_lent_the_daemon_answers_and_lends_it_to_nobody_else(
    mirror: Mirror, wait_until: WaitUntil
) -> None:
    with contact(mirror.bench).borrowed("syncd verify"):
        shown = mirror.bench.run("status").out
        assert shown.startswith("state      lent\n")
        assert "waits for  syncd verify, which has the library" in shown
        refused = mirror.bench.run("evict", mirror.jobs["Alpha"])
        assert refused.code == 1
        assert "the library is lent to syncd verify" in refused.complaint
    wait_until(lambda: state_of(mirror.bench) == "idle")
    assert mirror.bench.run("evict", mirror.jobs["Alpha"]).code == 0


@pytest.mark.usefixtures("daemon")
def test_a_borrower_that_is_killed_gives_it_back_too(mirror: Mirror, wait_until: WaitUntil) -> None:
    # The command stops inside the engine, with the library open.
    freezes = "import signal, syncd.actions.tracks as t\nt.rename = lambda *a: signal.pause()\n"
    running = mirror.bench.start("rename", mirror.jobs["Alpha"], "Omega", before=freezes)
    wait_until(lambda: state_of(mirror.bench) == "lent")
    running.send_signal(signal.SIGKILL)
    assert running.wait()[0] == -signal.SIGKILL
    wait_until(lambda: state_of(mirror.bench) == "idle")
    mirror.add("Echo")
    assert mirror.bench.run("sync").code == 0
    assert "Echo.flac" in mirror.files()


@pytest.mark.usefixtures("daemon")
def test_a_paused_daemon_does_what_it_is_asked(mirror: Mirror, wait_until: WaitUntil) -> None:
    assert mirror.bench.run("pause", "--for", "2h").code == 0
    wait_until(lambda: state_of(mirror.bench) == "paused")
    assert "paused, goes on in 2 h" in mirror.bench.run("status").out
    mirror.add("Echo")
    assert mirror.bench.run("sync").code == 0
    assert "Echo.flac" in mirror.files()
    assert state_of(mirror.bench) == "paused"
    assert mirror.bench.run("resume").code == 0
    wait_until(lambda: state_of(mirror.bench) == "idle")


@pytest.mark.usefixtures("daemon")
def test_a_terminal_sees_what_the_daemon_does(mirror: Mirror) -> None:
    mirror.add("Echo")
    code, shown = mirror.bench.on_terminal("sync")
    assert code == 0, shown
    assert "downloading" in shown
    assert "1/1" in shown
    assert "in step: 1 placed" in shown


def test_a_daemon_that_was_killed_is_none(mirror: Mirror, wait_until: WaitUntil) -> None:
    running = mirror.bench.start("run")
    wait_until(lambda: state_of(mirror.bench) == "idle")
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert (mirror.bench.state / "daemon.json").exists()
    assert mirror.bench.run("status").out.startswith("state   stopped: no daemon runs")
    assert mirror.bench.run("sync").code == 0
    again = mirror.bench.start("run")
    wait_until(lambda: state_of(mirror.bench) == "idle")
    again.send_signal(signal.SIGTERM)
    assert again.wait()[0] == 0
    assert not (mirror.bench.state / "daemon.json").exists()


def test_a_deletion_that_is_rejected_once_more_is_undone_once_more(
    bench: Bench, look: Callable[..., dict[str, Any]]
) -> None:
    mirror = Mirror.of(bench, look)
    with ringing(bench, before=RINGING) as running:
        for _ in range(2):
            mirror.path("Beta").unlink()
            running.wait_until(lambda: running.status()["pending"] == 1)
            assert bench.run("reject", "--job", mirror.jobs["Beta"]).code == 0
            running.wait_until(mirror.path("Beta").exists)
            running.wait_for("idle")
