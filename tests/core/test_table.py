"""The planner's table: every state, whatever either side shows, is decided by exactly one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.baseline import Baseline, BaselineTrack, Placed, State
from syncd.core.cases import EXPECTED, POSSIBLE, Here, There, classify
from syncd.core.evidence import match
from syncd.core.model import LocalFile, RemoteTrack, RemoteTree
from syncd.core.only import Only
from syncd.core.planner import RULES, rule_for
from syncd.core.policy import Policy

from .trees import (
    ALBUM,
    BOTH,
    ELSEWHERE,
    HERE,
    HOME,
    POLICY,
    STAT,
    TOUCHED,
    absence,
    file,
    folder,
    job,
    known,
    placed_at,
)

WANTED, UNAVAILABLE, IGNORED = State.WANTED, State.UNAVAILABLE, State.IGNORED
PLACED, DETACHED, TRASHING = State.PLACED, State.DETACHED, State.TRASHING
EVICTED, UNSELECTED, GONE = State.EVICTED, State.UNSELECTED, State.GONE
GIVEN_UP = {EVICTED, UNSELECTED}
WITHOUT_FILE = {WANTED, UNAVAILABLE, IGNORED, GONE}

FILE = {Here.IN_PLACE, Here.MOVED, Here.RENAMED, Here.UNSENDABLE}
LOST = {Here.NOTHING, Here.ABSENT}

LISTED = set(There) - {There.UNSEEN, There.GONE}
QUIET = {There.AS_KNOWN, There.UNREADY, There.FAILED, There.SILENT}
AUDIBLE = {There.AS_KNOWN, There.RENAMED, There.READDRESSED, There.REPLACED}

Cell = tuple[State, Here, There]

CELLS: list[Cell] = [
    (state, here, there) for state in State for here in POSSIBLE[state] for there in There
]


def fitting(cell: Cell) -> list[str]:
    return [rule.name for rule in RULES if rule.fits(*cell)]


def test_no_cell_is_undecided() -> None:
    assert [cell for cell in CELLS if not fitting(cell)] == []


def test_no_row_is_out_of_reach() -> None:
    assert {rule.name for rule in RULES} - {fitting(cell)[0] for cell in CELLS} == set()


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("state", State)
def test_a_file_is_looked_for_in_the_states_that_expect_one(state: State) -> None:
    looked_for = {Here.MISSED, Here.ABSENT, Here.STRANGER, Here.HIDDEN}
    assert (looked_for & POSSIBLE[state] == looked_for) is (state in EXPECTED)
    assert (Here.NOTHING in POSSIBLE[state]) is (state not in EXPECTED)


# --- what is decided, cell by cell ---

Block = tuple[Iterable[State], Iterable[Here], Iterable[There]]

# The function that decides, and the blocks of cells that are its own: a change of a row is a change
# of this table. What the rules settle by their order is written out here: no two blocks overlap.
SEEN = set(There) - {There.UNSEEN}
JUDGED = set(Here) - {Here.HIDDEN}
EXPECTED_TABLE: Mapping[str, list[Block]] = {
    "out_of_sight": [(EXPECTED, {Here.HIDDEN}, There)],
    "not_listed_yet": [(State, JUDGED, {There.UNSEEN})],
    "kept_out": [(State, {Here.KEPT_OUT}, SEEN)],
    "pasted": [(State, {Here.PASTED}, SEEN)],
    "stranger": [
        ({PLACED}, {Here.STRANGER}, SEEN),
        ({DETACHED}, {Here.STRANGER}, LISTED),
    ],
    "missed": [(EXPECTED, {Here.MISSED}, SEEN)],
    "deleted_there": [({PLACED, TRASHING}, {Here.IN_PLACE, Here.MOVED}, {There.GONE})],
    "renamed_and_deleted": [({PLACED, TRASHING}, {Here.RENAMED, Here.UNSENDABLE}, {There.GONE})],
    "still_detached": [({DETACHED}, FILE, {There.GONE})],
    "evicted_and_deleted": [(GIVEN_UP, FILE, {There.GONE})],
    "found_without_job": [({*WITHOUT_FILE, *GIVEN_UP}, {Here.FOUND}, {There.GONE})],
    "nothing_left": [(set(State) - {GONE}, LOST, {There.GONE})],
    "nothing": [
        ({GONE}, {Here.NOTHING}, {There.GONE}),
        ({DETACHED}, {Here.STRANGER}, {There.GONE}),
        ({*GIVEN_UP, IGNORED}, {Here.NOTHING}, LISTED),
        ({GONE, TRASHING, DETACHED}, LOST, {There.FAILED}),
    ],
    "failed": [({WANTED, UNAVAILABLE}, {Here.NOTHING}, {There.FAILED})],
    "found": [
        ({*WITHOUT_FILE, *GIVEN_UP}, {Here.FOUND}, LISTED),
        (GIVEN_UP, FILE - {Here.IN_PLACE}, LISTED),
    ],
    "evicting": [({EVICTED}, {Here.IN_PLACE}, LISTED)],
    "freeing": [({UNSELECTED}, {Here.IN_PLACE}, LISTED)],
    "job_is_back": [({DETACHED, TRASHING}, FILE, LISTED)],
    "not_ready": [({WANTED, UNAVAILABLE, GONE, TRASHING, DETACHED}, LOST, {There.UNREADY})],
    "without_audio": [({WANTED, UNAVAILABLE, GONE, TRASHING, DETACHED}, LOST, {There.SILENT})],
    "fetch": [({WANTED, UNAVAILABLE, GONE, TRASHING, DETACHED}, LOST, AUDIBLE)],
    "in_step": [({PLACED}, {Here.IN_PLACE}, QUIET)],
    "moved": [({PLACED}, {Here.MOVED}, LISTED)],
    "renamed_there": [({PLACED}, {Here.IN_PLACE}, {There.RENAMED})],
    "renamed_here": [({PLACED}, {Here.RENAMED}, LISTED - {There.RENAMED})],
    "renamed_twice": [({PLACED}, {Here.RENAMED}, {There.RENAMED})],
    "unsendable": [({PLACED}, {Here.UNSENDABLE}, LISTED)],
    "readdressed": [({PLACED}, {Here.IN_PLACE, Here.ABSENT}, {There.READDRESSED})],
    "replaced": [({PLACED}, {Here.IN_PLACE}, {There.REPLACED})],
    "deleted_here": [({PLACED}, {Here.ABSENT}, {There.AS_KNOWN})],
    "deleted_and_changed": [({PLACED}, {Here.ABSENT}, {There.RENAMED, There.REPLACED})],
    "deleted_without_audio": [
        ({PLACED}, {Here.ABSENT}, {There.UNREADY, There.FAILED, There.SILENT})
    ],
}


def written_out() -> dict[Cell, list[str]]:
    found: dict[Cell, list[str]] = {cell: [] for cell in CELLS}
    for decision, blocks in EXPECTED_TABLE.items():
        for cell in (cell for block in blocks for cell in product(*block)):
            if cell in found:
                found[cell].append(decision)
    return found


def test_each_cell_is_decided_as_it_is_written_here() -> None:
    decided = {
        cell: [next(rule.decide.__name__ for rule in RULES if rule.fits(*cell))] for cell in CELLS
    }
    written = written_out()
    differing = {
        f"{state.name} × {here.name} × {there.name}": (written[cell], decided[cell])
        for cell in CELLS
        for state, here, there in [cell]
        if written[cell] != decided[cell]
    }
    assert differing == {}


REMOVING = {"deleted_there", "deleted_here", "evicting", "freeing", "replaced"}
"""The decisions that may take a file or a job away."""


UNKNOWN = {Here.HIDDEN, Here.STRANGER, Here.PASTED, Here.MISSED, Here.UNSENDABLE, Here.KEPT_OUT}


def test_nothing_is_taken_away_where_something_is_not_known() -> None:
    unknown = [
        (state, here, there)
        for state, here, there in CELLS
        if here in UNKNOWN or there is There.UNSEEN
    ]
    written = written_out()
    assert {written[cell][0] for cell in unknown} & REMOVING == set()


# --- what trees can show ---

PATHS = [HOME, f"{ALBUM}/Regen.flac", "mine/Rain.flac", "b\udce9.flac"]
ORIGINS = st.sampled_from([HERE, HERE, None, ELSEWHERE])
IDS = st.integers(7, 9)
AUDIO = [BOTH, {"flac": "n/7.flac"}, {"mp3": "m/7.mp3"}, {"aiff": "m"}, {}]


@st.composite
def placings(draw: st.DrawFn) -> Placed | None:
    if not draw(st.booleans()):
        return None
    placed = placed_at(draw(st.sampled_from(PATHS[:3])))
    return replace(placed, mounted=draw(st.booleans()), moved=draw(st.booleans()))


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    tracks: dict[int, BaselineTrack] = {}
    for job_id in draw(st.sets(IDS)):
        tracks[job_id] = known(
            job_id,
            None,
            draw(st.sampled_from(State)),
            placed=draw(placings()),
            absence=draw(st.sampled_from([None, absence(scans=1), absence(), absence(apart=1.0)])),
            replaced_by=draw(st.sampled_from([None, "n/7.flac", "o/7.flac"])),
            declined=draw(st.sampled_from([None, "n/7.flac"])),
        )
    return Baseline(tracks)


@given(
    baseline=baselines(),
    files=st.lists(
        st.builds(
            file,
            st.sampled_from(PATHS),
            st.none() | IDS,
            ORIGINS,
            stat=st.sampled_from([STAT, TOUCHED]),
        ),
        max_size=4,
    ),
    names=st.sets(st.sampled_from([*PATHS, ALBUM, "mine"]), max_size=2),
    unreadable=st.sets(st.sampled_from([ALBUM, "mine", "."]), max_size=1),
    mounted=st.sets(st.sampled_from([ALBUM, "mine"]), max_size=1),
    tracks=st.lists(
        st.builds(
            job,
            IDS,
            st.sampled_from(["Rain", "Regen", "", None]),
            status=st.sampled_from(["COMPLETED", "COMPLETED", "PENDING", "FAILED", "CANCELLED"]),
            audio=st.sampled_from(AUDIO),
        ),
        max_size=3,
    ),
    swept=st.booleans(),
    policy=st.sampled_from(
        [
            POLICY,
            replace(POLICY, moves="auto", template="{title}.{ext}"),
            replace(POLICY, only=Only(title="regen", task=("song",))),
            replace(POLICY, only=Only(title="rain")),
        ]
    ),
)
@settings(max_examples=400)
def test_trees_show_nothing_that_the_table_lacks(
    baseline: Baseline,
    files: list[LocalFile],
    names: set[str],
    unreadable: set[str],
    mounted: set[str],
    tracks: list[RemoteTrack],
    swept: bool,
    policy: Policy,
) -> None:
    local = folder(*files, names=names, unreadable=unreadable, mounted=mounted)
    remote = RemoteTree({one.id: one for one in tracks}, swept)
    found = match(local, baseline, policy)
    for job_id in {*remote.tracks, *baseline.tracks, *found.files}:
        case = classify(
            job_id,
            remote=remote,
            local=local,
            baseline=baseline,
            policy=policy,
            file=found.files.get(job_id),
            owner=found.bereft_owner(job_id) if job_id in found.files else None,
        )
        assert case.here in POSSIBLE[case.state]
        assert fitting((case.state, case.here, case.there))[0] == rule_for(case).name
        # What a row relies on: a file, a path, a job, an absence.
        assert (case.file is not None) or case.here not in FILE | {Here.FOUND, Here.PASTED}
        assert (case.placed is not None) or case.here in {Here.NOTHING, Here.FOUND, Here.PASTED}
        assert (case.track is None) is (case.there in {There.GONE, There.UNSEEN})
        if case.here is Here.ABSENT:
            assert case.known is not None
            assert case.known.absence is not None
