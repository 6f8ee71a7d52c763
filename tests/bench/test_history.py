"""Histories: the same each time, short where they go wrong, and with a lot happening in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .history import play, told
from .setup import Setup
from .shrink import alike, shortened, sort_of
from .story import Act, Run, Story, story

SEEDS = ("1000002", "1000005", "1000006", "1000012")


def test_the_same_seed_is_the_same_history(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    one, other = (play("31", tmp_path / folder) for folder in ("one", "other"))
    assert len(one.trace) > 10
    assert one == other
    assert story(31) == story(31) != story(32)


def test_a_story_is_written_as_it_is_read() -> None:
    assert eval(repr(story(31))) == story(31)


def test_what_has_no_part_in_a_trouble_is_left_out_of_it() -> None:
    def fails(tale: Story) -> bool:
        return any(step == Act("delete", one=7) for step in tale.steps)

    long = Story(1, (Setup(grace=0), Setup()), 5, (Run(), Act("copy"), Act("delete", one=7), Run()))
    assert shortened(long, fails) == Story(1, (Setup(),), 1, (Act("delete", one=7),))


def test_a_story_is_made_shorter_only_as_long_as_the_same_goes_wrong() -> None:
    def wrong(tale: Story) -> tuple[str, ...]:
        names = [step.name for step in tale.steps if isinstance(step, Act)]
        if names == ["edit"]:
            raise RuntimeError("the bench itself")
        if "delete" in names:
            return (f"a: job {tale.jobs} 'Rain' has no file", "more")
        return ("job 7: ['Rain.flac'] sounds otherwise",)

    tale = Story(1, (Setup(),), 3, (Act("edit"), Act("delete"), Run()))
    assert shortened(tale, alike(wrong, tale)) == Story(1, (Setup(),), 1, (Act("delete"),))
    raises = Story(1, (Setup(),), 3, (Act("edit"), Run()))
    assert shortened(raises, alike(wrong, raises)).steps == (Act("edit"),)
    assert sort_of("b mp3: job 3 'Sun' has no file") == sort_of("a: job 11 'Rain' has no file")


LIVELY = {
    "runs": 30,
    "runs at the same time": 4,
    "runs broken off": 1,
    "second pages": 30,
    "acts during runs": 16,
    "faults that struck": 4,
    "downloads": 20,
    "PATCHes": 6,
    "DELETEs": 1,
    "holds": 1,
}
"""What must happen in a few histories, at least: where nothing happens, nothing is shown."""


def test_a_lot_happens_in_histories(tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    for seed in SEEDS:
        (tmp_path / seed).mkdir()
        counts.update(play(seed, tmp_path / seed).counts)
    assert {what: counts[what] for what, least in LIVELY.items() if counts[what] < least} == {}
    assert counts["acts during runs"] > counts["acts after runs"]


def test_something_happens_between_two_pages(tmp_path: Path) -> None:
    runs = (Run(meanwhile=(("list 1", Act("job_delete")),), faults=(("list 2", "short"),)), Run())
    verdict = told(Story(1, (Setup(),), 5, runs, page=2), tmp_path)
    assert verdict.troubles == ()
    at = verdict.trace.index("  at GET /api/v1/music/jobs?skip=1:")
    assert verdict.trace[at + 1].endswith("deleted")
    assert verdict.counts["faults that struck"] == 1


BESIDE = Story(
    1,
    (Setup(), Setup()),
    3,
    (
        Act("delete", who=0),
        Run(0),
        Act("wait", one=4),
        Act("rename", who=1, one=0, other=2),
        Run(0, lag=3),
        Run(1, beside=True, lag=5, restart=True),
    ),
)


def test_two_members_run_at_the_same_time_and_in_the_same_way_each_time(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    one, other = (told(BESIDE, tmp_path / folder) for folder in ("one", "other"))
    assert one == other
    assert one.troubles == ()
    assert one.counts["runs at the same time"] == 2
    began = one.trace.index("a syncs with a sweep meanwhile")
    assert one.trace[began + 1] == "b syncs with a sweep meanwhile"


def test_a_program_that_dies_is_started_again_and_loses_nothing(tmp_path: Path) -> None:
    runs = (Act("job_audio"), Act("edit"), Run(stop=4), Act("copy"), Run(stop=9), Act("rename"))
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    one, other = (
        told(Story(1, (Setup(),), 3, runs), tmp_path / folder) for folder in ("one", "other")
    )
    assert one == other
    assert (one.troubles, one.counts["runs broken off"]) == ((), 2)
