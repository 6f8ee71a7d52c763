"""Whether there is room for another file, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.daemon.live import Live
from syncd.daemon.room import Room
from syncd.errors import DiskFull
from syncd.local import files
from syncd.local.root import create_root

LEAST = 5_000_000
FULL = DiskFull("the disk of /music is full")


@dataclass
class Disk:
    """A disk on which so much is free, and a room on it."""

    room: Room
    live: Live
    free: int = 10 * LEAST
    uptime: float = 1000.0

    @property
    def troubles(self) -> list[str]:
        return [trouble.message for trouble in self.live.troubles]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Disk]:
    def made(least: int) -> Disk:
        live = Live(lambda: datetime.now(UTC))
        root, _ = create_root(tmp_path / "Music", "http://localhost")
        disk = Disk(Room(root, least, live), live)
        monkeypatch.setattr(files, "free_bytes", lambda root: disk.free)
        monkeypatch.setattr(time, "monotonic", lambda: disk.uptime)
        return disk

    return made


@pytest.fixture
def disk(make: Callable[[int], Disk]) -> Disk:
    return make(LEAST)


def test_what_was_full_although_room_is_said_to_be_free_is_left_alone_for_a_while(
    disk: Disk,
) -> None:
    disk.room.failed(FULL)
    assert not disk.room.look()
    disk.uptime += 61
    assert disk.room.look()
    disk.room.failed(FULL)
    disk.uptime += 61
    assert not disk.room.look()
    disk.uptime += 60
    assert disk.room.look()


@pytest.mark.parametrize("least", [LEAST, 0], ids=["a limit", "no limit"])
def test_room_that_was_made_ends_the_pause(make: Callable[[int], Disk], least: int) -> None:
    disk = make(least)
    disk.free = 0
    for _ in range(8):
        disk.room.failed(FULL)
    assert not disk.room.look()
    disk.free = 10 * LEAST
    assert disk.room.look()
    assert disk.troubles == []
    disk.room.failed(FULL)
    disk.uptime += 61
    assert disk.room.look(), "the next pause is as short as the first one"


def test_room_that_was_made_and_used_up_between_two_looks_ends_no_pause(disk: Disk) -> None:
    disk.free = 0
    disk.room.failed(FULL)
    disk.room.look()
    assert not disk.room.look()


def test_a_full_disk_is_logged_once(disk: Disk) -> None:
    with capture_logs() as lines:
        disk.free = LEAST - 1
        disk.room.look()
        for _ in range(3):
            disk.room.failed(FULL)
            disk.room.look()
        assert [line["event"] for line in lines] == ["downloads wait", "the disk is full"]
        disk.free = 10 * LEAST
        disk.room.look()
        disk.free = 0
        for _ in range(3):
            disk.room.failed(FULL)
    assert [line["why"] for line in lines[3:]] == ["the disk of /music is full"]
