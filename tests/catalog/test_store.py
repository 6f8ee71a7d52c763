"""The catalog as the cycle uses it: observations in, trees out."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, text

from syncd.catalog.store import KEPT_SWEEPS, Binding, Catalog
from syncd.core.model import Job
from syncd.core.policy import Now
from syncd.errors import CatalogUnusable, SyncdError

from .looking import HOUR, count, job, missed, seen, stamp

# --- what it is bound to ---


def test_a_blank_catalog_is_bound_to_nothing(catalog: Catalog) -> None:
    assert catalog.binding() is None


@pytest.mark.parametrize(
    "binding",
    [
        Binding("f1c8", "https://api.audiopod.ai"),
        Binding("f1c8", "https://api.audiopod.ai", "42", "abc", 17, 16, True, "adopt", "2:f", True),
    ],
)
def test_a_binding_is_kept_whole(catalog: Catalog, binding: Binding) -> None:
    catalog.bind(Binding("old", "https://old", "1", "old", 99, 98, True))
    catalog.bind(binding)
    assert catalog.binding() == binding


def test_the_baseline_says_whether_a_clean_cycle_has_ended(catalog: Catalog, now: datetime) -> None:
    assert catalog.baseline(Now(now)).settled is False
    binding = Binding("f1c8", "https://api.audiopod.ai")
    catalog.bind(binding)
    assert catalog.baseline(Now(now)).settled is False
    catalog.bind(replace(binding, settled=True))
    assert catalog.baseline(Now(now)).settled is True


def test_binding_anew_leaves_the_numbers_of_scans_and_batches_alone(
    catalog: Catalog, now: datetime
) -> None:
    assert catalog.scans.note(missed(), Now(now)) == 1
    catalog.bind(Binding("f1c8", "https://api.audiopod.ai"))
    catalog.bind(Binding("other", "https://api.audiopod.ai"))
    assert catalog.scans.note(missed(), Now(now)) == 2


def test_a_catalog_is_empty_until_it_has_seen_a_job_or_a_track(
    path: Path, catalog: Catalog, now: datetime
) -> None:
    catalog.bind(Binding("f1c8", "https://api.audiopod.ai"))
    assert catalog.is_empty()
    catalog.outcomes.give_number(7, album="A", number=1)
    assert not catalog.is_empty()
    with closing(Catalog.open(path.with_name("other.sqlite3"))) as other:
        other.observe([job(1)], now)
        assert not other.is_empty()


# --- the remote tree ---


def test_a_job_comes_back_as_it_was_observed(
    catalog: Catalog, full_job: Job, now: datetime
) -> None:
    minimal = Job(id=8, status="PENDING")
    catalog.observe([full_job, minimal], now)
    assert catalog.job(7) == full_job
    assert catalog.job(8) == minimal
    assert catalog.job(9) is None
    assert catalog.remote_tree().tracks == {7: full_job.track(), 8: minimal.track()}


def test_observing_again_changes_all_but_the_first_sight(
    catalog: Catalog, full_job: Job, now: datetime
) -> None:
    catalog.observe([full_job], now)
    changed = Job(id=7, status="FAILED", error_message="no GPU")
    catalog.observe([changed], now + HOUR)
    assert catalog.job(7) == replace(changed, liked=True), "a like is told by listings alone"
    assert seen(catalog, 7) == (stamp(now), stamp(now + HOUR), None, None)


def test_observing_nothing_is_nothing(catalog: Catalog, now: datetime) -> None:
    catalog.observe([], now)
    assert catalog.remote_tree().tracks == {}


def test_the_same_job_twice_in_one_page_is_taken_as_it_came_last(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([job(1, display_name="a"), job(1, display_name="b")], now)
    assert catalog.remote_tree().tracks[1].title == "b"


def test_times_of_any_zone_are_kept_in_utc(catalog: Catalog, now: datetime) -> None:
    tokyo = timezone(HOUR * 9)
    catalog.observe([job(1, created_at=now.astimezone(tokyo))], now.astimezone(tokyo))
    found = catalog.job(1)
    assert found is not None
    assert found.created_at == now
    assert found.created_at.utcoffset() == timedelta(0)
    assert seen(catalog, 1)[0] == stamp(now)


def test_half_a_surrogate_pair_does_not_stop_a_sweep(catalog: Catalog, now: datetime) -> None:
    broken = job(1, display_name="a\ud800b", genre=("\udfff",), raw='{"id":1,"x":"\\ud800"}')
    catalog.observe([broken, job(2)], now)
    found = catalog.job(1)
    assert found is not None
    assert (found.display_name, found.genre) == ("a?b", ("\udfff",))
    assert found.raw == broken.raw
    assert set(catalog.remote_tree().tracks) == {1, 2}


@pytest.mark.parametrize("seed", [2**63 - 1, -(2**63), 2**63, 2**200])
def test_a_seed_too_large_for_the_catalog_is_left_out(
    catalog: Catalog, now: datetime, seed: int
) -> None:
    catalog.observe([job(1, seed=seed)], now)
    found = catalog.job(1)
    assert found is not None
    assert found.seed == (seed if -(2**63) <= seed < 2**63 else None)


def test_a_complete_sweep_adds_an_absence_and_presence_ends_it(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([job(1), job(2)], now)
    sweep = catalog.begin_sweep(now)
    catalog.observe([job(1)], now, sweep=sweep)
    catalog.finish_sweep(sweep, now + HOUR, complete=True, total=1, seen=1)
    assert set(catalog.remote_tree().tracks) == {1}
    assert catalog.some_jobs(5) == [1]
    assert seen(catalog, 2)[3] == stamp(now + HOUR)
    assert catalog.job(2) == job(2)

    later = catalog.begin_sweep(now)
    catalog.observe([job(1)], now, sweep=later)
    catalog.finish_sweep(later, now + 2 * HOUR, complete=True, total=1, seen=1)
    assert seen(catalog, 2)[3] == stamp(now + HOUR), "an absence is dated by its first sweep"

    catalog.observe([job(2)], now)
    assert set(catalog.remote_tree().tracks) == {1, 2}
    assert seen(catalog, 2)[3] is None


def test_an_incomplete_sweep_adds_no_absence(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(1), job(2)], now)
    sweep = catalog.begin_sweep(now)
    catalog.observe([job(1)], now, sweep=sweep)
    catalog.finish_sweep(sweep, now, complete=False, total=9, seen=1, doubts=["9 were promised"])
    assert set(catalog.remote_tree().tracks) == {1, 2}
    with catalog.reading() as connection:
        row = connection.execute(text("SELECT complete, total, seen, doubts FROM sweep")).one()
    assert tuple(row) == (0, 9, 1, '["9 were promised"]')


def test_a_sweep_that_never_ended_adds_no_absence(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(1)], now)
    catalog.begin_sweep(now)
    assert set(catalog.remote_tree().tracks) == {1}


def test_before_a_complete_sweep_no_job_is_known_to_be_gone(
    catalog: Catalog, now: datetime
) -> None:
    assert not catalog.remote_tree().swept
    catalog.finish_sweep(catalog.begin_sweep(now), now, complete=False, total=None, seen=0)
    assert not catalog.remote_tree().swept
    catalog.finish_sweep(catalog.begin_sweep(now), now, complete=True, total=0, seen=0)
    assert catalog.remote_tree().swept


def test_a_look_at_one_job_keeps_the_sweep_that_saw_it(catalog: Catalog, now: datetime) -> None:
    sweep = catalog.begin_sweep(now)
    catalog.observe([job(1)], now, sweep=sweep)
    catalog.observe([job(1, display_name="new")], now + HOUR)
    assert seen(catalog, 1)[2] == sweep
    catalog.finish_sweep(sweep, now, complete=True, total=1, seen=1)
    assert set(catalog.remote_tree().tracks) == {1}


def test_an_empty_account_after_a_complete_sweep(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(1)], now)
    catalog.finish_sweep(catalog.begin_sweep(now), now, complete=True, total=0, seen=0)
    assert catalog.remote_tree().tracks == {}


def test_some_jobs_are_the_newest_and_the_oldest(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(number) for number in (3, 1, 5, 2, 4)], now)
    assert catalog.some_jobs(3) == [5, 4, 1]
    assert catalog.some_jobs(10) == [5, 4, 3, 2, 1]


def test_ten_thousand_jobs_are_one_transaction_of_a_few_statements(
    catalog: Catalog, now: datetime
) -> None:
    commits: list[object] = []
    statements: list[str] = []
    event.listen(catalog._engine, "commit", commits.append)
    event.listen(
        catalog._engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: statements.append(statement),
    )
    jobs = [job(number, display_name=f"Song {number}") for number in range(1, 10_001)]
    catalog.observe(jobs, now)
    catalog.observe(jobs, now + HOUR, sweep=1)
    assert len(commits) == 2
    assert len(statements) == 8
    assert len(catalog.remote_tree().tracks) == 10_000
    assert seen(catalog, 10_000)[:2] == (stamp(now), stamp(now + HOUR))


def test_the_last_hundred_sweeps_are_kept(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(1)], now)
    for _ in range(KEPT_SWEEPS + 5):
        sweep = catalog.begin_sweep(now)
        catalog.observe([job(2)], now, sweep=sweep)
        catalog.finish_sweep(sweep, now, complete=True, total=1, seen=1)
    assert count(catalog, "sweep") == KEPT_SWEEPS == 100
    with catalog.reading() as connection:
        oldest, newest = connection.execute(text("SELECT min(id), max(id) FROM sweep")).one()
    assert (oldest, newest) == (6, 105)
    assert list(catalog.remote_tree().tracks) == [2]


def test_a_number_beyond_64_bits_is_said_and_nothing_of_its_step_is_written(
    catalog: Catalog, now: datetime
) -> None:
    with pytest.raises(SyncdError, match="a number of more than 64 bits") as caught:
        catalog.observe([job(1), job(2**63)], now)
    assert not isinstance(caught.value, CatalogUnusable)
    assert "aside" not in str(caught.value)
    assert count(catalog, "job") == 0
