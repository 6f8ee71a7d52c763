"""A library that is bound anew, and what the daemon does that takes over half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .daemons import daemon
from .guarding import (
    ALBUM,
    assert_nothing_removed,
    deleted,
    held,
    renamed,
    restore_older,
)
from .mirroring import dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def restored(bench: Bench) -> list[int]:
    return restore_older(bench)


def test_an_adoption_that_was_killed_is_ended_by_the_daemon_with_the_same_caution(
    bench: Bench, restored: list[int]
) -> None:
    path = bench.root / ALBUM / "T0.flac"
    path.rename(path.with_name("Mine now.flac"))
    killed = bench.run("adopt", "--yes", before=dies_before("syncd.rest.run_until_rest"))
    assert killed.code == 9
    with daemon(bench) as running:
        # What was missed is looked for once more, and only then it is all known.
        running.wait_until(lambda: running.status()["cycles"] >= 2)
        running.wait_for("idle")
        assert held(bench) == {"delete-remote": restored[3:], "rename-remote": restored[:1]}
        assert_nothing_removed(bench)
        assert bench.run("approve", "1", "2").code == 0
    assert (deleted(bench), renamed(bench)) == (restored[3:], restored[:1])
