"""Trees in, plan out: audio that was changed in the account under a known id."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.operations import Compare, Redownload

from .trees import (
    ALBUM,
    BYTES,
    EARLIER,
    HOME,
    LATER,
    OTHER_BYTES,
    POLICY,
    TOUCHED,
    Row,
    adopt,
    decided,
    file,
    folder,
    job,
    known,
    missing,
    placed_at,
    planned,
    wait,
)

ELSEWHERE = {"flac": "n/7.flac", "mp3": "m/7.mp3"}
COMPARE = Compare(
    job_id=7,
    path=HOME,
    format="flac",
    reason="its audio is at another address than it was fetched from",
)
CHANGED = "its audio was changed in the account"
COPY = f"{ALBUM}/Rain (conflict 2026-04-01)"
IN_CAPITALS = f"{ALBUM}/Rain.FLAC"


def redownload(copy: str | None = None, path: str = HOME) -> Redownload:
    return Redownload(
        job_id=7,
        path=path,
        format="flac",
        album=ALBUM,
        number=1,
        copy=copy,
        reason=CHANGED + (", and its file in the folder: both are kept" if copy else ""),
    )


TABLE = [
    Row("at another address", [job(audio=ELSEWHERE)], folder(file()), [known()],
        expected=[COMPARE]),
    Row(
        "another format of it at another address",
        [job(audio={"flac": "m/7.flac", "mp3": "n/7.mp3"})],
        folder(file()),
        [known()],
        expected=[],
    ),
    Row(
        "its format is not on offer any more",
        [job(audio={"mp3": "n/7.mp3"})],
        folder(file()),
        [known()],
        expected=[],
    ),
    Row(
        "at another address, and its job at work again",
        [job(audio=ELSEWHERE, status="PROCESSING")],
        folder(file()),
        [known()],
        expected=[],
    ),
    Row(
        "at another address, and moved in the folder: first the one, then the other",
        [job(audio=ELSEWHERE)],
        folder(file("mine/Rain.flac")),
        [known()],
        expected=[adopt("mine/Rain.flac", "its file was moved in the folder", moved=True)],
    ),
    Row(
        "at another address, and deleted in the folder: whether it changed decides",
        [job(audio=ELSEWHERE)],
        folder(),
        [missing()],
        expected=[COMPARE],
    ),
    Row(
        "comparing failed, and is put off",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(attempts=1, reason="no answer", next_try_at=LATER)],
        expected=[wait("no answer", LATER)],
    ),
    Row(
        "comparing failed, and is due again",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(attempts=1, reason="no answer", next_try_at=EARLIER)],
        expected=[COMPARE],
    ),
    Row(
        "found to be another",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(replaced_by="n/7.flac")],
        expected=[redownload()],
    ),
    Row(
        "found to be another, and at a third address since",
        [job(audio={"flac": "o/7.flac"})],
        folder(file()),
        [known(replaced_by="n/7.flac")],
        expected=[COMPARE],
    ),
    Row(
        "found to be another, and back at the address that was fetched",
        [job()],
        folder(file()),
        [known(replaced_by="n/7.flac")],
        expected=[],
    ),
    Row(
        "declined by the user",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(declined="n/7.flac")],
        expected=[],
    ),
    Row(
        "declined by the user, and at a third address since",
        [job(audio={"flac": "o/7.flac"})],
        folder(file()),
        [known(declined="n/7.flac")],
        expected=[COMPARE],
    ),
    Row(
        "found to be another, and its file was touched but is as it was",
        [job(audio=ELSEWHERE)],
        folder(file(stat=TOUCHED, sha256=BYTES)),
        [known(replaced_by="n/7.flac")],
        expected=[redownload()],
    ),
    Row(
        "found to be another, and its file was changed by the user",
        [job(audio=ELSEWHERE)],
        folder(file(stat=TOUCHED, sha256=OTHER_BYTES)),
        [known(replaced_by="n/7.flac")],
        expected=[redownload(f"{COPY}.flac")],
    ),
    Row(
        "found to be another, and nobody knows whether its file was changed",
        [job(audio=ELSEWHERE)],
        folder(file(stat=TOUCHED)),
        [known(replaced_by="n/7.flac")],
        expected=[redownload(f"{COPY}.flac")],
    ),
    Row(
        "found to be another, and its file has its format in capitals",
        [job(audio=ELSEWHERE)],
        folder(file(IN_CAPITALS, stat=TOUCHED, sha256=OTHER_BYTES)),
        [known(placed=placed_at(IN_CAPITALS, format="flac"), replaced_by="n/7.flac")],
        expected=[redownload(f"{COPY}.flac", IN_CAPITALS)],
    ),
    Row(
        "found to be another, and no album nor number was given to it before",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(album=None, number=None, replaced_by="n/7.flac")],
        expected=[redownload()],
    ),
    Row(
        "a conflict for the third time on one day",
        [job(audio=ELSEWHERE)],
        folder(
            file(stat=TOUCHED),
            file(f"{COPY}.flac", None),
            file(f"{COPY.upper()} 2.mp3", None),
        ),
        [known(replaced_by="n/7.flac")],
        expected=[redownload(f"{COPY} 3.flac")],
    ),
    Row(
        "replacing it was done in this run",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(replaced_by="n/7.flac")],
        policy=replace(POLICY, attempted=frozenset({(7, "redownload")})),
        expected=[wait("dealt with in this run")],
    ),
    Row(
        "comparing it was done in this run, replacing it was not",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(replaced_by="n/7.flac")],
        policy=replace(POLICY, attempted=frozenset({(7, "compare")})),
        expected=[redownload()],
    ),
    Row(
        "changed where only downloads are allowed",
        [job(audio=ELSEWHERE)],
        folder(file()),
        [known(replaced_by="n/7.flac")],
        policy=replace(POLICY, direction="down"),
        expected=[redownload()],
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_two_conflict_copies_of_one_plan_get_two_names() -> None:
    files = [file(stat=TOUCHED), file(f"{ALBUM}/Rain.mp3", 8, stat=TOUCHED)]
    jobs = [job(7, audio=ELSEWHERE), job(8, audio={"mp3": "n/8.mp3"})]
    baseline = [
        known(7, replaced_by="n/7.flac"),
        known(8, f"{ALBUM}/Rain.mp3", number=2, replaced_by="n/8.mp3"),
    ]
    copies = [op.copy for op in planned(Row("", jobs, folder(*files), baseline))]  # type: ignore[union-attr]
    assert copies == [f"{COPY}.flac", f"{COPY} 2.mp3"]


@pytest.mark.parametrize(("etag", "is_kept"), [(None, True), ('"7"', False)])
def test_a_file_that_was_taken_in_as_found_is_kept_beside_other_audio(
    etag: str | None, is_kept: bool
) -> None:
    unseen = placed_at(IN_CAPITALS, source=None, etag=etag, format="flac")
    track = known(placed=unseen, replaced_by="n/7.flac")
    row = Row("", [job(audio=ELSEWHERE)], folder(file(IN_CAPITALS)), [track])
    (op,) = planned(row).operations
    assert isinstance(op, Redownload)
    assert op.copy == (f"{COPY}.flac" if is_kept else None)
    unknown = ", and nobody knows whether its file was in the folder: both are kept"
    assert op.reason == (CHANGED + unknown if is_kept else CHANGED)
