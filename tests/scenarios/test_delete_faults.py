"""A deletion in the account under stepped clocks, lost answers and stops: once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.simulator import Fault

from .mirroring import NO_GRACE, Mirror, delete, dies_after, dies_before, stepped
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

DAY = 86_400


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE)


@pytest.fixture
def pending(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, the file of the first one gone: pending for a day."""
    mirror = Mirror.of(bench, look)
    mirror.path("Alpha").unlink()
    mirror.sync(before=AT_ONCE)
    assert mirror.known("Alpha").absence.scans >= 2
    return mirror


# --- the grace ---


def test_after_the_grace_by_both_clocks_the_job_goes(pending: Mirror) -> None:
    pending.sim.switches.date_skew = DAY - 600
    pending.sync(before=AT_ONCE + stepped(DAY - 600))
    assert pending.sent() == []
    pending.sim.switches.date_skew = DAY + 600
    pending.sync(before=AT_ONCE + stepped(DAY + 600))
    assert pending.sent() == [delete(pending.jobs["Alpha"])]
    assert len(pending.trash()) == 1
    pending.sim.switches.date_skew = 0
    pending.sync()
    assert pending.sent() == []


@pytest.mark.parametrize("clock", ["the local one", "the service's"])
def test_one_clock_that_is_set_forward_ends_no_grace_and_begins_it_anew(
    pending: Mirror, clock: str
) -> None:
    step = ""
    if clock == "the local one":
        step = stepped(2 * DAY)
    else:
        pending.sim.switches.date_skew = 2 * DAY
    before = pending.known("Alpha").absence.armed_at
    for _ in range(2):
        result = pending.sync(before=AT_ONCE + step)
        assert "1 pending deletion" in result.out
        assert pending.sent() == []
    assert pending.known("Alpha").absence.armed_at > before


def test_a_clock_that_is_set_back_begins_it_anew(pending: Mirror) -> None:
    pending.sync(before=AT_ONCE + stepped(-2 * DAY))
    assert pending.sent() == []
    # By the clock that is right again more than a day has gone by, by the service's none.
    pending.sync(before=AT_ONCE)
    assert pending.sent() == []
    assert pending.sim.world.job(pending.jobs["Alpha"]) is not None


def test_where_the_service_tells_no_time_nothing_becomes_due(pending: Mirror) -> None:
    pending.sim.switches.date = False
    for _ in range(2):
        pending.sync(before=AT_ONCE + stepped(2 * DAY))
        assert pending.sent() == []


def test_a_grace_that_is_made_shorter_holds_for_what_is_pending(pending: Mirror) -> None:
    pending.bench.configure(sync={"deletion_grace": "1h"})
    pending.sync(before=AT_ONCE)
    assert pending.sent() == []
    pending.sim.switches.date_skew = 4000
    pending.sync(before=AT_ONCE + stepped(4000))
    assert pending.sent() == [delete(pending.jobs["Alpha"])]


# --- answers that are lost ---


@pytest.mark.parametrize("kind", ["reset", "close", "hang"])
def test_a_lost_answer_is_looked_up_and_the_job_is_deleted_once(
    mirror: Mirror, kind: str, haste: str
) -> None:
    if kind == "hang":
        mirror.bench.configure(api={"timeout": "1s"}, sync=NO_GRACE)
    mirror.sim.faults.add(Fault(kind, method="DELETE"))
    mirror.path("Alpha").unlink()
    mirror.sync(before=haste)
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    assert mirror.asked()[-1] == ("GET", f"/jobs/{mirror.jobs['Alpha']}/status")
    assert mirror.done("Alpha") == [("delete-remote", "done")]
    assert len(mirror.trash()) == 1
    mirror.assert_rests()


def test_what_cannot_even_be_looked_up_ends_the_run_and_nothing_is_lost(
    mirror: Mirror, haste: str
) -> None:
    mirror.sim.faults.add(Fault("reset", method="DELETE", times=None))
    mirror.sim.faults.add(Fault("reset", path="/status$", after=2, times=None))
    mirror.path("Alpha").unlink()
    mirror.sync(75, before=haste)
    assert len(mirror.trash()) == 1
    mirror.sim.faults.clear()
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.known("Alpha").state is State.GONE
    assert len(mirror.trash()) == 1
    mirror.assert_rests()


def test_a_job_that_somebody_else_deleted_first_is_deleted(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.faults.add(Fault("run", method="DELETE", call=lambda world: world.delete(alpha)))
    mirror.sync()
    assert mirror.sent() == [delete(alpha)]
    assert mirror.known("Alpha").state is State.GONE
    assert len(mirror.trash()) == 1
    mirror.assert_rests()


# --- stops ---

REMOVE = "syncd.executor.remove."
STOPS = {
    "before the second scan": dies_before("syncd.rest.asyncio.sleep"),
    "before the journal": dies_before("syncd.catalog.journal.Journal.start"),
    "before the look": dies_before(REMOVE + "look"),
    "before the copy is fetched": dies_before(REMOVE + "fetch_sound"),
    "after the copy is fetched": dies_after(REMOVE + "fetch_sound"),
    "before the copy is tagged": dies_before(REMOVE + "write_tags"),
    "before the copy is in the trash": dies_before("syncd.local.trash.Trash.keep"),
    "while its note is written": dies_before("syncd.local.trash.write_note"),
    "while it goes there": dies_before("syncd.local.trash.carry"),
    "before the last look at the folder": dies_before(REMOVE + "_check_still_absent"),
    "before the DELETE": dies_before("syncd.remote.client.AudioPod.delete"),
    "after the DELETE": dies_after("syncd.remote.client.AudioPod.delete"),
    "before its lyrics follow": dies_before("syncd.local.trash.Trash.gather"),
    "before it is recorded": dies_before("syncd.catalog.outcomes.Outcomes.record"),
    "after it is recorded": dies_after("syncd.catalog.outcomes.Outcomes.record"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_at_any_moment_deletes_once_and_keeps_a_copy(mirror: Mirror, stop: str) -> None:
    alpha = mirror.jobs["Alpha"]
    audio = mirror.path("Alpha").read_bytes()[-1000:]
    mirror.path("Alpha").unlink()
    mirror.sync(9, before=stop)
    was_sent = mirror.sent()
    if mirror.sim.world.job(alpha) is None:
        assert len(mirror.trash()) == 1
    mirror.sync()
    assert was_sent + mirror.sent() == [delete(alpha)]
    assert mirror.sim.world.job(alpha) is None
    (entry,) = mirror.trash()
    kept = mirror.in_trash(entry)
    assert kept.read_bytes()[-1000:] == audio
    assert FLAC(kept)["audiopod_job_id"] == [str(alpha)]
    assert kept.with_suffix(".lrc").exists()
    assert not mirror.path("Alpha.lrc").exists()
    assert mirror.known("Alpha").state is State.GONE
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    assert not list((mirror.bench.root / ".syncd/incoming").iterdir())
    mirror.assert_rests()


def test_a_deletion_that_is_stopped_before_it_is_sent_is_in_the_history(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    mirror.sync(9, before=STOPS["before the DELETE"])
    assert mirror.sent() == []
    assert mirror.done("Alpha") == [("delete-remote", None)]
