"""A rename by this program that stops before its record is never sent as one by the user."""

from __future__ import annotations

import pytest

from .mirroring import Mirror, dies_after, dies_before, patch, title_of

STOPS = {
    "before the move": dies_before("syncd.executor.names.move"),
    "after the move": dies_after("syncd.executor.names.move"),
    "before the record": dies_before("syncd.executor.names._record"),
}
FULL = """
import sys
import syncd.executor
from syncd.errors import DiskFull
def full(*_, **__):
    raise DiskFull("the disk is full")
sys.modules["syncd.executor.retag"].write = full
"""


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())
@pytest.mark.parametrize("newest", ["Second", "Third", "Alpha"])
def test_after_a_stop_the_name_in_the_account_counts(
    mirror: Mirror, stop: str, newest: str
) -> None:
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    mirror.sync(code=9, before=stop)
    mirror.sim.world.rename(mirror.jobs["Alpha"], newest)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.files() == sorted(["Beta.flac", "Delta.flac", "Gamma.flac", f"{newest}.flac"])
    assert mirror.path(f"{newest}.lrc").exists()
    assert title_of(mirror.path(newest)) in (newest, "Second")
    mirror.assert_rests()


@pytest.mark.parametrize("second", STOPS.values(), ids=STOPS.keys())
@pytest.mark.parametrize("first", STOPS.values(), ids=STOPS.keys())
def test_after_two_stops_it_still_counts(mirror: Mirror, first: str, second: str) -> None:
    for name, stop in (("Second", first), ("Third", second)):
        mirror.sim.world.rename(mirror.jobs["Alpha"], name)
        mirror.sync(code=9, before=stop)
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Fourth")
    mirror.sync()
    assert mirror.sent() == []
    assert "Fourth.flac" in mirror.files()
    mirror.assert_rests()


@pytest.mark.parametrize("second", ["a title", "a record"])
@pytest.mark.parametrize("newest", ["Second", "Third"])
def test_after_two_stops_the_title_follows(mirror: Mirror, newest: str, second: str) -> None:
    stops = {"a title": "syncd.executor.retag.write", "a record": "syncd.executor.names._record"}
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    mirror.sync(code=9, before=dies_after("syncd.executor.names.move"))
    mirror.sim.world.rename(mirror.jobs["Alpha"], newest)
    mirror.sync(code=9, before=dies_before(stops[second]))
    mirror.sync()
    assert title_of(mirror.path(newest)) == newest
    assert mirror.known("Alpha").intended is None
    mirror.assert_rests()


def test_after_two_stops_and_back_the_title_follows(mirror: Mirror) -> None:
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    mirror.sync(code=9, before=STOPS["after the move"])
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Third")
    mirror.sync(code=9, before=STOPS["before the move"])
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    mirror.sync()
    assert title_of(mirror.path("Second")) == "Second"
    mirror.assert_rests()


def test_a_name_that_was_never_given_is_the_users_to_give(mirror: Mirror) -> None:
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    mirror.sync(code=9, before=STOPS["before the move"])
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Alpha")
    mirror.sync()
    mirror.rename("Alpha", "Second")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Second")]
    assert "Second.flac" in mirror.files()
    mirror.assert_rests()


def test_after_a_stop_a_name_that_the_user_gives_is_sent(mirror: Mirror) -> None:
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    mirror.sync(code=9, before=STOPS["after the move"])
    mirror.rename("Second", "Mine")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Mine")]
    assert "Mine.flac" in mirror.files()
    mirror.assert_rests()


def test_a_full_disk_leaves_the_tags_as_they_are_and_the_name_is_given(mirror: Mirror) -> None:
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Second")
    # The tags are tried once more, and what keeps them from being written is told.
    result = mirror.sync(code=1, before=FULL)
    assert (result.out, "the disk is full" in result.err) == ("0 placed, 1 renamed here\n", True)
    assert title_of(mirror.path("Second")) == "Alpha"
    mirror.sim.world.rename(mirror.jobs["Alpha"], "Third")
    mirror.sync()
    assert mirror.sent() == []
    assert "Third.flac" in mirror.files()
    assert title_of(mirror.path("Third")) == "Third"
