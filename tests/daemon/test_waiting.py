"""What the daemon waits for, and how long it is between two looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.daemon.waiting import awaited, key_stamp, seen_anew, wait_for
from syncd.errors import (
    ConfigError,
    KeyMissing,
    KeyRefused,
    Locked,
    Offline,
    RateLimited,
    RootUnusable,
    StateUnusable,
    SyncdError,
)
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


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RootUnusable("not there", hint="mount it"), "the folder: not there (mount it)"),
        (KeyRefused("401"), "another key: 401"),
        (KeyMissing("none"), "another key: none"),
        (ConfigError("bad"), "a change of the configuration: bad"),
        (StateUnusable("read-only"), "the state folder: read-only"),
        (Locked("busy"), "its turn: busy"),
        (RateLimited("429", retry_after=9.0), "the service to allow more requests: 429"),
        (Offline("no answer"), "the service to answer: no answer"),
        (SyncdError("odd"), "odd"),
    ],
)
def test_what_it_waits_for_comes_before_how_that_is_known(error: SyncdError, words: str) -> None:
    assert awaited(error) == words


AT_WORK = RootUnusable("it is no longer the folder it was a moment ago")


def put_a_file(root: Path) -> None:
    root.write_text("what is this?")


def put_a_link(root: Path) -> None:
    create_root(root.with_name("Other"), "https://api.audiopod.ai")
    root.symlink_to("Other")


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (lambda root: None, "is not there"),
        (put_a_file, "is not a folder"),
        (put_a_link, "is a link"),
        (Path.mkdir, "has no marker"),
    ],
)
async def test_what_is_wrong_with_the_folder_is_looked_at_anew(
    settings: Settings, put: Callable[[Path], None], said: str
) -> None:
    put(settings.library.root)
    error = await seen_anew(AT_WORK, settings.library.root)
    assert isinstance(error, RootUnusable)
    assert said in error.message
    assert error.hint


async def test_what_is_well_by_now_is_what_it_was_when_it_was_met(settings: Settings) -> None:
    create_root(settings.library.root, "https://api.audiopod.ai")
    assert await seen_anew(AT_WORK, settings.library.root) is AT_WORK
    refused = KeyRefused("401")
    assert await seen_anew(refused, settings.library.root / "nowhere") is refused
