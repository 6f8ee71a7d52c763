"""The selection: which jobs are wanted, which are not, and which of them nobody knows yet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syncd.core.baseline import Baseline, State
from syncd.core.listing import Range
from syncd.core.model import RemoteTree
from syncd.core.only import ALL, Only
from syncd.core.selection import (
    BY_NAME,
    Standing,
    changed_states,
    misfit,
    said_outside,
    standing,
    unmatched,
)

from .trees import job, known

HOUSE = Only(genre=("House",))
SONG = job(
    task="music_generation",
    song_type="vocal",
    genre=("Deep House", "Pop"),
    emotion=("Happy",),
    occasion=("Party",),
    language="en",
    liked=True,
    quality_score=0.5,
    audio_duration=187.4,
)
BLANK = job(title=None, created_at=None)


@pytest.mark.parametrize(
    ("only", "reason"),
    [
        (Only(task=("MUSIC_generation",)), None),
        (Only(task=("speech", "music_generation")), None),
        (Only(task=("speech",)), "its task is music_generation"),
        (Only(song_type=("instrumental",)), "its song type is vocal"),
        (Only(genre=("pop",)), None),
        (Only(genre=("house",)), "its genre is Deep House, Pop"),
        (Only(emotion=("sad",)), "its emotion is Happy"),
        (Only(occasion=("party",), language=("EN",)), None),
        (Only(language=("de",)), "its language is en"),
        (Only(liked=True), None),
        (Only(liked=False), "it is liked"),
        (Only(min_quality=0.5), None),
        (Only(min_quality=0.51), "its quality is 0.5"),
        (Only(duration=Range(187.0, 188.0)), None),
        (Only(duration=Range(187.4, 187.4)), None),
        (Only(duration=Range(188.0)), "it lasts 3:07.4"),
        (Only(duration=Range(None, 187.0)), "it lasts 3:07.4"),
        (Only(song_type=("Vocals",)), None),
        (Only(language=("english",)), None),
        (Only(language=("eng",)), None),
        (Only(language=("english", "xyzzy")), None),
        (Only(language=("xyzzy",)), "its language is en"),
        (Only(title="[r]ain"), "it is called “Rain”"),
        (Only(since=datetime(2026, 3, 1, tzinfo=UTC)), None),
        (Only(since=SONG.created_at), None),
        (Only(since=datetime(2026, 3, 2, tzinfo=UTC)), "it was made on 2026-03-01"),
        (Only(title="r?IN"), None),
        (Only(title="rai"), "it is called “Rain”"),
        (Only(title="*", genre=("pop",), liked=False), "it is liked"),
    ],
)
def test_all_that_is_asked_for_must_hold(only: Only, reason: str | None) -> None:
    found = misfit(SONG, only)
    assert (found and found.reason) == reason
    assert found is None or not found.unknown
    if reason is not None:
        assert said_outside(SONG, only) == f"outside library.only: {reason}"


@pytest.mark.parametrize(
    "only",
    [
        Only(task=("x",)),
        Only(song_type=("x",)),
        Only(genre=("x",)),
        Only(emotion=("x",)),
        Only(occasion=("x",)),
        Only(language=("x",)),
        Only(liked=True),
        Only(liked=False),
        Only(min_quality=0.0),
        Only(duration=Range(None, 9.0)),
        Only(since=datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_is_not_known_does_not_fit_and_may_yet_be_known(only: Only) -> None:
    found = misfit(BLANK, only)
    assert found
    assert found.unknown
    assert "is not known" in found.reason
    assert standing(BLANK, only) is Standing.OUTSIDE
    assert standing(BLANK, only, unlearnt=True) is Standing.OPEN
    assert standing(job(title=None, created_at=None, status="PENDING"), only) is Standing.OPEN


def test_what_is_known_against_it_decides_whatever_else_is_not_known() -> None:
    only = Only(genre=("house",), liked=True)
    assert standing(job(liked=False), only, unlearnt=True) is Standing.OUTSIDE


def test_accents_are_compared_in_one_form() -> None:
    assert misfit(job(title="Cafe\u0301"), Only(title="caf\u00e9")) is None


def test_brackets_in_a_title_stand_for_themselves() -> None:
    assert misfit(job(title="Rain [x]"), Only(title="*[X]")) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(300.0, "5:00"), (60.0, "1:00"), (300.04, "5:00.04")]
)
def test_a_length_is_said_so_that_it_does_not_read_as_the_limit(seconds: float, said: str) -> None:
    found = misfit(job(audio_duration=seconds), Only(duration=Range(None, 30.0)))
    assert found
    assert found.reason == f"it lasts {said}"


def test_what_is_asked_for_and_no_job_has_is_named() -> None:
    only = Only(genre=("pop", "hose"), language=("English", "de"), song_type=("rap",), liked=True)
    remote = RemoteTree({1: SONG})
    expected = ("song type “rap”", "genre “hose”", "language “de”")
    assert unmatched(remote, only) == expected
    assert unmatched(RemoteTree({1: SONG}, unlearnt=frozenset({1})), only) == ()
    assert unmatched(remote, ALL) == ()


def test_no_selection_leaves_nothing_out() -> None:
    assert ALL.everything
    assert ALL.digest == ""
    assert standing(BLANK, ALL) is Standing.INSIDE


def test_a_selection_is_known_by_what_it_asks_for() -> None:
    assert Only(genre=("A", "b")).digest == Only(genre=("B", "a")).digest
    others = {Only(genre=("a",)).digest, Only(emotion=("a",)).digest, Only(liked=False).digest}
    assert len(others | {Only(liked=True).digest, Only(duration=Range(1)).digest}) == 5


@pytest.mark.parametrize("kept", [BY_NAME, HOUSE.digest])
def test_what_the_user_keeps_is_inside(kept: str) -> None:
    assert standing(SONG, HOUSE, kept=kept) is Standing.INSIDE
    elsewhere = Standing.INSIDE if kept == BY_NAME else Standing.OUTSIDE
    assert standing(SONG, Only(genre=("Jazz",)), kept=kept) is elsewhere


REASON = "outside library.only: its genre is Deep House, Pop"
LEFT_OUT = (State.UNSELECTED, REASON)


@pytest.mark.parametrize(
    ("state", "only", "expected"),
    [
        (None, HOUSE, LEFT_OUT),
        (State.WANTED, HOUSE, LEFT_OUT),
        (State.UNAVAILABLE, HOUSE, LEFT_OUT),
        (State.GONE, HOUSE, LEFT_OUT),
        (State.PLACED, HOUSE, None),
        (State.EVICTED, HOUSE, None),
        (State.IGNORED, HOUSE, None),
        (State.DETACHED, HOUSE, None),
        (State.TRASHING, HOUSE, None),
        (State.UNSELECTED, HOUSE, LEFT_OUT),
        (State.UNSELECTED, ALL, (State.WANTED, None)),
        (State.UNSELECTED, Only(genre=("pop",)), (State.WANTED, None)),
        (State.EVICTED, ALL, None),
        (None, ALL, None),
    ],
)
def test_only_tracks_without_a_file_are_selected_or_not(
    state: State | None, only: Only, expected: tuple[State, str | None] | None
) -> None:
    tree = RemoteTree({7: SONG})
    tracks = {} if state is None else {7: known(state=state)}
    changed = changed_states(tree, Baseline(tracks), only)
    assert changed == ({} if expected is None else {7: expected})
    assert changed_states(tree, Baseline(tracks), only, present={7}) == {}


def test_what_is_left_out_already_is_not_written_again() -> None:
    left_out = known(state=State.UNSELECTED, reason=REASON)
    assert changed_states(RemoteTree({7: SONG}), Baseline({7: left_out}), HOUSE) == {}


def test_nothing_changes_as_long_as_it_is_not_known() -> None:
    tree = RemoteTree({7: job()}, unlearnt=frozenset({7}))
    for state in (State.WANTED, State.UNSELECTED):
        assert changed_states(tree, Baseline({7: known(state=state)}), HOUSE) == {}


def test_what_is_not_liked_says_so() -> None:
    found = misfit(job(liked=False), Only(liked=True))
    assert found is not None
    assert found.reason == "it is not liked"


def test_each_track_is_looked_at_also_behind_one_that_stays_as_it_is() -> None:
    jobs = RemoteTree({7: job(genre=("Pop",)), 8: job(8, genre=("Pop",))})
    assert [*changed_states(jobs, Baseline({}), HOUSE, present={7})] == [8]


def test_what_was_fetched_by_name_is_left_out_by_no_selection() -> None:
    jobs = RemoteTree({7: job(genre=("Pop",))})
    kept = known(path=None, state=State.WANTED, kept=BY_NAME)
    assert changed_states(jobs, Baseline({7: kept}), HOUSE) == {}
