"""A job is deleted in the account: its file goes to the trash, once that is certain."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.local.trash import Why
from syncd.simulator import Fault

from .mirroring import ALBUM, LRC, Mirror, dies_after, dies_before
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


def assert_untouched(mirror: Mirror) -> None:
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]
    assert mirror.trash() == []
    assert mirror.sent() == []


def test_its_file_goes_to_the_trash_with_its_sidecars_and_the_job(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    data = mirror.path("Alpha").read_bytes()
    mirror.path("Alpha.jpg").write_bytes(b"mine")
    mirror.sim.world.delete(alpha)
    result = mirror.sync()
    assert result.out == "in step: 0 placed, 1 moved to the trash\n"
    assert mirror.sent() == []
    asked = mirror.asked()
    assert asked[:3] == [
        ("GET", "/jobs"),
        ("GET", f"/jobs/{alpha}/status"),
        ("GET", f"/jobs/{alpha}/status"),
    ]
    known = {f"/jobs/{job}/status" for name, job in mirror.jobs.items() if name != "Alpha"}
    assert asked[3][1] in known
    assert len(asked) == 4
    assert [r.status for r in mirror.bench.asked()] == [200, 404, 404, 200]
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    (entry,) = mirror.trash()
    kept = mirror.in_trash(entry)
    assert kept.read_bytes() == data
    assert (entry.why, entry.path) == (Why.DELETED_THERE, f"{ALBUM}/Alpha.flac")
    assert json.loads(entry.job)["display_name"] == "Alpha"
    assert kept.with_suffix(".lrc").read_text().strip() == LRC
    assert kept.with_suffix(".jpg").read_bytes() == b"mine"
    assert mirror.path("Beta.lrc").exists()
    assert mirror.done("Alpha") == [("trash-local", "done")]
    assert mirror.known("Alpha").state is State.GONE
    mirror.assert_rests()


def test_a_moved_file_goes_too_and_can_be_brought_back(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sync()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    (entry,) = mirror.trash()
    assert entry.path == "Best of/Alpha.flac"
    assert mirror.bench.run("trash", "restore", mirror.jobs["Alpha"]).code == 0
    assert mirror.path("Alpha", "Best of").exists()
    assert mirror.known("Alpha").state is State.DETACHED
    mirror.assert_rests()


# --- what is no absence ---

LISTINGS = {
    "a row is left out": Fault("short", path="/jobs$", times=None),
    "the list is cut off": Fault("cut-json", path="/jobs$", at=400, times=None),
    "the list is an object": Fault("object", path="/jobs$", times=None),
    "the list is empty": Fault("status", path="/jobs$", status=200, body="[]", times=None),
    "an error": Fault("status", path="/jobs$", status=500, times=None),
    "a captive portal": Fault("portal", path="/jobs$", times=None),
}


@pytest.mark.parametrize("fault", LISTINGS.values(), ids=LISTINGS)
def test_a_listing_that_is_not_whole_takes_nothing_away(
    mirror: Mirror, fault: Fault, haste: str
) -> None:
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sim.faults.add(fault)
    mirror.bench.run("sync", before=haste)
    assert_untouched(mirror)


SMALL_PAGES = """
from syncd.remote.sweep import Sweep
Sweep.__init__.__kwdefaults__["limit"] = 2
"""


@pytest.mark.parametrize(
    "kinds", [("stuck",), ("short",), ("short", "duplicate")], ids=" and ".join
)
def test_a_listing_of_several_pages_that_is_not_whole_takes_nothing_away(
    mirror: Mirror, kinds: tuple[str, ...]
) -> None:
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sim.faults.add(*(Fault(kind, path="/jobs$", times=None) for kind in kinds))
    mirror.bench.run("sync", before=SMALL_PAGES)
    assert_untouched(mirror)
    mirror.sim.faults.clear()
    mirror.sync(before=SMALL_PAGES)
    assert [entry.job_id for entry in mirror.trash()] == [mirror.jobs["Alpha"]]


def test_a_repeated_row_that_hides_another_takes_nothing_away(mirror: Mirror) -> None:
    for kind in ("short", "duplicate"):
        mirror.sim.faults.add(Fault(kind, path="/jobs$", times=None))
    mirror.sync()
    assert_untouched(mirror)
    assert set(mirror.asked()) == {("GET", "/jobs")}


def test_rows_that_are_left_out_although_their_jobs_are_there_take_nothing_away(
    mirror: Mirror,
) -> None:
    mirror.sim.faults.add(Fault("short", path="/jobs$", count=2, times=None))
    mirror.sim.switches.total_count_offset = -2
    mirror.sync()
    assert_untouched(mirror)
    mirror.sim.faults.clear()
    mirror.sim.switches.total_count_offset = 0
    mirror.sync()
    assert_untouched(mirror)
    assert mirror.known("Alpha").state is State.PLACED
    mirror.assert_rests()


def test_a_listing_without_its_count_takes_nothing_away(mirror: Mirror) -> None:
    mirror.sim.switches.total_count = False
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    result = mirror.sync()
    assert "X-Total-Count" in result.out
    assert_untouched(mirror)
    mirror.sim.switches.total_count = True
    mirror.sync()
    assert len(mirror.trash()) == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_another_answer_than_404_is_never_absence(mirror: Mirror, status: int, haste: str) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.delete(alpha)
    mirror.sim.faults.add(Fault("status", path=f"/{alpha}/status$", status=status, times=None))
    mirror.bench.run("sync", before=haste)
    assert_untouched(mirror)


def test_a_job_that_answers_after_all_keeps_its_file(mirror: Mirror) -> None:
    # The last of the list is left out, and the count agrees with it.
    mirror.sim.faults.add(Fault("short", path="/jobs$"))
    mirror.sim.switches.total_count_offset = -1
    mirror.sync()
    assert ("GET", f"/jobs/{mirror.jobs['Delta']}/status") in mirror.asked()
    assert_untouched(mirror)
    assert mirror.known("Delta").state is State.PLACED


def test_one_404_alone_is_not_enough(mirror: Mirror) -> None:
    mirror.sim.faults.add(Fault("short", path="/jobs$"))
    mirror.sim.switches.total_count_offset = -1
    mirror.sim.faults.add(Fault("status", path="/status$", status=404))
    mirror.sync()
    assert_untouched(mirror)


def test_where_no_job_answers_none_is_gone(mirror: Mirror) -> None:
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sim.faults.add(Fault("status", path="/status$", status=404, times=None))
    result = mirror.sync(1)
    assert "knows neither job" in result.out
    assert_untouched(mirror)
    mirror.sim.faults.clear()
    mirror.sync()
    assert len(mirror.trash()) == 1


def test_where_the_others_answer_with_an_error_alone_none_is_gone(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.delete(alpha)
    others = rf"/(?!{alpha}/)\d+/status$"
    mirror.sim.faults.add(Fault("status", path=others, status=403, times=None))
    mirror.bench.run("sync")
    assert_untouched(mirror)


# --- what is kept ---


def test_a_file_that_the_user_changed_is_kept_and_listed_as_detached(mirror: Mirror) -> None:
    tagged = FLAC(mirror.path("Alpha"))
    tagged["comment"] = "mine"
    tagged.save()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert_untouched(mirror)
    assert mirror.done("Alpha") == [("detach", "done")]
    states = {row["id"]: row["state"] for row in mirror.bench.run("ls", "--json").document}
    assert states[mirror.jobs["Alpha"]] == "detached"
    mirror.assert_rests()


def test_a_date_or_a_name_alone_is_no_change_by_the_user(mirror: Mirror) -> None:
    mirror.path("Alpha").touch()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert len(mirror.trash()) == 1


def test_a_file_that_is_changed_in_the_last_moment_is_kept(mirror: Mirror) -> None:
    path = mirror.path("Alpha")

    def edit(_world: object) -> None:
        tagged = FLAC(path)
        tagged["comment"] = "mine"
        tagged.save()

    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sim.faults.add(Fault("run", path="/status$", after=2, call=edit))
    mirror.sync()
    assert FLAC(path)["comment"] == ["mine"]
    assert mirror.trash() == []
    assert mirror.known("Alpha").state is State.DETACHED


def test_a_file_that_goes_in_the_last_moment_is_looked_at_again(mirror: Mirror) -> None:
    path = mirror.path("Alpha")
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sim.faults.add(Fault("run", path="/status$", after=2, call=lambda _world: path.unlink()))
    mirror.bench.run("sync")
    assert mirror.done("Alpha")[0] == ("trash-local", "replan")
    assert mirror.trash() == []


def test_a_marker_that_vanishes_in_the_last_moment_keeps_every_file(mirror: Mirror) -> None:
    marker = mirror.bench.root / ".syncd/library.json"
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    # The third status call is the one that another job answers.
    mirror.sim.faults.add(
        Fault("run", path="/status$", after=2, call=lambda _world: marker.unlink())
    )
    mirror.sync(78)
    assert_untouched(mirror)


def test_a_detached_file_is_never_removed_nor_sent_for(mirror: Mirror) -> None:
    mirror.bench.configure(sync={"remote_deletions": "keep", "deletion_grace": "0s"})
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert_untouched(mirror)
    assert mirror.known("Alpha").state is State.DETACHED
    mirror.bench.configure(sync={"deletion_grace": "0s"})
    mirror.rename("Alpha", "Mine")
    mirror.sync()
    assert mirror.path("Mine").exists()
    assert mirror.sent() == []
    mirror.path("Mine").unlink()
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.known("Alpha").state is State.GONE


def test_copies_of_the_file_are_the_users_and_stay(mirror: Mirror) -> None:
    copy = mirror.path("Alpha (copy)")
    copy.write_bytes(mirror.path("Alpha").read_bytes())
    mirror.sync()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert copy.exists()
    assert not mirror.path("Alpha").exists()
    mirror.sync()
    assert copy.exists()


def test_more_than_the_budget_is_held_before_anything_goes(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"deletion_budget": 1})
    for name in ("Alpha", "Beta"):
        mirror.sim.world.delete(mirror.jobs[name])
    result = mirror.sync(3)
    assert "syncd approve" in result.out
    assert_untouched(mirror)
    mirror.assert_rests(3)


# --- stops ---

STOPS = {
    "before the journal": dies_before("syncd.catalog.journal.Journal.start"),
    "before the job is known to be gone": dies_before("syncd.executor.remove.confirm_gone"),
    "before the state is committed": dies_before("syncd.catalog.outcomes.Outcomes.commit"),
    "after the state is committed": dies_after("syncd.catalog.outcomes.Outcomes.commit"),
    "while its note is written": dies_before("syncd.local.trash.write_note"),
    "after its note is written": dies_after("syncd.local.trash.write_note"),
    "after the file went": dies_after("syncd.local.trash.carry"),
    "after its sidecars went": dies_after("syncd.local.trash.carry_sidecars"),
    "before it is recorded": dies_before("syncd.catalog.outcomes.Outcomes.record"),
    "after it is recorded": dies_after("syncd.catalog.outcomes.Outcomes.record"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_at_any_moment_loses_nothing(mirror: Mirror, stop: str) -> None:
    data = mirror.path("Alpha").read_bytes()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync(9, before=stop)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    (entry,) = mirror.trash()
    assert mirror.in_trash(entry).read_bytes() == data
    assert mirror.in_trash(entry).with_suffix(".lrc").exists()
    assert not mirror.path("Alpha.lrc").exists()
    assert mirror.known("Alpha").state is State.GONE
    mirror.assert_rests()


def test_a_job_that_is_back_after_a_stop_is_fetched_again_and_never_deleted(
    mirror: Mirror,
) -> None:
    """The file went to the trash by the program's hand, whatever came to be recorded."""
    mirror.bench.configure(sync={"deletion_grace": "0s"})
    back = mirror.sim.world.job(mirror.jobs["Alpha"])
    assert back is not None
    mirror.sim.world.delete(back.id)
    mirror.sync(9, before=dies_after("syncd.local.trash.carry"))
    mirror.sim.world.insert([back])
    for _ in range(3):
        mirror.sync(before=AT_ONCE)
    assert mirror.sent() == []
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]


