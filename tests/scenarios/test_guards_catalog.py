"""A catalog, a folder and a service that do not belong together: nothing is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Simulator, World
from syncd.simulator.sound import tone

from .guarding import (
    ALBUM,
    IMPATIENT,
    MARCH,
    ORDINARY_USER,
    add,
    assert_nothing_removed,
    assert_refused,
    deleted,
    fill,
    held,
    mark,
    marker,
    renamed,
    trashed,
)

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks in step, where a deletion waits out no grace."""
    return fill(bench, 5)


def assert_in_step(bench: Bench) -> None:
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: nothing to do\n")


def rename_a_file(bench: Bench, job_id: int) -> None:
    path = bench.placed(job_id)
    path.rename(path.with_name("Mine now.flac"))


# --- blank, restored ---


def test_a_blank_catalog_is_refused_until_it_is_rebuilt(bench: Bench, tracks: list[int]) -> None:
    shutil.rmtree(bench.state)
    (bench.root / ALBUM / "T0.flac").unlink()
    rename = bench.root / ALBUM / "T1.flac"
    rename.rename(rename.with_name("Mine now.flac"))
    assert_refused(bench, "is new or was lost", "syncd rebuild makes the catalog anew")
    assert list(bench.sim.requests) == []
    assert bench.run("rebuild").code == 3
    assert_nothing_removed(bench)
    assert held(bench) == {"download": tracks[:1], "rename-remote": tracks[1:2]}


def test_a_catalog_file_that_is_empty_is_a_blank_one(bench: Bench, tracks: list[int]) -> None:
    for path in bench.state.glob("catalog*"):
        path.unlink()
    (bench.state / "catalog.sqlite3").touch()
    assert_refused(bench, "is new or was lost", "syncd rebuild")
    assert bench.run("rebuild").code == 0
    assert_in_step(bench)


def test_a_catalog_from_a_backup_is_refused_until_it_is_adopted(
    bench: Bench, tracks: list[int]
) -> None:
    shutil.copytree(bench.state, bench.folder / "backup")
    later = add(bench, 2, first=5)
    assert bench.run("sync").code == 0
    bench.placed(tracks[0]).unlink()
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:1]
    shutil.rmtree(bench.state)
    (bench.folder / "backup").rename(bench.state)
    bench.sim.requests.clear()
    kept = trashed(bench)
    result = bench.run("sync")
    assert result.code == 78
    assert "is older than the library" in result.complaint
    assert "syncd adopt shows the differences" in result.complaint
    assert list(bench.sim.requests) == []
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 0, adopted.out
    assert "4 of 5 tracks of the catalog have their file here" in adopted.out
    assert_in_step(bench)
    assert {job_id for job_id, e in bench.entries().items() if e.state == "placed"} == {
        *tracks[1:],
        *later,
    }
    assert bench.sim.requests.mutating() == []
    assert trashed(bench) == kept
    assert bench.downloads() == []


def test_a_folder_from_a_backup_is_refused_until_it_is_adopted(
    bench: Bench, tracks: list[int]
) -> None:
    backup = bench.folder / "backup"
    shutil.copytree(bench.root, backup)
    later = add(bench, 2, first=5)
    assert bench.run("sync").code == 0
    bench.sim.requests.clear()
    shutil.rmtree(bench.root)
    backup.rename(bench.root)
    assert_refused(bench, "is older than its catalog", "syncd adopt")
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 3
    assert "5 of 7 tracks of the catalog have their file here; 2 have none" in adopted.out
    assert held(bench) == {"delete-remote": later}
    assert bench.run("sync").code == 3
    assert_nothing_removed(bench)
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 7
    assert_nothing_removed(bench)


DIES = """
import os
import syncd.generation
write_marker = syncd.generation.write_marker
def dying(*arguments):
    if {written}:
        write_marker(*arguments)
    os._exit(9)
syncd.generation.write_marker = dying
"""


@pytest.mark.parametrize("written", [False, True], ids=["before the marker", "after the marker"])
def test_a_kill_between_the_two_generations_is_worked_on_from_without_a_word(
    bench: Bench, tracks: list[int], written: bool
) -> None:
    (new,) = add(bench, 1, first=5)
    before = marker(bench)["generation"]
    assert bench.run("sync", before=DIES.format(written=written)).code == 9
    assert marker(bench)["generation"] == before + written
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 1 placed\n")
    assert bench.placed(new).exists()
    assert marker(bench)["generation"] == before + 2
    assert_nothing_removed(bench)


