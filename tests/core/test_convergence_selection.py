"""The same of a library of which, now and then, another part is wanted (``[library.only]``)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from . import world_people as people
from .test_convergence import SMALL, TELLING, stories
from .world_story import Story, play

OFTEN = (
    people.change_selection, people.change_selection, people.change_selection, people.approve,
    people.approve, people.approve, people.reject, people.stop_freeing, people.edit, people.touch,
    people.retitle, people.delete, people.put_back, people.copy, people.move, people.rename,
    people.rename_job, people.delete_job, people.bring_job_back, people.replace_audio,
    people.readdress, people.set_status, people.reword_job, people.evict,
)  # fmt: skip
STEPS = st.tuples(st.sampled_from([people.ACTS.index(act) for act in OFTEN]), SMALL, SMALL)


@given(story=stories(STEPS))
@TELLING
def test_a_library_of_which_another_part_is_wanted_comes_to_rest_too(story: Story) -> None:
    play(story)
