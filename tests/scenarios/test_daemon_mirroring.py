"""The daemon keeps both sides in step by itself: what is changed on one shows on the other."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault
from syncd.simulator.sound import tone

from .daemons import daemon
from .mirroring import Look, Mirror, delete, patch, title_of
from .ringing import RINGING, ring, ring_only

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


TURNS = "from syncd.daemon import patience\npatience._TURN, patience._TIMES = 0.3, 1\n"
"""Put before ``run``: downloads soon give way to what else there is to look at."""


@pytest.fixture
def impatient(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, where a deletion waits out no grace."""
    return Mirror.of(bench, look, sync={"deletion_grace": "0s"})


def test_a_rename_in_the_folder_is_sent_once_and_without_being_asked_for(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.requests.clear()
        mirror.rename("Alpha", "Omega")
        running.wait_until(mirror.sent)
        running.wait_for("idle")
        ring(running, "scan")
        ring(running, "sweep")
        assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
        assert title_of(mirror.path("Omega")) == "Omega"
        assert running.status()["operations"] == {"rename-remote": 1}
        (said,) = [line for line in running.log() if "rename-remote" in line]
        assert "from=Alpha" in said
        assert "to=Omega" in said


def test_with_the_settings_and_the_waits_of_every_day_a_rename_is_sent(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=None) as running:
        mirror.rename("Alpha", "Omega")
        running.wait_until(lambda: mirror.account()[mirror.jobs["Alpha"]] == "Omega")


def test_a_deleted_file_is_pending_after_two_scans_and_comes_back_while_it_is(
    mirror: Mirror,
) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        mirror.sim.requests.clear()
        kept = mirror.path("Beta").read_bytes()
        mirror.path("Beta").unlink()
        running.wait_until(lambda: running.status()["pending"] == 1)
        shown = running.status()
        left = datetime.fromisoformat(shown["pending_until"]) - datetime.fromisoformat(shown["at"])
        assert timedelta(hours=23) < left <= timedelta(hours=24)
        assert "1 deletion, the first due in 24 h" in mirror.bench.run("status").out
        mirror.path("Beta").write_bytes(kept)
        running.wait_until(lambda: running.status()["pending"] == 0)
    assert mirror.sent() == []


def test_without_a_grace_a_deleted_file_is_deleted_in_the_account_with_a_copy_kept(
    impatient: Mirror,
) -> None:
    with daemon(impatient.bench, before=RINGING) as running:
        impatient.sim.requests.clear()
        impatient.path("Beta").unlink()
        running.wait_until(impatient.sent)
        running.wait_for("idle")
    assert impatient.sent() == [delete(impatient.jobs["Beta"])]
    assert [entry.job_id for entry in impatient.trash()] == [impatient.jobs["Beta"]]
    assert impatient.jobs["Beta"] not in impatient.account()


def test_a_deletion_here_is_no_reason_to_list_the_account(impatient: Mirror) -> None:
    with daemon(impatient.bench, before=RINGING) as running:
        listed = running.status()["last"]["sweep"]
        impatient.path("Beta").unlink()
        running.wait_until(impatient.sent)
        ring(running, "poll")
        assert running.status()["last"]["sweep"] == listed


def test_a_rename_in_the_account_comes_down_with_a_poll(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        listed = running.status()["last"]["sweep"]
        mirror.sim.world.rename(mirror.jobs["Gamma"], "Gamma live")
        ring(running, "poll")
        running.wait_until(lambda: "Gamma live.flac" in mirror.files())
        assert running.status()["last"]["sweep"] == listed
    assert title_of(mirror.path("Gamma live")) == "Gamma live"
    assert not mirror.path("Gamma").exists()


def test_a_deletion_in_the_account_comes_down_with_a_sweep_of_its_own(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        listed = running.status()["last"]["sweep"]
        mirror.sim.world.delete(mirror.jobs["Gamma"])
        ring(running, "poll")
        running.wait_until(lambda: "Gamma.flac" not in mirror.files())
        running.wait_for("idle")
        assert running.status()["last"]["sweep"] > listed
        assert any("the account holds 3 jobs, 4 were expected" in said for said in running.log())
    assert [entry.job_id for entry in mirror.trash()] == [mirror.jobs["Gamma"]]


def test_a_new_job_is_fetched_without_a_sweep(mirror: Mirror) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        listed = running.status()["last"]["sweep"]
        mirror.add("Echo")
        ring(running, "poll")
        running.wait_until(lambda: "Echo.flac" in mirror.files())
        ring(running, "poll")
        assert running.status()["last"]["sweep"] == listed


def test_a_job_that_is_being_made_is_asked_about_and_fetched_when_it_is_done(
    mirror: Mirror,
) -> None:
    with daemon(mirror.bench, before=RINGING) as running:
        now = time.time()
        made = mirror.add("Echo", status="PENDING", created_at=now, run_seconds=None)
        ring(running, "poll")
        mirror.sim.world.complete(made)
        # Nobody rings: a timer of its own follows an unfinished job.
        running.wait_until(lambda: any("Echo" in name for name in mirror.files()))


def test_a_rename_is_sent_before_a_long_queue_of_downloads_ends(mirror: Mirror) -> None:
    sound = {"flac": tone("flac", 1)}
    with daemon(mirror.bench, before=RINGING + TURNS) as running:
        mirror.sim.faults.add(Fault("latency", origin="media", seconds=0.5, times=None))
        queue = [f"Q{number}" for number in range(60)]
        for name in queue:
            mirror.add(name, audio=sound)
        ring_only(running, "poll")
        running.wait_until(lambda: running.status()["transfers"])
        mirror.sim.requests.clear()
        mirror.rename("Alpha", "Omega")
        running.wait_until(mirror.sent)
        placed = {name for name in mirror.files() if name.startswith("Q")}
        assert len(placed) < len(queue), "the queue was over by then"
        mirror.sim.faults.clear()
        running.wait_until(lambda: len(mirror.files()) == len(queue) + 4)
        running.wait_for("idle")
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]


def test_in_a_new_library_a_rename_is_sent_once_all_was_fetched_also_where_that_was_interrupted(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror(bench, bench.sim, look, {})
    for number in range(40):
        mirror.add(f"Q{number:02}", audio={"flac": tone("flac", 1)})
    mirror.sim.faults.add(Fault("latency", origin="media", seconds=0.2, times=None))
    with daemon(bench, state="working", before=RINGING + TURNS) as running:
        running.wait_until(lambda: "Q00.flac" in mirror.files())
        mirror.rename("Q00", "Omega")
        running.wait_until(mirror.sent)
        assert len(mirror.files()) == 40, "nothing is sent before all of it was seen once"
        running.wait_for("idle")
    assert mirror.sent() == [patch(mirror.jobs["Q00"], "Omega")]


def test_a_burst_of_renames_is_sent_name_by_name_each_once_while_status_answers(
    bench: Bench, look: Look
) -> None:
    names = [f"T{number:03}" for number in range(120)]
    sound = {"flac": tone("flac", 1)}
    bench.configure(sync={"rename_budget": 1000})
    mirror = Mirror(bench, bench.sim, look, {})
    for name in names:
        mirror.add(name, audio=sound, lrc_content=None)
    mirror.sync()
    with daemon(bench, before=RINGING) as running:
        mirror.sim.requests.clear()
        mirror.sim.faults.add(Fault("latency", origin="api", seconds=0.02, times=None))
        for name in names:
            mirror.rename(name, f"{name} live")
        seen = set()
        while len(mirror.sent()) < len(names):
            shown = bench.run("status", "--json")
            assert shown.code == 0
            seen.add(shown.document["state"])
        assert "working" in seen
        mirror.sim.faults.clear()
        running.wait_for("idle")
        ring(running, "sweep")
    assert Counter(named["display_name"] for _, _, named in mirror.sent() if named) == Counter(
        f"{name} live" for name in names
    )
