"""What is wrong with one track, one cover or one folder keeps nothing else from its turn."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from .guarding import ORDINARY_USER
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"


def add(sim: Simulator, count: int) -> list[int]:
    """So many jobs, oldest first."""
    return [
        sim.world.add(display_name=f"T{number}", created_at=MARCH + number)
        for number in range(count)
    ]


def media_of(job_id: int) -> str:
    return rf"/{job_id}/"


def test_dead_tracks_at_the_head_of_the_account_do_not_block_the_others(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    jobs = add(sim, 16)
    for job_id in jobs[:12]:
        sim.faults.add(Fault("status", origin="media", path=media_of(job_id), times=None))
    result = bench.run("sync", "--json", before=haste)
    assert result.code == 1
    results = {entry["id"]: entry["result"] for entry in result.document["operations"]}
    assert results == dict.fromkeys(jobs[:12], "failed") | dict.fromkeys(jobs[12:], "done")


def test_a_media_host_that_is_silent_ends_the_run_and_what_failed_then_comes_last(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    jobs = add(sim, 14)
    for job_id in jobs[:10]:
        sim.faults.add(Fault("reset", origin="media", path=media_of(job_id), times=None))
    first = bench.run("sync", "--json", before=haste)
    assert first.code == 75
    assert "8 downloads in a row came to nothing" in first.complaint
    assert [entry["result"] for entry in first.document["operations"]].count("failed") == 8
    bench.run("sync", before=haste)
    assert len(bench.audio()) == 4


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, times=None),
        Fault("status", status=403, times=None),
        Fault("status", status=422, times=None),
        Fault("portal", times=None),
    ],
    ids=["500", "403", "422", "web page"],
)
def test_a_status_call_that_fails_for_one_job_fails_that_job_alone(
    bench: Bench, sim: Simulator, haste: str, fault: Fault
) -> None:
    dead, *others = add(sim, 4)
    sim.faults.add(Fault("expired", origin="media", path=media_of(dead), times=None))
    sim.faults.add(replace(fault, path=rf"/jobs/{dead}/status$"))
    result = bench.run("sync", before=haste)
    assert result.code == 1
    assert f"failed: job {dead}: its address ran out, and the status call failed" in result.out
    assert len(bench.audio()) == len(others)


def test_status_calls_that_all_fail_are_the_services_fault(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    add(sim, 12)
    sim.faults.add(Fault("expired", origin="media", times=None))
    sim.faults.add(Fault("status", status=500, path=r"/status$", times=None))
    assert bench.run("sync", before=haste).code == 75


TAKEN_AWAY = (
    AT_ONCE
    + """
from pathlib import Path
from syncd.catalog.outcomes import Outcomes
record = Outcomes.record
def record_and_lose(self, done, **options):
    record(self, done, **options)
    if done.placed is not None:
        (Path({root!r}) / done.placed.path).unlink()
