"""Both sides changed the same track: one rule for each case, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.simulator import Fault

from .mirroring import ALBUM, LRC, NO_GRACE, Mirror, patch, title_of

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE)


def states(mirror: Mirror) -> dict[int, str]:
    return {row["id"]: row["state"] for row in mirror.bench.run("ls", "--json").document}


# --- renamed on both sides ---


@pytest.fixture
def renamed_twice(bench: Bench, look: Look) -> Callable[[str], Mirror]:
    """One song renamed here to “Mine”, there to “Theirs”, in a mode of ``sync.conflicts``."""

    def make(mode: str) -> Mirror:
        mirror = Mirror.of(bench, look, sync={"conflicts": mode})
        mirror.rename("Alpha", "Mine")
        mirror.sim.world.rename(mirror.jobs["Alpha"], "Theirs")
        return mirror

    return make


def test_by_default_the_local_name_wins_and_the_other_is_in_the_history(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.rename("Alpha", "Mine")
    mirror.sim.world.rename(alpha, "Theirs")
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Mine")]
    assert mirror.account()[alpha] == "Mine"
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac", "Mine.flac"]
    assert title_of(mirror.path("Mine")) == "Mine"
    (entry,) = mirror.history("Alpha")
    assert (entry["before"], entry["after"], entry["outcome"]) == ("Theirs", "Mine", "done")
    assert "Theirs" in mirror.bench.run("history").out
    mirror.assert_rests()


def test_local_is_that_default_by_name(renamed_twice: Callable[[str], Mirror]) -> None:
    mirror = renamed_twice("local")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Mine")]
    mirror.assert_rests()


def test_where_remote_is_to_win_the_file_is_renamed(
    renamed_twice: Callable[[str], Mirror],
) -> None:
    mirror = renamed_twice("remote")
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac", "Theirs.flac"]
    assert title_of(mirror.path("Theirs")) == "Theirs"
    assert "“Mine”" in mirror.history("Alpha")[0]["reason"]
    assert mirror.account()[mirror.jobs["Alpha"]] == "Theirs"
    mirror.assert_rests()


def test_where_it_is_to_be_held_both_stay_until_the_user_has_decided(
    renamed_twice: Callable[[str], Mirror],
) -> None:
    mirror = renamed_twice("hold")
    alpha = mirror.jobs["Alpha"]
    result = mirror.sync(3)
    assert "renamed on both sides" in result.out
    assert mirror.sent() == []
    assert mirror.path("Mine").exists()
    assert mirror.account()[alpha] == "Theirs"
    mirror.assert_rests(3)
    assert mirror.bench.run("rename", alpha, "Agreed").code == 0
    mirror.sync()
    assert mirror.account()[alpha] == "Agreed"
    assert mirror.files() == ["Agreed.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]
    mirror.assert_rests()


def test_a_rejected_conflict_leaves_both_names_until_one_of_them_changes_anew(
    renamed_twice: Callable[[str], Mirror],
) -> None:
    mirror = renamed_twice("hold")
    alpha = mirror.jobs["Alpha"]
    mirror.sync(3)
    rejected = mirror.bench.run("reject", "--job", alpha)
    assert "the new name stays in the folder; the account keeps its own" in rejected.out
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("Mine").exists()
    assert mirror.account()[alpha] == "Theirs"
    mirror.assert_rests()
    mirror.path("Mine").rename(mirror.path("Mine again"))
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Mine again")]
    mirror.assert_rests()


def test_in_a_hold_the_other_tracks_go_on(renamed_twice: Callable[[str], Mirror]) -> None:
    mirror = renamed_twice("hold")
    mirror.rename("Beta", "Better")
    mirror.sim.world.rename(mirror.jobs["Gamma"], "Gamut")
    mirror.sync(3)
    assert mirror.sent() == [patch(mirror.jobs["Beta"], "Better")]
    assert mirror.path("Gamut").exists()
    mirror.assert_rests(3)


@pytest.mark.parametrize("mode", ["local", "remote", "hold"])
def test_the_same_new_name_on_both_sides_is_no_conflict(
    bench: Bench, look: Look, mode: str
) -> None:
    mirror = Mirror.of(bench, look, sync={"conflicts": mode})
    mirror.rename("Alpha", "AC／DC")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "AC/DC")
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("AC／DC").exists()
    assert title_of(mirror.path("AC／DC")) == "AC/DC"
    assert mirror.path("AC／DC.lrc").read_text().strip() == LRC
    mirror.assert_rests()


def test_a_swap_here_against_a_swap_there_comes_to_rest(mirror: Mirror) -> None:
    mirror.rename("Alpha", "between")
    mirror.rename("Beta", "Alpha")
    mirror.rename("between", "Beta")
    for name, other in (("Alpha", "Beta"), ("Beta", "Alpha")):
        mirror.sim.world.rename(mirror.jobs[name], other)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.placed(mirror.jobs["Alpha"]) == mirror.path("Beta")
    mirror.assert_rests()


def test_a_name_that_another_job_gets_there_meanwhile_is_told_from_it_here(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")
    mirror.sim.world.rename(mirror.jobs["Beta"], "Omega")
    mirror.sync()
    beta = mirror.jobs["Beta"]
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    assert mirror.bench.placed(beta) == mirror.path(f"Omega [{beta}]")
    assert mirror.account()[beta] == "Omega"
    mirror.assert_rests()


def test_a_rename_there_between_the_plan_and_the_patch_is_seen(
    renamed_twice: Callable[[str], Mirror],
) -> None:
    mirror = renamed_twice("remote")
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.rename(alpha, "Alpha")
    mirror.sim.faults.add(
        Fault("run", path="/status$", call=lambda world: world.rename(alpha, "Theirs"))
    )
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("Theirs").exists()
    mirror.assert_rests()


# --- renamed on one side, deleted on the other ---


def test_renamed_here_and_deleted_there_the_file_stays_detached(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    path = mirror.rename("Alpha", "Mine")
    data = path.read_bytes()
    mirror.sim.world.delete(alpha)
    mirror.sync()
    assert mirror.sent() == []
    assert path.read_bytes() == data
    assert mirror.trash() == []
    assert mirror.done("Alpha") == [("detach", "done")]
    assert states(mirror)[alpha] == "detached"
    mirror.assert_rests()


def test_deleted_there_between_the_plan_and_the_patch_the_file_stays(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    path = mirror.rename("Alpha", "Mine")
    mirror.sim.faults.add(Fault("run", path="/status$", call=lambda world: world.delete(alpha)))
    mirror.sync()
    assert mirror.sent() == []
    assert path.exists()
    assert mirror.trash() == []
    assert mirror.known("Alpha").state is State.DETACHED
    mirror.assert_rests()


def test_renamed_there_and_deleted_here_the_rename_survives(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.world.rename(alpha, "Theirs")
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac", "Theirs.flac"]
    assert FLAC(mirror.path("Theirs"))["audiopod_job_id"] == [str(alpha)]
    assert mirror.trash() == []
    mirror.assert_rests()


# --- the others ---


def test_edited_here_and_deleted_there_the_file_stays_detached(mirror: Mirror) -> None:
    tagged = FLAC(mirror.path("Alpha"))
    tagged["rating"] = "5"
    tagged.save()
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert FLAC(mirror.path("Alpha"))["rating"] == ["5"]
    assert mirror.trash() == []
    assert states(mirror)[mirror.jobs["Alpha"]] == "detached"
    mirror.assert_rests()


def test_moved_here_and_renamed_there_it_is_renamed_where_it_is(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Theirs")
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("Theirs", "Best of").exists()
    assert not mirror.path("Alpha", "Best of").exists()
    mirror.assert_rests()


def test_moved_here_and_deleted_there_it_goes_to_the_trash(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Alpha", folder="Best of")
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    (entry,) = mirror.trash()
    assert entry.path == "Best of/Alpha.flac"
    mirror.assert_rests()


def test_deleted_on_both_sides_nothing_is_asked_for_it(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.world.delete(alpha)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.requests("media") == []
    assert mirror.done("Alpha") == [("forget", "done")]
    assert mirror.known("Alpha").state is State.GONE
    mirror.assert_rests()


def test_deleted_there_while_its_copy_is_made_here(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.faults.add(
        Fault("run", path="/status$", after=1, call=lambda world: world.delete(alpha))
    )
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.known("Alpha").state is State.GONE
    # The copy that was made by then may be the last one.
    assert [entry.job_id for entry in mirror.trash()] == [alpha]
    mirror.assert_rests()


def test_a_job_that_comes_back_takes_its_detached_file_again(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    job = mirror.sim.world.job(alpha)
    mirror.rename("Alpha", "Mine")
    mirror.sim.world.delete(alpha)
    mirror.sync()
    mirror.sim.world.insert([job])
    mirror.sync()
    assert mirror.known("Alpha").state is State.PLACED
    assert mirror.path("Mine").exists()
    assert mirror.bench.requests("media") == []
    mirror.assert_rests()


def test_everything_at_once_comes_to_rest(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Mine")
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Theirs")
    mirror.path("Beta").unlink()
    mirror.sim.world.rename(mirror.jobs["Gamma"], "Beta")
    mirror.sim.world.replace_audio(mirror.jobs["Delta"])
    mirror.rename("Delta", "Delta", folder="Best of")
    mirror.add("New")
    mirror.sync()
    assert sorted(mirror.account().values(), key=str) == ["Beta", "Delta", "Mine", "New"]
    assert mirror.bench.placed(mirror.jobs["Gamma"]).parent == mirror.bench.root / ALBUM
    assert sorted(entry.why for entry in mirror.trash()) == ["deleted here", "replaced"]
    mirror.assert_rests()
