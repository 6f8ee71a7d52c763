"""Trees in, plan out: tags that the account says something else for by now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import BaselineTrack
from syncd.core.model import RemoteTree
from syncd.core.operations import MoveLocal, RenameLocal, Retag
from syncd.core.planner import plan
from syncd.core.tagging import told

from .trees import (
    ALBUM,
    CLOCKS,
    HOME,
    OTHER_BYTES,
    POLICY,
    TOUCHED,
    Row,
    decided,
    file,
    folder,
    guarded,
    held,
    job,
    known,
    placed_at,
    planned,
    wait,
)

RETAG = Retag(job_id=7, path=HOME, reason="the account says something else for its tags")
FOLK, JAZZ = job(genre=("Folk",)), job(genre=("Jazz",))
BY_GENRE = "{genre}/{title}.{ext}"
EDITED = file(stat=TOUCHED, sha256=OTHER_BYTES)


def tagged(path: str = HOME, said: str | None = told(FOLK), **fields: object) -> BaselineTrack:
    """A track whose tags were written when the account said it was Folk."""
    return known(placed=placed_at(path, told=said, **fields))


FULL = replace(POLICY, room=False)
SORTED = replace(POLICY, template=BY_GENRE)
HOME_OF_FOLK = "Folk/Rain.flac"
IN_FOLK = tagged(HOME_OF_FOLK, template=BY_GENRE)
MOVE = MoveLocal(
    job_id=7,
    path=HOME_OF_FOLK,
    new_path="Jazz/Rain.flac",
    stem="Rain",
    reason="library.template, or what it is filled with, puts it there now",
)

RENAME = RenameLocal(
    job_id=7,
    path=HOME,
    new_path=f"{ALBUM}/Regen.flac",
    title="Regen",
    stem="Regen",
    reason="renamed in the account",
    old_title="Rain",
)

TABLE = [
    Row("the same as when they were written", [FOLK], folder(file()), [tagged()], expected=[]),
    Row("something else", [JAZZ], folder(file()), [tagged()], expected=[RETAG]),
    Row("something else, in a file that the user changed", [JAZZ], folder(EDITED), [tagged()],
        expected=[RETAG]),
    Row("liked", [replace(FOLK, liked=True)], folder(file()), [tagged()], expected=[RETAG]),
    Row("never liked, and no longer", [replace(FOLK, liked=False)], folder(file()), [tagged()],
        expected=[]),
    Row("other words", [replace(FOLK, gist="0f")], folder(file()), [tagged()], expected=[RETAG]),
    Row("what it said then is not known", [JAZZ], folder(file()), [tagged(said=None)],
        expected=[]),
    Row("what was written then was something else", [FOLK], folder(file()), [tagged(said="")],
        expected=[RETAG]),
    Row("while it is being made again", [replace(JAZZ, status="PROCESSING")], folder(file()),
        [tagged()], expected=[]),
    Row("while a catalog is bound anew", [JAZZ], folder(file()), [tagged()],
        policy=replace(POLICY, cautious=True), expected=[]),
    Row("a full disk", [JAZZ], folder(file()), [tagged()], policy=FULL,
        expected=[wait("too little room is left on the disk")]),
    Row("another name comes first", [replace(JAZZ, title="Regen")], folder(file()), [tagged()],
        expected=[RENAME]),
    Row("a move that is made comes first", [JAZZ], folder(file(HOME_OF_FOLK)), [IN_FOLK],
        policy=replace(SORTED, moves="auto"), expected=[MOVE]),
    Row("a move that is asked about does not", [JAZZ], folder(file(HOME_OF_FOLK)), [IN_FOLK],
        policy=SORTED, expected=[replace(RETAG, path=HOME_OF_FOLK)]),
    Row("a move that was approved comes first", [JAZZ], folder(file(HOME_OF_FOLK)), [IN_FOLK],
        policy=SORTED, holds=[held("move-local", approved=True)], expected=[MOVE]),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_what_is_planned(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_what_is_still_looked_up_is_waited_for() -> None:
    row = Row("", [JAZZ], folder(file()), [tagged()])
    remote = RemoteTree({7: JAZZ}, unlearnt=frozenset({7}))
    assert decided(plan(remote, row.local, row.known, row.policy, CLOCKS)) == []


def test_a_path_that_leaves_the_library_is_held() -> None:
    outside = Row("", [JAZZ], folder(file("../Rain.flac")), [tagged("../Rain.flac")])
    assert [op.verb for op in guarded(outside)] == ["hold"]


def test_no_budget_is_asked_for_tags() -> None:
    jobs = [job(number, genre=("Jazz",)) for number in range(1, 200)]
    paths = {one.id: f"a/{one.id}.flac" for one in jobs}
    local = folder(*(file(path, number) for number, path in paths.items()))
    baseline = [
        known(number, placed=placed_at(path, title="Rain", stem=str(number), told=""))
        for number, path in paths.items()
    ]
    assert {op.verb for op in guarded(Row("", jobs, local, baseline))} == {"retag"}
