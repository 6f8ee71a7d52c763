"""The daemon whose root is not there, comes back, or is another one. Nothing is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.local.root import create_root

from .daemons import SWIFT, Daemon, daemon, warnings
from .guarding import ORDINARY_USER, deleted, trashed
from .mirroring import Look, Mirror, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Iterator[Mirror]:
    """Four songs in step, and no deletion waits out a grace; none may be sent."""
    made = Mirror.of(bench, look, sync={"deletion_grace": "0s"})
    yield made
    assert (deleted(bench), trashed(bench)) == ([], [])
    assert len(made.files()) >= 4


@pytest.fixture
def aside(bench: Bench) -> Path:
    """Where the root is put while it is away."""
    return bench.folder / "aside"


def assert_goes_on(mirror: Mirror, running: Daemon) -> None:
    """What is new is placed, and a rename is sent."""
    running.wait_for("idle")
    mirror.add("Echo")
    assert running.ask("sync")["exit_code"] == 0
    assert "Echo.flac" in mirror.files()
    mirror.rename("Alpha", "Alpha live")
    running.wait_until(mirror.sent)
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Alpha live")]


def test_a_root_that_is_missing_at_the_start_is_waited_for(mirror: Mirror, aside: Path) -> None:
    mirror.bench.root.rename(aside)
    mirror.sim.requests.clear()
    with daemon(mirror.bench, state="waiting") as running:
        status = running.status()
        assert f"{mirror.bench.root} is not there" in status["awaits"]
        assert status["counts"] == {"placed": 4}
        assert not mirror.bench.root.exists()
        assert len(mirror.sim.requests) == 0
        aside.rename(mirror.bench.root)
        assert_goes_on(mirror, running)
        assert warnings(running.stop()) == ["waiting"]


def test_a_root_that_vanishes_is_waited_for(mirror: Mirror, aside: Path) -> None:
    with daemon(mirror.bench) as running:
        mirror.bench.root.rename(aside)
        running.wait_for("waiting")
        assert f"{mirror.bench.root} is not there (mount the disk" in running.status()["awaits"]
        assert running.status()["counts"] == {"placed": 4}
        aside.rename(mirror.bench.root)
        assert_goes_on(mirror, running)
        lines = running.stop()
    assert warnings(lines) == ["waiting"]
    assert [line["event"] for line in lines].count("the wait is over") == 1


def test_a_root_that_comes_back_without_its_marker_is_not_it(mirror: Mirror, aside: Path) -> None:
    with daemon(mirror.bench) as running:
        mirror.bench.root.rename(aside)
        mirror.bench.root.mkdir()
        running.wait_for("waiting")
        assert f"{mirror.bench.root} has no marker" in running.status()["awaits"]
        assert list(mirror.bench.root.iterdir()) == []
        mirror.bench.root.rmdir()
        aside.rename(mirror.bench.root)
        assert_goes_on(mirror, running)


def test_another_library_in_the_place_of_the_root_is_waited_out(
    mirror: Mirror, aside: Path
) -> None:
    with daemon(mirror.bench) as running:
        mirror.bench.root.rename(aside)
        create_root(mirror.bench.root, mirror.sim.api_url)
        running.wait_for("waiting")
        running.wait_until(lambda: "another library" in running.status()["awaits"])
        assert mirror.files() == []
        shutil.rmtree(mirror.bench.root)
        aside.rename(mirror.bench.root)
        assert_goes_on(mirror, running)


def test_a_root_that_may_not_be_read_is_not_looked_at_again_and_again(mirror: Mirror) -> None:
    root = mirror.bench.root
    given = root.stat().st_mode
    with daemon(mirror.bench, before=f"{SWIFT}{ORDINARY_USER}") as running:
        root.chmod(0o300)
        try:
            assert running.ask("sync")["exit_code"] == 78
            running.wait_for("waiting")
            # Each look finds the marker, opens the library, and asks the service in vain.
            running.wait_until(lambda: running.status()["cycles"] >= 5)
        finally:
            root.chmod(given)
        running.wait_for("idle")
        lines = running.stop()
    assert warnings(lines).count("waiting") == 1
    assert [line["event"] for line in lines].count("the wait is over") == 1
