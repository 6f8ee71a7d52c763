"""Trees in, plan out: one new name on both sides, or none that could be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.operations import Adopt

from .test_planner_renames import DOWN, REGEN, rename_remote
from .trees import (
    ALBUM,
    POLICY,
    Row,
    adopt,
    decided,
    file,
    folder,
    job,
    known,
    placed_at,
    planned,
)

ALIKE = "renamed alike on both sides"
NUMBERED = replace(POLICY, template="{album}/{track} {title}.{ext}")
ELSEWHERE = {"flac": "n/7.flac"}
UNSENT = known(placed=placed_at(REGEN, title="Rain", stem="Rain"))

TABLE = [
    Row(
        "renamed alike on both sides, and moved",
        [job(title="Regen")],
        folder(file("mine/Regen.flac")),
        [known()],
        expected=[adopt("mine/Regen.flac", ALIKE, title="Regen", stem="Regen", moved=True)],
    ),
    Row(
        "renamed alike on both sides, and the number before it taken away",
        [job(title="Regen")],
        folder(file(REGEN)),
        [
            known(
                placed=placed_at(f"{ALBUM}/01 Rain.flac", title="Rain", template=NUMBERED.template)
            )
        ],
        policy=NUMBERED,
        expected=[adopt(REGEN, ALIKE, title="Regen", stem="Regen")],
    ),
    Row(
        "it has the name that is given for a longer one in the account",
        [job(title="Regen ")],
        folder(file(REGEN)),
        [known()],
        expected=[adopt(REGEN, ALIKE, title="Regen ", stem="Regen")],
    ),
    Row(
        "it has that name with its own suffix",
        [job(title="Regen ")],
        folder(file(f"{ALBUM}/Regen [7].flac")),
        [known()],
        expected=[adopt(f"{ALBUM}/Regen [7].flac", ALIKE, title="Regen ", stem="Regen [7]")],
    ),
    Row(
        "renamed in the folder, and its name taken away in the account",
        [job(title=None, prompt="calm rain")],
        folder(file(REGEN)),
        [known()],
        expected=[
            rename_remote(REGEN, "Regen", "renamed on both sides; the account said “”", title=None)
        ],
    ),
    Row(
        "a name that is never sent, at another address, and its job at work again",
        [job(audio=ELSEWHERE, status="PROCESSING")],
        folder(file(REGEN)),
        [UNSENT],
        policy=DOWN,
        expected=[],
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_plan_for(row: Row) -> None:
    assert decided(planned(row)) == row.expected


def test_a_name_that_differs_in_the_spelling_of_an_accent_alone_stays_where_it_was_moved() -> None:
    path = "mine/Cafe\u0301.flac"
    policy = replace(POLICY, conflicts="remote")
    (op,) = planned(Row("", [job(title="Café ")], folder(file(path)), [known()], policy))
    assert isinstance(op, Adopt)
    assert (op.path, op.title, op.moved) == (path, "Café ", True)


@pytest.mark.parametrize("stem", ["Caf\u00e9", "Cafe\u0301"])
def test_a_name_that_this_program_gave_is_not_sent_however_its_accents_are_spelled(
    stem: str,
) -> None:
    path = f"{ALBUM}/{stem}.flac"
    (op,) = planned(Row("", [job(title="Caf\u00e9 ")], folder(file(path)), [known()]))
    assert isinstance(op, Adopt)
