"""Audio files under the root that are no track's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from syncd.catalog import queries
from syncd.catalog.queries import ForeignFile
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.model import FileStat, Identity, LocalFile, Origin

from .looking import NOT_UTF8, job, put

HERE = Origin("https://a", "42")
ELSEWHERE = Origin("http://127.0.0.1:8000", "42")
ANOTHER_ACCOUNT = Origin("https://a", "43")
PLACED_STAT = FileStat(1, 2, 3, 4)


Found = tuple[str, str, int | None]
Look = Callable[..., list[Found]]


def file(
    path: str, job_id: int | None = 7, origin: Origin | None = HERE, inode: int = 9
) -> LocalFile:
    identity = None if job_id is None else Identity(job_id, origin)
    return LocalFile(path, replace(PLACED_STAT, inode=inode), identity)


@pytest.fixture
def look(catalog: Catalog, placed: Callable[[str], Placed], now: datetime) -> Look:
    """What is foreign of these files: job 7 is placed at a.flac, 8 is new, and 9 is gone."""
    catalog.observe([job(7), job(8), job(9)], now)
    sweep = catalog.begin_sweep(now)
    catalog.observe([job(7), job(8)], now, sweep=sweep)
    catalog.finish_sweep(sweep, now, complete=True, total=2, seen=2)
    put(catalog, placed("a.flac"), None, now)

    def foreign(*files: LocalFile, aliases: tuple[Origin, ...] = ()) -> list[Found]:
        catalog.scans.remember(catalog.scans.known_files(), {one.path: one for one in files})
        found = queries.foreign(catalog, origin=HERE, aliases=aliases)
        return [(one.path, one.kind, one.job_id) for one in found]

    return foreign


def test_a_file_that_is_a_tracks_is_not_foreign(look: Look) -> None:
    assert look(file("a.flac")) == []
    assert look(file("moved/by/the/user.flac")) == []
    assert look(file("a.flac", origin=None)) == []
    assert look(file("a.flac", origin=Origin("https://a"))) == []


def test_a_file_without_an_id_is_nobodys(look: Look) -> None:
    assert look(file("a.flac"), file("b.flac", None)) == [("b.flac", "no id", None)]
    assert look(file("a.flac", None)) == [("a.flac", "no id", None)]


@pytest.mark.parametrize("origin", [ELSEWHERE, ANOTHER_ACCOUNT])
def test_a_file_of_another_account_or_service_is_of_another_library(
    look: Look, origin: Origin
) -> None:
    foreign = file("b.flac", 7, origin)
    assert look(file("a.flac"), foreign) == [("b.flac", "another library", 7)]
    assert look(foreign) == [("b.flac", "another library", 7)]
    assert look(file("b.flac", 99, origin)) == [("b.flac", "another library", 99)]


def test_a_file_of_an_address_that_this_library_had_before_is_its_own(look: Look) -> None:
    assert look(file("a.flac", 7, ELSEWHERE), aliases=(ELSEWHERE,)) == []
    copies = look(file("a.flac"), file("b.flac", 7, ELSEWHERE), aliases=(ELSEWHERE,))
    assert copies == [("b.flac", "copy", 7)]


def test_of_files_with_one_id_all_but_the_tracks_own_are_copies(look: Look) -> None:
    assert look(file("a.flac"), file("0.flac"), file("z.flac")) == [
        ("0.flac", "copy", 7),
        ("z.flac", "copy", 7),
    ]
    # Without one at the known path: the one that was placed, by inode, is the track's.
    assert look(file("0.flac"), file("z.flac", inode=1)) == [("0.flac", "copy", 7)]
    assert look(file("8.flac", 8), file("8 again.flac", 8)) == [("8.flac", "copy", 8)]


def test_a_file_that_the_next_cycle_adopts_is_not_foreign(look: Look) -> None:
    assert look(file("8.flac", 8)) == []


def test_a_file_whose_job_is_gone_is_kept_and_shown(look: Look) -> None:
    assert look(file("9.flac", 9), file("10.flac", 10)) == [
        ("10.flac", "gone job", 10),
        ("9.flac", "gone job", 9),
    ]


@pytest.mark.parametrize("state", State)
def test_a_file_whose_job_is_gone_is_the_tracks_until_that_is_settled(
    look: Look, catalog: Catalog, placed: Callable[[str], Placed], now: datetime, state: State
) -> None:
    put(catalog, placed("9.flac"), None, now, job_id=9)
    catalog.outcomes.commit(9, state)
    settled = state not in (State.PLACED, State.TRASHING)
    assert look(file("9.flac", 9)) == ([("9.flac", "gone job", 9)] if settled else [])


def test_before_the_account_was_listed_in_full_no_job_is_known_to_be_gone(
    catalog: Catalog, now: datetime
) -> None:
    catalog.scans.remember({}, {"9.flac": file("9.flac", 9), "0.flac": file("0.flac", None)})
    catalog.finish_sweep(catalog.begin_sweep(now), now, complete=False, total=1, seen=0)
    assert queries.foreign(catalog, origin=HERE) == [
        ForeignFile(path="0.flac", kind="no id", job_id=None)
    ]


def test_names_that_are_not_utf8_are_shown_as_they_are(look: Look) -> None:
    assert look(file(NOT_UTF8, None)) == [(NOT_UTF8, "no id", None)]
