"""``syncd plan``: shows what a sync would do and why, and changes nothing anywhere."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

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
        "download  AudioPod 2026-03/New.flac  (its file is gone from the folder)",
        "download  AudioPod 2026-03/Second.flac  (new in the account)",
        f"defer     job {bad}  (the job is completed, but the service offers no audio for it)",
        f"wait      job {account['running']}  (the job is PENDING)",
        "in all: 2 to download, 1 to defer, 1 to wait",
    ]
    assert second not in bench.entries()


def test_a_folder_in_step_is_said_to_be_in_step(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    result = bench.run("plan")
    assert (result.code, result.out) == (0, "nothing to do: the folder is in step\n")


def test_a_move_is_planned_as_what_it_is(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    path.rename(bench.root / "moved.flac")
    assert bench.run("plan").out == "adopt     moved.flac  (its file was moved in the folder)\n"


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
    bench.placed(job_id).unlink()
    sim.requests.clear()
    result = bench.run("plan", "--offline")
    assert result.code == 0
    assert result.out.startswith("download  AudioPod 2026-03/Song.flac")
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
