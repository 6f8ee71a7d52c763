"""``syncd adopt``: shows what it would do, asks, binds anew; what differs is left to the user."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.simulator import Fault

from .guarding import (
    ALBUM,
    add,
    assert_nothing_removed,
    deleted,
    fill,
    held,
    mark,
    marker,
    renamed,
    restore_older,
)

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks in step, where a deletion waits out no grace."""
    return fill(bench, 5)


@pytest.fixture
def unmarked(bench: Bench, tracks: list[int]) -> list[int]:
    """The same, and the root lost its marker."""
    (bench.root / ".syncd/library.json").unlink()
    return tracks


@pytest.fixture
def restored(bench: Bench) -> list[int]:
    return restore_older(bench)


# --- what it says ---


def test_where_all_fits_there_is_nothing_to_adopt(
    bench: Bench, tracks: list[int], look: Look
) -> None:
    before = {path: e.digest for path, e in look(bench.root).items()}
    result = bench.run("adopt")
    assert result.code == 0
    assert result.out == "nothing to adopt: catalog, folder and service fit together\n"
    assert bench.run("adopt", "--json").document == {"exit_code": 0, "changes": []}
    assert {path: e.digest for path, e in look(bench.root).items()} == before
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_without_a_terminal_it_shows_what_it_would_do_and_wants_to_be_told_yes(
    bench: Bench, unmarked: list[int]
) -> None:
    result = bench.run("adopt")
    assert result.code == 2
    assert f"{bench.root} would be bound anew:" in result.out
    assert "5 of 5 tracks of the catalog have their file here; 0 have none" in result.out
    assert "say --yes" in result.complaint
    assert not (bench.root / ".syncd/library.json").exists()
    assert bench.run("sync").code == 78


@pytest.mark.parametrize(("answer", "code", "after"), [("n", 1, 78), ("y", 0, 0)])
def test_on_a_terminal_it_asks_and_does_only_what_it_was_told(
    bench: Bench, unmarked: list[int], answer: str, code: int, after: int
) -> None:
    ended, shown = bench.on_terminal("adopt", typed={"Bind them so?": answer})
    assert ended == code
    assert "would be bound anew:" in shown
    assert "is missing or damaged, and written anew" in shown
    assert bench.run("sync").code == after
    assert_nothing_removed(bench)


def test_what_changed_while_it_was_asked_is_looked_at_again(
    bench: Bench, restored: list[int]
) -> None:
    changing = f"""
import syncd.cli.bind
from pathlib import Path
def asked(*_, **__):
    (Path({str(bench.root)!r}) / "{ALBUM}/T0.flac").unlink()
syncd.cli.bind.check_somebody_there = syncd.cli.bind.confirm = lambda *_, **__: None
syncd.cli.bind.confirm = asked
"""
    result = bench.run("adopt", before=changing)
    assert result.code == 1
    assert "changed since they were looked at" in result.complaint
    assert bench.run("sync").code == 78
    assert bench.run("adopt", "--yes").code == 3
    assert held(bench) == {"delete-remote": sorted([restored[0], *restored[3:]])}


def test_for_a_script_it_answers_in_one_document(bench: Bench, restored: list[int]) -> None:
    result = bench.run("adopt", "--yes", "--json")
    assert result.code == 3
    assert {(one["id"], one["held"]) for one in result.document["operations"]} == {
        (job_id, "delete-remote") for job_id in restored[3:]
    }


# --- where there is nothing to bind ---


def test_a_folder_that_was_never_set_up_is_for_init(bench: Bench) -> None:
    shutil.rmtree(bench.root / ".syncd")
    result = bench.run("adopt", "--yes")
    assert result.code == 2
    assert f"syncd init --root {bench.root}" in result.complaint


def test_a_lost_catalog_is_for_rebuild(bench: Bench, tracks: list[int]) -> None:
    shutil.rmtree(bench.state)
    result = bench.run("adopt", "--yes")
    assert result.code == 78
    assert "syncd rebuild" in result.complaint


def test_a_root_that_is_not_there_is_not_made(bench: Bench, tracks: list[int]) -> None:
    shutil.rmtree(bench.root)
    result = bench.run("adopt", "--yes")
    assert result.code == 78
    assert "is not there" in result.complaint
    assert not bench.root.exists()


# --- what is left to the user ---