def test_two_kills_between_the_generations_are_worked_on_from_without_a_word(
    bench: Bench, tracks: list[int]
) -> None:
    (new,) = add(bench, 1, first=5)
    for written in (True, False):
        assert bench.run("sync", before=DIES.format(written=written)).code == 9
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 1 placed\n")
    assert bench.placed(new).exists()
    assert_nothing_removed(bench)


# --- another account ---


@pytest.fixture
def other_key(bench: Bench) -> str:
    """The key of another account, which has three jobs."""
    key = "ap_somebody_else_0123"
    bench.sim.world.grant(key, 8002)
    add(bench, 3, first=10, user_id=8002)
    return key


@pytest.mark.parametrize("named", [True, False], ids=["jobs name the account", "they do not"])
def test_another_accounts_key_is_refused_and_its_own_works_on(
    bench: Bench, tracks: list[int], other_key: str, named: bool
) -> None:
    bench.sim.switches.user_id = named
    bench.placed(tracks[0]).unlink()
    words = ("not of this library's account", "syncd adopt")
    assert_refused(bench, *words, key=other_key)
    assert bench.downloads() == []
    assert len(bench.entries()) == 5
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:1]


def test_an_account_that_is_switched_leaves_the_files_detached_and_its_jobs_come_next(
    bench: Bench, tracks: list[int], other_key: str
) -> None:
    adopted = bench.run("adopt", "--yes", AUDIOPOD_API_KEY=other_key)
    assert adopted.code == 0, adopted.out + adopted.err
    assert "the account: 7001 becomes 8002" in adopted.out
    assert "5 detached" in adopted.out
    assert bench.downloads() == []
    assert len(bench.audio()) == 5
    synced = bench.run("sync", AUDIOPOD_API_KEY=other_key)
    assert (synced.code, synced.out) == (0, "in step: 3 placed\n")
    assert len(bench.audio()) == 8
    assert {bench.baseline(job_id).state for job_id in tracks} == {"detached"}  # type: ignore[union-attr]
    assert marker(bench)["account"] == "8002"
    shutil.rmtree(bench.root / ALBUM)
    assert bench.run("sync", AUDIOPOD_API_KEY=other_key).code == 3
    assert_nothing_removed(bench)


def test_an_account_that_is_switched_back_has_its_files_again(
    bench: Bench, tracks: list[int], other_key: str
) -> None:
    assert bench.run("adopt", "--yes", AUDIOPOD_API_KEY=other_key).code == 0
    assert bench.run("sync", AUDIOPOD_API_KEY=other_key).code == 0
    bench.sim.requests.clear()
    assert bench.run("sync").code == 78
    back = bench.run("adopt", "--yes")
    assert back.code == 0, back.out + back.err
    assert_in_step(bench)
    assert {bench.baseline(job_id).state for job_id in tracks} == {"placed"}  # type: ignore[union-attr]
    assert bench.downloads() == []
    assert_nothing_removed(bench)


# --- another address ---


@pytest.fixture
def elsewhere(sim: Simulator) -> Iterator[Simulator]:
    """The same account at another address."""
    with Simulator(sim.world) as simulator:
        yield simulator


def move_to(bench: Bench, sim: Simulator) -> None:
    bench.sim = sim
    bench.configure(sync={"deletion_grace": "0s"})


def test_a_service_at_another_address_is_refused_until_it_is_adopted(
    bench: Bench, tracks: list[int], elsewhere: Simulator
) -> None:
    before = bench.sim.api_url
    bench.placed(tracks[0]).unlink()
    rename_a_file(bench, tracks[1])
    move_to(bench, elsewhere)
    assert_refused(bench, f"belongs to {before}", "syncd adopt")
    assert list(elsewhere.requests) == []
    adopted = bench.run("adopt", "--yes")
    assert f"the service: {before} becomes {elsewhere.api_url}" in adopted.out
    assert adopted.code == 3
    assert held(bench) == {"delete-remote": tracks[:1], "rename-remote": tracks[1:2]}
    assert bench.run("sync").code == 3
    assert_nothing_removed(bench)
    assert bench.downloads() == []
    # The files carry the former address, and are known by it.
    assert marker(bench)["aliases"] == [f"{before}#7001"]
    assert bench.run("approve", "1", "2").code == 0
    assert (deleted(bench), renamed(bench)) == (tracks[:1], tracks[1:2])
    assert_in_step(bench)


