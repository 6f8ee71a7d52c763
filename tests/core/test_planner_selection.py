"""Trees in, plan out: jobs outside the selection, with and without a file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import State
from syncd.core.only import Only
from syncd.core.operations import Compare, Free, Retag
from syncd.core.tagging import told

from .trees import (
    BYTES,
    CLOCKS,
    HOME,
    OTHER_BYTES,
    POLICY,
    TOUCHED,
    Row,
    absence,
    adopt,
    decided,
    detach,
    download,
    failed,
    file,
    folder,
    forget,
    guarded,
    held,
    job,
    known,
    placed_at,
    planned,
    restore,
    wait,
)

HOUSE = replace(POLICY, only=Only(genre=("house",)))
JAZZ, OTHER = job(genre=("Jazz",)), job(genre=("House",))
WHY = "outside library.only: its genre is Jazz"
FREE = Free(job_id=7, path=HOME, reason=WHY)
EDITED = file(stat=TOUCHED, sha256=OTHER_BYTES)
GIVEN_UP = known(state=State.UNSELECTED)
MOVED_AWAY = {"flac": "n/7.flac"}

ROWS = [
    Row("outside, new", [JAZZ], policy=HOUSE),
    Row("outside, failed before", [JAZZ], baseline=[failed()], policy=HOUSE),
    Row("outside, known to be", [JAZZ], baseline=[known(path=None, state=State.UNSELECTED)],
        policy=HOUSE),
    Row("outside, and gone", [], baseline=[known(path=None, state=State.UNSELECTED)],
        policy=HOUSE, expected=[forget()]),
    Row("inside", [OTHER], policy=HOUSE, expected=[download()]),
    Row("inside again", [OTHER], baseline=[known(path=None, state=State.UNSELECTED)],
        policy=HOUSE, expected=[download()]),
    Row("inside again, freed before", [OTHER], baseline=[GIVEN_UP], policy=HOUSE,
        expected=[restore(reason="wanted again")]),
    Row("fetched by name", [JAZZ], baseline=[known(path=None, state=State.WANTED, kept="*")],
        policy=HOUSE, expected=[download()]),
    Row("not known yet", [job()], policy=HOUSE, unlearnt=frozenset({7}),
        expected=[wait("whether library.only has it is looked up first")]),
    Row("not known yet, unselected before", [job()], policy=HOUSE, unlearnt=frozenset({7}),
        baseline=[known(path=None, state=State.UNSELECTED)]),
    Row("never known", [job()], policy=HOUSE),
    Row("evicted, then selected", [OTHER], baseline=[known(state=State.EVICTED)], policy=HOUSE),
    Row("placed, outside", [JAZZ], folder(file()), [known()], HOUSE, [FREE]),
    Row("placed, inside", [OTHER], folder(file()), [known()], HOUSE),
    Row("placed, not known yet", [job()], folder(file()), [known()], HOUSE,
        unlearnt=frozenset({7})),
    Row("placed, rejected under this selection", [JAZZ], folder(file()),
        [known(kept=HOUSE.only.digest)], HOUSE),
    Row("placed, rejected under another", [JAZZ], folder(file()), [known(kept="other")], HOUSE,
        [FREE]),
    Row("placed, bound anew", [JAZZ], folder(file()), [known()], replace(HOUSE, cautious=True)),
    Row("placed, touched alone", [JAZZ], folder(file(stat=TOUCHED, sha256=BYTES)), [known()],
        HOUSE, [FREE]),
    Row("placed, edited", [JAZZ], folder(EDITED), [known()], HOUSE,
        [replace(wait(f"{WHY}, but {HOME} was changed in the folder: it stays"), stays=True)]),
    Row("placed, and the account has other audio", [replace(JAZZ, audio=MOVED_AWAY)],
        folder(file()), [known(replaced_by="n/7.flac")], HOUSE,
        [wait(f"{WHY}; its other audio is not fetched")]),
    Row("placed, and its other audio was declined", [replace(JAZZ, audio=MOVED_AWAY)],
        folder(file()), [known(declined="n/7.flac")], HOUSE),
    Row("placed, at another address", [replace(JAZZ, audio=MOVED_AWAY)], folder(file()),
        [known()], HOUSE, [Compare(job_id=7, path=HOME, format="flac",
        reason="its audio is at another address than it was fetched from")]),
    *(Row(f"placed, {status}", [replace(JAZZ, status=status)], folder(file()), [known()], HOUSE)
      for status in ("FAILED", "PROCESSING")),
    Row("placed, without audio", [replace(JAZZ, audio={})], folder(file()), [known()], HOUSE),
    Row("placed, to be tagged first", [JAZZ], folder(file()),
        [known(placed=placed_at(HOME, told=told(OTHER)))], HOUSE,
        [Retag(job_id=7, path=HOME, reason="the account says something else for its tags")]),
    Row("placed, to be tagged, and approved to be freed: it is freed", [JAZZ], folder(file()),
        [known(placed=placed_at(HOME, told=told(OTHER)))], HOUSE, [FREE],
        holds=[held("free", approved=True)]),
    Row("placed, and gone from the account", [], folder(file(stat=TOUCHED)), [known()], HOUSE,
        [detach(HOME, "changed in the folder, deleted in the account")]),
    Row("freed, not yet removed", [JAZZ], folder(file()), [GIVEN_UP], HOUSE, [FREE]),
    Row("freed, not yet removed, and inside again", [OTHER], folder(file()), [GIVEN_UP], HOUSE,
        [adopt(HOME, "a file in the folder carries its id")]),
    Row("freed, and another file is there", [JAZZ], folder(EDITED), [GIVEN_UP], HOUSE,
        [adopt(HOME, "a file in the folder carries its id")]),
    Row("freed, not yet removed, and the account lost it", [replace(JAZZ, audio={})],
        folder(file()), [GIVEN_UP], HOUSE, [adopt(HOME, "a file in the folder carries its id")]),
    Row("freed, not yet removed, and its job is gone", [], folder(file()), [GIVEN_UP], HOUSE,
        [detach(HOME, "deleted in the account before its file was removed")]),
    Row("brought by the user", [JAZZ], folder(file()), policy=HOUSE,
        expected=[adopt(HOME, "a file in the folder carries its id")]),
    Row("detached, deleted, and its job is back", [JAZZ],
        baseline=[known(state=State.DETACHED, absence=absence())], policy=HOUSE,
        expected=[replace(forget(), reason="its file is gone, and it is outside library.only")]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_what_has_no_file_because_of_the_selection_is_counted() -> None:
    jobs = [JAZZ, replace(JAZZ, id=8), replace(OTHER, id=9, title="Sun")]
    gone = known(6, None, State.UNSELECTED)
    assert planned(Row("", jobs, baseline=[gone], policy=HOUSE)).unselected == {7, 8}


def test_freeing_is_held_until_it_is_approved_and_then_carried_out() -> None:
    tracks = [known(n, f"{n}.flac", number=n) for n in (1, 2)]
    files = folder(*(file(f"{n}.flac", n) for n in (1, 2)))
    jobs = [replace(JAZZ, id=n, title=str(n)) for n in (1, 2)]
    row = Row("", jobs, files, tracks, HOUSE)
    asked = guarded(row)
    assert [(hold.held, hold.batched, hold.job_id) for hold in asked.holds] == [
        ("free", True, 1),
        ("free", True, 2),
    ]
    assert {hold.reason for hold in asked.holds} == {
        "these files are outside library.only, which leaves their jobs as they are"
    }
    assert asked.holds[0].evidence == (WHY,)
    released = guarded(replace(row, holds=[held("free", 1, approved=True), held("free", 2)]))
    assert [(op.verb, op.job_id) for op in released] == [("free", 1), ("hold", 2)]


def test_what_was_begun_is_not_asked_about_again() -> None:
    assert list(guarded(Row("", [JAZZ], folder(file()), [GIVEN_UP], HOUSE))) == [FREE]


def test_a_deletion_by_the_user_goes_the_way_of_all_deletions() -> None:
    at_once = replace(HOUSE, deletion_grace=0.0)
    row = Row("", [JAZZ], folder(), [known(absence=absence())], at_once, now=CLOCKS)
    assert [op.verb for op in planned(row)] == ["delete-remote"]
    never = Row("", [JAZZ], folder(), [known(state=State.UNSELECTED)], at_once)
    assert decided(planned(never)) == []
