"""What the daemon waits for, and how long it is between two looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.daemon.waiting import key_stamp, wait_for
from syncd.errors import KeyRefused, Locked, RootUnusable
from syncd.local.root import create_root
from syncd.settings import Api, Library, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    key_file, root = str(tmp_path / "key"), str(tmp_path / "Music")
    return Settings(api=Api(key_file=key_file), library=Library(root=root))


def test_a_root_is_back_with_its_marker(settings: Settings) -> None:
    wait = wait_for(RootUnusable("not there"), settings)
    assert not wait.passed()
    settings.library.root.mkdir()
    assert not wait.passed()
    create_root(settings.library.root, "https://api.audiopod.ai")
    assert wait.passed()


def test_a_root_that_only_looks_well_is_looked_at_ever_more_rarely(settings: Settings) -> None:
    error = RootUnusable("it cannot be read")
    waits = [wait_for(error, settings, relapses=number).each for number in range(40)]
    assert waits[:3] == [5.0, 10.0, 20.0]
    assert waits == sorted(waits)
    assert waits[-1] == 300.0


def test_a_key_is_another_since_it_was_read_and_not_since_it_was_refused(
    settings: Settings,
) -> None:
    before = key_stamp(settings)
    wait = wait_for(KeyRefused("401"), settings, key=before)
    assert before is None
    assert not wait.passed()
    assert settings.api.key_file is not None
    settings.api.key_file.write_text("ap_rotated")
    assert wait.passed()
    assert wait_for(KeyRefused("401"), settings, key=before).passed()
    assert not wait_for(KeyRefused("401"), settings, key=key_stamp(settings)).passed()


def test_a_lock_is_tried(settings: Settings) -> None:
    assert wait_for(Locked("busy"), settings, relapses=9).passed()