def test_another_service_that_counts_its_jobs_alike_is_not_adopted(
    bench: Bench, tracks: list[int]
) -> None:
    world = World()
    for number, job_id in enumerate(tracks):
        audio = {"flac": tone("flac", number)}
        world.add(id=job_id, display_name=f"T{number}", created_at=MARCH + 7.5, audio=audio)
    with Simulator(world) as stranger:
        move_to(bench, stranger)
        before = marker(bench)
        refused = bench.run("adopt", "--yes")
        assert refused.code == 78
        assert "does not know the jobs of this library" in refused.complaint
        assert "correct api.base_url" in refused.complaint
        assert marker(bench) == before
        assert bench.downloads() == []
        assert_nothing_removed(bench)


def test_a_service_without_these_jobs_is_not_adopted(bench: Bench, tracks: list[int]) -> None:
    first = bench.sim
    with Simulator() as stranger:
        move_to(bench, stranger)
        refused = bench.run("adopt", "--yes")
        assert refused.code == 78
        assert "does not know the jobs of this library" in refused.complaint
        assert_nothing_removed(bench)
    move_to(bench, first)
    assert_in_step(bench)


@pytest.mark.parametrize("other", ["the folder's", "the catalog's"])
def test_an_address_that_only_one_of_both_knows_is_refused(
    bench: Bench, tracks: list[int], other: str
) -> None:
    elsewhere = bench.sim.api_url.replace("127.0.0.1", "localhost")
    assert elsewhere != bench.sim.api_url
    mark(bench, base_url=elsewhere)
    if other == "the catalog's":
        bench.configure(**IMPATIENT, api={"base_url": elsewhere})
    bench.sim.requests.clear()
    assert_refused(bench, "belongs to")
    assert bench.requests() == []


# --- another account in the marker ---


def test_a_marker_of_another_account_is_refused_until_it_is_adopted(
    bench: Bench, tracks: list[int]
) -> None:
    mine = marker(bench)["account"]
    mark(bench, account="999")
    bench.placed(tracks[0]).unlink()
    bench.sim.requests.clear()
    assert_refused(bench, "account 999", mine, "syncd adopt")
    assert bench.requests() == []
    assert marker(bench)["account"] == "999"
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 3
    assert f"999 becomes {mine}" in adopted.out
    assert held(bench) == {"delete-remote": tracks[:1]}
    assert marker(bench)["account"] == mine
    assert_nothing_removed(bench)


# --- before one complete clean cycle ---


def test_nothing_is_sent_after_an_adoption_before_one_complete_clean_cycle(
    bench: Bench, tracks: list[int]
) -> None:
    (bench.root / ".syncd/library.json").unlink()
    assert bench.run("adopt", "--yes").code == 0
    bench.placed(tracks[0]).unlink()
    rename_a_file(bench, tracks[1])
    bench.sim.switches.total_count = False
    for _ in range(2):
        result = bench.run("sync", "--json")
        assert {one["reason"] for one in result.document["waiting"]} == {
            "the deletion in the account waits for one complete clean cycle",
            "the rename in the account waits for one complete clean cycle",
        }
    assert_nothing_removed(bench)
    bench.sim.switches.total_count = True
    assert bench.run("sync").code == 0
    assert (deleted(bench), renamed(bench)) == (tracks[:1], tracks[1:2])


def test_a_folder_that_cannot_be_read_is_no_clean_cycle(bench: Bench, tracks: list[int]) -> None:
    shutil.rmtree(bench.state)
    assert bench.run("rebuild").code == 0
    closed = Path(bench.root / "closed")
    closed.mkdir(mode=0)
    rename_a_file(bench, tracks[1])
    for _ in range(2):
        assert bench.run("sync", before=ORDINARY_USER).code == 1
    assert_nothing_removed(bench)
    closed.chmod(0o755)
    assert bench.run("sync").code == 0
    assert renamed(bench) == tracks[1:2]


def test_a_new_catalog_takes_nothing_to_the_trash_before_one_complete_clean_cycle(
    bench: Bench, tracks: list[int]
) -> None:
    shutil.rmtree(bench.state)
    assert bench.run("rebuild").code == 0
    bench.sim.world.delete(tracks[0])
    bench.sim.switches.total_count_offset = 1
    for _ in range(2):
        bench.run("sync")
    assert_nothing_removed(bench)
    assert len(bench.audio()) == 5
    bench.sim.switches.total_count_offset = 0
    assert bench.run("sync").code == 0
    assert trashed(bench) == ["T0.flac"]
