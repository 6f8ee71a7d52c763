"""The same of a library of which, now and then, another part is kept out (``.syncdignore``)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from . import world_people as people
from .test_convergence import SMALL, TELLING, stories
from .world_story import Story, play

OFTEN = (
    people.keep_out, people.keep_out, people.keep_out, people.keep_out, people.let_in,
    people.let_in, people.move, people.move, people.move, people.rename, people.rename,
    people.rename_job, people.rename_job, people.swap_jobs, people.chain, people.delete,
    people.delete, people.put_back, people.copy, people.edit, people.strip, people.paste,
    people.delete_job, people.bring_job_back, people.add_job, people.replace_audio,
    people.reword_job, people.change_template, people.approve, people.reject, people.evict,
    people.change_selection, people.veil,
)  # fmt: skip
STEPS = st.tuples(st.sampled_from([people.ACTS.index(act) for act in OFTEN]), SMALL, SMALL)


@given(story=stories(STEPS))
@TELLING
def test_a_library_of_which_another_part_is_kept_out_comes_to_rest_too(story: Story) -> None:
    play(story)
