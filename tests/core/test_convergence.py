"""From any library perturbed on both sides the program comes to rest, and loses nothing.

``SYNCD_EXAMPLES`` sets how many stories are told (200 without it); they are the same ones each
time, unless ``SYNCD_NEW_STORIES`` is set.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from syncd.core.baseline import State
from syncd.core.model import COMPLETED, FAILED
from syncd.core.naming import collision_key, decode, encode, own_suffix, same_text, stem_of
from syncd.core.operations import Plan, Wait
from syncd.core.policy import Policy
from syncd.core.selection import Standing, standing_of
from syncd.core.tagging import told

from .trees import HERE
from .world import Job, World, effective, kept_of
from .world_people import ACTS, TEMPLATES, TITLES, act
from .world_rounds import Fault, Luck, is_at_rest, play_round

EXAMPLES = int(os.environ.get("SYNCD_EXAMPLES", "200"))
ROUNDS = 12
"""Within how many rounds without faults everything must be at rest."""


@dataclass(frozen=True, slots=True)
class Episode:
    """What people do, and how the rounds after it go."""

    acts: list[tuple[int, int, int]]
    rounds: list[Luck]


@dataclass(frozen=True, slots=True)
class Story:
    policy: Policy
    titles: list[str | None]
    episodes: list[Episode]


SMALL = st.integers(0, 7)
STEPS = st.tuples(st.integers(0, len(ACTS) - 1), SMALL, st.integers(0, 16))
LUCK = st.builds(
    Luck,
    pause=st.sampled_from([timedelta(minutes=m) for m in (45, 1, 0.1, 300)]),
    order=SMALL,
    swept=st.sampled_from([True, True, True, False]),
    faults=st.dictionaries(st.integers(0, 3), st.sampled_from(Fault), max_size=2),
    meddling=STEPS,
)
POLICIES = st.builds(
    Policy,
    origin=st.just(HERE),
    formats=st.sampled_from([("flac", "mp3"), ("mp3", "flac")]),
    template=st.sampled_from(TEMPLATES),
    deletions=st.sampled_from(["mirror", "mirror", "mirror", "restore", "ignore"]),
    remote_deletions=st.sampled_from(["trash", "trash", "keep"]),
    conflicts=st.sampled_from(["local", "remote", "hold"]),
    direction=st.sampled_from(["both", "both", "both", "down"]),
    moves=st.sampled_from(["auto", "auto", "ask", "never"]),
    retry_failed=st.sampled_from([0, 2, 3]),
    deletion_budget=st.sampled_from([10, 10, 10, 1, 0]),
    rename_budget=st.sampled_from([100, 100, 100, 0]),
    deletion_grace=st.sampled_from([0.0, 3600.0]),
)


def stories(steps: st.SearchStrategy[tuple[int, int, int]]) -> st.SearchStrategy[Story]:
    """Libraries of up to six tracks, and what befalls them: ``steps`` are acts of people."""
    return st.builds(
        Story,
        policy=POLICIES,
        titles=st.integers(0, 6).flatmap(
            lambda size: st.lists(st.sampled_from(TITLES), min_size=size, max_size=size)
        ),
        episodes=st.lists(
            st.builds(
                Episode,
                acts=st.lists(steps, min_size=1, max_size=5),
                rounds=st.lists(LUCK, min_size=1, max_size=3),
            ),
            min_size=1,
            max_size=4,
        ),
    )


def synced(policy: Policy, titles: list[str | None]) -> World:
    world = World(policy)
    for title in titles:
        world.jobs_made += 1
        world.account[world.jobs_made] = Job(world.jobs_made, title)
    play_round(world, Luck())
    return world


def rested(world: World) -> Plan:
    """Play without faults until nothing is left to do."""
    world.veils.clear()
    world.deaf = False
    for number in range(ROUNDS):
        plan = play_round(world, Luck(pause=timedelta(minutes=45 if number < 4 else 360)))
        if is_at_rest(world, plan):
            return plan
    raise AssertionError(f"no rest after {ROUNDS} rounds: {plan}")


TELLING = settings(
    max_examples=EXAMPLES,
    derandomize="SYNCD_NEW_STORIES" not in os.environ,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(story=stories(STEPS))
@TELLING
def test_any_two_sides_come_to_rest_and_nothing_is_lost(story: Story) -> None:
    play(story)


def play(story: Story) -> None:
    """Tell ``story`` to its end, and look whether everything is in step then."""
    world = synced(story.policy, story.titles)
    for episode in story.episodes:
        for step in episode.acts:
            act(world, *step)
        for luck in episode.rounds:
            play_round(world, luck)
    plan = rested(world)
    check_in_step(world, plan)
    if world.kept_out:
        world.kept_out = frozenset()
        plan = rested(world)
        check_in_step(world, plan)
    again = play_round(world, Luck(pause=timedelta(minutes=1)))
    assert is_at_rest(world, again)
    assert len(again.holds) == len(again.operations)
    assert held(again) == held(plan)


def held(plan: Plan) -> set[tuple[int, str, str]]:
    return {(hold.job_id, hold.held, hold.path) for hold in plan.holds}


def check_in_step(world: World, plan: Plan) -> None:
    """Where nothing is held or waits, each job has exactly its file, and they agree on its name."""
    for wait in plan.waits:
        assert has_cause(world, wait), wait
    aside = {one.job_id for one in (*plan.operations, *plan.waits)}
    bearers = world.followed()
    for job_id in (bearers | world.account.keys()) - aside:
        job, known = world.account.get(job_id), world.catalog.known(job_id)
        if job is None:
            assert known.state is State.DETACHED
        elif known.state in (State.EVICTED, State.IGNORED):
            assert job_id not in bearers
        elif known.state is State.UNSELECTED:
            where = standing_of(job.track(), known, world.catalog.remote(), world.policy.only)
            assert where is not Standing.INSIDE
            assert job_id not in bearers
        elif job_id in bearers or job.status != FAILED:
            assert known.state is State.PLACED
            check_file(world, job)


def check_file(world: World, job: Job) -> None:
    """The file of ``job`` stands where it is known to, and is called what the job is called."""
    placed = world.catalog.known(job.id).placed
    assert placed
    file = world.folder[placed.path]
    assert world.job_of(file) == job.id
    is_known = job.status == COMPLETED and placed.format in job.formats
    if is_known and job.address_of(placed.format) == placed.audio and placed.source is not None:
        # Its words are the account's, unless somebody else's were found in the file.
        assert placed.told == told(job.track())
        assert (file.words,) != placed.tags.get("words") or file.words == job.track().gist
    if world.policy.direction == "both":
        assert same_text(job.title, placed.title)
    if world.policy.direction == "both" and job.id not in world.as_found:
        parts = parts_of(stem_of(placed.path), job.id)
        titles = parts_of(encode(effective(job)).text, job.id) | parts_of(job.title or "", job.id)
        assert titles & (parts | {kept_of(decode(part)) for part in parts})


def parts_of(stem: str, job_id: int) -> set[str]:
    """What of a stem may be the title: with or without a number, the job's id, a conflict."""
    stems = {stem, re.sub(r" \(conflict [-0-9]+\)( [0-9]+)?$", "", stem)}
    parts = stems | {re.sub(r"^[0-9]{2,} ", "", one) for one in stems}
    while bare := {part.removesuffix(own_suffix(job_id)) for part in parts} - parts:
        parts |= bare
    return {unicodedata.normalize("NFC", part) for part in parts}


def has_cause(world: World, wait: Wait) -> bool:
    """Whether the world shows why nothing is done: no audio, other audio, or a name taken."""
    known = world.catalog.known(wait.job_id)
    if wait.kept_out:
        return world.is_kept_out(wait.reason.partition(" is kept out")[0])
    if not world.is_audible(wait.job_id):
        return True
    if "is taken" in wait.reason:
        return collision_key(wait.reason.partition(" is taken")[0]) in {
            collision_key(path) for path in world.folder
        }
    job = world.account[wait.job_id]
    if "outside library.only" in wait.reason:
        # What the account cannot give back as it is here stays.
        placed = known.placed
        assert placed
        is_edited = world.folder[placed.path].stat != placed.stat
        return is_edited or job.address_of(placed.format) != placed.audio
    if known.placed is None:
        return False
    if known.state is State.EVICTED and known.placed.format in job.formats:
        # An interrupted eviction: the account has other audio by now, so the file is kept.
        return job.address_of(known.placed.format) != known.placed.audio
    return known.placed.format not in job.formats
