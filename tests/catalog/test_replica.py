"""The catalog of a further tree takes over what the first one's knows of the account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.listing import Listing, Word
from syncd.core.model import Job

from .looking import HOUR, count, job


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(tmp_path / "first's" / "catalog.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def further(catalog: Catalog, source: Catalog) -> Catalog:
    catalog.source = source
    return catalog


def sweep(catalog: Catalog, now: datetime, *jobs: Job, complete: bool = True) -> None:
    number = catalog.begin_sweep(now)
    catalog.observe(jobs, now, sweep=number)
    doubts = () if complete else ("a page was missing",)
    catalog.finish_sweep(number, now, complete=complete, total=None, seen=len(jobs), doubts=doubts)


def found(catalog: Catalog, words: str) -> list[int]:
    return [entry.id for entry in queries.jobs(catalog, Listing(match=(Word(words),)))]


def test_all_that_planning_and_searching_read_is_taken_over_once(
    further: Catalog, source: Catalog, full_job: Job, now: datetime
) -> None:
    sweep(source, now, full_job, job(8, display_name="Gone"))
    sweep(source, now + HOUR, full_job)
    source.facets.state()
    source.facets.begin("genre", now)
    source.facets.finish("genre", now)
    assert further.follow() is True
    assert further.remote_tree() == source.remote_tree()
    assert further.job(7) == full_job
    assert further.job(8) == source.job(8)
    assert found(further, "rain") == [7]
    for table in ("job", "learnt", "facet", "sweep"):
        assert count(further, table) == count(source, table)
    assert further.follow() is False


def test_what_changes_follows_and_nothing_else(
    further: Catalog, source: Catalog, full_job: Job, now: datetime
) -> None:
    sweep(source, now, full_job, job(8, raw="{}"))
    further.follow()
    renamed = replace(full_job, display_name="Thaw", raw='{"id":7,"display_name":"Thaw"}')
    source.observe([renamed, job(9, raw="{}")], now + HOUR)
    source.observe([job(8, raw="{}")], now + HOUR)
    assert further.follow() is True
    assert further.remote_tree() == source.remote_tree()
    assert (found(further, "thaw"), found(further, "rain")) == ([7], [])
    assert further.follow() is False


def test_a_job_that_a_new_first_catalog_never_saw_is_gone_once_that_listed_all(
    further: Catalog, source: Catalog, now: datetime
) -> None:
    further.source = None
    sweep(further, now, job(7, raw="{}"), job(8, raw="{}"))
    further.source = source
    source.observe([job(7, raw="{}")], now)
    further.follow()
    assert further.remote_tree().tracks.keys() == {7, 8}
    assert not further.remote_tree().swept
    sweep(source, now + HOUR, job(7, raw="{}"))
    further.follow()
    assert further.remote_tree().tracks.keys() == {7}
    assert further.remote_tree().swept


def test_what_is_seen_while_acting_is_told_to_the_first(
    further: Catalog, source: Catalog, now: datetime
) -> None:
    further.observe([job(7, display_name="Thaw", raw="{}")], now)
    assert source.remote_tree() == further.remote_tree()
    assert further.follow() is False


def test_the_doubts_of_the_last_listing_are_told(source: Catalog, now: datetime) -> None:
    assert source.doubts() == ()
    sweep(source, now, job(7), complete=False)
    source.begin_sweep(now + HOUR)
    assert source.doubts() == ("a page was missing",)
    sweep(source, now + HOUR, job(7))
    assert source.doubts() == ()
