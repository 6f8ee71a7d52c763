"""``syncd pending``: what waits is shown; and decisions that are refused leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.local.lock import Lock
from syncd.simulator import Simulator

from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture(scope="module")
def shown(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A library with one pending deletion: to be looked at, not to be changed."""
    with Simulator() as simulator:
        made = synced.beside(tmp_path_factory.mktemp("pending"), simulator)
        made.always = AT_ONCE
        jobs = [simulator.world.add(display_name=f"Song {number}") for number in range(4)]
        assert made.run("sync").code == 0
        made.placed(jobs[0]).unlink()
        assert made.run("sync").code == 0
        simulator.requests.clear()
        yield made


@pytest.fixture(scope="module")
def held(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A library with a batch of two that are held: to be looked at, not to be changed."""
    with Simulator() as simulator:
        made = synced.beside(tmp_path_factory.mktemp("held"), simulator)
        made.configure(sync={"deletion_grace": "0s", "deletion_budget": 1})
        jobs = [simulator.world.add(display_name=f"Song {number}") for number in range(5)]
        assert made.run("sync").code == 0
        for job in jobs[:2]:
            made.placed(job).unlink()
        assert made.run("sync").code == 3
        simulator.requests.clear()
        yield made


def first_of(bench: Bench) -> int:
    return min(job.id for job in bench.sim.world.jobs())


def test_where_nothing_waits_it_says_so(synced: Bench) -> None:
    said = synced.run("pending")
    assert (said.code, said.out) == (0, "nothing is pending and nothing is held\n")
    document = synced.run("pending", "--json").document
    assert document == {
        "pending": [],
        "batches": [],
        "held": [],
        "missed": [],
        "missed_until": None,
        "out_of_sight": [],
    }


def test_a_pending_deletion_is_shown_with_its_evidence(shown: Bench) -> None:
    missing = first_of(shown)
    path = shown.placed(missing)
    said = shown.run("pending")
    assert said.code == 0
    assert f"pending deletion of job {missing}  {path.relative_to(shown.root)}" in said.out
    assert "its job is deleted in the account after 20" in said.out
    assert "last seen 20" in said.out
    assert said.out.count("missed by scan") == 2
    assert f"syncd approve --job {missing}; keep it: " in said.out
    assert f"syncd reject --job {missing}" in said.out
    (one,) = shown.run("pending", "--json").document["pending"]
    assert (one["id"], one["display_name"], one["path"]) == (missing, "Song 0", str(path))
    waits = datetime.fromisoformat(one["until"]) - datetime.fromisoformat(one["missing_since"])
    assert timedelta(hours=23) < waits < timedelta(hours=25)
    assert one["last_seen"] < one["missing_since"]


def test_of_what_happened_meanwhile_only_what_may_explain_it_is_shown(
    bench: Bench, sim: Simulator
) -> None:
    bench.always = AT_ONCE
    bench.configure(library={"template": "{id}/{title}.{ext}"})
    jobs = [sim.world.add(display_name=f"Song {number}") for number in range(6)]
    assert bench.run("sync").code == 0
    bench.placed(jobs[0]).unlink()
    folder = bench.placed(jobs[0]).parent
    for job in jobs[1:5]:
        path = bench.placed(job)
        path.rename(folder / path.name)
    bench.placed(jobs[5]).rename(bench.placed(jobs[5]).with_name("Elsewhere.flac"))
    assert bench.run("sync").code == 0
    said = bench.run("pending").out
    assert said.count("  meanwhile: ") == 3
    assert "and 1 more before that: syncd history" in said
    assert "Elsewhere" not in said
    (one,) = bench.run("pending", "--json").document["pending"]
    assert len(one["meanwhile"]) == 5


def test_what_is_shown_needs_neither_the_service_nor_the_folder(
    shown: Bench,
) -> None:
    elsewhere = shown.root.rename(shown.folder / "unmounted")
    assert shown.run("pending", AUDIOPOD_API_KEY=None).code == 0
    elsewhere.rename(shown.root)
    assert len(shown.sim.requests) == 0


@pytest.mark.parametrize("setting", [{"direction": "down"}, {"deletions": "restore"}])
def test_where_deletions_are_not_mirrored_none_is_pending(
    shown: Bench, setting: dict[str, str]
) -> None:
    shown.configure(sync=setting)
    listed = shown.run("pending", "--json")
    refused = shown.run("approve", "--job", str(first_of(shown)))
    shown.configure()
    assert listed.document["pending"] == []
    assert refused.code == 1
    assert f"job {first_of(shown)} is neither held nor a pending deletion" in refused.complaint


def test_a_batch_is_shown_with_each_track_and_the_commands_that_settle_it(held: Bench) -> None:
    said = held.run("pending")
    assert said.code == 3
    assert "batch 1: 2 to delete in the account" in said.out
    assert "more than the budget of 1" in said.out
    assert "syncd approve 1; leave it: " in said.out
    document = held.run("pending", "--json").document
    assert document["pending"] == []
    (batch,) = document["batches"]
    assert (batch["batch"], batch["held"], batch["count"]) == (1, "delete-remote", 2)
    assert batch["tracks"][0]["id"] == first_of(held)
    assert batch["tracks"][0]["path"] == str(held.placed(first_of(held)))


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_of_several_that_are_named_all_or_none_is_settled(held: Bench, verb: str) -> None:
    refused = held.run(verb, "1", "7")
    assert refused.code == 1
    assert "batch 7 is neither held nor" in refused.complaint
    assert "waiting are: batch 1" in refused.complaint
    assert len(held.sim.requests) == 0
    (batch,) = held.run("pending", "--json").document["batches"]
    assert [track["approved"] for track in batch["tracks"]] == [False, False]


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_nothing_named_is_a_mistake(held: Bench, verb: str) -> None:
    refused = held.run(verb)
    assert refused.code == 2
    assert "syncd pending shows both" in refused.complaint


def test_neither_runs_beside_a_sync(held: Bench) -> None:
    lock = Lock.acquire(held.state / "lock", "the catalog")
    try:
        for verb in ("approve", "reject"):
            refused = held.run(verb, "1")
            assert refused.code == 1
        assert held.run("pending").code == 3
    finally:
        lock.release()
    assert len(held.sim.requests) == 0
