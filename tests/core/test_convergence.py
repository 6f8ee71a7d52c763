"""From any library perturbed on both sides the program comes to rest, and loses nothing.

``SYNCD_EXAMPLES`` sets how many stories are told (200 without it); they are the same ones each
time, unless ``SYNCD_NEW_STORIES`` is set.
"""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from syncd.core.policy import Policy

from .trees import HERE
from .world_people import ACTS, TEMPLATES, TITLES
from .world_rounds import Fault, Luck
from .world_story import Episode, Story, play

EXAMPLES = int(os.environ.get("SYNCD_EXAMPLES", "200"))

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