def test_a_file_to_the_trash_counts_also_where_no_record_tells_of_it(mirror: Mirror) -> None:
    mirror.bench.configure(sync={"deletion_budget": 1})
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync(9, before=dies_before("syncd.catalog.outcomes.Outcomes.record"))
    mirror.sim.world.delete(mirror.jobs["Beta"])
    result = mirror.sync(3)
    assert (
        "1 file to the trash now and 1 within the last day are more than the budget" in result.out
    )
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]


def test_what_goes_to_the_trash_is_known_to_go_there_before_it_does(mirror: Mirror) -> None:
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync(9, before=dies_before("syncd.local.trash.Trash.put"))
    assert mirror.path("Alpha").exists()
    assert mirror.known("Alpha").state is State.TRASHING


def test_a_copy_of_what_went_before_a_stop_stays(mirror: Mirror) -> None:
    alpha, mine = mirror.path("Alpha"), mirror.bench.root / "Mine/Alpha.flac"
    mine.parent.mkdir()
    alpha.rename(mine)
    shutil.copy2(mine, alpha)
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync(9, before=dies_before("syncd.catalog.outcomes.Outcomes.record"))
    assert (alpha.exists(), len(mirror.trash())) == (False, 1)
    mirror.sync()
    assert (mine.exists(), len(mirror.trash())) == (True, 1)
    assert mirror.known("Alpha").state is State.DETACHED
