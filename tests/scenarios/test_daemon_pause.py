"""``syncd pause`` and ``syncd resume``: a daemon that rests asks for nothing of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .daemons import daemon
from .mirroring import Mirror, patch
from .ringing import RINGING, ring_only

if TYPE_CHECKING:
    from tests.scenarios.daemons import Daemon


def ring_all(running: Daemon) -> None:
    """All timers that have it look ring, and it has heard them."""
    for name in ("poll", "sweep", "scan"):
        ring_only(running, name)
    assert running.status()


def test_a_paused_daemon_asks_for_nothing_and_sends_nothing_until_it_is_resumed(
    mirror: Mirror,
) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        result = mirror.bench.run("pause", AUDIOPOD_API_KEY=None)
        assert (result.code, result.out) == (0, "the daemon rests until syncd resume\n")
        running.wait_for("paused")
        mirror.sim.requests.clear()
        mirror.add("Echo")
        mirror.rename("Alpha", "Omega")
        ring_all(running)
        for _ in range(20):
            assert running.state == "paused"
        assert mirror.asked() == []
        result = mirror.bench.run("resume")
        assert (result.code, result.out) == (0, "the daemon goes on\n")
        running.wait_until(lambda: "Echo.flac" in mirror.files() and mirror.sent())
        assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]


def test_a_pause_outlives_a_restart(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING):
        assert mirror.bench.run("pause").code == 0
    mirror.sim.requests.clear()
    mirror.add("Echo")
    with daemon(mirror.bench, before=RINGING, state="paused") as running:
        ring_all(running)
        assert "paused until syncd resume" in mirror.bench.run("status").out
        assert {path for _, path in mirror.asked()} <= {"/model/status"}
        assert mirror.bench.run("resume").code == 0
        running.wait_until(lambda: "Echo.flac" in mirror.files())
    with daemon(mirror.bench, before=RINGING) as running:
        assert running.state == "idle"


def test_a_pause_for_a_while_ends_by_itself(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.add("Echo")
        result = mirror.bench.run("pause", "--for", "1s")
        assert result.code == 0, result.err
        assert result.out.startswith("the daemon rests until 2")
        ring_all(running)
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        running.wait_for("idle")
        assert any("the pause is over" in line for line in running.log())
        assert running.status()["paused_until"] is None


def test_while_it_rests_it_does_what_it_is_asked_by_hand_and_rests_on(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        assert mirror.bench.run("pause", "--for", "2h").code == 0
        mirror.add("Echo")
        mirror.rename("Alpha", "Omega")
        result = mirror.bench.run("sync")
        assert (result.code, result.out) == (0, "in step: 1 placed, 1 renamed in the account\n")
        assert mirror.bench.run("evict", mirror.jobs["Beta"]).code == 0
        running.wait_for("paused")
        assert "paused, goes on in 2 h" in mirror.bench.run("status").out


def test_a_time_that_is_none_is_refused_and_nothing_rests(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        for given in ("soon", "0s", "366d", "-1h"):
            assert mirror.bench.run("pause", f"--for={given}").code == 2, given
        assert running.state == "idle"
