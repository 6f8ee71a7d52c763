"""Trees in, plan out: the table of every case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from syncd.core.model import (
    Baseline,
    BaselineTrack,
    LocalTree,
    Origin,
    Policy,
    RemoteTrack,
    RemoteTree,
    State,
)
from syncd.core.operations import Adopt, Defer, Download, Hold, Plan, Wait
from syncd.core.planner import plan
from syncd.core.safety import guard

from .trees import (
    ALBUM,
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
)


def download(
    path: str = HOME, reason: str = "new in the account", job_id: int = 7, number: int = 1
) -> Download:
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return Download(
        job_id=job_id,
        path=path,
        format=suffix,
        title="Rain",
        stem=stem,
        album=ALBUM,
        number=number,
        reason=reason,
    )


def adopt(path: str, reason: str, job_id: int = 7, number: int = 1) -> Adopt:
    return Adopt(job_id=job_id, path=path, album=ALBUM, number=number, reason=reason)


def wait(reason: str, until: datetime | None = None, job_id: int = 7) -> Wait:
    return Wait(job_id=job_id, reason=reason, until=until)


MOVED = "its file was moved in the folder"
FOUND = "a file in the folder carries its id"
BACK = "its file is back in the folder"
GONE = "its file is gone from the folder"
STRIPPED = Hold(
    job_id=7,
    path=HOME,
    reason="the file at its path no longer carries its id; it is left alone "
    "(move it elsewhere to have the track fetched again)",
)


@dataclass(frozen=True)
class Row:
    name: str
    jobs: list[RemoteTrack]
    local: LocalTree = field(default_factory=folder)
    baseline: list[BaselineTrack] = field(default_factory=list)
    policy: Policy = POLICY
    expected: list[object] = field(default_factory=list)


TABLE = [
    Row("an empty account", [], expected=[]),
    Row("a new job", [job()], expected=[download()]),
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
        expected=[
            Defer(job_id=7, reason="the job is completed, but the service offers no audio for it")
        ],
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
    Row("renamed in the account", [job(title="Other")], folder(file()), [known()], expected=[]),
    Row("gone from the account", [], folder(file()), [known()], expected=[]),
    Row("gone from both", [], folder(), [known()], expected=[]),
    Row("its file is gone", [job()], folder(), [known()], expected=[download(reason=GONE)]),
    Row(
        "its file is gone and the name was another",
        [job(title="Other")],
        folder(),
        [known(path="mine/Regen.flac")],
        expected=[replace(download("mine/Regen.flac", GONE), title="Other")],
    ),
    Row(
        "its file is gone and its format no longer wanted",
        [job()],
        folder(),
        [known()],
        policy=replace(POLICY, formats=("mp3",)),
        expected=[download(f"{ALBUM}/Rain [7].mp3", GONE)],
    ),
    Row(
        "its file is gone and the job is at work again",
        [job(status="PROCESSING")],
        folder(),
        [known()],
        expected=[wait("the job is PROCESSING")],
    ),
    Row(
        "its file was moved",
        [job()],
        folder(file("mine/Regen.flac")),
        [known()],
        expected=[adopt("mine/Regen.flac", MOVED)],
    ),
    Row(
        "its file was copied",
        [job()],
        folder(file("a copy.flac"), file()),
        [known()],
        expected=[],
    ),
    Row(
        "its file was moved and copied",
        [job()],
        folder(file("b.flac"), file("a.flac")),
        [known()],
        expected=[adopt("a.flac", MOVED)],
    ),
    Row(
        "only the case of its name was changed",
        [job()],
        folder(file(f"{ALBUM}/rain.flac")),
        [known()],
        expected=[adopt(f"{ALBUM}/rain.flac", MOVED)],
    ),
    Row(
        "its tags were stripped",
        [job()],
        folder(file(job_id=None)),
        [known()],
        expected=[STRIPPED],
    ),
    Row(
        "another job's tags were pasted into it",
        [job()],
        folder(file(job_id=99)),
        [known()],
        expected=[STRIPPED],
    ),
    Row(
        "a folder or a link stands at its path",
        [job()],
        folder(names=[HOME]),
        [known()],
        expected=[STRIPPED],
    ),
    Row(
        "another account's file stands at its path",
        [job()],
        folder(file(origin=Origin(HERE.base_url, "43"))),
        [known()],
        expected=[STRIPPED],
    ),
    Row(
        "its tags were stripped, but a copy has them",
        [job()],
        folder(file(job_id=None), file("copy.flac")),
        [known()],
        expected=[adopt("copy.flac", MOVED)],
    ),
    Row(
        "its folder cannot be read",
        [job()],
        folder(names=[ALBUM], unreadable=[ALBUM]),
        [known()],
        expected=[wait(f"{HOME} could not be read")],
    ),
    Row(
        "its file cannot be read",
        [job()],
        folder(names=[HOME], unreadable=[HOME]),
        [known()],
        expected=[wait(f"{HOME} could not be read")],
    ),
    Row(
        "the root cannot be read",
        [job(), job(8, "New")],
        folder(unreadable=["."]),
        [known()],
        expected=[
            wait(f"{HOME} could not be read"),
            wait(f"the folder of {ALBUM}/New.flac could not be read", job_id=8),
        ],
    ),
    Row(
        "another folder cannot be read",
        [job()],
        folder(unreadable=["other"]),
        [known()],
        expected=[download(reason=GONE)],
    ),
    # --- a file, but no baseline ---
    Row(
        "placed and not recorded",
        [job()],
        folder(file()),
        [known(path=None, state=State.WANTED, number=5)],
        expected=[adopt(HOME, FOUND, number=5)],
    ),
    Row("a lost catalog", [job()], folder(file("x/y.flac")), expected=[adopt("x/y.flac", FOUND)]),
    Row(
        "a file that names no origin",
        [job()],
        folder(file("x.flac", origin=None)),
        expected=[adopt("x.flac", FOUND)],
    ),
    Row(
        "a file of an account that is not known",
        [job()],
        folder(file("x.flac", origin=Origin(HERE.base_url))),
        expected=[adopt("x.flac", FOUND)],
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
    Row("a file of no job of this account", [], folder(file(job_id=99)), expected=[]),
    Row(
        "adopting was tried in this run",
        [job()],
        folder(file()),
        policy=replace(POLICY, attempted=frozenset({7})),
        expected=[wait("dealt with in this run")],
    ),
    Row(
        "the tags of a new job pasted into the only file of another",
        [job(), job(8, "New")],
        folder(file(job_id=8)),
        [known()],
        expected=[
            STRIPPED,
            Hold(
                job_id=8,
                path=HOME,
                reason="the file of job 7 now carries the id of this job; it is left alone "
                "(move it elsewhere to have it taken as this job's)",
            ),
        ],
    ),
    Row(
        "two files that swapped their names",
        [job(), job(8, "New")],
        folder(file("b.flac", 7), file("a.flac", 8)),
        [known(7, "a.flac"), known(8, "b.flac", number=2)],
        expected=[adopt("b.flac", MOVED), adopt("a.flac", MOVED, job_id=8, number=2)],
    ),
    # --- failed before ---
    Row("a back-off", [job()], baseline=[failed()], expected=[wait("no answer", LATER)]),
    Row(
        "a back-off of a file that is gone",
        [job()],
        baseline=[failed(path=HOME)],
        expected=[wait("no answer", LATER)],
    ),
    Row(
        "a back-off that is over",
        [job()],
        baseline=[failed(EARLIER)],
        expected=[download(reason="failed before: no answer")],
    ),
    Row(
        "a back-off that ends now",
        [job()],
        baseline=[failed(NOW)],
        expected=[download(reason="failed before: no answer")],
    ),
    Row(
        "a back-off without an end",
        [job()],
        baseline=[failed(None)],
        expected=[download(reason="failed before: no answer")],
    ),
    Row(
        "a back-off of a file that is gone is over",
        [job()],
        baseline=[failed(EARLIER, HOME)],
        expected=[download(reason=GONE)],
    ),
    Row(
        "a back-off that the user cuts short",
        [job()],
        baseline=[failed()],
        policy=replace(POLICY, retry_now=True),
        expected=[download(reason="failed before: no answer")],
    ),
    Row(
        "tried in this run",
        [job()],
        baseline=[failed(EARLIER)],
        policy=replace(POLICY, attempted=frozenset({7}), retry_now=True),
        expected=[wait("no answer")],
    ),
    Row(
        "tried in this run without a reason on record",
        [job()],
        policy=replace(POLICY, attempted=frozenset({7})),
        expected=[wait("dealt with in this run")],
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
        expected=[
            Defer(job_id=7, reason="the job is completed, but the service offers no audio for it")
        ],
    ),
    Row(
        "the file came back while its download was put off",
        [job()],
        folder(file()),
        [failed(path=HOME)],
        expected=[adopt(HOME, BACK)],
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
            replace(download(f"{ALBUM}/RAIN [8].flac", job_id=8, number=2), title="RAIN"),
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
        "a placed file that is gone keeps its name",
        [job(7), job(8)],
        baseline=[known(8, HOME)],
        expected=[
            download(f"{ALBUM}/Rain [7].flac", number=2),
            download(reason=GONE, job_id=8),
        ],
    ),
    Row(
        "the name of a gone job stays taken",
        [job(7)],
        baseline=[known(3, HOME)],
        expected=[download(f"{ALBUM}/Rain [7].flac", number=2)],
    ),
    Row(
        "two records of one path, and both files gone",
        [job(7), job(8)],
        baseline=[known(7), known(8, number=2)],
        expected=[
            download(reason=GONE),
            download(f"{ALBUM}/Rain [8].flac", GONE, job_id=8, number=2),
        ],
    ),
    Row(
        "a name that was taken by the user while the file was gone",
        [job()],
        folder(file(f"{ALBUM}/rain.mp3", None)),
        [known()],
        expected=[download(f"{ALBUM}/Rain [7].flac", GONE)],
    ),
    Row(
        "the older job goes first, those without a date before all",
        [job(9, "c"), job(8, "b", created_at=None), job(7, "a")],
        expected=[
            replace(
                download("AudioPod 1970-01/b.flac", job_id=8), title="b", album="AudioPod 1970-01"
            ),
            replace(download(f"{ALBUM}/a.flac"), title="a"),
            replace(download(f"{ALBUM}/c.flac", job_id=9, number=2), title="c"),
        ],
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
        baseline=[known(3, "x/gone.flac", number=41), known(4, None, State.WANTED, None)],
        expected=[download(number=42)],
    ),
    Row(
        "an album that was given stays, whatever the setting says now",
        [job()],
        baseline=[known(path=None, state=State.WANTED)],
        policy=replace(POLICY, album="Other"),
        expected=[download()],
    ),
]


def planned(row: Row) -> Plan:
    return plan(
        RemoteTree({track.id: track for track in row.jobs}),
        row.local,
        Baseline({track.job_id: track for track in row.baseline}),
        row.policy,
        NOW,
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_plan_for(row: Row) -> None:
    found = planned(row)
    assert list(found.operations) == [one for one in row.expected if not isinstance(one, Wait)]
    assert list(found.waits) == [one for one in row.expected if isinstance(one, Wait)]


def test_no_two_rows_have_one_name() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE)


def test_a_suffixed_name_that_is_taken_too_is_held_by_the_guard() -> None:
    taken = [file(job_id=None), file(f"{ALBUM}/Rain [7].flac", None)]
    row = Row("", [job()], folder(*taken))
    assert guard(planned(row), row.local).holds == (
        Hold(job_id=7, path=f"{ALBUM}/Rain [7].flac", reason="something stands at this path"),
    )
