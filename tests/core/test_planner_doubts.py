"""Trees in, plan out: what cannot be judged is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.model import Origin
from syncd.core.operations import Hold

from .trees import (
    ALBUM,
    HERE,
    HOME,
    POLICY,
    STRIPPED,
    Row,
    absence,
    adopt,
    decided,
    file,
    folder,
    job,
    known,
    missing,
    placed_at,
    planned,
    restore,
    wait,
)

HIDDEN = f"{HOME} could not be read, or is on another disk than before"
FOUND = "a file in the folder carries its id"
RESTORE = replace(POLICY, deletions="restore")
DAY = timedelta(days=1)
STRANGER = replace(file("new.flac", None), since=absence().first_scan)


def maybe(which: str) -> Hold:
    """The question whether ``which`` is the file that is missing since yesterday."""
    return Hold(
        job_id=7,
        path=HOME,
        held="delete-remote",
        batched=True,
        reason=f"{which} carries no id and may be its file: it appeared as this one vanished "
        '(syncd identify "new.flac" 7 says that it is)',
        evidence=(
            "last seen 2026-03-31 11:00:00 UTC",
            "missed by scan 3 at 2026-03-31 12:00:00 UTC",
            "missed by scan 4 at 2026-03-31 12:01:00 UTC",
        ),
    )


TABLE = [
    # --- its tags are no evidence any more ---
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
        expected=[STRIPPED, wait("the account was not listed in full yet", job_id=99)],
        swept=False,
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
                f"(syncd identify '{HOME}' 7 says that it is job 7's, "
                f"syncd identify '{HOME}' 8 that it is this one's)",
            ),
        ],
    ),
    Row(
        "the tags of a placed job pasted into the only file of another",
        [job(), job(8, "New")],
        folder(file(job_id=8)),
        [known(), missing(8, f"{ALBUM}/New.flac", number=2)],
        expected=[
            STRIPPED,
            Hold(
                job_id=8,
                path=HOME,
                reason="the file of job 7 now carries the id of this job; it is left alone "
                f"(syncd identify '{HOME}' 7 says that it is job 7's, "
                f"syncd identify '{HOME}' 8 that it is this one's)",
            ),
        ],
    ),
    # --- what cannot be looked at ---
    Row(
        "its folder cannot be read",
        [job()],
        folder(names=[ALBUM], unreadable=[ALBUM]),
        [missing()],
        expected=[wait(HIDDEN, unseen=HOME)],
    ),
    Row(
        "its file cannot be read",
        [job()],
        folder(names=[HOME], unreadable=[HOME]),
        [known()],
        expected=[wait(HIDDEN, unseen=HOME)],
    ),
    Row(
        "its folder cannot be read, and a file elsewhere has its id: a copy, or the file",
        [job()],
        folder(file("mine/Rain.flac"), unreadable=[ALBUM]),
        [known()],
        expected=[wait(HIDDEN, unseen=HOME)],
    ),
    Row(
        "its folder was on this disk, and is on another now",
        [job()],
        folder(names=[f"{ALBUM}/x.txt"], mounted=[ALBUM]),
        [missing()],
        expected=[wait(HIDDEN, unseen=HOME)],
    ),
    Row(
        "its folder was on another disk, which is not mounted now",
        [job()],
        folder(names=[f"{ALBUM}/x.txt"]),
        [known(placed=placed_at(HOME, mounted=True), absence=absence())],
        expected=[wait(HIDDEN, unseen=HOME)],
    ),
    Row(
        "a link stands where its folder was",
        [job()],
        folder(names=[ALBUM]),
        [missing()],
        expected=[wait(HIDDEN, unseen=HOME)],
    ),
    Row(
        "the root cannot be read",
        [job(), job(8, "New")],
        folder(unreadable=["."]),
        [known()],
        expected=[
            wait(HIDDEN, unseen=HOME),
            wait(f"the folder of {ALBUM}/New.flac could not be read", job_id=8),
        ],
    ),
    Row(
        "another folder cannot be read: it may have been moved there",
        [job()],
        folder(unreadable=["other"]),
        [missing()],
        policy=RESTORE,
        expected=[
            wait(
                f"{HOME} was not found, and it may be in other, which could not be read",
                unseen=HOME,
            )
        ],
    ),
    Row(
        "its disk shows no other track: it may be another disk",
        [job()],
        folder(names=[f"{ALBUM}/x.txt"], mounted=[ALBUM]),
        [known(placed=placed_at(HOME, mounted=True), absence=absence())],
        expected=[
            wait(
                f"{HOME} was not found, and no other track was found on the disk at {ALBUM}: "
                "it may be another one (syncd rm 7 deletes the job)",
                unseen=HOME,
            )
        ],
    ),
    Row(
        "its disk shows another track",
        [job(), job(8, "Sun")],
        folder(file(f"{ALBUM}/Sun.flac", 8), mounted=[ALBUM]),
        [
            known(placed=placed_at(HOME, mounted=True), absence=absence()),
            known(8, number=2, placed=placed_at(f"{ALBUM}/Sun.flac", mounted=True)),
        ],
        policy=RESTORE,
        expected=[restore()],
    ),
    Row(
        "its disk shows no other track, and it was moved off it",
        [job()],
        folder(file("mine/Rain.flac"), names=[f"{ALBUM}/x.txt"], mounted=[ALBUM]),
        [known(placed=placed_at(HOME, mounted=True))],
        expected=[
            adopt("mine/Rain.flac", "its file was moved in the folder", moved=True),
        ],
    ),
    # --- what appeared as it vanished may be it ---
    Row(
        "a file without an id appeared as it vanished",
        [job()],
        folder(STRANGER),
        [missing(ago=DAY)],
        expected=[maybe("new.flac")],
    ),
    Row(
        "several files without an id appeared as it vanished",
        [job()],
        folder(STRANGER, replace(STRANGER, path="other.flac")),
        [missing(ago=DAY)],
        expected=[maybe("new.flac (or another of 2)")],
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected
