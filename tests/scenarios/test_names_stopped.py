"""A name that was sent, and what was stopped or changed before that was recorded."""

from __future__ import annotations

from datetime import datetime

import pytest

from syncd.core.operations import RenameRemote
from syncd.core.policy import Now
from syncd.simulator import Fault

from .mirroring import Mirror, dies_after, dies_before, patch, title_of

UPDATE = "syncd.remote.client.AudioPod.update"
MOVES_ON = """
import syncd.executor.names as names
from pathlib import Path
record, path = names._record_name, Path({path!r})
def late(*arguments):
    if path.exists():
        path.rename(path.with_name("Mine 2.flac"))
    return record(*arguments)
names._record_name = late
"""
"""Put before a command: the file is renamed once more in the moment after its name was sent."""


def test_a_file_that_moves_on_after_its_name_was_sent_is_looked_at_anew(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    path = mirror.rename("Alpha", "Mine")
    mirror.sync(before=MOVES_ON.format(path=str(path)))
    assert mirror.sent() == [patch(alpha, "Mine"), patch(alpha, "Mine 2")]
    assert "Mine 2.flac" in mirror.files()
    # The tags that could not be written where the file no longer stood are looked at again.
    sent = [("rename-remote", "done"), ("rename-remote", "done")]
    assert mirror.done("Alpha") == [*sent, ("retag", "done")]
    mirror.assert_rests()


def test_a_rename_whose_outcome_is_not_known_counts(mirror: Mirror, haste: str) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.faults.add(Fault("reset", method="PATCH", times=None))
    mirror.sim.faults.add(Fault("reset", path="/status$", after=1, times=None))
    mirror.rename("Alpha", "Mine")
    mirror.sync(75, before=haste)
    with mirror.bench.catalog() as catalog:
        spent = catalog.baseline(Now(datetime.now().astimezone())).spent
    assert spent == {RenameRemote.verb: {alpha}}


@pytest.mark.parametrize("stop", [dies_after(UPDATE), dies_before("syncd.rest.run_cycle")])
def test_a_name_given_by_command_counts_after_a_stop(mirror: Mirror, stop: str) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.rename("Alpha", "Mine")
    assert mirror.bench.run("rename", alpha, "Given", before=stop).code == 9
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.account()[alpha] == "Given"
    assert "Given.flac" in mirror.files()
    mirror.assert_rests()


def test_a_stop_before_it_is_sent_sends_neither_name(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.rename("Alpha", "Mine")
    assert mirror.bench.run("rename", alpha, "Given", before=dies_before(UPDATE)).code == 9
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.account()[alpha] == "Alpha"
    assert "Alpha.flac" in mirror.files()
    mirror.assert_rests()


def test_where_the_name_is_refused_that_of_the_file_counts(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.rename("Alpha", "Mine")
    mirror.sim.faults.add(Fault("status", method="PATCH", status=422))
    assert mirror.bench.run("rename", alpha, "Given").code != 0
    mirror.sync()
    assert mirror.sent() == [patch(alpha, "Mine")]
    assert "Mine.flac" in mirror.files()
    mirror.assert_rests()


RECORD = "syncd.catalog.outcomes.Outcomes.record"
PUT = "syncd.local.retag._put"


@pytest.mark.parametrize("stop", [dies_before(RECORD), dies_before(PUT)], ids=["after", "before"])
@pytest.mark.parametrize("side", ["here", "there"])
def test_a_title_that_was_written_is_no_edit_by_the_user_after_a_stop(
    mirror: Mirror, stop: str, side: str
) -> None:
    alpha = mirror.jobs["Alpha"]
    if side == "here":
        mirror.rename("Alpha", "Mine")
    else:
        mirror.sim.world.rename(alpha, "Mine")
    mirror.sync(9, before=stop)
    mirror.sync()
    assert title_of(mirror.path("Mine")) == "Mine"
    mirror.sim.world.rename(alpha, "Next")
    mirror.sync()
    assert title_of(mirror.path("Next")) == "Next"
    mirror.assert_rests()
    result = mirror.bench.run("evict", alpha)
    assert result.code == 0, result.err
    assert mirror.trash() == []
