"""Trees in, plan out: what another tree of the library has to do with a track."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.operations import DeleteRemote, Ignore

from .trees import (
    HOME,
    POLICY,
    Row,
    decided,
    folder,
    held,
    job,
    known,
    missing,
    planned,
    restore,
    wait,
)

DAY = timedelta(days=1)
STANDS = {7: "its mp3 stands at /m/Rain.mp3: delete that too"}
KEPT = wait(
    f"{HOME} is gone, but its mp3 stands at /m/Rain.mp3: delete that too "
    "(syncd reject --job 7 fetches it again)"
)
ELSEWHERE = replace(POLICY, elsewhere=STANDS)
APPROVED = held("delete-remote", approved=True)
FURTHER = replace(POLICY, further=True, formats=("ogg",), deletions="ignore")
IGNORED = Ignore(job_id=7, path=HOME, reason='deleted here; sync.deletions = "ignore"')

TABLE = [
    Row("a job whose file stands elsewhere stays", [job()], folder(), [missing(ago=DAY)],
        ELSEWHERE, expected=[KEPT]),
    Row("also without a grace", [job()], folder(), [missing(ago=DAY)],
        replace(ELSEWHERE, deletion_grace=0.0), expected=[KEPT]),
    Row("also where its deletion was approved", [job()], folder(), [missing(ago=DAY)],
        ELSEWHERE, holds=[APPROVED], expected=[KEPT]),
    Row("its file is fetched again where the settings say so", [job()], folder(),
        [missing(ago=DAY)], replace(ELSEWHERE, deletions="restore"),
        expected=[restore(reason="its file is gone from the folder")]),
    Row("what is deleted in a further tree is left away there", [job()], folder(),
        [missing(ago=DAY)], replace(FURTHER, formats=("flac",)), expected=[IGNORED]),
    Row("a further tree is for the jobs that offer its format", [job()], folder(), [], FURTHER,
        expected=[wait("none of the wanted formats (ogg) is on offer (flac, mp3)")]),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_plan_follows_from_the_trees(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_the_job_of_another_track_is_deleted_as_ever() -> None:
    policy = replace(ELSEWHERE, elsewhere={8: "its mp3 stands at /m/8.mp3"})
    (deletion,) = decided(planned(Row("", [job()], folder(), [missing(ago=DAY)], policy)))
    assert isinstance(deletion, DeleteRemote)
    assert decided(planned(Row("", [job()], folder(), [known()], ELSEWHERE))) != [KEPT]
