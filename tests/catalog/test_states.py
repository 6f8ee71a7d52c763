"""States on the way to an outcome, and what became of a track that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, State

from .looking import HOUR, MakeFile, MakePlaced, put


@pytest.mark.parametrize("state", [State.EVICTED, State.TRASHING, State.WANTED])
def test_a_state_is_committed_and_nothing_else_changes(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime, state: State
) -> None:
    catalog.outcomes.give_number(7, album="A", number=3)
    put(catalog, placed("a.flac"), local_file("a.flac"), now)
    catalog.outcomes.fail(7, "no answer", attempts=2, next_try_at=now)
    before = catalog.baseline_of(7)
    assert before is not None
    catalog.outcomes.commit(7, state)
    assert catalog.baseline_of(7) == replace(before, state=state)
    assert set(catalog.scans.known_files()) == {"a.flac"}


def test_a_state_can_be_committed_of_a_track_not_known_before(catalog: Catalog) -> None:
    catalog.outcomes.commit(7, State.IGNORED)
    assert catalog.baseline_of(7) == BaselineTrack(job_id=7, state=State.IGNORED)


@pytest.mark.parametrize("state", State)
def test_a_failure_makes_a_wanted_track_unavailable_and_leaves_every_other_state(
    catalog: Catalog, placed: MakePlaced, now: datetime, state: State
) -> None:
    catalog.outcomes.give_number(7, album="A", number=3)
    put(catalog, placed("a.flac"), None, now)
    catalog.outcomes.commit(7, state)
    catalog.outcomes.fail(7, "no answer", attempts=2, next_try_at=now + HOUR)
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7,
        state=State.UNAVAILABLE if state is State.WANTED else state,
        album="A",
        number=3,
        placed=placed("a.flac"),
        attempts=2,
        reason="no answer",
        next_try_at=now + HOUR,
    )


def test_a_failure_of_a_track_not_known_before(catalog: Catalog, now: datetime) -> None:
    catalog.outcomes.fail(7, "no audio", attempts=1, next_try_at=now)
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7, state=State.UNAVAILABLE, attempts=1, reason="no audio", next_try_at=now
    )
    assert catalog.baseline_of(8) is None


def test_a_number_makes_a_track_wanted(catalog: Catalog) -> None:
    catalog.outcomes.give_number(7, album="A", number=3)
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7, state=State.WANTED, album="A", number=3
    )


def test_a_number_never_changes_the_state_of_a_track(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    put(catalog, placed("a.flac"), local_file("a.flac"), now)
    catalog.outcomes.fail(8, "no answer", attempts=4, next_try_at=now)
    for job_id in (7, 8):
        before = catalog.baseline_of(job_id)
        assert before is not None
        catalog.outcomes.give_number(job_id, album="A", number=job_id)
        assert catalog.baseline_of(job_id) == replace(before, album="A", number=job_id)


def test_a_state_is_committed_together_with_the_file_that_it_is_about(
    catalog: Catalog, placed: MakePlaced, now: datetime
) -> None:
    catalog.outcomes.give_number(7, album="A", number=3)
    put(catalog, placed("a.flac"), None, now)
    catalog.outcomes.commit(7, State.TRASHING, placed("b.flac"))
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7, state=State.TRASHING, album="A", number=3, placed=placed("b.flac")
    )
