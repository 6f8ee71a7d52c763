"""What holds for every plan, and that every state and observation is decided."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.model import (
    Baseline,
    BaselineTrack,
    LocalTree,
    Policy,
    RemoteTrack,
    RemoteTree,
    State,
)
from syncd.core.naming import AUDIO_SUFFIXES, fold
from syncd.core.operations import Adopt, Defer, Download, Hold, Plan
from syncd.core.planner import plan
from syncd.core.safety import guard

from .trees import (
    ALBUM,
    BOTH,
    EARLIER,
    ELSEWHERE,
    HERE,
    HOME,
    LATER,
    NOW,
    POLICY,
    failed,
    file,
    folder,
    job,
    known,
    placed_at,
)


@dataclass(frozen=True)
class Row:
    name: str
    jobs: list[RemoteTrack]
    local: LocalTree = field(default_factory=folder)
    baseline: list[BaselineTrack] = field(default_factory=list)
    policy: Policy = POLICY
    expected: list[object] = field(default_factory=list)


def planned(row: Row) -> Plan:
    return plan(
        RemoteTree({track.id: track for track in row.jobs}),
        row.local,
        Baseline({track.job_id: track for track in row.baseline}),
        row.policy,
        NOW,
    )


# --- every state meets every observation ---

STATUSES = ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED", None]
PRESENCE = {
    "absent": folder(),
    "in place": folder(file()),
    "moved": folder(file("elsewhere.flac")),
    "stripped": folder(file(job_id=None)),
    "pasted": folder(file(job_id=99)),
    "foreign": folder(file(origin=ELSEWHERE)),
    "replaced by a folder": folder(names=[HOME]),
    "unreadable": folder(names=[HOME], unreadable=[HOME]),
    "under an unreadable root": folder(unreadable=["."]),
}
BASELINES: dict[str, list[BaselineTrack]] = {
    "blank": [],
    **{f"{state}, placed": [known(state=state)] for state in State},
    **{f"{state}, not placed": [known(path=None, state=state)] for state in State},
    "backing off": [failed()],
    "backing off, placed": [failed(path=HOME)],
    "due again": [failed(EARLIER)],
}
POLICIES = {
    "plain": POLICY,
    "attempted": replace(POLICY, attempted=frozenset({7})),
    "retry now": replace(POLICY, retry_now=True),
    "no such format": replace(POLICY, formats=("ogg",)),
}


@pytest.mark.parametrize("status", STATUSES, ids=str)
@pytest.mark.parametrize("presence", PRESENCE)
def test_every_state_and_observation_is_decided(status: str | None, presence: str) -> None:
    local = PRESENCE[presence]
    for baseline, policy in product(BASELINES.values(), POLICIES.values()):
        jobs = [] if status is None else [job(status=status)]
        found = planned(Row("", jobs, local, baseline, policy))
        decisions = [*found.operations, *found.waits]
        in_step = presence == "in place" and [t.state for t in baseline if t.placed] == ["placed"]
        if status == "FAILED" and not decisions:
            # Nothing to fetch, ever: only a file of it in the folder is a matter to decide.
            assert presence not in ("in place", "moved") or in_step
            continue
        assert len(decisions) == (0 if status is None or in_step else 1)
        for decision in decisions:
            assert decision.job_id == 7
            assert decision.reason
            # Nothing is fetched while the file could be there, or the job has no audio.
            if isinstance(decision, Download):
                assert status == "COMPLETED"
                assert not local.is_hidden(decision.path)
                assert decision.path not in local.names


# --- what holds for all trees ---

TITLES = st.sampled_from(
    ["Rain", "RAIN", "rain ", "Cafe\u0301", "Café", "a/b", "a／b", "", None, "con"]
)
PATHS = [HOME, f"{ALBUM}/RAIN.mp3", "mine/x.flac", f"{ALBUM}/Rain [2].flac", "con_.flac"]
IDS = st.integers(1, 6)


@st.composite
def worlds(draw: st.DrawFn) -> Row:
    ids = sorted(draw(st.sets(IDS, max_size=6)))
    jobs = [
        job(
            one,
            draw(TITLES),
            status=draw(st.sampled_from(["COMPLETED", "COMPLETED", "PENDING", "FAILED"])),
            audio=draw(st.sampled_from([BOTH, {"mp3": "m"}, {}])),
            created_at=draw(
                st.sampled_from([None, NOW, datetime(2026, 3, 5, tzinfo=UTC), EARLIER])
            ),
        )
        for one in ids
    ]
    local = folder(
        *(
            file(path, draw(st.none() | IDS), draw(st.sampled_from([HERE, None, ELSEWHERE])))
            for path in draw(st.sets(st.sampled_from(PATHS)))
        ),
        names=draw(st.sets(st.sampled_from(PATHS), max_size=2)),
        unreadable=draw(st.sets(st.sampled_from([ALBUM, "mine"]), max_size=1)),
    )
    numbers = iter(draw(st.permutations(range(1, 20))))
    baseline = [
        known(
            one,
            draw(st.none() | st.sampled_from(PATHS)),
            draw(st.sampled_from(State)),
            next(numbers),
            next_try_at=draw(st.sampled_from([None, EARLIER, LATER])),
            attempts=draw(st.integers(0, 3)),
            reason="no answer",
        )
        for one in sorted(draw(st.sets(IDS, max_size=6)))
    ]
    policy = replace(POLICY, retry_now=draw(st.booleans()))
    return Row("", jobs, local, baseline, policy)


def applied(found: Plan, row: Row) -> Row:
    """What the trees are once ``found`` was carried out without a fault."""
    files, names = dict(row.local.files), set(row.local.names)
    baseline = {track.job_id: track for track in row.baseline}
    for op in found:
        before = baseline.get(op.job_id)
        if isinstance(op, Download):
            files[op.path] = file(op.path, op.job_id)
            names.add(op.path)
        if isinstance(op, Download | Adopt):
            baseline[op.job_id] = BaselineTrack(
                job_id=op.job_id,
                state=State.PLACED,
                album=op.album,
                number=op.number,
                placed=placed_at(op.path),
            )
        if isinstance(op, Defer):
            deferred = before or BaselineTrack(job_id=op.job_id, state=State.UNAVAILABLE)
            baseline[op.job_id] = replace(
                deferred, state=State.UNAVAILABLE, reason=op.reason, next_try_at=LATER
            )
    tree = LocalTree(files, frozenset(names), row.local.unreadable)
    policy = replace(row.policy, retry_now=False)
    return replace(row, local=tree, baseline=list(baseline.values()), policy=policy)


@given(row=worlds())
@settings(max_examples=150, deadline=None)
def test_planning_twice_gives_the_same_plan(row: Row) -> None:
    shuffled = replace(row, jobs=row.jobs[::-1], baseline=row.baseline[::-1])
    assert planned(row) == planned(row) == planned(shuffled)


@given(row=worlds())
@settings(max_examples=150, deadline=None)
def test_after_a_plan_was_carried_out_nothing_is_left_but_holds(row: Row) -> None:
    first = guard(planned(row), row.local)
    after = applied(first, row)
    second = guard(planned(after), after.local)
    assert [op for op in second if not isinstance(op, Hold)] == []


@given(row=worlds())
@settings(max_examples=150, deadline=None)
def test_no_download_falls_on_anything(row: Row) -> None:
    found = guard(planned(row), row.local)
    paths = [fold(op.path) for op in found if isinstance(op, Download)]
    stems = [path.rpartition(".")[0] for path in paths]
    assert len(set(stems)) == len(stems)
    assert not set(paths) & {fold(name) for name in row.local.names}
    assert all(f".{path.rpartition('.')[2]}" in AUDIO_SUFFIXES for path in paths)


@given(row=worlds())
@settings(max_examples=150, deadline=None)
def test_a_number_is_given_once_and_for_good(row: Row) -> None:
    given_before = {track.job_id: (track.album, track.number) for track in row.baseline}
    given_now = {
        op.job_id: (op.album, op.number) for op in planned(row) if isinstance(op, Download | Adopt)
    }
    for job_id, pair in given_now.items():
        assert given_before.get(job_id, pair) == pair
    everyone = given_before | given_now
    assert len(set(everyone.values())) == len(everyone)


@given(row=worlds())
@settings(max_examples=100, deadline=None)
def test_operations_come_in_the_order_of_the_jobs_and_what_failed_before_comes_last(
    row: Row,
) -> None:
    failed = {one.job_id for one in row.baseline if one.attempts}
    made = {
        track.id: (track.created_at or datetime(1970, 1, 1, tzinfo=UTC), track.id)
        for track in row.jobs
    }
    found = planned(row)
    for decisions in (found.operations, found.waits):
        is_late = decisions is found.operations
        order = [(is_late and one.job_id in failed, made[one.job_id]) for one in decisions]
        assert order == sorted(order)
    assert len(found.operations) + len(found.waits) <= len(row.jobs)
