"""What a daemon that runs for months keeps in memory does not grow with the months."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from syncd.core.operations import DeleteRemote, Hold, Plan
from syncd.cycle import Look, Report
from syncd.daemon.events import Events
from syncd.daemon.live import Live
from syncd.daemon.wakes import MOST_REASONS, Wake, Wakes
from syncd.errors import SyncdError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = Path("/music")

MANY = 10_000


def test_of_all_that_ever_went_wrong_the_newest_is_kept() -> None:
    live = Live(lambda: NOW)
    for number in range(MANY):
        live.trouble(("job", number), SyncdError(f"job {number}: failed"))
    assert len(live.troubles) < 100
    assert live.troubles[0].message == f"job {MANY - 1}: failed"


async def test_of_the_names_that_change_during_a_long_pause_the_first_ones_are_kept() -> None:
    wakes = Wakes()
    wakes.hold("pause", True)
    for number in range(MANY):
        wakes.wake(Look(scan=True), f"{number}.flac changed")
    wakes.wake(Look(poll=True), "the poll is due")
    wakes.hold("pause", False)
    found = await wakes.next()
    assert isinstance(found, Wake)
    assert found.look == Look(scan=True, poll=True)
    assert found.why == tuple(f"{number}.flac changed" for number in range(MOST_REASONS))


def test_what_was_held_is_forgotten_once_it_is_settled() -> None:
    events = Events()

    def told(*held: int) -> list[int]:
        holds = tuple(
            Hold(job_id=job, path=f"{job}.flac", reason="many", held=DeleteRemote.verb)
            for job in held
        )
        report = Report(cycle="c", plan=Plan(operations=holds))
        return [fact["job_id"] for event in events.of([report], ROOT) for fact in event.facts]

    assert told(1, 2) == [1, 2]
    assert told(1, 2) == []
    assert told() == []
    assert told(1, 2) == [1, 2]
