"""Histories that troubled the planner, its model world or the oracle once, as short as they got."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.policy import Policy

from ...core import world_people as acts
from ...core.trees import HERE
from ...core.world_people import step
from ...core.world_rounds import Fault, Luck
from ...core.world_story import Episode, Story
from . import cases as planner

POLICY = Policy(origin=HERE, moves="auto", deletion_grace=0.0)
NUMBERED = replace(POLICY, template="{album}/{track} {title}.{ext}")
STORIES = {
    "55193: what is asked for again, and of which a copy is kept out": Story(
        replace(NUMBERED, conflicts="remote"),
        ["Rain", " Sun ", "Rain"],
        [
            Episode([step(acts.change_selection, 9)], [Luck()]),
            Episode(
                [
                    step(acts.chain),
                    step(acts.approve),
                    step(acts.copy, 0, 7),
                    step(acts.move, 2, 11),
                    step(acts.keep_out),
                ],
                [],
            ),
            Episode(
                [
                    step(acts.copy, 3),
                    step(acts.rename_job, 1, 1),
                    step(acts.delete, 6),
                    step(acts.chain, 0, 2),
                ],
                [Luck(), Luck()],
            ),
            Episode([step(acts.rename_job)], []),
        ],
    ),
    "137653: a copy with older tags, put in the place of one with the user's": Story(
        replace(NUMBERED, direction="down"),
        ["rain", "Sun", "Rain", "Sun"],
        [
            Episode(
                [step(acts.delete_folder), step(acts.copy)],
                [Luck(), Luck(faults={1: Fault.MEDDLING}, meddling=step(acts.rename, 3, 11))],
            ),
            Episode(
                [step(acts.change_template), step(acts.reword_job), step(acts.reword, 2)],
                [Luck(), Luck()],
            ),
            Episode([step(acts.chain)], []),
        ],
    ),
    "59797: a file without its tags, below a folder that another disk covers": Story(
        replace(POLICY, template="{album}/{title}.{ext}"),
        ["Sun", "Rain", "Rain", "Rain", "Rain"],
        [Episode([step(acts.move, 4), step(acts.veil, 0, 13), step(acts.strip, 7)], [Luck()])],
    ),
    "68885: the same of a copy, when what is known was deleted": Story(
        replace(POLICY, template="{track} {title}.{ext}"),
        ["Rain", "Sun", "Rain", "Sun"],
        [
            Episode(
                [
                    step(acts.delete),
                    step(acts.move),
                    step(acts.veil, 0, 2),
                    step(acts.delete, 2),
                ],
                [Luck()],
            )
        ],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_it_troubles_nobody_any_more(name: str) -> None:
    assert planner.told(STORIES[name])[1] is None
