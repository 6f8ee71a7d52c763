"""Trees in, plan out: deletions in the account, and what keeps a file out of the trash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import State
from syncd.core.model import FileStat
from syncd.core.operations import Hold, TrashLocal

from .trees import (
    ALBUM,
    BYTES,
    GIVEN_BACK,
    HOME,
    OTHER,
    OTHER_BYTES,
    POLICY,
    STAT,
    TOUCHED,
    Row,
    adopt,
    decided,
    detach,
    file,
    folder,
    forget,
    held,
    job,
    known,
    missing,
    planned,
    restore,
    wait,
)

KEEP = replace(POLICY, remote_deletions="keep")
LOOK_AGAIN = wait(f"{HOME} was not found; a second look decides")


def trash(path: str = HOME) -> TrashLocal:
    return TrashLocal(job_id=7, path=path, reason="deleted in the account")


EMPTIED = Hold(
    job_id=7,
    path=HOME,
    held="trash-local",
    batched=True,
    reason="the account lists no job any more: was it emptied, or is it another one?",
)

TABLE = [
    Row(
        "deleted in the account",
        [OTHER],
        folder(file()),
        [known(), GIVEN_BACK],
        expected=[trash()],
    ),
    Row(
        "deleted in the account, which has no other: nobody vouches for that",
        [],
        folder(file()),
        [known()],
        expected=[EMPTIED],
    ),
    Row(
        "the same, where the user said so",
        [],
        folder(file()),
        [known()],
        holds=[held("trash-local", approved=True)],
        expected=[trash()],
    ),
    Row(
        "deleted in the account, says no complete sweep",
        [],
        folder(file()),
        [known()],
        swept=False,
        expected=[wait("the account was not listed in full yet")],
    ),
    Row(
        "deleted in the account, and moved in the folder",
        [OTHER],
        folder(file("mine/Rain.flac")),
        [known(), GIVEN_BACK],
        expected=[trash("mine/Rain.flac")],
    ),
    Row(
        "deleted in the account, and kept by the setting",
        [],
        folder(file()),
        [known()],
        policy=KEEP,
        expected=[detach(HOME, 'deleted in the account; sync.remote_deletions = "keep"')],
    ),
    Row(
        "deleted in the account, changed in the folder",
        [],
        folder(file(stat=TOUCHED, sha256=OTHER_BYTES)),
        [known()],
        expected=[detach(HOME, "changed in the folder, deleted in the account")],
    ),
    Row(
        "deleted in the account, touched in the folder, its bytes not known",
        [],
        folder(file(stat=TOUCHED)),
        [known()],
        expected=[detach(HOME, "changed in the folder, deleted in the account")],
    ),
    Row(
        "deleted in the account, touched in the folder, its bytes as they were",
        [OTHER],
        folder(file(stat=TOUCHED, sha256=BYTES)),
        [known(), GIVEN_BACK],
        expected=[trash()],
    ),
    Row(
        "deleted in the account, renamed in the folder",
        [],
        folder(file(f"{ALBUM}/Regen.flac")),
        [known()],
        expected=[detach(f"{ALBUM}/Regen.flac", "renamed in the folder, deleted in the account")],
    ),
    Row(
        "a copy of what was on its way to the trash when the program was stopped",
        [OTHER],
        folder(file("mine/Rain.flac", stat=replace(STAT, inode=9), sha256=BYTES)),
        [known(state=State.TRASHING), GIVEN_BACK],
        expected=[detach("mine/Rain.flac", "a copy of it; its job was deleted in the account")],
    ),
    Row(
        "on its way to the trash when the program was stopped, and moved since",
        [OTHER],
        folder(file("mine/Rain.flac")),
        [known(state=State.TRASHING), GIVEN_BACK],
        expected=[trash("mine/Rain.flac")],
    ),
    Row(
        "on its way to the trash when the program was stopped",
        [OTHER],
        folder(file()),
        [known(state=State.TRASHING), GIVEN_BACK],
        expected=[trash()],
    ),
    Row(
        "on its way to the trash, and there",
        [],
        folder(),
        [known(state=State.TRASHING)],
        expected=[forget()],
    ),
    Row(
        "on its way to the trash, and its job is back",
        [job()],
        folder(file()),
        [known(state=State.TRASHING)],
        expected=[adopt(HOME, "its job is in the account again")],
    ),
    Row(
        "in the trash, and its job is back",
        [job()],
        folder(),
        [known(state=State.TRASHING)],
        expected=[restore(reason="wanted again")],
    ),
    Row(
        "in the trash, and its job is back, renamed and without audio",
        [job(title="Regen", status="PROCESSING", audio={})],
        folder(),
        [known(state=State.TRASHING)],
        expected=[wait("the job is PROCESSING")],
    ),
    Row("deleted on both sides", [], folder(), [missing()], expected=[forget()]),
    Row(
        "deleted in the account, and missed once in the folder",
        [],
        folder(),
        [known()],
        expected=[LOOK_AGAIN],
    ),
    Row(
        "deleted in the account while it was evicted",
        [],
        folder(),
        [known(state=State.EVICTED)],
        expected=[forget()],
    ),
    Row(
        "deleted in the account before its eviction was done",
        [],
        folder(file()),
        [known(state=State.EVICTED)],
        expected=[detach(HOME, "deleted in the account before its file was removed")],
    ),
    Row(
        "evicted by a lost catalog, brought back by the user, deleted in the account",
        [],
        folder(file()),
        [known(path=None, state=State.EVICTED)],
        expected=[detach(HOME, "a file carries its id, and its job is gone")],
    ),
    Row(
        "deleted in the account while it was ignored",
        [],
        folder(),
        [known(state=State.IGNORED)],
        expected=[forget()],
    ),
    Row(
        "detached before, in step",
        [],
        folder(file()),
        [known(state=State.DETACHED)],
        expected=[],
    ),
    Row(
        "detached before, and moved or renamed since",
        [],
        folder(file("mine/Regen.flac")),
        [known(state=State.DETACHED)],
        expected=[detach("mine/Regen.flac", "its file was moved in the folder")],
    ),
    Row(
        "detached before, and stripped of its id since: the user made it his own",
        [],
        folder(file(job_id=None)),
        [known(state=State.DETACHED)],
        expected=[],
    ),
    Row(
        "detached before, and its job is back",
        [job()],
        folder(file()),
        [known(state=State.DETACHED)],
        expected=[adopt(HOME, "its job is in the account again")],
    ),
    Row(
        "detached before, its file deleted, and its job is back",
        [job()],
        folder(),
        [missing(state=State.DETACHED)],
        expected=[restore(reason="wanted again")],
    ),
    Row("gone before", [], folder(), [known(state=State.GONE)], expected=[]),
    Row("gone before by a catalog that was lost", [], folder(), [], expected=[]),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


@pytest.mark.parametrize(
    ("stat", "sha256", "edited"),
    [
        (FileStat(1, 2, 3, 4), None, False),
        (FileStat(9, 2, 3, 4), BYTES, False),
        (FileStat(9, 2, 3, 4), OTHER_BYTES, True),
        (FileStat(9, 2, 3, 4), None, True),
    ],
)
def test_a_file_whose_bytes_are_not_known_counts_as_edited(
    stat: FileStat, sha256: str | None, edited: bool
) -> None:
    found = planned(Row("", [OTHER], folder(file(stat=stat, sha256=sha256)), [known(), GIVEN_BACK]))
    assert [op.verb for op in found] == (["detach"] if edited else ["trash-local"])
