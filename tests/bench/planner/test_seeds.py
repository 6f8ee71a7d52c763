"""Histories that troubled the planner, its model world or the oracle once, as short as they got."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

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
    "157662: a file put upon another track's, where a disk covers it then": Story(
        replace(POLICY, template="{album}/{title}.{ext}"),
        ["Rain", "Sun", "Rain", "Sun", "Rain", "Sun", "Rain", "Sun", "Rain"],
        [
            Episode([step(acts.rename_upon, 0, 16)], [Luck()]),
            Episode([step(acts.veil, 9, 2), step(acts.delete_folder, 6)], [Luck()]),
        ],
    ),
    "207365: the same, where the one that stood there is gone from the account": Story(
        replace(POLICY, template="{track} {title}.{ext}"),
        ["Rain", "Sun", "Rain", "Sun", "Rain"],
        [
            Episode([step(acts.delete)], []),
            Episode([step(acts.move), step(acts.delete)], [Luck()]),
            Episode([step(acts.rename_upon, 0, 2)], [Luck()]),
            Episode(
                [step(acts.veil, 0, 2), step(acts.delete, 5)], [Luck(pause=timedelta(hours=25))]
            ),
        ],
    ),
    "660897: a deletion that was approved, its file put back, tagged, and deleted again": Story(
        POLICY,
        ["Rain"],
        [
            Episode([step(acts.delete), step(acts.reword_job)], [Luck(), Luck()]),
            Episode([step(acts.approve), step(acts.put_back)], [Luck()]),
            Episode([step(acts.delete)], []),
        ],
    ),
    "714293: the same, where what was put back waits": Story(
        POLICY,
        ["Rain"],
        [
            Episode([step(acts.edit), step(acts.delete)], [Luck()]),
            Episode([], [Luck()]),
            Episode([step(acts.put_back), step(acts.change_selection, 3)], []),
            Episode([step(acts.approve)], [Luck()]),
            Episode([step(acts.delete)], []),
        ],
    ),
    "825722: a name that was not to be sent, and whose file went before it was taken in": Story(
        replace(POLICY, template="{album}/{title}.{ext}", deletions="restore", rename_budget=0),
        ["Untitled", "Sun", None, "Sun", "rain", "Sun"],
        [
            Episode([step(acts.rename, 9)], [Luck()]),
            Episode([step(acts.delete, 3), step(acts.reject)], []),
            Episode([], [Luck(), Luck(), Luck()]),
            Episode([step(acts.approve)], []),
        ],
    ),
    "467402: of two tracks that are known at one place one is fetched, and one deleted": Story(
        replace(POLICY, template="{track} {title}.{ext}", conflicts="hold"),
        ["Sun", "Sun", "Untitled"],
        [
            Episode([step(acts.delete_job)], []),
            Episode([step(acts.rename_job, 7, 7), step(acts.chain)], [Luck()]),
            Episode([step(acts.delete), step(acts.delete)], [Luck()]),
            Episode([], [Luck(order=3)]),
        ],
    ),
    "153181: a file that was moved right to where a new template puts it": Story(
        NUMBERED,
        ["Sun", "Sun"],
        [Episode([step(acts.move, 5, 14), step(acts.change_template, 5)], [])],
    ),
    "292345: the same, beside another that is spelled alike": Story(
        NUMBERED,
        ["Rain", "Sun", "Rain", "Sun", "Rain", "Sun", "Rain"],
        [Episode([step(acts.rename, 6), step(acts.chain, 9, 3), step(acts.change_template)], [])],
    ),
    "505880: of their own file and the account's beside it they threw away the latter": Story(
        replace(POLICY, template="{album}/{title}.{ext}"),
        ["Café"],
        [
            Episode([step(acts.rename_job)], [Luck(faults={0: Fault.LOST})]),
            Episode([step(acts.replace_audio)], [Luck(), Luck(), Luck()]),
            Episode([step(acts.delete)], []),
        ],
    ),
    "695479: or put it where it is kept out": Story(
        replace(POLICY, template="{album}/{title}.{ext}"),
        ["Rain", "Sun", "", "Sun", "Rain", "Sun", "Rain", "Sun", "Rain"],
        [
            Episode(
                [step(acts.replace_audio, 1), step(acts.delete_job), step(acts.swap_jobs, 9)],
                [Luck(faults={0: Fault.LOST})],
            ),
            Episode([], [Luck(), Luck()]),
            Episode([step(acts.keep_out, 7)], [Luck()]),
            Episode([step(acts.rename, 3)], []),
        ],
    ),
    "744706: or put an earlier file in its place": Story(
        replace(POLICY, template="{album}/{title}.{ext}"),
        ["Rain"],
        [
            Episode([step(acts.delete), step(acts.replace_audio)], [Luck(), Luck()]),
            Episode([], [Luck()]),
            Episode([step(acts.strip), step(acts.move), step(acts.put_back)], []),
        ],
    ),
    "236788: other audio that they would not have, and then their own was deleted": Story(
        replace(POLICY, template="{track} {title}.{ext}", deletion_budget=1),
        ["Rain", "Sun"],
        [
            Episode([step(acts.replace_audio, 5)], []),
            Episode([step(acts.replace_audio)], [Luck(), Luck()]),
            Episode([step(acts.delete_folder), step(acts.reject)], []),
        ],
    ),
    "833755: a name that is kept for a track that was given back": Story(
        replace(POLICY, template="{track} {title}.{ext}"),
        ["Rain [2]", "Sun"],
        [Episode([step(acts.evict), step(acts.swap_jobs, 0, 1)], [])],
    ),
    "546188: a job that is back, left out, and of which a file that is kept out came back": Story(
        replace(POLICY, template="{album}/{title}.{ext}"),
        ["Café", "Sun", "No!", "Sun", "con"],
        [
            Episode([step(acts.delete, 4)], []),
            Episode([step(acts.delete_job, 4)], [Luck()]),
            Episode(
                [step(acts.bring_job_back), step(acts.change_selection, 1)], [Luck(swept=False)]
            ),
            Episode([step(acts.keep_out, 3), step(acts.put_back), step(acts.chain)], []),
        ],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_it_troubles_nobody_any_more(name: str) -> None:
    assert planner.told(STORIES[name])[1] is None
