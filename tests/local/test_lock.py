"""One syncd at a time, also between processes, and none left behind by a crash."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.errors import Locked
from syncd.local.lock import Lock

COMMAND_LINES = {
    "syncd sync": ["sync"],
    "syncd plan": ["--config", "conf", "plan", "--json"],
    "syncd demo": ["--config=conf", "demo", "--keep", "folder"],
    "syncd show": ["--config", "sync", "show"],
    "syncd": ["--config", "conf"],
}

HOLDER = """
import sys
from pathlib import Path
from syncd.local.lock import Lock
path = Path(sys.argv.pop(1))
lock = Lock.acquire(path, "the catalog")
print("held", flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(path), "sync", "--config=/secret/name"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_refused_and_told_who_holds_it(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(Locked) as caught:
        Lock.acquire(path, "the catalog in /state")
    assert str(caught.value) == (
        f"another syncd is at work on the catalog in /state: process {holder.pid}, syncd sync "
        "(wait for it, or stop it)"
    )


def test_a_lock_ends_when_it_is_released(path: Path, holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "released\n"
    Lock.acquire(path, "x").release()


def test_a_lock_ends_with_its_process(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert path.read_text().startswith(f"process {holder.pid}")
    lock = Lock.acquire(path, "x")
    assert path.read_text().startswith(f"process {os.getpid()}, syncd")
    lock.release()


def test_the_same_process_is_refused_too(path: Path) -> None:
    lock = Lock.acquire(path, "x")
    with pytest.raises(Locked):
        Lock.acquire(path, "x")
    lock.release()
    assert path.read_text() == ""
    Lock.acquire(path, "x").release()


def test_the_lock_file_is_the_owners_own(path: Path) -> None:
    lock = Lock.acquire(path, "x")
    assert path.stat().st_mode & 0o777 == 0o600
    lock.release()


@pytest.mark.parametrize("content", [b"", b"\xff\0\x1b[31m", b"line\nline"])
def test_a_holder_that_says_nothing_readable(path: Path, content: bytes) -> None:
    lock = Lock.acquire(path, "x")
    path.write_bytes(content)
    with pytest.raises(Locked, match="its process is not known"):
        Lock.acquire(path, "x")
    lock.release()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, path: Path) -> None:
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="Too many levels"):
        Lock.acquire(path, "x")
    assert not (tmp_path / "victim").exists()


def test_a_lock_in_a_folder_that_is_not_there(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lock.acquire(path / "x", "x")


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_worked_on_without_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refused)
    Lock.acquire(path, "x").release()


@pytest.mark.parametrize("call", [(fcntl, "flock"), (os, "ftruncate"), (os, "pwrite")])
def test_an_error_while_locking_leaves_no_file_open(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[object, str]
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    before = open_files()
    monkeypatch.setattr(*call, broken)  # type: ignore[call-overload]
    with pytest.raises(OSError, match="Input/output error"):
        Lock.acquire(path, "x")
    assert open_files() == before


@pytest.mark.parametrize("code", [errno.EROFS, errno.EIO])
def test_it_is_released_on_a_disk_that_fails_by_then(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def broken(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    before = open_files()
    lock = Lock.acquire(path, "x")
    with monkeypatch.context() as failing:
        failing.setattr(os, "ftruncate", broken)
        lock.release()
    assert open_files() == before
    Lock.acquire(path, "x").release()


@pytest.mark.parametrize("named", COMMAND_LINES)
def test_a_holder_is_named_by_its_command_and_not_by_what_is_the_users(
    path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["syncd", *COMMAND_LINES[named]])
    lock = Lock.acquire(path, "x")
    assert path.read_text() == f"process {os.getpid()}, {named}\n"
    lock.release()
