"""Stories in which the program once did too much or too little, each told in a few lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.baseline import State
from syncd.core.operations import Defer, Wait
from syncd.core.policy import Policy

from . import world_people as acts
from .trees import HERE
from .world import World
from .world_people import act_by_name as people
from .world_people import step
from .world_rounds import Fault, Luck, play_round
from .world_story import Episode, Story, play, rested, synced

POLICY = Policy(origin=HERE, template="{title}.{ext}", moves="auto", deletion_grace=0.0)
LOST = Luck(faults={0: Fault.LOST})


def sounds(world: World) -> set[str]:
    return {file.content for file in world.folder.values()}


def names(world: World) -> dict[str, int | None]:
    """Which job's file stands under which name."""
    return {path: world.job_of(file) for path, file in sorted(world.folder.items())}


def titles(world: World) -> list[str | None]:
    return [job.title for job in world.account.values()]


def test_a_job_without_audio_is_looked_at_again_only_after_a_while() -> None:
    world = synced(POLICY, [])
    people(world, "add_job")
    people(world, "set_formats", other=1)
    assert [type(op) for op in play_round(world, Luck())] == [Defer]
    soon = play_round(world, Luck(pause=timedelta(minutes=1)))
    assert soon.operations == ()
    assert [wait.job_id for wait in soon.waits] == [1]


def test_a_relocation_that_failed_keeps_its_place_before_the_one_that_takes_its_name() -> None:
    world = synced(POLICY, ["Rain", "Sun"])
    people(world, "swap_jobs", 0, 1)
    play_round(world, Luck(faults={0: Fault.FAILS}))
    rested(world)
    assert names(world) == {"Rain.flac": 2, "Sun.flac": 1}


def test_a_move_by_the_template_of_which_the_record_was_lost_is_no_rename() -> None:
    world = synced(POLICY, ["Rain"])
    world.policy = replace(POLICY, template="{track} {title}.{ext}")
    play_round(world, LOST)
    rested(world)
    assert names(world) == {"01 Rain.flac": 1}
    assert titles(world) == ["Rain"]
    world.policy = POLICY
    rested(world)
    assert names(world) == {"Rain.flac": 1}, "it still goes where the template puts it"


def test_a_file_that_made_way_of_which_the_record_was_lost_was_not_renamed() -> None:
    world = synced(POLICY, ["Rain", "Sun"])
    people(world, "swap_jobs", 0, 1)
    play_round(world, LOST)
    assert names(world) == {"Rain.flac": 1, "Sun~2.flac": 2}
    rested(world)
    assert names(world) == {"Rain.flac": 2, "Sun.flac": 1}
    assert titles(world) == ["Sun", "Rain"]


@pytest.mark.parametrize(("title", "name"), [("Sun.", "Sun"), ("con", "con_"), (None, "Untitled")])
def test_a_name_that_does_not_read_as_its_title_is_not_sent_when_its_record_was_lost(
    title: str | None, name: str
) -> None:
    world = synced(POLICY, ["Rain"])
    world.account[1].title = title
    play_round(world, LOST)
    assert names(world) == {f"{name}.flac": 1}
    rested(world)
    assert titles(world) == [title]
    assert names(world) == {f"{name}.flac": 1}


def test_nothing_is_deleted_where_only_another_format_could_be_kept_a_copy_of() -> None:
    world = synced(POLICY, ["Rain", "Sun"])
    people(world, "delete")
    people(world, "set_formats", other=0)
    plan = rested(world)
    assert sorted(world.account) == [1, 2]
    assert isinstance(plan.waits[0], Wait)
    assert "no longer offers flac" in plan.waits[0].reason


@pytest.mark.parametrize("act", ["set_status", "set_formats"])
def test_what_could_not_be_fetched_again_is_not_evicted(act: str) -> None:
    world = synced(POLICY, ["Rain"])
    people(world, "evict")
    people(world, act)
    rested(world)
    assert names(world) == {"Rain.flac": 1}
    assert world.catalog.tracks[1].state is State.EVICTED
    people(world, "set_status", other=2)
    people(world, "set_formats", other=2)
    rested(world)
    assert names(world) == {}


def test_a_track_is_not_kept_from_a_name_by_its_own_file_of_before() -> None:
    world = synced(replace(POLICY, conflicts="remote"), ["Rain"])
    world.account[1].title = " Rain "
    people(world, "rename", 0, 1)
    rested(world)
    assert names(world) == {"Rain.flac": 1}


def test_a_restored_track_does_not_take_the_name_of_one_that_is_about_to_be_deleted() -> None:
    world = synced(POLICY, ["Rain", "Sun", "Moon", "Stars", "Sky"])
    world.account[2].title = "Rain"
    people(world, "delete", 1)
    people(world, "delete", 3)
    assert names(world) == {"Moon.flac": 3, "Sky.flac": 5, "Stars.flac": 4}
    rested(world)
    assert 1 not in world.account
    assert names(world) == {"Moon.flac": 3, "Rain [2].flac": 2, "Sky.flac": 5, "Stars.flac": 4}


