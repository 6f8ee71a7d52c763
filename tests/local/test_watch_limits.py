"""Real limits and real mounts, each in namespaces of their own that end with their process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PRELUDE = """
import asyncio, contextlib, json, subprocess, sys
from pathlib import Path
import structlog
from syncd.local.watch import Watch, watch_limit

root = Path(sys.argv[1])
said = []

def limit(name, number):
    Path("/proc/sys/user", f"max_inotify_{name}").write_text(str(number))

def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)

async def main(steps):
    watch = Watch(root, settle=0.1, check=0.1, pause=0.02, poll=0.1)
    async with contextlib.aclosing(watch.stirrings()) as stirrings:
        async def began(mode):
            async with asyncio.timeout(20):
                while await anext(stirrings) != "the watch began" or watch.mode != mode:
                    pass

        async def stirs(name):
            (root / name).write_bytes(b"x")
            async with asyncio.timeout(20):
                while "changed" not in await anext(stirrings):
                    pass

        await steps(watch, began, stirs)

with structlog.testing.capture_logs() as log:
    async def steps(watch, began, stirs):
"""

Run = Callable[..., list[Any]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "AudioPod"
    for number in range(5):
        (folder / str(number)).mkdir(parents=True)
    return folder


@pytest.fixture
def run(root: Path) -> Run:
    """``run(steps)`` is what is logged while the lines of ``steps`` run, in fresh namespaces.

    There they are root's, or else of a user who may do nothing.
    """
    unshare = shutil.which("unshare")
    as_root = [str(unshare), "--user", "--map-root-user", "--mount", "--propagation", "private"]
    as_nobody = [str(unshare), "--user"]
    trial = [*as_root, "sh", "-c", "echo 9 > /proc/sys/user/max_inotify_watches"]
    if unshare is None or subprocess.run(trial, capture_output=True).returncode:
        pytest.skip("there are no user namespaces to set limits in (Linux only)")

    def make(steps: str, *, root_user: bool = True) -> list[Any]:
        body = "".join(f"        {line}\n" for line in steps.strip().splitlines())
        script = f"{PRELUDE}{body}    asyncio.run(main(steps))\nprint(json.dumps(log))"
        command = as_root if root_user else as_nobody
        done = subprocess.run(
            [*command, sys.executable, "-c", script, str(root)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        lines: list[Any] = json.loads(done.stdout)
        return lines

    return make


def test_more_folders_than_may_be_watched_are_looked_through_and_that_is_said_once(
    run: Run,
) -> None:
    (line,) = run("""
limit("watches", 5)
assert watch_limit() == 5
await began("polling")
await stirs("4/Night.mp3")
(root / "2").rmdir(); (root / "2").mkdir()
await stirs("2/Night.mp3")
""")
    assert line["log_level"] == "warning"
    assert "more folders than may be watched" in line["event"]
    assert line["hint"] == "raise fs.inotify.max_user_watches (now 5) with sysctl"


def test_a_folder_too_many_that_comes_later_is_noticed(run: Run) -> None:
    (line,) = run("""
limit("watches", 7)
await began("inotify")
(root / "5").mkdir()
(root / "6").mkdir()
await began("polling")
await stirs("6/Night.mp3")
""")
    assert "max_user_watches (now 7)" in line["hint"]


def test_a_raised_limit_is_noticed(run: Run) -> None:
    (line,) = run("""
limit("watches", 5)
await began("polling")
limit("watches", 50)
await began("inotify")
await stirs("4/Night.mp3")
""")
    assert line["log_level"] == "warning"


def test_too_many_watchers_are_said_once(run: Run) -> None:
    (line,) = run("""
limit("instances", 0)
await began("polling")
await stirs("4/Night.mp3")
""")
    assert line["hint"] == "raise fs.inotify.max_user_instances (now 0) with sysctl"


def test_what_is_mounted_over_the_root_is_watched_and_what_it_covered_afterwards(run: Run) -> None:
    assert (
        run("""
await began("inotify")
mount("-t", "tmpfs", "disk", root)
await began("inotify")
await stirs("Night.mp3")
subprocess.run(["umount", root], check=True)
await began("inotify")
await stirs("4/Night.mp3")
""")
        == []
    )


def test_what_is_mounted_in_the_root_is_watched(run: Run) -> None:
    assert (
        run("""
await began("inotify")
mount("-t", "tmpfs", "disk", root / "4")
await began("inotify")
await stirs("4/Night.mp3")
""")
        == []
    )


def test_a_disk_that_went_and_came_back_at_once_is_watched_anew(run: Run) -> None:
    assert (
        run("""
mount("-t", "tmpfs", "disk", root)
(root / "a").mkdir()
await began("inotify")
disk = root.with_name("disk")
disk.mkdir()
mount("--bind", root, disk)
held = (root / "lock").open("w")
subprocess.run(["umount", "-l", root], check=True)
mount("--bind", disk, root)
await began("inotify")
await stirs("a/Night.mp3")
held.close()
""")
        == []
    )


def test_a_folder_that_cannot_be_read_leaves_a_watch_in_part(run: Run, root: Path) -> None:
    (root / "2").chmod(0)
    (line,) = run(
        """
await began("inotify")
await stirs("Night.mp3")
""",
        root_user=False,
    )
    assert "in part" in line["event"]
    assert str(root / "2") in line["why"]
