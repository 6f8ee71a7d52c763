"""``syncd plan``: shows what a sync would do and why, and changes nothing anywhere."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0


Look = Callable[..., dict[str, Any]]


@pytest.fixture
def account(sim: Simulator) -> dict[str, int]:
    add = sim.world.add
    return {
        "new": add(display_name="New", created_at=MARCH),
        "running": add(
            display_name="Soon", created_at=MARCH + 1, status="PENDING", run_seconds=None
        ),
        "failed": add(display_name="Never", created_at=MARCH + 2, status="FAILED"),
    }


def test_before_the_first_sync_it_lists_each_operation_with_its_reason_and_touches_nothing(
    bench: Bench, account: dict[str, int], look: Look
) -> None:
    before = look(bench.root, bench.home)
    result = bench.run("plan")
    assert result.code == 0
    assert result.out.splitlines() == [
        "download  AudioPod 2026-03/New.flac  (new in the account)",
        f"wait      job {account['running']}  (the job is PENDING)",
        "in all: 1 to download, 1 to wait",
    ]
    assert look(bench.root, bench.home) == before
    assert not bench.state.exists()
    assert bench.requests("media") == []


def test_after_a_sync_it_changes_nothing_anywhere(
    bench: Bench, sim: Simulator, account: dict[str, int], look: Look
) -> None:
    sim.world.add(display_name="Other", created_at=MARCH + 5)
    assert bench.run("sync").code == 0
    second = sim.world.add(display_name="Second", created_at=MARCH + 3)
    bad = sim.world.add(display_name="Silent", created_at=MARCH + 4, audio={})
    bench.placed(account["new"]).unlink()
    # SQLite makes and removes its own files while it reads, which dates the folder they are in.
    kept = [bench.root, bench.home, *bench.state.iterdir()]
    before = look(*kept)
    result = bench.run("plan")
    assert look(*kept) == before
    assert sorted(bench.state.iterdir()) == sorted(kept[2:])
    assert result.code == 0
    assert result.out.splitlines() == [
        f"put off   job {bad}  (the job is completed, but the service offers no audio for it)",
        "download  AudioPod 2026-03/Second.flac  (new in the account)",
        f"wait      job {account['new']}  "
        "(AudioPod 2026-03/New.flac was not found; a second look decides)",
        f"wait      job {account['running']}  (the job is PENDING)",
        "in all: 1 to put off, 1 to download, 2 to wait",
    ]
    assert second not in bench.entries()
    assert {record.method for record in sim.requests} == {"GET"}


def test_a_folder_in_step_is_said_to_be_in_step(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    result = bench.run("plan")
    assert (result.code, result.out) == (0, "nothing to do: the folder is in step\n")


def test_a_move_is_planned_as_what_it_is(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    (bench.root / "mine").mkdir()
    path.rename(bench.root / "mine" / path.name)
    assert bench.run("plan").out == (
        "adopt     mine/Song.flac  (its file was moved in the folder)\n"
    )


def test_a_rename_shows_both_names_whichever_way_it_goes(bench: Bench, sim: Simulator) -> None:
    here = sim.world.add(display_name="Old", created_at=MARCH)
    there = sim.world.add(display_name="Before", created_at=MARCH + 1)
    assert bench.run("sync").code == 0
    bench.placed(here).rename(bench.placed(here).with_name("New.flac"))
    sim.world.rename(there, "After")
    lines = bench.run("plan").out.splitlines()
    assert [line.partition("  (")[0] for line in lines] == [
        "rename here           AudioPod 2026-03/Before.flac → AudioPod 2026-03/After.flac",
        "rename in the account “Old” → “New”",
        "in all: 1 to rename here, 1 to rename in the account",
    ]
    down, up = bench.run("plan", "--json").document["operations"]
    assert up["new_title"] == "New"
    assert down["new_path"] == str(bench.root / "AudioPod 2026-03/After.flac")


def test_a_pending_deletion_is_shown_with_when_it_is_due(bench: Bench, sim: Simulator) -> None:
    deleted = sim.world.add(display_name="Song", created_at=MARCH)
    for number in range(3):
        sim.world.add(display_name=f"Other {number}", created_at=MARCH + 1 + number)
    assert bench.run("sync").code == 0
    bench.placed(deleted).unlink()
    synced = bench.run("sync", before=AT_ONCE)
    assert synced.code == 0
    assert synced.out.startswith("in step: nothing to do, 1 pending deletion\n")
    sim.requests.clear()
    shown = bench.run("plan", before=AT_ONCE)
    assert shown.code == 0
    due, rest = shown.out.splitlines()
    assert due.startswith(
        "pending   AudioPod 2026-03/Song.flac  (its job is deleted in the account after 2"
    )
    assert rest == "nothing to do now"
    (entry,) = bench.run("plan", "--json", before=AT_ONCE).document["pending"]
    assert entry["id"] == deleted
    assert entry["path"] == str(bench.root / "AudioPod 2026-03/Song.flac")
    assert len(entry["evidence"]) == 3
    assert {record.method for record in sim.requests} == {"GET"}


def test_what_is_held_is_shown_with_the_batch_that_settles_it(bench: Bench, sim: Simulator) -> None:
    bench.configure(sync={"deletion_grace": "0s", "deletion_budget": 0})
    jobs = [sim.world.add(display_name=f"Song {n}", created_at=MARCH + n) for n in range(4)]
    assert bench.run("sync").code == 0
    bench.placed(jobs[0]).unlink()
    synced = bench.run("sync")
    assert synced.code == 3
    assert "held: 1 deletion in the account, batch 1 (" in synced.out
    assert "syncd approve 1, or syncd reject 1" in synced.out
    shown = bench.run("plan")
    assert shown.code == 3
    first, second = shown.out.splitlines()
    assert first.startswith("hold      AudioPod 2026-03/Song 0.flac  (delete in the account: ")
    assert "(delete in the account: 1 deletion in the account within a day is more than" in first
    assert second.startswith("held: 1 deletion in the account, batch 1 (")
    (operation,) = bench.run("plan", "--json").document["operations"]
    assert (operation["held"], operation["batch"]) == ("delete-remote", 1)
    assert sim.world.job(jobs[0]) is not None


def test_json_has_operations_and_what_waits(bench: Bench, account: dict[str, int]) -> None:
    said = bench.run("plan", "--json").document
    assert said == {
        "operations": [
            {
                "operation": "download",
                "id": account["new"],
                "display_name": "New",
                "path": str(bench.root / "AudioPod 2026-03/New.flac"),
                "format": "flac",
                "reason": "new in the account",
            }
        ],
        "pending": [],
        "unselected": [],
        "waiting": [
            {
                "id": account["running"],
                "display_name": "Soon",
                "status": "PENDING",
                "reason": "the job is PENDING",
                "until": None,
            },
        ],
        "doubts": [],
    }


def test_a_sync_does_what_the_plan_said(bench: Bench, sim: Simulator) -> None:
    for number, title in enumerate(["Same", "Same", "AC/DC", None]):
        sim.world.add(display_name=title, created_at=MARCH + number)
    sim.world.add(display_name="Wave", created_at=MARCH + 9, audio={"wav": tone("wav", 1)})
    planned = [entry["path"] for entry in bench.run("plan", "--json").document["operations"]]
    assert bench.run("sync").code == 0
    assert sorted(planned) == [str(bench.root / name) for name in bench.audio()]


def test_offline_plans_from_the_catalog_alone(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    bench.placed(job_id).rename(bench.root / "New.flac")
    sim.requests.clear()
    result = bench.run("plan", "--offline")
    assert result.code == 0
    assert result.out.startswith("rename in the account “Song” → “New”")
    assert len(sim.requests) == 0


def test_it_may_run_beside_a_sync(
    bench: Bench, sim: Simulator, wait_until: Callable[..., None]
) -> None:
    sim.world.add(display_name="Song", created_at=MARCH)
    sim.faults.add(Fault("hang", origin="media", times=None))
    running = bench.start("sync")
    wait_until(lambda: bench.requests("media"))
    assert bench.run("plan").code == 0
    running.send_signal(signal.SIGTERM)
    assert bench.finish(running).code == 143
