"""The watcher over real folders: what it says, what it keeps quiet about, what it outlives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
import watchfiles

from syncd.local import lookout, watchable
from syncd.local.lookout import matters
from syncd.local.mounts import Mount
from syncd.local.watch import Mode, Watch, is_network, watch_limit

ODD = b"\xff.mp3"
"""A name that is not UTF-8."""


class Ear:
    """Listens to a watch; ``await ear()`` is what it says next."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.stirrings = watch.stirrings()

    async def __call__(self) -> str:
        async with asyncio.timeout(20):
            return await anext(self.stirrings)

    @property
    def mode(self) -> Mode:
        return self.watch.mode


Listen = Callable[..., Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "Audio Pod"
    (folder / ".syncd").mkdir(parents=True)
    return folder


@pytest.fixture
async def listen(root: Path) -> AsyncIterator[Listen]:
    """``ear = await listen()``: a watch of the root that has begun, and is in a hurry."""
    async with contextlib.AsyncExitStack() as stack:

        async def begin(watch: Watch | None = None, **given: float) -> Ear:
            brief = {"settle": 0.1, "check": 0.1, "pause": 0.02, "poll": 0.1}
            ear = Ear(watch or Watch(root, **{**brief, **given}))
            await stack.enter_async_context(contextlib.aclosing(ear.stirrings))
            assert await ear() == "the watch began"
            return ear

        yield begin


def odd(folder: Path, name: bytes = ODD) -> bytes:
    return os.fsencode(folder) + b"/" + name


async def test_a_new_file_stirs(listen: Listen, root: Path) -> None:
    ear = await listen()
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "Night.mp3 changed"
    assert ear.mode in ("inotify", "polling")


async def test_a_rename_stirs_under_both_names(listen: Listen, root: Path) -> None:
    (root / "Night.mp3").write_bytes(b"x")
    ear = await listen()
    (root / "Night.mp3").rename(root / "Day.mp3")
    assert await ear() == "2 names changed"


async def test_a_folder_that_is_made_renamed_or_moved_away_stirs(
    listen: Listen, root: Path, tmp_path: Path
) -> None:
    ear = await listen()
    (root / "Vol. 2").mkdir()
    assert await ear() == "Vol. 2 changed"
    (root / "Vol. 2").rename(root / "feat.Ada")
    assert await ear() == "2 names changed"
    (root / "feat.Ada").rename(root / "Live.2019")
    assert await ear() == "2 names changed"
    (root / "Live.2019").rename(tmp_path / "elsewhere")
    assert await ear() == "Live.2019 changed"


async def test_what_no_scan_would_look_at_does_not_stir(listen: Listen, root: Path) -> None:
    bins = [root / name for name in (".Trash-1000", "#recycle", "@eaDir", ".stversions")]
    for folder in bins:
        folder.mkdir()
    (root / "Cover.jpg").write_bytes(b"x")
    ear = await listen()
    for folder in [*bins, root / ".syncd"]:
        (folder / "Gone.mp3").write_bytes(b"x")
        (folder / "inner").mkdir()
    (root / "Night.lrc").write_text("[00:01.00]la")
    (root / "Cover.jpg").rename(root / "Front.jpg")
    (root / ".syncd" / "Gone.mp3").replace(root / "Night.part")
    await asyncio.sleep(0.3)  # longer than it takes to settle: it would have been told by itself
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "Night.mp3 changed"


async def test_a_burst_stirs_once(listen: Listen, root: Path) -> None:
    ear = await listen(settle=0.3)
    for number in range(300):
        (root / f"{number}.mp3").write_bytes(b"x")
    assert await ear() == "300 names changed"
    (root / "last.mp3").write_bytes(b"x")
    assert await ear() == "last.mp3 changed"


async def test_after_a_batch_in_which_events_may_be_lost_it_begins_again(
    listen: Listen, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_MANY", 3)
    ear = await listen(check=30.0)
    for number in range(100):
        (root / f"{number}.mp3").write_bytes(b"x")
    assert await ear() == "the watch began"
    # Once in a while: what comes meanwhile is told as ever.
    for number in range(100):
        (root / f"{number}.mp3").unlink()
    assert await ear() == "100 names changed"


async def test_after_it_was_held_up_it_begins_again_with_the_next_event(
    listen: Listen, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "_AWAY", -1.0)
    ear = await listen(check=30.0)
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "the watch began"


async def test_a_file_that_grows_stirs_when_it_is_done(listen: Listen, root: Path) -> None:
    ear = await listen(settle=0.4, longest=60.0)
    grown = []
    with (root / "Night.mp3").open("wb", buffering=0) as file:

        async def grow() -> None:
            for _ in range(40):
                file.write(b"x" * 1000)
                await asyncio.sleep(0.02)
            grown.append(True)

        growing = asyncio.create_task(grow())
        assert await ear() == "Night.mp3 changed"
        assert grown
        await growing


async def test_a_burst_without_an_end_is_told_all_the_same(listen: Listen, root: Path) -> None:
    ear = await listen(settle=0.5, longest=0.3)

    async def stir() -> None:
        while True:
            (root / "Night.mp3").write_bytes(b"x")
            await asyncio.sleep(0.01)

    stirring = asyncio.create_task(stir())
    assert await ear() == "Night.mp3 changed"
    assert await ear() == "Night.mp3 changed"
    stirring.cancel()


async def test_a_name_that_is_not_utf8_makes_it_begin_again(listen: Listen, root: Path) -> None:
    ear = await listen()
    Path(os.fsdecode(odd(root))).write_bytes(b"x")
    assert await ear() == "the watch began"
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "Night.mp3 changed"


async def test_a_folder_whose_name_is_not_utf8_is_looked_through(
    listen: Listen, root: Path
) -> None:
    Path(os.fsdecode(odd(root))).mkdir()
    with structlog.testing.capture_logs() as log:
        ear = await listen()
        assert ear.mode == "polling"
        (root / "Night.mp3").write_bytes(b"x")
        assert "changed" in await ear()
    assert [(line["log_level"], line["hint"]) for line in log] == [("warning", "rename it")]
    assert "UTF-8" in log[0]["event"]


async def test_a_root_that_was_made_anew_is_watched_anew(listen: Listen, root: Path) -> None:
    ear = await listen(check=30.0)
    shutil.rmtree(root)
    root.mkdir()
    while await ear() != "the watch began":
        pass
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "Night.mp3 changed"


async def test_a_root_that_another_folder_replaced_is_watched(
    listen: Listen, root: Path, tmp_path: Path
) -> None:
    ear = await listen()
    root.rename(tmp_path / "old")
    (root / ".syncd").mkdir(parents=True)
    while await ear() != "the watch began":
        pass
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "Night.mp3 changed"


async def test_a_missing_root_is_waited_for_in_silence(
    listen: Listen, root: Path, tmp_path: Path
) -> None:
    root.rename(tmp_path / "away")
    watch = Watch(root, settle=0.15, check=0.05)
    with structlog.testing.capture_logs() as log:
        waiting = asyncio.create_task(listen(watch))
        await asyncio.sleep(0.2)
        assert watch.mode == "none"
        assert not waiting.done()
        (tmp_path / "away").rename(root)
        ear = await waiting
    assert log == []
    (root / "Night.mp3").write_bytes(b"x")
    assert await ear() == "Night.mp3 changed"


async def test_a_link_where_the_root_was_is_not_watched(root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "away")
    root.symlink_to(tmp_path / "away")
    watch = Watch(root, settle=0.15, check=0.05)
    async with contextlib.aclosing(watch.stirrings()) as stirrings:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(stirrings)
    assert watch.mode == "none"


class Panic(BaseException):
    """As what a panic in Rust comes up as: no ``Exception``."""


@pytest.mark.parametrize("error", [RuntimeError, OSError, Panic])
async def test_it_begins_again_after_any_error_and_says_so_once(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    left, real = [error("broken")] * 4, watchfiles.watch

    def fragile(*given: Any, **options: Any) -> Any:
        if left:
            raise left.pop()
        return real(*given, **options)

    monkeypatch.setattr(watchfiles, "watch", fragile)
    with structlog.testing.capture_logs() as log:
        await listen()
    assert left == []
    assert [line["why"] for line in log] == ["broken"]


@pytest.fixture
def networked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``networked(kind)``: every folder lies on a file system of that type."""

    def make(kind: str) -> None:
        monkeypatch.setattr(watchable, "mount_of", lambda folder: Mount(1, folder, kind))

    return make


async def test_a_network_file_system_is_looked_through_and_that_is_said_once(
    listen: Listen, root: Path, networked: Callable[[str], None]
) -> None:
    networked("nfs4")
    with structlog.testing.capture_logs() as log:
        ear = await listen()
        assert ear.mode == "polling"
        (root / "Night.mp3").write_bytes(b"x")
        assert "changed" in await ear()
        await ear.stirrings.aclose()
        again = await listen(ear.watch)
        assert again.mode == "polling"
    assert [(line["log_level"], line["kind"]) for line in log] == [("warning", "nfs4")]


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_a_folder_on_the_network_is_told(
    root: Path, networked: Callable[[str], None], kind: str
) -> None:
    networked(kind)
    assert is_network(root) == kind


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk"])
def test_a_folder_on_a_disk_is_not_on_the_network(
    root: Path, networked: Callable[[str], None], kind: str
) -> None:
    networked(kind)
    assert is_network(root) is None


def test_where_the_system_says_nothing_there_is_no_limit_and_no_network(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchable, "_WATCHES", (root / "none",))
    monkeypatch.setattr(watchable, "mount_of", lambda _: None)
    assert watch_limit() is None
    assert is_network(root) is None


def test_the_limit_is_the_least_of_those_that_hold(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = (root / "all", root / "here")
    for file, limit in zip(files, ("65536\n", "8192\n"), strict=True):
        file.write_text(limit)
    monkeypatch.setattr(watchable, "_WATCHES", files)
    assert watch_limit() == 8192


async def test_a_watch_that_is_cancelled_leaves_nothing_behind(root: Path) -> None:
    began = asyncio.Event()

    async def listen() -> None:
        async for _ in Watch(root, settle=0.05).stirrings():
            began.set()

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(20):
        await began.wait()
    assert "syncd-watch" in {thread.name for thread in threading.enumerate()}
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert "syncd-watch" not in {thread.name for thread in threading.enumerate()}


async def test_a_watch_that_waits_for_its_root_can_be_cancelled(root: Path) -> None:
    stirrings = Watch(root / "none").stirrings()
    listening = asyncio.ensure_future(anext(stirrings))
    await asyncio.sleep(0.05)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    assert "syncd-watch" not in {thread.name for thread in threading.enumerate()}


async def test_no_library_logs_what_stirs(
    listen: Listen, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ear = await listen()
        (root / "Night.mp3").write_bytes(b"x")
        await ear()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("path", "stirs"),
    [
        ("", True),
        ("Night.mp3", True),
        ("Album/Night.FLAC", True),
        ("Album", True),
        ("Vol. 2", True),
        ("Live.2019", True),
        ("Best of St.Ives", True),
        ("Night.lrc", False),
        ("cover.jpg", False),
        ("Night.mp3.part", False),
        (".syncd", False),
        (".syncd/trash/Night.mp3", False),
        ("Album/.syncd/Night.mp3", True),
        (".Trash-1000/files/Night.mp3", False),
        ("Album/@EADIR/Night.mp3", False),
        ("Album/#recycle", False),
    ],
)
def test_what_stirs(root: Path, path: str, stirs: bool) -> None:
    assert matters(root, str(root / path)) is stirs


def test_a_path_elsewhere_stirs_since_it_came_through_a_link(root: Path) -> None:
    assert matters(root, "/elsewhere/cover.jpg")
