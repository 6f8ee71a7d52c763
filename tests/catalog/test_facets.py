"""What is to be learnt, what was found, and what is left of it after the end of a round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.catalog.facets import Facet
from syncd.catalog.store import Catalog
from syncd.core.model import FACETS, Job

SAYS = Job(
    id=1,
    status="COMPLETED",
    genre=("folk",),
    emotion=("calm",),
    occasion=("sleep",),
    vocal_language="en",
    song_type="song",
    raw='{"genre": "folk"}',
)


def silent(job_id: int, status: str = "COMPLETED", raw: str = "{}") -> Job:
    return Job(id=job_id, status=status, raw=raw)


def facet(catalog: Catalog, kind: str = "genre") -> Facet:
    return catalog.facets.state()[kind]


def unlearnt(catalog: Catalog) -> frozenset[int]:
    return catalog.remote_tree().unlearnt


def learn(catalog: Catalog, kind: str, now: datetime, **found: Iterable[int]) -> int:
    """A whole round."""
    catalog.facets.begin(kind, now)
    for value, ids in found.items():
        catalog.facets.take(kind, value, ids, place={}, is_done=True, targets_only=False)
    return catalog.facets.finish(kind, now)


def genre(catalog: Catalog, job_id: int) -> tuple[str, ...]:
    found = catalog.job(job_id)
    assert found is not None
    return found.genre


def test_completed_jobs_that_do_not_say_it_lack_it(catalog: Catalog, now: datetime) -> None:
    catalog.observe([SAYS, silent(2), silent(3, "PENDING")], now)
    assert unlearnt(catalog) == {2}
    assert facet(catalog).lacking
    assert learn(catalog, "genre", now, jazz=[2]) == 1
    assert genre(catalog, 2) == ("jazz",)
    assert not facet(catalog).lacking
    assert unlearnt(catalog) == {2}, "there is more to be learnt than the genre"
    for kind in FACETS[1:]:
        learn(catalog, kind, now)
    assert unlearnt(catalog) == frozenset()


def test_nothing_is_learnt_before_the_end_of_a_round(catalog: Catalog, now: datetime) -> None:
    catalog.observe([silent(2)], now)
    catalog.facets.begin("genre", now)
    catalog.facets.take("genre", "jazz", [2], place={"skip": 9}, is_done=False, targets_only=False)
    assert genre(catalog, 2) == ()
    assert catalog.facets.place("genre", "jazz") == {"skip": 9}
    assert facet(catalog).is_open
    catalog.facets.ignored("genre", ["jazz"], now)
    assert genre(catalog, 2) == ()
    assert not facet(catalog).is_open


def test_a_job_that_comes_while_a_round_goes_on_waits_for_the_next(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([silent(2)], now)
    catalog.facets.begin("genre", now)
    catalog.observe([silent(3)], now)
    catalog.facets.finish("genre", now)
    assert facet(catalog).lacking
    assert 3 in unlearnt(catalog)


def test_a_new_value_adds_to_what_was_learnt_and_a_job_s_own_word_stands(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([SAYS, silent(2), silent(3)], now)
    learn(catalog, "genre", now, jazz=[2])
    assert learn(catalog, "genre", now, waltz=[1, 2, 3]) == 2
    assert [genre(catalog, n) for n in (1, 2, 3)] == [("folk",), ("jazz", "waltz"), ("waltz",)]
    assert facet(catalog).known == {"jazz", "waltz"}


def test_of_a_single_value_the_first_that_was_listed_counts(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([silent(2), silent(3)], now)
    learn(catalog, "song_type", now, vocals=[2], song=[2])
    tracks = catalog.remote_tree().tracks
    assert (tracks[2].song_type, tracks[3].song_type) == ("vocals", None)
    assert not facet(catalog, "song_type").lacking


def test_an_empty_field_says_none_where_others_have_it_filled(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([silent(2, raw='{"genre": []}')], now)
    assert facet(catalog).lacking, "nobody's is filled: it may be that the service fills none"
    catalog.observe([SAYS], now)
    assert not facet(catalog).lacking
    assert catalog.facets.dependent() == frozenset()


def test_null_says_nothing_whatever_others_say(catalog: Catalog, now: datetime) -> None:
    catalog.observe([silent(2, raw='{"genre": null, "genres": null}'), SAYS], now)
    assert facet(catalog).lacking
    assert 2 in unlearnt(catalog)


def test_where_all_values_are_listed_what_changed_takes_the_place_of_what_was_learnt(
    catalog: Catalog, now: datetime
) -> None:
    dated = [replace(silent(n), created_at=now + timedelta(days=n)) for n in (2, 3, 4, 5)]
    catalog.observe(dated[:3], now)
    learn(catalog, "genre", now, folk=[2, 3], rare=[3], jazz=[4])
    catalog.observe(dated[3:], now)
    # 2 is older than what was listed now, so that it is not known of it what is not found.
    catalog.facets.begin("genre", now)
    catalog.facets.take("genre", "folk", [5], place={}, is_done=True, targets_only=False)
    catalog.facets.take("genre", "jazz", [2], place={}, is_done=True, targets_only=False)
    back_to = dated[0].created_at
    assert catalog.facets.finish("genre", now, listed=["folk", "jazz"], back_to=back_to) == 4
    assert [genre(catalog, n) for n in (2, 3, 4, 5)] == [
        ("folk", "jazz"), ("rare",), (), ("folk",),
    ]  # fmt: skip


def test_two_spellings_of_one_value_are_one(catalog: Catalog, now: datetime) -> None:
    catalog.observe([silent(2)], now)
    learn(catalog, "genre", now, House=[2], jazz=[2], house=[2])
    assert genre(catalog, 2) == ("House", "jazz")


def test_what_was_found_is_learnt_of_its_jobs_before_the_rest_is_known(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([silent(2), silent(3)], now)
    catalog.facets.begin("genre", now)
    catalog.facets.take("genre", "jazz", [2], place={}, is_done=True, targets_only=False)
    assert catalog.facets.apply("genre") == 1
    assert [genre(catalog, n) for n in (2, 3)] == [("jazz",), ()]
    assert facet(catalog).lacking, "of the other job it is not known"
    catalog.facets.take("genre", "folk", [2], place={}, is_done=True, targets_only=False)
    catalog.facets.finish("genre", now, listed=["folk", "jazz"])
    assert genre(catalog, 2) == ("folk", "jazz"), "in the order in which they are offered"


@pytest.mark.parametrize("swept", [False, True])
def test_after_three_tries_nothing_waits_and_the_next_is_made_in_an_hour_or_at_a_sweep(
    catalog: Catalog, now: datetime, swept: bool
) -> None:
    catalog.observe([replace(SAYS, id=2, genre=())], now)
    catalog.facets.begin("genre", now)
    assert [catalog.facets.tried("genre", now) for _ in range(2)] == [1, 2]
    assert unlearnt(catalog) == {2}
    assert facet(catalog).is_due(now, swept=swept)
    catalog.facets.tried("genre", now)
    assert unlearnt(catalog) == frozenset()
    assert facet(catalog).is_due(now, swept=swept) == swept
    assert not catalog.facets.is_learning(now)
    later = now + timedelta(hours=1)
    assert facet(catalog).is_due(later, swept=swept)
    assert catalog.facets.is_learning(later)


def test_an_ignored_filter_keeps_nothing_waiting_until_other_values_are_offered(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([replace(SAYS, id=2, genre=())], now)
    catalog.facets.ignored("genre", ["folk"], now)
    assert unlearnt(catalog) == frozenset()
    assert facet(catalog).is_ignored(now, ["folk"])
    assert not facet(catalog).is_ignored(now, ["folk", "jazz"])
    assert not facet(catalog).is_ignored(now + timedelta(days=1), ["folk"])


def test_likes_are_those_of_all_jobs_that_were_there(catalog: Catalog, now: datetime) -> None:
    catalog.observe([silent(2), silent(3)], now)
    catalog.facets.begin("liked", now)
    catalog.observe([silent(4)], now + timedelta(seconds=1))
    catalog.facets.take("liked", "true", [3], place={}, is_done=True, targets_only=False)
    assert catalog.facets.finish("liked", now) == 2
    tracks = catalog.remote_tree().tracks
    assert [tracks[n].liked for n in (2, 3, 4)] == [False, True, None]


def test_a_status_call_does_not_take_a_like_away(catalog: Catalog, now: datetime) -> None:
    catalog.observe([Job(id=2, status="COMPLETED", liked=True)], now)
    assert not catalog.observe([Job(id=2, status="COMPLETED")], now).changed
    assert catalog.remote_tree().tracks[2].liked
