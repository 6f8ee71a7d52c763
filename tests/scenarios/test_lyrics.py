"""The lyrics beside a file follow it, whatever the user does to it by hand; theirs are theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State

from .mirroring import ALBUM, NO_GRACE, Mirror, dies_after, dies_before, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Alpha and Beta, each with words of its own; Gamma without any."""
    bench.configure(sync=NO_GRACE)
    made = Mirror(bench, bench.sim, look, {})
    made.add("Alpha", lrc_content="[00:00.00]alpha")
    made.add("Beta", lrc_content="[00:00.00]beta")
    made.add("Gamma", lrc_content=None)
    made.sync()
    return made


def words(mirror: Mirror) -> dict[str, str]:
    """What the lyrics say, by the name of the file."""
    found = sorted((mirror.bench.root / ALBUM).glob("*.lrc"))
    return {path.stem: path.read_text().strip().rpartition("]")[2] for path in found}


def swap(mirror: Mirror, one: str, other: str) -> None:
    mirror.rename(one, "between")
    mirror.rename(other, one)
    mirror.rename("between", other)


def test_the_lyrics_of_two_files_that_were_swapped_are_swapped(mirror: Mirror) -> None:
    swap(mirror, "Alpha", "Beta")
    mirror.sync()
    assert sorted(mirror.sent()) == [
        patch(mirror.jobs["Alpha"], "Beta"),
        patch(mirror.jobs["Beta"], "Alpha"),
    ]
    assert words(mirror) == {"Alpha": "beta", "Beta": "alpha"}
    mirror.assert_rests()


@pytest.mark.parametrize("last", ["Omega", "Alpha"], ids=["in a row", "in a circle"])
def test_the_lyrics_of_three_files_that_take_each_others_names_follow_them(
    mirror: Mirror, last: str
) -> None:
    say(mirror, "Gamma", "gamma")
    mirror.sync()
    names = ("Alpha", "Beta", "Gamma")
    for name in names:
        mirror.rename(name, f"{name} away")
    for name, new in zip(names, ("Beta", "Gamma", last), strict=True):
        mirror.rename(f"{name} away", new)
    mirror.bench.configure(sync=NO_GRACE, limits={"parallel_downloads": 1})
    mirror.sync()
    assert [job for _, job, _ in mirror.sent()] == [mirror.jobs[name] for name in names]
    assert words(mirror) == {"Beta": "alpha", "Gamma": "beta", last: "gamma"}
    mirror.assert_rests()


TOGETHER = """
import time
from syncd.executor import lyrics
real = lyrics.swap
def swap(*paths):
    time.sleep(0.5)
    return real(*paths)
lyrics.swap = swap
"""
"""Put before a command: what two tracks do to the lyrics of both takes them long enough to meet."""


def test_lyrics_are_swapped_once_where_both_tracks_see_to_it_at_once(mirror: Mirror) -> None:
    swap(mirror, "Alpha", "Beta")
    mirror.sync(before=TOGETHER)
    assert words(mirror) == {"Alpha": "beta", "Beta": "alpha"}
    mirror.assert_rests()


def test_a_stop_between_the_two_leaves_them_swapped(mirror: Mirror) -> None:
    swap(mirror, "Alpha", "Beta")
    mirror.sync(9, before=dies_before("syncd.catalog.outcomes.Outcomes.record"))
    mirror.sync()
    assert words(mirror) == {"Alpha": "beta", "Beta": "alpha"}
    mirror.assert_rests()


