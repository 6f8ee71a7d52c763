"""What keeps the daemon from starting, and what ends it: one line, and a code that says why."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.local.lock import Lock
from syncd.local.root import create_root

from .daemons import SWIFT, daemon, warnings
from .guarding import ORDINARY_USER, assert_nothing_removed
from .mirroring import Mirror

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


def refused(bench: Bench, code: int, before: str | None = SWIFT, **env: str | None) -> str:
    """Why ``syncd run`` ends at once, with ``code``; nothing was removed."""
    ended = bench.run("run", before=before, **env)
    assert ended.code == code, ended.err
    assert_nothing_removed(bench)
    return ended.complaint


# --- at the start ---


def test_another_library_at_the_root(mirror: Mirror) -> None:
    mirror.bench.root.rename(mirror.bench.folder / "aside")
    create_root(mirror.bench.root, mirror.sim.api_url)
    assert "is another library" in refused(mirror.bench, 78)


def test_a_catalog_from_a_backup(mirror: Mirror) -> None:
    bench = mirror.bench
    shutil.copytree(bench.state, bench.folder / "backup")
    mirror.add("Echo")
    mirror.sync()
    shutil.rmtree(bench.state)
    (bench.folder / "backup").rename(bench.state)
    mirror.sim.requests.clear()
    assert "syncd adopt" in refused(bench, 78)


def test_a_damaged_catalog(mirror: Mirror) -> None:
    for file in mirror.bench.state.glob("catalog.sqlite3*"):
        file.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    assert str(mirror.bench.state) in refused(mirror.bench, 78)


def test_no_key(mirror: Mirror) -> None:
    assert "no API key is given" in refused(mirror.bench, 2, AUDIOPOD_API_KEY=None)


def test_no_library(bench: Bench) -> None:
    shutil.rmtree(bench.root)
    assert "syncd init" in refused(bench, 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [("[sync]\npoll_interval = 5\n", "sync.poll_interval"), ("[sync\n", "config.toml")],
    ids=["a value", "the syntax"],
)
def test_a_bad_configuration(mirror: Mirror, text: str, word: str) -> None:
    mirror.bench.config.write_text(text)
    assert word in refused(mirror.bench, 2)


def test_a_state_folder_that_may_not_be_written(mirror: Mirror) -> None:
    state = mirror.bench.state
    given = state.stat().st_mode
    for path in [*state.iterdir(), state]:
        path.chmod(0o500)
    try:
        assert str(state) in refused(mirror.bench, 78, before=f"{SWIFT}{ORDINARY_USER}")
    finally:
        state.chmod(given)


# --- two at once ---


def test_a_second_daemon_is_told_who_runs(mirror: Mirror) -> None:
    with daemon(mirror.bench) as running:
        words = refused(mirror.bench, 1)
        assert str(running.running.pid) in words
        running.wait_for("idle")


def test_a_run_that_works_on_the_library_is_waited_for(mirror: Mirror) -> None:
    held = Lock.acquire(mirror.bench.state / "lock", "the catalog")
    with daemon(mirror.bench, state="waiting") as running:
        assert str(mirror.bench.state) in running.status()["awaits"]
        assert running.status()["counts"] == {"placed": 4}
        held.release()
        running.wait_for("idle")
        assert warnings(running.stop()) == ["waiting"]


# --- while it runs ---


def test_a_state_folder_that_vanishes_ends_it(mirror: Mirror) -> None:
    bench = mirror.bench
    with daemon(bench) as running:
        shutil.rmtree(bench.state)
        mirror.rename("Alpha", "Alpha live")
        running.ended(78)
    assert str(bench.state) in running.complaint
    assert mirror.sent() == []


@contextmanager
def read_only(state: Path) -> Iterator[None]:
    """The state folder, and all that is in it, cannot be written."""
    found = [*(path for path in state.iterdir() if not path.is_socket()), state]
    for path in found:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        yield
    finally:
        for path in reversed(found):
            path.chmod(0o700 if path.is_dir() else 0o600)


def test_a_state_folder_that_becomes_read_only_is_waited_for(mirror: Mirror) -> None:
    state = mirror.bench.state
    with daemon(mirror.bench, before=f"{SWIFT}{ORDINARY_USER}") as running:
        with read_only(state):
            running.running.send_signal(signal.SIGHUP)
            running.wait_for("waiting")
            assert str(state) in running.status()["awaits"]
            mirror.rename("Alpha", "Alpha live")
        running.wait_until(mirror.sent)
        assert warnings(running.stop()) == ["waiting"]


def test_a_command_that_cannot_write_the_state_folder_does_not_end_the_daemon(
    mirror: Mirror,
) -> None:
    with daemon(mirror.bench, before=f"{SWIFT}{ORDINARY_USER}") as running:
        with read_only(mirror.bench.state):
            result = mirror.bench.run("evict", mirror.jobs["Beta"], before=ORDINARY_USER)
            assert result.code == 78
            assert "make it writable" in result.complaint
            running.wait_for("waiting")
        running.wait_for("idle")
        assert mirror.bench.run("evict", mirror.jobs["Beta"]).code == 0
        running.wait_for("idle")
