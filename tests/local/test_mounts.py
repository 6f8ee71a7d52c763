"""Real mounts over the root and under it, each in a mount namespace that ends with its process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.local.root import create_root

PRELUDE = """
import json, subprocess, sys
from pathlib import Path
from syncd.core.model import Identity
from syncd.errors import RootUnusable
from syncd.local.root import create_root
from syncd.local.scan import scan

folder = Path(sys.argv[1])
root, marker = create_root(folder, "https://api.audiopod.ai")
said = []

def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)

def umount(path):
    subprocess.run(["umount", path], check=True)

def put(path):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("7")

def read(path):
    return Identity(int(path.read_text()), None)

def look(read_identity=read):
    tree = scan(folder, {}, read_identity=read_identity)
    said.append({
        "files": sorted(tree.files), "names": sorted(tree.names),
        "mounted": sorted(tree.mounted), "unreadable": sorted(tree.unreadable),
    })

def verify():
    try:
        root.verify(marker)
        said.append("the same")
    except RootUnusable as error:
        said.append(error.message)
"""

Run = Callable[[str], list[Any]]


@pytest.fixture(scope="session")
def namespace(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs another one in a mount namespace of its own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare to make a mount namespace with (Linux only)")
    for options in ([], ["--map-root-user"]):
        command = [unshare, *options, "--mount", "--propagation", "private"]
        trial = [*command, "mount", "-t", "tmpfs", "trial", str(tmp_path_factory.mktemp("trial"))]
        if subprocess.run(trial, capture_output=True).returncode == 0:
            return command
    pytest.skip("this user may not mount")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "AudioPod"


@pytest.fixture
def run(namespace: list[str], folder: Path) -> Run:
    def make(steps: str) -> list[Any]:
        """What ``steps`` say of the folder; what they mount is gone when this returns."""
        script = f"{PRELUDE}\n{steps}\nprint(json.dumps(said))"
        command = [*namespace, sys.executable, "-c", script, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said: list[Any] = json.loads(done.stdout)
        return said

    return make


def moved(folder: Path) -> str:
    return f"{folder} is no longer the folder it was a moment ago"


def test_a_disk_over_a_subfolder_is_seen_and_what_it_covers_is_not(run: Run) -> None:
    before, during, after = run("""
put("a/old.flac"); put("b/c.flac")
look()
mount("-t", "tmpfs", "disk", folder / "a")
put("a/new.flac"); put("a/deep/er.flac")
look()
umount(folder / "a")
look()
""")
    assert during == {
        "files": ["a/deep/er.flac", "a/new.flac", "b/c.flac"],
        "names": ["a", "a/deep", "a/deep/er.flac", "a/new.flac", "b", "b/c.flac"],
        "mounted": ["a"],
        "unreadable": [],
    }
    assert before["mounted"] == []
    assert before["files"] == ["a/old.flac", "b/c.flac"]
    assert after == before


def test_a_disk_over_the_root_is_no_longer_the_root_until_it_goes(run: Run, folder: Path) -> None:
    assert run("""
verify()
mount("-t", "tmpfs", "disk", folder)
verify()
umount(folder)
verify()
""") == ["the same", moved(folder), "the same"]


def test_another_library_over_the_root_is_no_longer_the_root(run: Run, folder: Path) -> None:
    create_root(folder.with_name("other"), "https://api.audiopod.ai")
    assert run("""
mount("--bind", folder.with_name("other"), folder)
verify()
""") == [moved(folder)]


def test_a_disk_that_comes_over_the_root_during_a_scan_is_not_scanned(
    run: Run, folder: Path
) -> None:
    seen, verified = run("""
put("a/1.flac"); put("b/2.flac")

def covering(path):
    found = read(path)
    mount("-t", "tmpfs", "disk", folder)
    return found

look(covering)
verify()
""")
    (found,), (hidden,) = seen["files"], seen["unreadable"]
    assert {found, hidden} == {"a/1.flac", "b/2.flac"}
    assert verified == moved(folder)


def test_a_root_on_a_disk_of_its_own_has_nothing_mounted(run: Run) -> None:
    assert run("""