def test_a_stop_between_their_two_places_leaves_them_once(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Omega")
    mirror.sync(9, before=dies_after("syncd.local.files.place_text"))
    assert words(mirror) == {"Alpha": "alpha", "Beta": "beta", "Omega": "alpha"}
    mirror.sync()
    assert words(mirror) == {"Beta": "beta", "Omega": "alpha"}
    mirror.assert_rests()


def test_a_stop_before_they_made_way_leaves_them_with_their_track(mirror: Mirror) -> None:
    for name, new in (("Alpha", "Gamma"), ("Gamma", "Alpha")):
        mirror.sim.world.update(mirror.jobs[name], display_name=new)
    mirror.sync(9, before=dies_before("syncd.local.moves.move_sidecars"))
    mirror.sync()
    assert words(mirror) == {"Beta": "beta", "Gamma": "alpha"}
    mirror.assert_rests()


def test_files_swapped_between_two_folders_swap_their_lyrics(mirror: Mirror) -> None:
    moved = mirror.rename("Beta", "Alpha", folder="Best of")
    mirror.path("Beta.lrc").rename(moved.with_suffix(".lrc"))
    mirror.sync()
    between = moved.with_name("between.flac")
    moved.rename(between)
    mirror.path("Alpha").rename(moved)
    between.rename(mirror.path("Alpha"))
    mirror.sync()
    assert words(mirror) == {"Alpha": "beta"}
    assert moved.with_suffix(".lrc").read_text().strip().endswith("alpha")


def test_lyrics_of_the_users_stay_where_two_files_were_swapped(mirror: Mirror) -> None:
    mirror.path("Beta.lrc").write_text("[00:00.00]mine")
    swap(mirror, "Alpha", "Beta")
    mirror.sync()
    assert words(mirror) == {"Alpha": "alpha", "Beta": "mine"}


def test_lyrics_change_places_with_none(mirror: Mirror) -> None:
    swap(mirror, "Alpha", "Gamma")
    mirror.sync()
    assert words(mirror) == {"Beta": "beta", "Gamma": "alpha"}


@pytest.fixture
def detached(mirror: Mirror) -> Mirror:
    """The same; Alpha's job is gone, and its file was kept since it was renamed."""
    mirror.rename("Alpha", "Mine")
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert mirror.known("Alpha").state is State.DETACHED
    mirror.path("Alpha.lrc").rename(mirror.path("Mine.lrc"))
    return mirror


def test_the_lyrics_of_a_detached_file_go_with_it(detached: Mirror) -> None:
    cue = detached.path("Mine.cue")
    cue.write_text("mine")
    detached.path("Mine").unlink()
    detached.sync()
    assert detached.known("Alpha").state is State.GONE
    assert words(detached) == {"Beta": "beta"}
    assert cue.exists()
    detached.assert_rests()


@pytest.mark.parametrize("whose", ["the user's words", "another track's"])
def test_lyrics_that_are_not_ours_alone_stay(detached: Mirror, whose: str) -> None:
    if whose == "the user's words":
        detached.path("Mine.lrc").write_text("[00:00.00]mine")
    else:
        detached.path("Mine.mp3").write_bytes(b"a track of the same name")
    detached.path("Mine").unlink()
    detached.sync()
    assert "Mine" in words(detached)


def say(mirror: Mirror, name: str, text: str) -> None:
    mirror.sim.world.update(mirror.jobs[name], lrc_content=f"[00:00.00]{text}")


@pytest.mark.parametrize(
    "step", ["executor.context.Context.place_lyrics", "executor.lyrics.replace_text"]
)
def test_lyrics_that_come_late_or_change_in_the_account_stand_beside_the_file(
    mirror: Mirror, step: str
) -> None:
    say(mirror, "Gamma", "gamma")
    say(mirror, "Alpha", "other")
    mirror.sync(9, before=dies_before(f"syncd.{step}"))
    mirror.sync()
    assert words(mirror) == {"Alpha": "other", "Beta": "beta", "Gamma": "gamma"}
    mirror.assert_rests()


def test_lyrics_that_the_user_wrote_or_took_away_stay_so(mirror: Mirror) -> None:
    mirror.path("Alpha.lrc").unlink()
    mirror.path("Beta.lrc").write_text("[00:00.00]mine")
    mirror.path("Gamma.lrc").write_text("[00:00.00]mine, too")
    for name in ("Alpha", "Beta", "Gamma"):
        say(mirror, name, "new")
    mirror.sync()
    assert words(mirror) == {"Beta": "mine", "Gamma": "mine, too"}
    mirror.assert_rests()