def test_a_file_makes_way_under_a_name_that_nobody_has() -> None:
    world = synced(POLICY, ["Rain~2", "Rain"])
    people(world, "swap_jobs", 0, 1)
    rested(world)
    assert names(world) == {"Rain.flac": 1, "Rain~2.flac": 2}


def test_a_name_that_the_user_gave_is_kept_though_it_looks_like_one_that_made_way() -> None:
    world = synced(replace(POLICY, template="{track} {title}.{ext}"), ["Rain"])
    world.folder = {"02 Sun~1.flac": world.folder["01 Rain.flac"]}
    world.given[1] = {"02 Sun~1"}
    rested(world)
    play_round(world, Luck())
    assert names(world) == {"02 Sun~1.flac": 1}
    assert titles(world) == ["02 Sun~1"]


def conflict() -> World:
    """A file that the user changed, and beside it the audio that the account has by now."""
    world = synced(POLICY, ["Rain"])
    people(world, "edit")
    people(world, "replace_audio")
    rested(world)
    assert names(world) == {"Rain (conflict 2026-04-01).flac": 1, "Rain.flac": 1}
    return world


def test_a_renamed_file_is_the_tracks_and_not_the_conflict_copy_beside_it() -> None:
    world = conflict()
    people(world, "rename", 1, 1)
    rested(world)
    assert names(world) == {"Rain (conflict 2026-04-01).flac": 1, "Sun.flac": 1}
    assert titles(world) == ["Sun"]


def test_the_name_of_a_conflict_copy_is_no_title() -> None:
    world = conflict()
    people(world, "delete", 1)
    rested(world)
    assert names(world) == {"Rain (conflict 2026-04-01).flac": 1}
    assert titles(world) == ["Rain"]


def test_a_file_taken_in_as_it_was_found_is_not_replaced_by_other_audio() -> None:
    world = synced(POLICY, [])
    people(world, "add_job")
    play_round(world, LOST)
    people(world, "retitle")
    for _ in range(2):
        rested(world)
        people(world, "replace_audio")
    rested(world)
    assert world.folder["Rain.flac"].title != "Rain"
    copies = [f"Rain (conflict 2026-04-01){tail}.flac" for tail in (" 2", "")]
    assert names(world) == dict.fromkeys([*copies, "Rain.flac"], 1)


def test_a_clock_that_was_wrong_does_not_keep_what_failed_from_its_next_try() -> None:
    world = synced(POLICY, [])
    people(world, "add_job")
    people(world, "set_clock", 0)
    play_round(world, Luck(faults={0: Fault.FAILS}))
    people(world, "set_clock", 1)
    play_round(world, Luck(pause=timedelta(minutes=1)))
    assert names(world) == {"Rain.flac": 1}


def test_where_names_are_never_sent_audio_is_replaced_under_another_name_too() -> None:
    world = synced(replace(POLICY, direction="down"), ["Rain"])
    people(world, "rename", 0, 2)
    people(world, "rename_job", 0, 1)
    people(world, "replace_audio")
    rested(world)
    assert sounds(world) == {world.account[1].source("flac")}


def test_a_file_of_which_the_record_was_lost_gets_the_audio_of_now() -> None:
    world = synced(POLICY, [])
    people(world, "add_job")
    play_round(world, LOST)
    people(world, "replace_audio")
    rested(world)
    assert sounds(world) == {world.account[1].source("flac")}


def test_an_older_copy_that_is_left_where_a_file_was_evicted_is_not_taken_for_its_audio() -> None:
    world = synced(POLICY, ["Rain"])
    people(world, "copy", 0, 1)
    people(world, "replace_audio")
    rested(world)
    people(world, "evict")
    rested(world)
    assert world.account[1].source("flac") in sounds(world)


def test_a_name_is_kept_for_a_file_of_which_the_deletion_is_held() -> None:
    held = replace(POLICY, template="{track} {title}.{ext}", deletion_budget=0)
    play(
        Story(
            policy=replace(POLICY, template="{album}/{title}.{ext}"),
            titles=["Rain [2]", "Sun"],
            episodes=[
                Episode([step(acts.delete)], [], who=1),
                Episode([step(acts.rename_job, 1, 9)], [], who=1),
            ],
            others=[held],
        )
    )


def test_what_went_while_it_was_kept_out_is_held_also_where_another_stood_in_its_place() -> None:
    play(
        Story(
            policy=replace(POLICY, template="{album}/{title}.{ext}"),
            titles=["Rain", "Sun"],
            episodes=[
                Episode([step(acts.keep_out, 9, 0)], []),
                Episode([], [Luck()]),
                Episode(
                    [step(acts.swap, 1, 0), step(acts.let_in, 0, 0), step(acts.paste, 7, 0)],
                    [Luck()],
                ),
                Episode([step(acts.move, 0, 14)], []),
            ],
        )
    )
