"""What was approved, held and doubtful, over ``adopt`` and ``rebuild``."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from syncd.catalog.store import Catalog

from .guarding import (
    ALBUM,
    ORDINARY_USER,
    add,
    assert_nothing_removed,
    deleted,
    fill,
    held,
    mark,
    marker,
)
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Six tracks in step, where a deletion waits out no grace."""
    return fill(bench, 6)


def outdate(bench: Bench) -> None:
    """Make the catalog older than the folder, as one from a backup is."""
    mark(bench, generation=marker(bench)["generation"] + 5)


def bound_anew(bench: Bench) -> str | None:
    with bench.catalog() as catalog:
        binding = catalog.binding()
    assert binding is not None
    return binding.bound_anew


def test_what_was_approved_before_an_adoption_is_asked_for_again(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure(sync={"deletion_grace": "24h"})
    (bench.root / ALBUM / "T0.flac").unlink()
    assert bench.run("sync", before=AT_ONCE).code == 0
    _approve_pending(bench, tracks[0])
    outdate(bench)
    assert bench.run("adopt", "--yes", before=AT_ONCE).code == 3
    for _ in range(2):
        assert bench.run("sync", before=AT_ONCE).code == 3
    assert held(bench) == {"delete-remote": [tracks[0]]}
    assert_nothing_removed(bench)


def _approve_pending(bench: Bench, job_id: int) -> None:
    """As ``approve`` does before it carries the deletion out, and is stopped in between."""
    (path,) = bench.folder.rglob("catalog.sqlite3")
    catalog = Catalog.open(path)
    catalog.holds.approve_pending(job_id, datetime.now(UTC))
    catalog.close()


def test_a_doubtful_listing_does_not_end_the_caution_of_an_adoption(
    bench: Bench, tracks: list[int]
) -> None:
    outdate(bench)
    bench.sim.switches.total_count = False
    assert bench.run("adopt", "--yes", before=AT_ONCE).code in (0, 3)
    assert bound_anew(bench) == "adopt"
    bench.sim.switches.total_count = True
    bench.run("sync", before=AT_ONCE)
    assert bound_anew(bench) is None


def test_what_cannot_be_read_does_not_end_it_and_is_named(bench: Bench, tracks: list[int]) -> None:
    outdate(bench)
    dark = bench.root / "dark"
    dark.mkdir(mode=0)
    (later,) = add(bench, 1, first=6)
    try:
        result = bench.run("adopt", "--yes", "--json", before=AT_ONCE + ORDINARY_USER)
        assert bound_anew(bench) == "adopt"
        (waiting,) = (one for one in result.document["waiting"] if one["id"] == later)
        assert "a sync that can read dark fetches it" in waiting["reason"]
    finally:
        dark.chmod(0o700)
    assert bench.run("sync", before=AT_ONCE).code == 0
    assert bound_anew(bench) is None


def test_with_deletions_ignored_an_adoption_ignores_nothing_unasked(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure(sync={"deletions": "ignore"})
    (bench.root / ALBUM / "T0.flac").unlink()
    outdate(bench)
    assert bench.run("adopt", "--yes", before=AT_ONCE).code == 3
    assert held(bench) == {"ignore": [tracks[0]]}
    rejected = bench.run("reject", "--job", str(tracks[0]), before=AT_ONCE)
    assert rejected.code == 0, rejected.out + rejected.err
    bench.run("sync", before=AT_ONCE)
    assert (bench.root / ALBUM / "T0.flac").exists()


def test_what_was_held_before_a_rebuild_is_not_fetched_unasked_after_it(
    bench: Bench, tracks: list[int]
) -> None:
    """Also where it could not be fetched at the time, and so was not asked about then."""
    for number in range(4):
        (bench.root / ALBUM / f"T{number}.flac").unlink()
    assert bench.run("sync", before=AT_ONCE).code == 3
    job = bench.sim.world.job(tracks[0])
    assert job is not None
    bench.sim.world.update(tracks[0], audio={})
    (state,) = {path.parent for path in bench.folder.rglob("catalog.sqlite3")}
    shutil.rmtree(state)
    bench.run("rebuild", "--yes", before=AT_ONCE)
    bench.sim.world.update(tracks[0], audio=job.audio)
    bench.run("sync", before=AT_ONCE)
    assert bound_anew(bench) is None
    assert tracks[0] in held(bench)["download"]
    assert not (bench.root / ALBUM / "T0.flac").exists()
    assert deleted(bench) == []
