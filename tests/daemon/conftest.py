"""A house for a daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.daemon import timing
from syncd.simulator import Simulator

from .living import House, Manager


@pytest.fixture
def empty(tmp_path: Path, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> House:
    """A library that is set up, of an account without jobs."""
    # Where it belongs by default: a configuration that went away names no other.
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    # What was done is looked at again at once.
    monkeypatch.setattr(timing, "_ECHO", 0.01)
    return House(tmp_path, sim)


@pytest.fixture
def house(empty: House) -> House:
    """The same, with three songs to be fetched."""
    for name in ("Alpha", "Beta", "Gamma"):
        empty.add(name)
    return empty


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Whoever is told what systemd is told."""
    made = Manager(tmp_path / "notify")
    yield made
    made.close()