mount("-t", "tmpfs", "disk", folder)
put("a/b/c.flac")
look()
""") == [
        {
            "files": ["a/b/c.flac"],
            "names": ["a", "a/b", "a/b/c.flac"],
            "mounted": [],
            "unreadable": [],
        }
    ]


def test_a_folder_bound_from_another_disk_is_mounted(run: Run) -> None:
    (seen,) = run("""
disk = folder.with_name("disk")
disk.mkdir(); (folder / "a").mkdir()
mount("-t", "tmpfs", "disk", disk)
(disk / "inner").mkdir()
mount("--bind", disk / "inner", folder / "a")
put("a/x.flac")
look()
""")
    assert (seen["files"], seen["mounted"]) == (["a/x.flac"], ["a"])


def test_a_folder_bound_over_itself_is_mounted_and_hides_nothing(run: Run) -> None:
    before, during = run("""
put("a/x.flac")
look()
mount("--bind", folder / "a", folder / "a")
look()
""")
    assert before["mounted"] == []
    assert during == {**before, "mounted": ["a"]}


def test_a_folder_bound_from_the_same_device_is_mounted_until_it_is_gone(run: Run) -> None:
    before, during, after = run("""
disk = folder.with_name("disk")
disk.mkdir(); (folder / "My disk").mkdir()
look()
mount("--bind", disk, folder / "My disk")
put("My disk/deep/x.flac")
look()
umount(folder / "My disk")
look()
""")
    assert (during["files"], during["mounted"]) == (["My disk/deep/x.flac"], ["My disk"])
    assert after == before


def test_what_is_mounted_in_what_is_mounted_is_told_apart(run: Run) -> None:
    (seen,) = run("""
(folder / "a").mkdir()
mount("-t", "tmpfs", "disk", folder / "a")
(folder / "a/b/c").mkdir(parents=True)
mount("-t", "tmpfs", "disk", folder / "a/b/c")
put("a/b/c/d/x.flac")
look()
""")
    assert seen["mounted"] == ["a", "a/b/c"]


def test_what_is_mounted_while_the_folder_is_scanned_is_not_taken_for_looked_at(run: Run) -> None:
    during, after = run("""
put("a/x.flac"); put("b/y.flac")

def covering(path):
    found = read(path)
    other = folder / ("b" if path.parent.name == "a" else "a")
    mount("--bind", other, other)
    return found

look(covering)
look()
""")
    assert during["unreadable"] == ["a", "b"]
    assert after["unreadable"] == []
    assert after["mounted"] == ["a", "b"]


def test_a_path_is_mounted_before_anything_stands_at_it(run: Run) -> None:
    assert run("""
from syncd.local.mounts import is_mounted
for name in ("plain", "a disk", "bound"):
    (folder / name).mkdir()
mount("-t", "tmpfs", "disk", folder / "a disk")
mount("--bind", folder / "plain", folder / "bound")
for path in ("x.flac", "plain/x.flac", "gone/x.flac", "a disk/x.flac", "a disk/new/x.flac",
             "bound/x.flac", "bound/new/x.flac"):
    said.append(is_mounted(root, path))
""") == [False, False, False, True, True, True, True]


def test_a_root_bound_over_itself_is_the_same_root(run: Run) -> None:
    assert run("""
mount("--bind", folder, folder)
verify()
""") == ["the same"]


def test_a_disk_is_seen_by_its_device_where_the_system_lists_no_mounts(run: Run) -> None:
    (during,) = run("""
import syncd.local.scan
syncd.local.scan.mount_points = lambda root: frozenset()
put("a/old.flac"); put("b/c.flac")
mount("-t", "tmpfs", "disk", folder / "a")
put("a/new.flac")
look()
""")
    assert during["mounted"] == ["a"]
    assert during["files"] == ["a/new.flac", "b/c.flac"]


def test_a_mount_tells_what_was_mounted_and_which_folder_of_it_shows(run: Run) -> None:
    assert run("""
from syncd.local.mounts import mount_of
disk = folder.with_name("disk")
disk.mkdir()
mount("-t", "tmpfs", "my disk", disk)
(disk / "My music").mkdir()
mount("--bind", disk / "My music", folder)
for path in (disk / "My music", folder):
    found = mount_of(path)
    said.append([found.kind, found.source, str(found.base), found.point == path])
""") == [["tmpfs", "my disk", "/", False], ["tmpfs", "my disk", "/My music", True]]