def test_what_differs_is_held_and_settled_by_the_user(bench: Bench, restored: list[int]) -> None:
    for number, job_id in enumerate(restored[:2]):
        path = bench.root / ALBUM / f"T{number}.flac"
        path.rename(path.with_name(f"Mine {job_id}.flac"))
    bench.sim.world.rename(restored[2], "Theirs now")
    (new,) = add(bench, 1, first=9)
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 3
    assert "1 waiting" in adopted.out
    assert held(bench) == {
        "delete-remote": restored[3:],
        "rename-remote": restored[:2],
        "rename-local": restored[2:3],
    }
    assert_nothing_removed(bench)
    assert bench.downloads() == []
    assert (bench.root / ALBUM / "T2.flac").exists()

    assert bench.run("sync").code == 3
    assert bench.placed(new).exists()
    assert len(bench.downloads()) == 1
    assert_nothing_removed(bench)
    numbers = {b["held"]: b["batch"] for b in bench.run("pending", "--json").document["batches"]}
    assert bench.run("reject", numbers["delete-remote"], numbers["rename-remote"]).code == 0
    assert bench.run("approve", numbers["rename-local"]).code == 0
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert len(bench.audio()) == 6
    assert (bench.root / ALBUM / "Theirs now.flac").exists()
    assert_nothing_removed(bench)


def test_a_file_whose_job_is_gone_is_detached(bench: Bench, unmarked: list[int]) -> None:
    for job_id in unmarked[:3]:
        bench.sim.world.delete(job_id)
    adopted = bench.run("adopt", "--yes")
    assert (adopted.code, "3 detached" in adopted.out) == (0, True)
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    assert_nothing_removed(bench)


def test_what_was_evicted_after_the_backup_of_a_catalog_is_no_deletion(
    bench: Bench, tracks: list[int]
) -> None:
    shutil.copytree(bench.state, bench.folder / "backup")
    assert bench.run("evict", tracks[0]).code == 0
    shutil.rmtree(bench.state)
    (bench.folder / "backup").rename(bench.state)
    assert bench.run("sync").code == 78
    assert bench.run("adopt", "--yes").code == 0
    known = bench.baseline(tracks[0])
    assert known is not None
    assert known.state is State.EVICTED
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert_nothing_removed(bench)
    assert bench.run("fetch", tracks[0]).code == 0
    assert len(bench.audio()) == 5


def test_the_notes_and_former_addresses_of_another_library_are_not_taken_over(
    bench: Bench, tracks: list[int]
) -> None:
    (new,) = add(bench, 1, first=5)
    mark(
        bench,
        library_id="00000000-0000-4000-8000-000000000000",
        aliases=["https://api.audiopod.ai#1"],
    )
    notes = {"evicted": [new], "ignored": [], "held": []}
    (bench.root / ".syncd/states.json").write_text(json.dumps(notes))
    foreign = bench.root / ALBUM / "Foreign.flac"
    shutil.copy2(bench.placed(tracks[0]), foreign)
    tags = FLAC(foreign)
    tags["AUDIOPOD_ORIGIN"] = "https://api.audiopod.ai#1"
    tags["AUDIOPOD_JOB_ID"] = str(new)
    tags.save()
    assert bench.run("adopt", "--yes").code == 0
    assert bench.run("sync").out == "in step: 1 placed\n"
    assert bench.placed(new).name == "T5.flac"
    assert marker(bench)["aliases"] == []


# --- stopped half-way ---


def test_a_service_that_cannot_be_reached_leaves_everything_as_it_was(
    bench: Bench, unmarked: list[int], haste: str
) -> None:
    bench.sim.faults.add(Fault("status", origin="api", status=503, times=None))
    assert bench.run("adopt", "--yes", before=haste).code == 75
    assert not (bench.root / ".syncd/library.json").exists()


STOPS = {
    "while the account is listed": "syncd.rest.run_until_rest",
    "before the marker is written": "syncd.actions.bind.write_marker",
    "before the notes are kept": "syncd.cycle.keep_notes",
}

DIES = """
import os, pkgutil
owner, _, name = {function!r}.rpartition(".")
setattr(pkgutil.resolve_name(owner), name, lambda *_, **__: os._exit(9))
"""


@pytest.mark.parametrize("function", STOPS.values(), ids=STOPS.keys())
def test_an_adoption_that_was_killed_is_ended_with_the_same_caution(
    bench: Bench, restored: list[int], function: str
) -> None:
    path = bench.root / ALBUM / "T0.flac"
    path.rename(path.with_name("Mine now.flac"))
    assert bench.run("adopt", "--yes", before=DIES.format(function=function)).code == 9
    for _ in range(2):
        assert bench.run("sync").code == 3
        assert held(bench) == {"delete-remote": restored[3:], "rename-remote": restored[:1]}
        assert_nothing_removed(bench)
    assert bench.run("approve", "1", "2").code == 0
    assert (deleted(bench), renamed(bench)) == (restored[3:], restored[:1])


def test_an_adoption_whose_listing_failed_is_ended_with_the_same_caution(
    bench: Bench, restored: list[int], haste: str
) -> None:
    sweep = {"sort_order": "asc"}
    bench.sim.faults.add(Fault("status", origin="api", query=sweep, times=None, status=503))
    assert bench.run("adopt", "--yes", before=haste).code == 75
    bench.sim.faults.clear()
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": restored[3:]}
    assert_nothing_removed(bench)
