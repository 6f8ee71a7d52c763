"""``syncd approve`` and ``syncd reject``: what waits for the user, and how it is settled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State
from syncd.local.root import open_root
from syncd.local.trash import Trash
from syncd.simulator import Fault, Simulator

from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


def deletions(sim: Simulator) -> list[str]:
    return [record.path for record in sim.requests.select(method="DELETE")]


def jobs_of(sim: Simulator) -> set[int]:
    return {job.id for job in sim.world.jobs()}


@pytest.fixture
def library(bench: Bench, sim: Simulator) -> list[int]:
    """Five tracks in step; two scans may follow each other at once."""
    bench.always = AT_ONCE
    jobs = [sim.world.add(display_name=f"Song {number}") for number in range(5)]
    assert bench.run("sync").code == 0
    return jobs


@pytest.fixture
def missing(bench: Bench, sim: Simulator, library: list[int]) -> int:
    """One of them, whose file is gone; its deletion waits out the grace of a day."""
    bench.placed(library[0]).unlink()
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return library[0]


@pytest.fixture
def batch(bench: Bench, sim: Simulator) -> list[int]:
    """Two of five tracks whose files are gone, held because the budget is one."""
    bench.configure(sync={"deletion_grace": "0s", "deletion_budget": 1})
    jobs = [sim.world.add(display_name=f"Song {number}") for number in range(5)]
    assert bench.run("sync").code == 0
    for job in jobs[:2]:
        bench.placed(job).unlink()
    assert bench.run("sync").code == 3
    assert deletions(sim) == []
    sim.requests.clear()
    return jobs[:2]


# --- what is known by then ---


def test_what_was_renamed_in_the_meantime_is_shown_beside_it(
    bench: Bench, sim: Simulator, missing: int, library: list[int]
) -> None:
    other = bench.placed(library[1])
    other.rename(other.with_name("Another name.flac"))
    assert bench.run("sync").code == 0
    (one,) = bench.run("pending", "--json").document["pending"]
    (step,) = one["meanwhile"]
    assert (step["operation"], step["id"]) == ("rename-remote", library[1])
    assert (step["before"], step["after"]) == ("Song 1", "Another name")
    assert "“Song 1” → “Another name”" in bench.run("pending").out


# --- approve ---


def test_an_approved_batch_is_deleted_at_once_and_a_copy_of_each_is_kept(
    bench: Bench, sim: Simulator, batch: list[int]
) -> None:
    approved = bench.run("approve", "1")
    assert approved.code == 0, approved.out + approved.err
    assert jobs_of(sim).isdisjoint(batch)
    assert len(deletions(sim)) == 2
    kept = Trash(open_root(bench.root), mode=0o644).entries()
    assert {entry.job_id for entry in kept} == set(batch)
    assert bench.run("pending").code == 0
    assert bench.run("sync").code == 0
    assert len(deletions(sim)) == 2


def test_of_a_batch_one_job_alone_can_be_approved(
    bench: Bench, sim: Simulator, batch: list[int]
) -> None:
    approved = bench.run("approve", "--job", str(batch[1]), "--json")
    assert approved.code == 3  # the others stay held
    assert [one["id"] for one in approved.document["approved"]] == [batch[1]]
    assert [int(path.rpartition("/")[2]) for path in deletions(sim)] == [batch[1]]
    (held,) = bench.run("pending", "--json").document["batches"]
    assert [track["id"] for track in held["tracks"]] == [batch[0]]


def test_an_approved_batch_does_not_loosen_the_next_one(
    bench: Bench, sim: Simulator, batch: list[int]
) -> None:
    assert bench.run("approve", "1").code == 0
    left = sorted(jobs_of(sim))
    bench.placed(left[0]).unlink()
    assert bench.run("sync").code == 3
    assert len(deletions(sim)) == 2
    (held,) = bench.run("pending", "--json").document["batches"]
    assert (held["batch"], held["count"]) == (2, 1)


def test_a_pending_deletion_is_sent_before_its_grace_is_over(
    bench: Bench, sim: Simulator, missing: int
) -> None:
    assert bench.run("approve", "--job", str(missing)).code == 0
    assert missing not in jobs_of(sim)
    assert len(deletions(sim)) == 1
    known = bench.baseline(missing)
    assert known is not None
    assert known.state is State.GONE


def test_what_was_approved_and_has_come_back_is_not_deleted(
    bench: Bench, sim: Simulator, missing: int, library: list[int]
) -> None:
    other = bench.placed(library[1])
    back = bench.placed(missing)
    assert bench.run("reject", "--job", str(missing)).code == 0
    assert bench.run("sync").code == 0
    kept = bench.folder / "kept"
    back.rename(kept)
    assert bench.run("sync").code == 0
    kept.rename(other.with_name("Back again.flac"))
    assert bench.run("approve", "--job", str(missing)).code == 0
    assert deletions(sim) == []
    assert missing in jobs_of(sim)


def test_an_approval_whose_run_fails_is_carried_out_by_the_next_sync(
    bench: Bench, sim: Simulator, missing: int, haste: str
) -> None:
    sim.faults.add(Fault("status", origin="api", status=503, times=None))
    assert bench.run("approve", "--job", str(missing), before=AT_ONCE + haste).code == 75
    (one,) = bench.run("pending", "--json").document["pending"]
    assert one["approved"] is True
    assert "approved: the next sync deletes its job" in bench.run("pending").out
    sim.faults.clear()
    assert bench.run("sync").code == 0
    assert missing not in jobs_of(sim)


def test_what_was_approved_is_offered_for_approval_no_more(
    bench: Bench, sim: Simulator, batch: list[int], haste: str
) -> None:
    sim.faults.add(Fault("status", origin="api", status=503, times=None))
    assert bench.run("approve", "1", before=haste).code == 75
    said = bench.run("pending").out
    assert "syncd approve" not in said
    assert f"syncd reject --job {batch[0]}" in said
    again = bench.run("approve", "1", before=haste)
    assert again.code == 1
    assert "batch 1 was approved already, and is not done yet" in again.complaint
    assert "neither held" not in again.complaint


def test_a_deletion_that_no_copy_can_be_kept_for_is_neither_offered_nor_approved(
    bench: Bench, sim: Simulator, missing: int
) -> None:
    sim.world.update(missing, audio={})
    assert bench.run("sync").code == 0
    said = bench.run("pending").out
    assert "its job is not deleted: the service no longer offers" in said
    assert "syncd approve" not in said
    refused = bench.run("approve", "--job", str(missing))
    assert refused.code == 1
    assert f"job {missing} cannot be approved: the service no longer offers" in refused.complaint
    assert deletions(sim) == []


def test_a_recovery_copy_that_cannot_be_had_is_named_with_its_file(
    bench: Bench, sim: Simulator, missing: int
) -> None:
    path = bench.placed(missing).relative_to(bench.root)
    sim.faults.add(Fault("status", origin="media", status=404, times=None))
    failed = bench.run("approve", "--job", str(missing))
    assert failed.code == 1
    (line,) = [line for line in failed.out.splitlines() if "failed: " in line]
    assert f"failed: job {missing}: the recovery copy: " in line
    assert line.endswith(f"({path})")
    assert deletions(sim) == []


def test_what_the_service_refused_is_sent_once_more(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    job = library[0]
    path = bench.placed(job)
    path.rename(path.with_name("Refused.flac"))
    sim.switches.name_limit, sim.switches.name_refuse = 4, True
    assert bench.run("sync").code == 3
    (held,) = bench.run("pending", "--json").document["held"]
    assert (held["id"], held["held"], held["refused"]) == (job, "rename-remote", True)
    sim.requests.clear()
    assert bench.run("sync").code == 3
    assert sim.requests.mutating() == []
    assert bench.run("approve", "--job", str(job)).code == 3
    assert len(sim.requests.mutating()) == 1
    sim.switches.name_limit = None
    assert bench.run("sync").code == 3
    assert bench.run("approve", "--job", str(job)).code == 0
    assert "Refused" in {known.display_name for known in sim.world.jobs()}


def test_what_only_the_end_of_its_cause_settles_is_not_approved(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    bench.placed(library[0]).write_bytes(b"not a track of ours")
    assert bench.run("sync").code == 3
    assert f"job {library[0]}  " in bench.run("pending").out
    for verb in ("approve", "reject"):
        refused = bench.run(verb, "--job", str(library[0]))
        assert refused.code == 1
        assert "no longer carries its id" in refused.complaint
        assert "syncd identify" in refused.complaint
    assert sim.requests.mutating() == []


def test_with_one_direction_alone_nothing_can_be_approved_that_would_be_sent(
    bench: Bench, sim: Simulator, batch: list[int]
) -> None:
    bench.configure(sync={"direction": "down", "deletion_grace": "0s"})
    refused = bench.run("approve", "1")
    assert refused.code == 2
    assert "nothing in the account is changed" in refused.complaint
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []
    assert len(bench.audio()) == 5


# --- reject ---


def test_a_rejected_batch_is_wanted_again_and_nothing_was_asked_for_it(
    bench: Bench, sim: Simulator, batch: list[int]
) -> None:
    rejected = bench.run("reject", "1")
    assert rejected.code == 0
    assert rejected.out.count("fetched again by the next sync") == 2
    assert len(sim.requests) == 0
    assert bench.run("pending").code == 0
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    assert deletions(sim) == []
    assert bench.run("sync").code == 0


def test_a_rejected_pending_deletion_is_fetched_again_where_it_was(
    bench: Bench, sim: Simulator, missing: int
) -> None:
    path = bench.placed(missing)
    rejected = bench.run("reject", "--job", str(missing), "--json")
    assert [one["id"] for one in rejected.document["rejected"]] == [missing]
    assert not path.exists()
    assert bench.run("sync").code == 0
    assert path.exists()
    assert jobs_of(sim) >= {missing}


def test_rejected_names_stay_in_the_folder_and_are_not_sent_later(
    bench: Bench, sim: Simulator, library: list[int], look: Callable[..., Any]
) -> None:
    bench.configure(sync={"rename_budget": 1})
    for job in library[:2]:
        path = bench.placed(job)
        path.rename(path.with_name(f"Mine {job}.flac"))
    assert bench.run("sync").code == 3
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []
    assert {Path(name).stem for name in bench.audio()} > {f"Mine {job}" for job in library[:2]}
    before = look(*(bench.root / name for name in bench.audio()))
    assert bench.run("sync").code == 0
    assert look(*(bench.root / name for name in bench.audio())) == before


def test_rejected_trashing_keeps_the_files_without_their_jobs(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    for job in library[:3]:
        sim.world.delete(job)
    assert bench.run("sync").code == 3
    assert len(bench.audio()) == 5
    rejected = bench.run("reject", "1")
    assert rejected.out.count("its file is kept, detached") == 3
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    known = bench.baseline(library[0])
    assert known is not None
    assert known.state is State.DETACHED


def test_both_are_in_the_history_with_what_they_were_about(bench: Bench, batch: list[int]) -> None:
    assert bench.run("approve", "--job", str(batch[0])).code == 3
    assert bench.run("reject", "1").code == 0
    entries = bench.run("history", "--json").document
    decided = [e for e in entries if e["operation"] in ("approve", "reject")]
    assert [(e["operation"], e["id"]) for e in decided] == [
        ("approve", batch[0]),
        ("reject", batch[1]),
    ]
    assert all(e["reason"].startswith("batch 1, delete in the account: ") for e in decided)
    assert {e["result"] for e in decided} == {"done"}
