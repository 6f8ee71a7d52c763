"""A further tree goes by what is known of the account, and whose it is, from the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syncd.catalog.store import Binding, Catalog
from syncd.core.holding import KEY_MAY_NOT
from syncd.core.model import Job
from syncd.core.operations import RenameRemote
from syncd.errors import WrongAccount
from syncd.observation import follow_first

NOW = datetime(2026, 4, 1, tzinfo=UTC)
RENAME = RenameRemote(
    job_id=7, path="a.mp3", title="a", new_title="b", stem="b", moved=False, reason=""
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Any]:
    """A further tree, as far as this is about it."""
    first = Catalog.open(tmp_path / "first.sqlite3")
    further = Catalog.open(tmp_path / "further.sqlite3")
    further.source = first
    further.bind(Binding("further's", "https://api"))
    yield SimpleNamespace(catalog=further, first=first)
    first.close()
    further.close()


async def test_before_anything_is_known_nothing_follows(library: Any) -> None:
    news = await follow_first(library)
    assert (news.changed, news.doubts) == (False, ("the account was not listed yet",))


async def test_its_account_is_that_of_the_first_and_no_other(library: Any) -> None:
    library.first.bind(Binding("first's", "https://api", "42", "key"))
    library.first.observe([Job(id=7, status="COMPLETED", raw="{}")], NOW)
    assert (await follow_first(library)).changed
    assert not (await follow_first(library)).changed
    assert library.catalog.binding() == Binding("further's", "https://api", "42", "key")
    library.first.bind(Binding("first's", "https://api", "43", "key"))
    library.first.observe([Job(id=8, status="COMPLETED", raw="{}")], NOW)
    with pytest.raises(WrongAccount, match="of account 42"):
        await follow_first(library)
    assert library.catalog.job(8) is None


async def test_what_a_key_was_refused_is_tried_again_with_the_next(library: Any) -> None:
    library.first.bind(Binding("first's", "https://api", "42", "one"))
    await follow_first(library)
    library.catalog.holds.refuse(RENAME, f"{KEY_MAY_NOT} rename jobs", NOW)
    await follow_first(library)
    assert [held.refused for held in library.catalog.holds.all()] == [True]
    library.first.bind(Binding("first's", "https://api", "42", "another"))
    await follow_first(library)
    assert not [held for held in library.catalog.holds.all() if held.refused]


def change_key(
    library: Any, first_key: str | None, key: str, bound_anew: str | None = None
) -> None:
    """The first tree goes by another key now, which it proved (``first_key``), or did not."""
    binding = Binding("first's", "https://api", None, key, first_key=first_key)
    library.first.bind(replace(binding, bound_anew=bound_anew))


async def test_a_key_that_was_proven_changes_nothing(library: Any) -> None:
    change_key(library, None, "one")
    await follow_first(library)
    change_key(library, "one", "two")
    await follow_first(library)
    change_key(library, "one", "three")
    await follow_first(library)
    known = library.catalog.binding()
    assert (known.bound_anew, known.key_fingerprint, known.first_key) == (None, "three", "one")


async def test_a_key_that_nothing_proves_to_be_of_the_same_account_is_met_with_caution(
    library: Any,
) -> None:
    change_key(library, None, "one")
    await follow_first(library)
    library.catalog.bind(replace(library.catalog.binding(), settled=True))
    change_key(library, None, "two", "adopt")
    news = await follow_first(library)
    known = library.catalog.binding()
    assert (known.bound_anew, known.settled, known.key_fingerprint) == ("adopt", False, "two")
    # The first one is not through with it, so that this one cannot be, either.
    assert [doubt for doubt in news.doubts if "was bound anew" in doubt]
    change_key(library, None, "two")
    assert not (await follow_first(library)).doubts
    assert library.catalog.binding() == known


async def test_a_first_catalog_made_anew_takes_no_account_or_key_from_it(library: Any) -> None:
    library.first.bind(Binding("first's", "https://api", "42", "one"))
    await follow_first(library)
    library.first.bind(Binding("first's", "https://api", bound_anew="rebuild"))
    assert (await follow_first(library)).doubts == ("the account was not listed yet",)
    library.first.bind(Binding("first's", "https://api", None, "one", bound_anew="rebuild"))
    assert not (await follow_first(library)).doubts
    assert library.catalog.binding() == Binding("further's", "https://api", "42", "one")
