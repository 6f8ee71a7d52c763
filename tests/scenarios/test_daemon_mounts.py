"""The daemon among real disks: mounted over its root, full, read-only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.errors import ExitCode
from syncd.simulator.sound import tone

from .daemons import SWIFT, Daemon, daemon, warnings
from .guarding import deleted, trashed
from .mirroring import Look, Mirror

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

APART = f"""{SWIFT}
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x20000) == 0  # CLONE_NEWNS
assert libc.mount(b"none", b"/", None, 0x44000, None) == 0  # MS_REC | MS_PRIVATE
"""
"""Put before ``run``: it has a view of the disks of its own (unshare(2), mount(2))."""


@pytest.fixture(scope="module", autouse=True)
def _may_mount() -> None:
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("there is nothing to make a mount namespace with (Linux only)")
    trial = "mount -t tmpfs trial /mnt"
    made = subprocess.run(["unshare", "--mount", "sh", "-c", trial], capture_output=True)
    if made.returncode:
        pytest.skip("this user may not mount")


def mounting(folder: Path, options: str) -> str:
    """Put before ``run``: a disk of its own is mounted at ``folder``."""
    return (
        f"{APART}assert libc.mount(b'disk', {str(folder).encode()!r}, b'tmpfs', 0, "
        f"{options.encode()!r}) == 0\n"
    )


def see(running: Daemon, path: Path) -> Path:
    """A path as the daemon sees it."""
    return Path(f"/proc/{running.running.pid}/root{path}")


def among_disks(running: Daemon, *words: str | Path) -> None:
    """Run a command that sees the disks as the daemon does."""
    enter = ["nsenter", "--target", str(running.running.pid), "--mount", "--"]
    done = subprocess.run([*enter, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_disk_that_is_mounted_over_the_root_is_waited_out(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"deletion_grace": "0s"})
    with daemon(bench, before=APART) as running:
        among_disks(running, "mount", "-t", "tmpfs", "disk", bench.root)
        assert running.ask("sync")["exit_code"] == ExitCode.SAFETY
        running.wait_for("waiting")
        assert str(bench.root) in running.status()["awaits"]
        among_disks(running, "umount", bench.root)
        running.wait_for("idle")
        mirror.add("Echo")
        assert running.ask("sync")["exit_code"] == 0
        lines = running.stop()
    assert (deleted(bench), trashed(bench)) == ([], [])
    assert len(mirror.files()) == 5
    assert [line["event"] for line in lines].count("waiting") == 1


LYING = """
from syncd.local import files
files.free_bytes = lambda root: 1 << 60
"""
"""Put before ``run``: as with a quota, more seems to be free than may be used."""


@pytest.mark.parametrize("lying", ["", LYING], ids=["seen", "unseen"])
def test_a_disk_that_fills_up_is_left_alone_until_there_is_room(bench: Bench, lying: str) -> None:
    world = bench.sim.world
    small = world.add(display_name="Small", audio={"flac": tone("flac", 1)})
    before = f"""{mounting(bench.root, "size=2m")}{lying}
room._FULL = 1.0
from pathlib import Path
from syncd.local.root import create_root
create_root(Path({str(bench.root)!r}), {bench.sim.api_url!r})
"""
    with daemon(bench, before=before) as running:
        root = see(running, bench.root)
        running.wait_until(lambda: list(root.rglob("Small.flac")))
        world.add(display_name="Large", audio={"wav": tone("wav", 1, 150.0)}, audio_duration=150.0)
        running.ask("sync")
        running.wait_until(lambda: running.status()["errors"])
        (file,) = root.rglob("Small.flac")
        file.rename(file.with_stem("Little"))
        running.wait_for("idle")
        assert running.status()["cycles"] < 15
        assert not list(root.rglob("Large.wav"))
        among_disks(running, "mount", "-o", "remount,size=64m", bench.root)
        running.wait_until(lambda: list(root.rglob("Large.wav")))
        running.wait_until(bench.sim.requests.mutating)
        running.wait_for("idle")
        assert running.status()["errors"] == []
        assert "downloads wait" in warnings(running.stop())
    assert world.job(small).display_name == "Little"


def test_names_are_mirrored_where_no_byte_is_free(bench: Bench) -> None:
    world = bench.sim.world
    audio = {"flac": tone("flac", 1)}
    small = world.add(display_name="Small", audio=audio)
    other = world.add(display_name="Other", audio=audio)
    before = f"""{mounting(bench.root, "size=2m")}
from pathlib import Path
from syncd.local.root import create_root
create_root(Path({str(bench.root)!r}), {bench.sim.api_url!r})
"""
    with daemon(bench, before=before) as running:
        root = see(running, bench.root)
        running.wait_until(lambda: len(list(root.rglob("*.flac"))) == 2)
        running.wait_for("idle")
        among_disks(running, "sh", "-c", f"cat /dev/zero > {bench.root}/filler || true")
        assert os.statvfs(root).f_bavail == 0
        for old, new in (("Small", "Little"), ("Little", "Tiny")):
            (file,) = root.rglob(f"{old}.flac")
            file.rename(file.with_stem(new))
            running.wait_until(lambda new=new: world.job(small).display_name == new)
        world.rename(other, "Another")
        running.ask("sync")
        running.wait_until(lambda: list(root.rglob("Another.flac")))
        running.wait_for("idle")
        world.add(display_name="New", audio=audio)
        running.ask("sync")
        assert not list(root.rglob("New.flac"))
        among_disks(running, "rm", bench.root / "filler")
        running.wait_until(lambda: list(root.rglob("New.flac")))
        assert warnings(running.stop()).count("downloads wait") == 1


def test_a_state_folder_that_is_full_ends_it_with_one_line(bench: Bench) -> None:
    bench.state.mkdir()
    bench.env["XDG_RUNTIME_DIR"] = str(bench.home)
    with daemon(bench, before=mounting(bench.state, "size=2m")) as running:
        bench.sim.world.add(display_name="New")
        among_disks(running, "sh", "-c", f"cat /dev/zero > {bench.state}/filler || true")
        running.running.send_signal(signal.SIGHUP)
        lines = running.ended(ExitCode.SAFETY)
    assert "make room on the disk that holds state.dir" in running.complaint
    assert warnings(lines) == ["ended"]
