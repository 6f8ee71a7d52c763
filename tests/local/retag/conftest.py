"""Tracks of every format, as the program placed them a while ago."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.core.model import FORMATS
from syncd.local.root import Root, create_root
from syncd.local.tags import write_fields

from .retagged import AUDIO, FIELDS, SAMPLES, Track


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def placed(root: Root) -> Callable[[str], Track]:
    """Places a track of one format."""

    def place(fmt: str) -> Track:
        path = root.path / f"March/Rain.{fmt}"
        path.parent.mkdir()
        path.write_bytes((AUDIO / SAMPLES[fmt]).read_bytes())
        owned = write_fields(path, fmt, FIELDS, cover=None, duration=1)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return Track(root, path, fmt, owned)

    return place


@pytest.fixture(params=FORMATS)
def track(request: pytest.FixtureRequest, placed: Callable[[str], Track]) -> Track:
    """A placed track of every format in turn."""
    return placed(request.param)


@pytest.fixture
def flac(placed: Callable[[str], Track]) -> Track:
    return placed("flac")


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that cannot exchange two names."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
