"""A file that is fetched again after it was gone: a stop on the way is no deletion by the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State

from .mirroring import NO_GRACE, Mirror, dies_after, dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]
PLACE = "syncd.local.files.place"
RECORD = "syncd.catalog.outcomes.Outcomes.record"


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, one of which was deleted where that is taken back."""
    mirror = Mirror.of(bench, look, sync={"deletions": "restore", **NO_GRACE})
    mirror.path("Alpha").unlink()
    return mirror


@pytest.mark.parametrize("stop", [dies_before(PLACE), dies_after(PLACE), dies_before(RECORD)])
def test_a_restore_that_is_stopped_goes_on_as_one(mirror: Mirror, stop: str) -> None:
    before = mirror.known("Alpha").placed
    assert before is not None
    mirror.sync(9, before=stop)
    assert mirror.known("Alpha").state is State.WANTED
    mirror.bench.configure(sync={"deletions": "mirror", **NO_GRACE})
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("Alpha").exists()
    after = mirror.known("Alpha").placed
    assert after is not None
    assert (after.source, after.sha256, after.tags) == (before.source, before.sha256, before.tags)
    mirror.assert_rests()


def test_what_goes_away_again_in_that_moment_is_fetched_once_more(mirror: Mirror) -> None:
    mirror.sync(9, before=dies_after(PLACE))
    mirror.path("Alpha").unlink()
    mirror.bench.configure(sync={"deletions": "mirror", **NO_GRACE})
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.path("Alpha").exists()
    assert mirror.known("Alpha").state is State.PLACED
