"""The same of a library of which, now and then, another part is wanted (``[library.only]``)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from . import world_people as people
from .test_convergence import EXAMPLES, SMALL, Story, play, stories

OFTEN = (
    people.change_selection, people.change_selection, people.change_selection, people.approve,
    people.approve, people.approve, people.reject, people.stop_freeing, people.edit, people.touch,
    people.retitle, people.delete, people.put_back, people.copy, people.move, people.rename,
    people.rename_job, people.delete_job, people.bring_job_back, people.replace_audio,
    people.readdress, people.set_status, people.reword_job, people.evict,
)  # fmt: skip
STEPS = st.tuples(st.sampled_from([people.ACTS.index(act) for act in OFTEN]), SMALL, SMALL)


@given(story=stories(STEPS))
@settings(
    max_examples=EXAMPLES,
    derandomize="SYNCD_NEW_STORIES" not in os.environ,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_library_of_which_another_part_is_wanted_comes_to_rest_too(story: Story) -> None:
    play(story)
