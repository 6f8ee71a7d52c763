"""Renames by this program that came to a stop before their record: none of them is the user's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import BaselineTrack, Named, State
from syncd.core.operations import RenameLocal, RenameRemote, TrashLocal

from .trees import (
    ALBUM,
    GIVEN_BACK,
    HOME,
    OTHER,
    Row,
    adopt,
    decided,
    file,
    folder,
    job,
    known,
    planned,
    wait,
)

SECOND, THIRD = f"{ALBUM}/Second.flac", f"{ALBUM}/Third.flac"
LOST = "renamed in the account; the record of that was lost"


def stopped(**fields: object) -> BaselineTrack:
    """A track whose file is called Rain, or already Second."""
    return replace(known(intended=Named("Second", "Second")), **fields)  # type: ignore[arg-type]


def rename(path: str, new_path: str, title: str, reason: str, old: str) -> RenameLocal:
    return RenameLocal(
        job_id=7, path=path, new_path=new_path, title=title, stem=title, reason=reason,
        old_title=old,
    )  # fmt: skip


TABLE = [
    Row(
        "its file has the new name: what is left is the record",
        [job(title="Second")],
        folder(file(SECOND)),
        [stopped()],
        expected=[rename(SECOND, SECOND, "Second", LOST, "Second")],
    ),
    Row(
        "its file has the new name, and the account another by now",
        [job(title="Third")],
        folder(file(SECOND)),
        [stopped()],
        expected=[rename(SECOND, THIRD, "Third", LOST, "Second")],
    ),
    Row(
        "its file has the new name, and the account the old one again",
        [job()],
        folder(file(SECOND)),
        [stopped()],
        expected=[rename(SECOND, HOME, "Rain", LOST, "Second")],
    ),
    Row(
        "its file has the old name: it is renamed once more",
        [job(title="Second")],
        folder(file()),
        [stopped()],
        expected=[rename(HOME, SECOND, "Second", "renamed in the account", "Rain")],
    ),
    Row(
        "its file has the old name, and the account another by now",
        [job(title="Third")],
        folder(file()),
        [stopped()],
        expected=[rename(HOME, THIRD, "Third", "renamed in the account", "Rain")],
    ),
    Row(
        "its file has the old name, and the account that one again: the new one is not given",
        [job()],
        folder(file()),
        [stopped()],
        expected=[adopt(HOME, "it keeps the name that it has")],
    ),
    Row(
        "its file has the new name, and the user moved it",
        [job(title="Second")],
        folder(file("mine/Second.flac")),
        [stopped()],
        expected=[
            adopt(
                "mine/Second.flac",
                "its file was moved in the folder",
                title="Second",
                stem="Second",
                moved=True,
            )
        ],
    ),
    Row(
        "its file has a third name, which the user gave",
        [job(title="Second")],
        folder(file(THIRD)),
        [stopped()],
        expected=[
            RenameRemote(
                job_id=7,
                path=THIRD,
                title="Second",
                new_title="Third",
                stem="Third",
                reason="renamed on both sides; the account said “Second”",
            )
        ],
    ),
    Row(
        "its file is not found under either name",
        [job(title="Second")],
        folder(),
        [stopped()],
        expected=[wait(f"{HOME} was not found; a second look decides")],
    ),
    Row(
        "both titles give one file name, and the user moved the file",
        [job(title="Rain ")],
        folder(file("mine/Rain.flac")),
        [stopped(intended=Named("Rain ", "Rain"))],
        expected=[adopt("mine/Rain.flac", "its file was moved in the folder", moved=True)],
    ),
    Row(
        "its file has the new name, and its job is gone: that is no rename by the user",
        [OTHER],
        folder(file(SECOND)),
        [stopped(), GIVEN_BACK],
        expected=[TrashLocal(job_id=7, path=SECOND, reason="deleted in the account")],
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


@pytest.mark.parametrize("state", sorted(set(State) - {State.PLACED}))
def test_only_a_placed_file_was_about_to_get_a_name(state: State) -> None:
    row = Row("", [job(title="Second")], folder(file(SECOND)), [stopped(state=state)])
    plain = replace(row, baseline=[known(state=state)])
    assert decided(planned(row)) == decided(planned(plain))
