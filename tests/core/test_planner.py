"""Trees in, plan out: what is placed, where, and under which name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import State
from syncd.core.model import Origin
from syncd.core.operations import Defer, Evict, Hold

from .trees import (
    ALBUM,
    ELSEWHERE,
    HERE,
    HOME,
    POLICY,
    TOUCHED,
    Row,
    adopt,
    decided,
    detach,
    download,
    file,
    folder,
    guarded,
    job,
    known,
    missing,
    planned,
    restore,
    wait,
)

HIDDEN = f"{HOME} could not be read, or is on another disk than before"
FOUND = "a file in the folder carries its id"
NO_AUDIO = "the job is completed, but the service offers no audio for it"
RESTORE = replace(POLICY, deletions="restore")


TABLE = [
    Row("an empty account", [], expected=[]),
    Row("a new job", [job()], expected=[download()]),
    Row("a new job before any complete sweep", [job()], swept=False, expected=[download()]),
    Row(
        "a new job in the one format on offer",
        [job(audio={"mp3": "m/7.mp3"})],
        expected=[download(f"{ALBUM}/Rain.mp3")],
    ),
    Row(
        "the first wanted format that is on offer",
        [job()],
        policy=replace(POLICY, formats=("wav", "mp3", "flac")),
        expected=[download(f"{ALBUM}/Rain.mp3")],
    ),
    Row(
        "a completed job without audio",
        [job(audio={})],
        expected=[Defer(job_id=7, reason=NO_AUDIO)],
    ),
    Row(
        "none of the wanted formats",
        [job()],
        policy=replace(POLICY, formats=("wav", "ogg")),
        expected=[
            Defer(
                job_id=7,
                reason="none of the wanted formats (wav, ogg) is on offer (flac, mp3)",
            )
        ],
    ),
    Row("a pending job", [job(status="PENDING")], expected=[wait("the job is PENDING")]),
    Row("a job at work", [job(status="PROCESSING")], expected=[wait("the job is PROCESSING")]),
    Row("a failed job", [job(status="FAILED")], expected=[]),
    Row("an unknown status", [job(status="CANCELLED")], expected=[wait("the job is CANCELLED")]),
    # --- placed before ---
    Row("in step", [job()], folder(file()), [known()], expected=[]),
    Row(
        "in step, whatever the job does now",
        [job(status="FAILED", audio={})],
        folder(file()),
        [known()],
        expected=[],
    ),
    Row(
        "a file of the user's beside it changes nothing",
        [job()],
        folder(file(), file("mine/demo.flac", None)),
        [known()],
        expected=[],
    ),
    Row(
        "evicted: its local space stays given back",
        [job()],
        folder(),
        [known(state=State.EVICTED)],
        expected=[],
    ),
    Row(
        "evicted, and the eviction was interrupted",
        [job()],
        folder(file()),
        [known(state=State.EVICTED)],
        expected=[Evict(job_id=7, path=HOME, reason="its eviction was interrupted")],
    ),
    Row(
        "evicted, but what stands there was touched since",
        [job()],
        folder(file(stat=TOUCHED)),
        [known(state=State.EVICTED)],
        expected=[adopt(HOME, FOUND)],
    ),
    Row(
        "evicted, and the eviction was interrupted, and its audio is not on offer any more",
        [job(audio={"mp3": "m/7.mp3"})],
        folder(file()),
        [known(state=State.EVICTED)],
        expected=[
            wait(
                f"{HOME} is kept: the service does not offer this audio of it now, "
                "and it could not be fetched again"
            )
        ],
    ),
    Row(
        "its other audio was declined, and is not on offer any more",
        [job(audio={"mp3": "m/7.mp3"})],
        folder(file()),
        [known(declined="n/7.flac")],
        expected=[],
    ),
    Row(
        "evicted, and brought back by the user",
        [job()],
        folder(file("mine/Rain.flac")),
        [known(state=State.EVICTED)],
        expected=[adopt("mine/Rain.flac", FOUND)],
    ),
    Row(
        "evicted by a catalog that was lost, and brought back by the user",
        [job()],
        folder(file("mine/Rain.flac")),
        [known(path=None, state=State.EVICTED)],
        expected=[adopt("mine/Rain.flac", FOUND)],
    ),
    Row("ignored", [job()], folder(), [known(state=State.IGNORED)], expected=[]),
    Row(
        "ignored, and brought back by the user",
        [job()],
        folder(file()),
        [known(state=State.IGNORED)],
        expected=[adopt(HOME, FOUND)],
    ),
    Row(
        "ignored, renamed in the account, and brought back by the user under the name it had",
        [job(title="Regen")],
        folder(file()),
        [known(state=State.IGNORED)],
        expected=[adopt(HOME, FOUND)],
    ),
    # --- a file, but no baseline ---
    Row(
        "placed and not recorded",
        [job()],
        folder(file()),
        [known(path=None, state=State.WANTED, number=5)],
        expected=[adopt(HOME, FOUND, number=5)],
    ),
    Row(
        "a lost catalog",
        [job()],
        folder(file("x/y.flac")),
        expected=[adopt("x/y.flac", FOUND, stem="y")],
    ),
    Row(
        "a lost catalog, bound anew: a name that differs is a rename that was never sent",
        [job()],
        folder(file("x/y.flac")),
        policy=replace(POLICY, cautious=True),
        expected=[adopt("x/y.flac", FOUND, stem="Rain")],
    ),
    Row(
        "a file that names no origin",
        [job()],
        folder(file("x.flac", origin=None)),
        expected=[adopt("x.flac", FOUND, stem="x")],
    ),
    Row(
        "a file of an account that is not known",
        [job()],
        folder(file("x.flac", origin=Origin(HERE.base_url))),
        expected=[adopt("x.flac", FOUND, stem="x")],
    ),
    Row(
        "a file that was placed under a former address",
        [job()],
        folder(file("x.flac", origin=ELSEWHERE)),
        policy=replace(POLICY, aliases=(ELSEWHERE,)),
        expected=[adopt("x.flac", FOUND, stem="x")],
    ),
    Row(
        "a file of another service",
        [job()],
        folder(file("x.flac", origin=ELSEWHERE)),
        expected=[download()],
    ),
    Row(
        "a file of a job that failed since",
        [job(status="FAILED")],
        folder(file()),
        expected=[adopt(HOME, FOUND)],
    ),
    Row(
        "a file of no job of this account",
        [],
        folder(file(job_id=99)),
        expected=[detach(HOME, "a file carries its id, and its job is gone", job_id=99)],
    ),
    Row(
        "a file of no job seen so far, before a complete sweep",
        [],
        folder(file()),
        swept=False,
        expected=[wait("the account was not listed in full yet")],
    ),
    Row(
        "a placed track of no job seen so far, before a complete sweep",
        [],
        folder(),
        [missing()],
        swept=False,
        expected=[],
    ),
    Row(
        "adopting was tried in this run",
        [job()],
        folder(file()),
        policy=replace(POLICY, attempted=frozenset({(7, "adopt")})),
        expected=[wait("dealt with in this run")],
    ),
    Row(
        "something else was tried in this run",
        [job()],
        folder(file()),
        policy=replace(POLICY, attempted=frozenset({(7, "download"), (8, "adopt")})),
        expected=[adopt(HOME, FOUND)],
    ),
    # --- names and numbers ---
    Row(
        "two jobs of one name",
        [job(8), job(7)],
        expected=[download(), download(f"{ALBUM}/Rain [8].flac", job_id=8, number=2)],
    ),
    Row(
        "two names that differ in case",
        [job(7, "Rain"), job(8, "RAIN")],
        expected=[
            download(),
            download(f"{ALBUM}/RAIN [8].flac", job_id=8, number=2, title="RAIN"),
        ],
    ),
    Row(
        "one name in two formats shares a sidecar",
        [job(7), job(8, audio={"mp3": "m/8.mp3"})],
        expected=[download(), download(f"{ALBUM}/Rain [8].mp3", job_id=8, number=2)],
    ),
    Row(
        "a file of the user's has the name",
        [job()],
        folder(file(job_id=None)),
        expected=[download(f"{ALBUM}/Rain [7].flac")],
    ),
    Row(
        "the older job goes first, those without a date before all",
        [job(9, "c"), job(8, "b", created_at=None), job(7, "a")],
        expected=[
            download("AudioPod 1970-01/b.flac", job_id=8, title="b", album="AudioPod 1970-01"),
            download(f"{ALBUM}/a.flac", title="a"),
            download(f"{ALBUM}/c.flac", job_id=9, number=2, title="c"),
        ],
    ),
    Row(
        "what is still to be learnt of a job is waited for, of others not",
        [job(), job(8, "b")],
        unlearnt=frozenset({7}),
        expected=[
            download(job_id=8, path=f"{ALBUM}/b.flac", title="b"),
            wait("its genre, mood and the like are looked up first"),
        ],
    ),
    Row(
        "a file that was placed before is brought back without that wait",
        [job()],
        baseline=[known(state=State.GONE)],
        unlearnt=frozenset({7}),
        expected=[restore(reason="wanted again")],
    ),
    Row(
        "a number that was given stays",
        [job()],
        baseline=[known(path=None, state=State.WANTED, number=4)],
        expected=[download(number=4)],
    ),
    Row(
        "numbers go on after the highest, also of jobs that are gone",
        [job()],
        baseline=[
            known(3, "x/gone.flac", State.GONE, number=41),
            known(4, None, State.GONE, None),
        ],
        expected=[download(number=42)],
    ),
    Row(
        "an album that was given stays, whatever the setting says now",
        [job()],
        baseline=[known(path=None, state=State.WANTED)],
        policy=replace(POLICY, album="Other"),
        expected=[download()],
    ),
    Row(
        "the job of a track that was gone from both sides is back",
        [job()],
        baseline=[known(state=State.GONE)],
        expected=[restore(reason="wanted again")],
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_no_two_rows_have_one_name() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE)


def test_a_suffixed_name_that_is_taken_too_is_held_by_the_guard() -> None:
    taken = [file(job_id=None), file(f"{ALBUM}/Rain [7].flac", None)]
    assert guarded(Row("", [job()], folder(*taken))).holds == (
        Hold(
            job_id=7,
            path=f"{ALBUM}/Rain [7].flac",
            held="download",
            reason="something stands at this path",
        ),
    )
