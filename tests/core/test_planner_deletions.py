"""Trees in, plan out: deletions in the folder, and what keeps one back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.baseline import Held
from syncd.core.model import RemoteTrack
from syncd.core.operations import DeleteRemote, Hold, Ignore, Pending
from syncd.core.policy import Now, Policy

from .trees import (
    CLOCKS,
    EARLIER,
    HOME,
    LATER,
    NOW,
    POLICY,
    Row,
    absence,
    decided,
    file,
    folder,
    held,
    job,
    known,
    missing,
    placed_at,
    planned,
    restore,
    wait,
)

DAY = timedelta(days=1)
RESTORE, IGNORE = replace(POLICY, deletions="restore"), replace(POLICY, deletions="ignore")
BRIEF = replace(POLICY, deletion_grace=10.0)
AT_ONCE = replace(POLICY, deletion_grace=0.0)
DOWN = replace(POLICY, direction="down")
APPROVED = held("delete-remote", approved=True)
REFETCHED = "changed in the account after it was deleted from the folder"
WITHOUT_COPY = (
    "its file is gone and the job is {}: without audio there is no recovery copy, "
    "so it is not deleted (syncd rm 7 deletes it)"
)
LOOK_AGAIN = wait(f"{HOME} was not found; a second look decides")


def evidence(ago: timedelta, *, apart: float = 60.0) -> tuple[str, ...]:
    first = NOW - ago
    return (
        f"last seen {first - timedelta(hours=1):%F %T} UTC",
        f"missed by scan 3 at {first:%F %T} UTC",
        f"missed by scan 4 at {first + timedelta(seconds=apart):%F %T} UTC",
    )


def delete(ago: timedelta = DAY, **fields: object) -> DeleteRemote:
    made = DeleteRemote(
        job_id=7,
        path=HOME,
        format="flac",
        title="Rain",
        audio="m/7.flac",
        reason="its file was deleted from the folder",
        evidence=evidence(ago),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def pending(ago: timedelta = timedelta(hours=1), **fields: object) -> Pending:
    made = Pending(
        job_id=7,
        path=HOME,
        reason="deleted from the folder; its job is deleted when the grace is over",
        until=NOW - ago + DAY,
        evidence=evidence(ago),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


IGNORED = Ignore(job_id=7, path=HOME, reason='deleted here; sync.deletions = "ignore"')

TABLE = [
    Row("missed once", [job()], folder(), [known()], expected=[LOOK_AGAIN]),
    Row(
        "missed by one scan, on record",
        [job()],
        folder(),
        [known(absence=absence(DAY, scans=1, apart=0))],
        policy=AT_ONCE,
        expected=[LOOK_AGAIN],
    ),
    Row(
        "missed by two scans that are too near",
        [job()],
        folder(),
        [known(absence=absence(2 * DAY, apart=29.9))],
        expected=[LOOK_AGAIN],
    ),
    Row(
        "missed by two scans as far apart as a short grace is long",
        [job()],
        folder(),
        [known(absence=absence(apart=10.0))],
        policy=BRIEF,
        expected=[delete(evidence=evidence(timedelta(hours=1), apart=10.0))],
    ),
    Row(
        "missed by two scans that are nearer than a short grace is long",
        [job()],
        folder(),
        [known(absence=absence(apart=9.9))],
        policy=BRIEF,
        expected=[LOOK_AGAIN],
    ),
    Row("pending", [job()], folder(), [missing()], expected=[pending()]),
    Row(
        "a second before the grace is over",
        [job()],
        folder(),
        [missing(ago=DAY - timedelta(seconds=1))],
        expected=[pending(DAY - timedelta(seconds=1))],
    ),
    Row("the grace is over", [job()], folder(), [missing(ago=DAY)], expected=[delete()]),
    Row(
        "the grace is over by the local clock alone",
        [job()],
        folder(),
        [missing(ago=DAY)],
        now=Now(NOW, EARLIER),
        expected=[pending(DAY)],
    ),
    Row(
        "the grace is over by the service's clock alone",
        [job()],
        folder(),
        [missing()],
        now=Now(NOW, NOW + 2 * DAY),
        expected=[pending()],
    ),
    Row(
        "the service does not say its time",
        [job()],
        folder(),
        [missing(ago=3 * DAY)],
        now=Now(NOW),
        expected=[pending(3 * DAY)],
    ),
    Row(
        "the service's time was not known when the grace began",
        [job()],
        folder(),
        [known(absence=absence(3 * DAY, server=False))],
        expected=[pending(3 * DAY, until=None)],
    ),
    Row("no grace", [job()], folder(), [missing(ago=EARLIER - EARLIER)], policy=AT_ONCE,
        expected=[delete(timedelta(0))]),
    Row(
        "no grace, and no word of the service's time",
        [job()],
        folder(),
        [missing()],
        policy=AT_ONCE,
        now=Now(NOW),
        expected=[delete(timedelta(hours=1))],
    ),
    Row(
        "approved before the grace is over",
        [job()],
        folder(),
        [missing()],
        holds=[APPROVED],
        expected=[delete(timedelta(hours=1))],
    ),
    Row(
        "approved, but its file is back",
        [job()],
        folder(file()),
        [missing()],
        holds=[APPROVED],
        expected=[],
    ),
    Row(
        "another operation on it was approved",
        [job()],
        folder(),
        [missing()],
        holds=[held("rename-remote", approved=True), held("delete-remote")],
        expected=[pending()],
    ),
    Row(
        "a second try is put off",
        [job()],
        folder(),
        [missing(ago=DAY, attempts=1, reason="no answer", next_try_at=LATER)],
        expected=[wait("no answer", LATER)],
    ),
    Row(
        "the copy is made in the format that was placed, wanted now or not",
        [job()],
        folder(),
        [missing(ago=DAY)],
        policy=replace(POLICY, formats=("mp3",)),
        expected=[delete()],
    ),
    Row(
        "not deleted where what was placed is not on offer any more, only another format",
        [job(audio={"mp3": "m/7.mp3"})],
        folder(),
        [missing(ago=DAY)],
        expected=[wait(
            "its file is gone, and the service no longer offers flac of it: "
            "what was deleted cannot be kept a copy of (syncd rm 7 deletes it)"
        )],
    ),
    Row("restored by the setting", [job()], folder(), [missing(ago=DAY)], policy=RESTORE,
        expected=[restore()]),
    Row("ignored by the setting", [job()], folder(), [missing()], policy=IGNORE,
        expected=[IGNORED]),
    Row("restored where only downloads are allowed", [job()], folder(), [missing(ago=DAY)],
        policy=DOWN, expected=[restore()]),
    Row("ignored where only downloads are allowed", [job(audio={})], folder(), [missing()],
        policy=replace(DOWN, deletions="ignore"), expected=[IGNORED]),
    Row(
        "renamed in the account after it was deleted here",
        [job(title="Regen")],
        folder(),
        [missing(path="mine/Rain.flac", ago=DAY)],
        expected=[restore("mine/Regen.flac", REFETCHED, title="Regen")],
    ),
    Row(
        "given other capitals in the account after it was deleted here",
        [job(title="RAIN")],
        folder(),
        [missing(path="mine/Rain.flac", ago=DAY)],
        expected=[restore("mine/RAIN.flac", REFETCHED, title="RAIN")],
    ),
    Row(
        "renamed in the account after it was deleted here, and ignored by the setting",
        [job(title="Regen")],
        folder(),
        [missing(ago=DAY)],
        policy=IGNORE,
        expected=[IGNORED],
    ),
    Row(
        "other audio in the account after it was deleted here",
        [job(audio={"flac": "n/7.flac"})],
        folder(),
        [missing(ago=DAY, replaced_by="n/7.flac")],
        expected=[restore(reason=REFETCHED)],
    ),
    Row(
        "restored into the folder of the user's choice",
        [job()],
        folder(),
        [missing(placed=placed_at("mine/Rain.flac", moved=True))],
        policy=RESTORE,
        expected=[restore("mine/Rain.flac", moved=True)],
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


WITHOUT_AUDIO = [
    job(audio={}),
    job(status="FAILED", audio={}),
    job(status="PROCESSING", audio={}),
    job(audio={"aiff": "m/7.aiff"}),
]


@pytest.mark.parametrize("track", WITHOUT_AUDIO, ids=lambda track: track.status)
@pytest.mark.parametrize("title", ["Rain", "Regen"])
@pytest.mark.parametrize("policy", [POLICY, RESTORE, DOWN, AT_ONCE], ids=str)
@pytest.mark.parametrize("holds", [[], [APPROVED]], ids=["", "approved"])
def test_a_job_without_audio_is_never_deleted_nor_its_file_fetched(
    track: RemoteTrack, title: str, policy: Policy, holds: list[Held]
) -> None:
    silent = replace(track, title=title)
    row = Row("", [silent], folder(), [missing(ago=DAY)], policy, holds=holds)
    assert decided(planned(row)) == [wait(WITHOUT_COPY.format(row.jobs[0].status))]


@pytest.mark.parametrize("policy", [RESTORE, IGNORE, DOWN], ids=["restore", "ignore", "down"])
@pytest.mark.parametrize("title", ["Rain", "Regen"])
@pytest.mark.parametrize("audio", [{"flac": "m/7.flac"}, {"flac": "n/7.flac"}, {}])
def test_an_approval_does_not_outlive_the_setting_by_which_jobs_are_deleted(
    policy: Policy, title: str, audio: dict[str, str]
) -> None:
    track = job(title=title, audio=audio)
    row = Row("", [track], folder(), [missing(ago=DAY)], policy, holds=[APPROVED])
    assert not [op for op in planned(row) if isinstance(op, DeleteRemote)]


@pytest.mark.parametrize("changed", ["title", "audio"])
def test_what_was_changed_in_the_account_is_not_deleted_even_if_approved(changed: str) -> None:
    track = job(title="Regen") if changed == "title" else job(audio={"flac": "n/7.flac"})
    baseline = [missing(ago=DAY, replaced_by="n/7.flac")]
    found = planned(Row("", [track], folder(), baseline, holds=[APPROVED]))
    assert [op.verb for op in found] == ["restore"]


def test_what_a_scan_missed_is_named_so_that_it_is_looked_for_again() -> None:
    rows = [known(), missing(8, "b.flac"), known(9, "c.flac")]
    found = planned(Row("", [job(7), job(8), job(9)], folder(file("c.flac", 9)), rows))
    assert found.missed == {7}


def test_the_evidence_says_so_where_the_file_was_never_seen() -> None:
    unseen = replace(absence(DAY), seen_at=None)
    found = planned(Row("", [job()], folder(), [known(absence=unseen)], now=CLOCKS))
    (op,) = found.operations
    assert isinstance(op, DeleteRemote)
    assert op.evidence[0] == "last seen never by this catalog"


@pytest.mark.parametrize(
    ("path", "since", "planned_as"),
    [
        ("new.flac", 3, Hold),
        ("new.FLAC", 3, Hold),
        ("new.flac", 2, DeleteRemote),
        ("new.flac", 4, DeleteRemote),
        ("new.flac", None, DeleteRemote),
        ("new.mp3", 3, DeleteRemote),
    ],
)
def test_a_file_without_an_id_may_be_the_missing_one_if_the_same_scan_saw_it_first(
    path: str, since: int | None, planned_as: type
) -> None:
    stranger = replace(file(path, None), since=since)
    row = Row("", [job()], folder(stranger), [missing(ago=DAY)], policy=AT_ONCE)
    (op,) = decided(planned(row))
    assert isinstance(op, planned_as)
