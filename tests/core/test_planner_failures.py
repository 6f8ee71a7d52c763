"""Trees in, plan out: what failed before, what was done in this run, and names while files lack."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from syncd.core.baseline import Baseline, BaselineTrack, State
from syncd.core.decisions.planning import Planning
from syncd.core.evidence import Found
from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Evict,
    Forget,
    Free,
    Ignore,
    MakeWay,
    MoveLocal,
    Operation,
    Redownload,
    RenameLocal,
    RenameRemote,
    Retag,
    RetryRemote,
    TrashLocal,
    Wait,
)
from syncd.core.policy import Policy

from .trees import (
    ALBUM,
    CLOCKS,
    EARLIER,
    HOME,
    LATER,
    NOW,
    POLICY,
    Row,
    adopt,
    decided,
    download,
    failed,
    file,
    folder,
    forget,
    job,
    known,
    missing,
    placed_at,
    planned,
    restore,
    wait,
)

FOUND = "a file in the folder carries its id"
FAILED = "failed before: no answer"
RESTORE = replace(POLICY, deletions="restore")
NO_AUDIO = "the job is completed, but the service offers no audio for it"

TABLE = [
    Row("a back-off", [job()], baseline=[failed()], expected=[wait("no answer", LATER)]),
    Row(
        "a back-off of a file that is gone",
        [job()],
        baseline=[missing(attempts=1, reason="no answer", next_try_at=LATER)],
        policy=RESTORE,
        expected=[wait("no answer", LATER)],
    ),
    Row(
        "a back-off that is over",
        [job()],
        baseline=[failed(EARLIER)],
        expected=[download(reason=FAILED)],
    ),
    Row(
        "a back-off that ends now",
        [job()],
        baseline=[failed(NOW)],
        expected=[download(reason=FAILED)],
    ),
    Row(
        "a back-off without an end",
        [job()],
        baseline=[failed(None)],
        expected=[download(reason=FAILED)],
    ),
    Row(
        "a back-off of a file that is gone is over",
        [job()],
        baseline=[missing(attempts=1, reason="no answer", next_try_at=EARLIER)],
        policy=RESTORE,
        expected=[restore()],
    ),
    Row(
        "a back-off that the user cuts short",
        [job()],
        baseline=[failed()],
        policy=replace(POLICY, retry_now=True),
        expected=[download(reason=FAILED)],
    ),
    Row(
        "fetched again into the folder of the user's choice, at the second try too",
        [job()],
        baseline=[
            replace(
                failed(EARLIER),
                placed=placed_at("mine/Rain.flac", moved=True),
            )
        ],
        expected=[download("mine/Rain.flac", FAILED, moved=True)],
    ),
    Row(
        "fetched again where the template says: no folder of the user's choice",
        [job(audio={"mp3": "m/7.mp3"})],
        baseline=[missing(placed=placed_at("mine/Rain.flac", moved=True))],
        policy=RESTORE,
        expected=[restore(f"{ALBUM}/Rain.mp3")],
    ),
    Row(
        "tried in this run",
        [job()],
        baseline=[failed(EARLIER)],
        policy=replace(POLICY, attempted=frozenset({(7, "download")}), retry_now=True),
        expected=[wait("no answer")],
    ),
    Row(
        "tried in this run without a reason on record",
        [job()],
        policy=replace(POLICY, attempted=frozenset({(7, "download")})),
        expected=[wait("dealt with in this run")],
    ),
    Row(
        "restored in this run, and gone again",
        [job()],
        baseline=[missing()],
        policy=replace(RESTORE, attempted=frozenset({(7, "restore")})),
        expected=[wait("its file went away again")],
    ),
    Row(
        "a job that waits is not tried",
        [job(status="PENDING")],
        baseline=[failed()],
        expected=[wait("the job is PENDING")],
    ),
    Row(
        "a missing format after a back-off",
        [job(audio={})],
        baseline=[failed(EARLIER)],
        expected=[Defer(job_id=7, reason=NO_AUDIO)],
    ),
    Row(
        "the file came back while its download was put off",
        [job()],
        folder(file()),
        [failed(path=HOME)],
        expected=[adopt(HOME, FOUND)],
    ),
    # --- names while a file lacks ---
    Row(
        "its file is gone and its format no longer wanted",
        [job()],
        baseline=[missing()],
        policy=replace(RESTORE, formats=("mp3",)),
        expected=[restore(f"{ALBUM}/Rain [7].mp3")],
    ),
    Row(
        "a placed file that is gone keeps its name",
        [job(7), job(8)],
        baseline=[missing(8, HOME)],
        policy=RESTORE,
        expected=[
            download(f"{ALBUM}/Rain [7].flac", number=2),
            restore(job_id=8),
        ],
    ),
    Row(
        "the name of a gone job stays taken until it is forgotten",
        [job(7)],
        baseline=[missing(3, HOME)],
        expected=[forget(3), download(f"{ALBUM}/Rain [7].flac", number=2)],
    ),
    Row(
        "the name of a forgotten job is free",
        [job(7)],
        baseline=[known(3, HOME, State.GONE)],
        expected=[download(number=2)],
    ),
    Row(
        "two records of one path, and both files gone",
        [job(7), job(8)],
        baseline=[missing(7), missing(8, number=2)],
        policy=RESTORE,
        expected=[
            restore(),
            restore(f"{ALBUM}/Rain [8].flac", job_id=8, number=2),
        ],
    ),
    Row(
        "a name that was taken by the user while the file was gone",
        [job()],
        folder(file(f"{ALBUM}/rain.mp3", None)),
        [missing()],
        policy=RESTORE,
        expected=[restore(f"{ALBUM}/Rain [7].flac")],
    ),
    Row(
        "of those that are due, what failed before goes last",
        [job(7), job(8, "New")],
        baseline=[failed(EARLIER)],
        expected=[
            download(f"{ALBUM}/New.flac", job_id=8, number=2, title="New"),
            download(reason=FAILED),
        ],
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


ASKING = [
    Download, Compare, Redownload, RenameRemote, DeleteRemote, RetryRemote, Defer, Retag, Free,
]  # fmt: skip
FILLING = [Download, Compare, Redownload, DeleteRemote, Retag]
AT_HAND = [Adopt, Detach, Evict, Forget, Ignore, MakeWay, MoveLocal, RenameLocal, TrashLocal]


def in_time(kind: type[Operation], track: BaselineTrack, policy: Policy = POLICY) -> object:
    """What becomes of an operation of that kind, of which nothing else is looked at."""
    planning = Planning(folder(), Baseline({}), Found({}, {}, {}), policy, CLOCKS)
    decision = object.__new__(kind)
    case = SimpleNamespace(job_id=7, known=track)
    found = planning.in_time(case, decision)  # type: ignore[arg-type]
    return "done" if found is decision else found


@pytest.mark.parametrize("kind", [*ASKING, *AT_HAND])
def test_what_failed_is_put_off_where_it_asks_for_anything(kind: type[Operation]) -> None:
    put_off = Wait(job_id=7, reason="no answer", until=LATER)
    assert in_time(kind, failed()) == (put_off if kind in ASKING else "done")


@pytest.mark.parametrize("kind", [*ASKING, *AT_HAND])
def test_what_needs_room_waits_for_it(kind: type[Operation]) -> None:
    waits = Wait(job_id=7, reason="too little room is left on the disk")
    full = replace(POLICY, room=False)
    assert in_time(kind, known(), full) == (waits if kind in FILLING else "done")