Outcomes.record = record_and_lose
"""
)


def test_a_program_that_takes_each_file_away_gets_it_once_a_run_and_costs_no_job(
    bench: Bench, sim: Simulator
) -> None:
    jobs = add(sim, 3)
    result = bench.run("sync", before=TAKEN_AWAY.format(root=str(bench.root)))
    assert result.code == 3
    assert "3 deletions in the account within a day would empty the library" in result.out
    assert len(bench.downloads()) == len(jobs)
    assert sim.requests.mutating() == []


def test_a_program_that_takes_each_file_away_gets_it_once_more_where_files_are_restored(
    bench: Bench, sim: Simulator
) -> None:
    bench.configure(sync={"deletions": "restore"})
    jobs = add(sim, 3)
    result = bench.run("sync", before=TAKEN_AWAY.format(root=str(bench.root)))
    assert result.code == 1
    for name, job_id in enumerate(jobs):
        assert f"failed: job {job_id}: {ALBUM}/T{name}.flac was not found" in result.out
    assert len(bench.downloads()) == 2 * len(jobs)


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_link_or_a_file_in_place_of_the_album_is_a_hold_before_a_byte_is_fetched(
    bench: Bench, sim: Simulator, kind: str
) -> None:
    add(sim, 2)
    elsewhere = bench.folder / "elsewhere"
    elsewhere.mkdir()
    if kind == "link":
        (bench.root / ALBUM).symlink_to(elsewhere)
    else:
        (bench.root / ALBUM).write_text("mine")
    result = bench.run("sync")
    assert result.code == 3
    assert f"{ALBUM} is a link or a file, where a folder is needed" in result.out
    assert bench.downloads() == []
    assert list(elsewhere.iterdir()) == []
    (bench.root / ALBUM).unlink()
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 2


def test_a_folder_that_cannot_be_read_is_named_and_is_not_called_in_step(
    bench: Bench, sim: Simulator
) -> None:
    add(sim, 1)
    mine = bench.root / "Mine"
    mine.mkdir(mode=0)
    result = bench.run("sync", before=ORDINARY_USER)
    assert (result.code, "in step" in result.out) == (1, False)
    assert "could not be read: Mine" in result.out
    assert len(bench.audio()) == 1
    assert "Mine could not be read" in bench.run("plan", before=ORDINARY_USER).out


def test_a_folder_that_cannot_be_written_keeps_its_own_tracks_alone_from_their_turn(
    bench: Bench, sim: Simulator
) -> None:
    renamed, _ = add(sim, 2)
    assert bench.run("sync").code == 0
    closed = bench.root / ALBUM
    closed.chmod(0o555)
    sim.world.rename(renamed, "Other")
    new = sim.world.add(display_name="New", created_at=MARCH + 9)
    elsewhere = sim.world.add(display_name="April", created_at=MARCH + 40 * 86_400)
    for _ in range(2):
        result = bench.run("sync", before=ORDINARY_USER)
        assert result.code == 1
        for job_id in (renamed, new):
            assert f"job {job_id}: {ALBUM} cannot be used: Permission denied" in result.out
        assert bench.audio() == [
            f"{ALBUM}/T0.flac",
            f"{ALBUM}/T1.flac",
            "AudioPod 2026-04/April.flac",
        ]
    for job_id in (renamed, new):
        known = bench.baseline(job_id)
        assert known is not None
        assert (known.attempts, known.next_try_at is None) == (2, False)
    assert bench.placed(elsewhere).exists()
    closed.chmod(0o755)
    assert bench.run("sync").code == 0
    assert {path.name for path in closed.iterdir()} == {"Other.flac", "T1.flac", "New.flac"}
    assert sim.requests.mutating() == []


def test_a_root_that_cannot_be_written_itself_ends_the_run(bench: Bench, sim: Simulator) -> None:
    add(sim, 2)
    bench.root.chmod(0o555)
    result = bench.run("sync", before=ORDINARY_USER)
    bench.root.chmod(0o755)
    assert result.code == 78
    assert f"{bench.root} cannot be written: Permission denied" in result.complaint


def test_a_root_that_cannot_be_read_stops_everything(bench: Bench, sim: Simulator) -> None:
    add(sim, 1)
    bench.root.chmod(0o311)
    result = bench.run("sync", before=ORDINARY_USER)
    bench.root.chmod(0o755)
    assert result.code == 78
    assert "cannot be read" in result.complaint
    assert bench.downloads() == []


def test_covers_that_never_come_are_waited_for_once(bench: Bench, sim: Simulator) -> None:
    bench.configure(api={"timeout": "1s"}, limits={"parallel_downloads": 1})
    for number in range(4):
        sim.world.add(display_name=f"T{number}", created_at=MARCH + number, cover=True)
    sim.faults.add(Fault("hang", origin="media", path=r"\.(png|jpe?g)$", times=None))
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 4
    asked = [r for r in bench.requests("media") if not r.path.endswith((".flac", ".mp3"))]
    assert len(asked) == 1


def test_counts_are_never_below_zero_and_each_track_stands_once(
    bench: Bench, sim: Simulator
) -> None:
    good = sim.world.add(display_name="Good", created_at=MARCH)
    bad = sim.world.add(display_name="Silent", created_at=MARCH + 1, audio={})
    soon = sim.world.add(display_name="Soon", status="PENDING", run_seconds=None)
    result = bench.run("sync")
    assert result.out.splitlines()[0] == "1 placed, 1 failed, 1 waiting"
    result = bench.run("sync", "--json")
    document = result.document
    assert {entry["id"]: entry["result"] for entry in document["operations"]} == {bad: "failed"}
    assert [entry["id"] for entry in document["waiting"]] == [soon]
    bench.placed(good).unlink()
    document = bench.run("sync", "--json").document
    assert {
        entry["id"]: (entry["result"], entry["display_name"]) for entry in document["operations"]
    }
    assert document["exit_code"] == 1


def test_a_command_that_cannot_start_still_answers_in_json(bench: Bench) -> None:
    for command in ("sync", "plan", "ls"):
        result = bench.run(command, "--json", SYNCD_CONFIG=str(bench.folder / "none.toml"))
        assert result.code == 2
        assert result.document["exit_code"] == 2
        assert "none.toml" in result.document["error"]


@pytest.mark.parametrize("named", [True, False], ids=["jobs name the account", "they do not"])
def test_a_key_is_changed_after_the_newest_jobs_are_gone(
    bench: Bench, sim: Simulator, named: bool
) -> None:
    sim.switches.user_id = named
    bench.configure(sync={"remote_deletions": "keep"})
    jobs = add(sim, 15)
    assert bench.run("sync").code == 0
    for job_id in jobs[7:]:
        sim.world.delete(job_id)
    sim.world.grant("ap_rotated_0123456789")
    assert bench.run("sync", AUDIOPOD_API_KEY="ap_rotated_0123456789").code == 0


def test_a_lost_catalog_finds_a_file_under_another_suffix_of_its_format(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(
        display_name="Song",
        created_at=MARCH,
        audio={"flac": tone("flac", 1)},
    )
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    path.rename(path.with_suffix(".oga"))
    shutil.rmtree(bench.state)
    sim.requests.clear()
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 1 adopted\n")
    known = bench.baseline(job_id)
    assert known is not None
    assert known.placed is not None
    assert known.placed.format == "flac"
    assert bench.downloads() == []


def test_what_fails_is_tried_once_a_run_however_many_cycles_that_takes(
    bench: Bench, sim: Simulator
) -> None:
    (broken,) = add(sim, 1)
    sim.world.update(broken, audio={})
    for name in ("Beta", "Gamma"):
        sim.world.add(display_name=name)
        bench.run("sync")
    with bench.catalog() as catalog:
        known = catalog.baseline_of(broken)
    assert known is not None
    assert known.attempts == 2
