"""What cannot be read is not deleted: nor is what may have been moved there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .guarding import ALBUM, ORDINARY_USER, assert_nothing_removed, deleted, fill
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

AS_USER = AT_ONCE + ORDINARY_USER


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Six tracks in step, where a deletion waits out no grace."""
    return fill(bench, 6)


def test_a_file_moved_into_a_folder_that_cannot_be_read_is_not_deleted(
    bench: Bench, tracks: list[int]
) -> None:
    dark = bench.root / "dark"
    dark.mkdir()
    (bench.root / ALBUM / "T0.flac").rename(dark / "T0.flac")
    dark.chmod(0)
    try:
        for _ in range(2):
            result = bench.run("sync", "--json", before=AS_USER)
            (waiting,) = result.document["waiting"]
            assert waiting["id"] == tracks[0]
            assert "it may be in dark, which could not be read" in waiting["reason"]
    finally:
        dark.chmod(0o700)
    assert_nothing_removed(bench)
    assert bench.run("sync").out == "in step: 0 placed, 1 adopted\n"
    assert_nothing_removed(bench)


def test_an_absence_that_was_confirmed_is_suspended_while_anything_cannot_be_read(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure(sync={"deletion_grace": "24h"})
    (bench.root / ALBUM / "T0.flac").unlink()
    bench.run("sync", before=AT_ONCE)
    bench.configure(sync={"deletion_grace": "0s"})
    dark = bench.root / "dark"
    dark.mkdir(mode=0)
    try:
        bench.run("sync", before=AS_USER)
        assert_nothing_removed(bench)
    finally:
        dark.chmod(0o700)
    bench.run("sync", before=AT_ONCE)
    assert deleted(bench) == tracks[:1]


def test_what_a_disk_has_lost_and_found_keeps_nothing_waiting(
    bench: Bench, tracks: list[int]
) -> None:
    (bench.root / "lost+found").mkdir(mode=0)
    (bench.root / ALBUM / "T0.flac").unlink()
    assert bench.run("sync", before=AS_USER).code == 0
    assert deleted(bench) == tracks[:1]
