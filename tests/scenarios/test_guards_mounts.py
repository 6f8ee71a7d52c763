"""Real disks that are unmounted, mounted over the root, or under it. Nothing is removed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mutagen.flac import FLAC

from syncd.simulator import Simulator

from .guarding import ALBUM, IMPATIENT, MARCH, add, fill

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench, Completed

JOIN = """
import ctypes, os
libc, here = ctypes.CDLL(None, use_errno=True), os.getcwd()
for kind in {kinds!r}:
    descriptor = os.open("/proc/{pid}/ns/" + kind, os.O_RDONLY)
    assert libc.setns(descriptor, 0) == 0, os.strerror(ctypes.get_errno())
os.chdir(here)
"""
"""Put before a command: it sees the disks as the process ``pid`` does (setns(2))."""


class Disks:
    """A mount namespace of its own, which ends with the test, and what is mounted in it."""

    def __init__(self, holder: subprocess.Popen[bytes], *, as_user: bool) -> None:
        self._holder = holder
        kinds = ("user", "mnt") if as_user else ("mnt",)
        self.before = JOIN.format(pid=holder.pid, kinds=kinds)
        options = ["--user", "--preserve-credentials"] if as_user else []
        self._enter = ["nsenter", "--target", str(holder.pid), *options, "--mount"]

    def run(self, *words: str | Path) -> None:
        """Run a command among these disks."""
        command = [*self._enter, "--", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def mount(self, folder: Path) -> None:
        """Mount a blank disk."""
        self.run("mount", "-t", "tmpfs", "disk", folder)

    def see(self, path: Path) -> Path:
        """A path as it is among these disks."""
        return Path(f"/proc/{self._holder.pid}/root{path}")


@pytest.fixture(scope="module")
def namespace(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs another one in a mount namespace of its own."""
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("nsenter") is None:
        pytest.skip("there is nothing to make a mount namespace with (Linux only)")
    for options in ([], ["--map-root-user"]):
        command = [unshare, *options, "--mount", "--propagation", "private"]
        trial = [*command, "mount", "-t", "tmpfs", "trial", str(tmp_path_factory.mktemp("trial"))]
        if subprocess.run(trial, capture_output=True).returncode == 0:
            return command
    pytest.skip("this user may not mount")


@pytest.fixture
def disks(namespace: list[str]) -> Iterator[Disks]:
    command = [*namespace, "sh", "-c", "echo ready; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        yield Disks(holder, as_user="--map-root-user" in namespace)
        holder.terminate()


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks that the account has, and a library that waits out no grace."""
    bench.configure(**IMPATIENT)
    return add(bench, 5)


def sync(bench: Bench, disks: Disks, *options: str) -> Completed:
    return bench.run("sync", *options, before=disks.before)


def assert_nothing_removed(bench: Bench, disks: Disks) -> None:
    """Nothing that changes the account was sent, and no file went to the trash of any disk."""
    assert bench.sim.requests.mutating() == []
    for root in (bench.root, disks.see(bench.root)):
        assert list((root / ".syncd/trash").rglob("*.flac")) == []


def test_a_root_whose_disk_is_unmounted_is_refused_until_it_is_mounted_again(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    shutil.rmtree(bench.root / ".syncd")
    disks.mount(bench.root)
    assert bench.run("init", before=disks.before).code == 0
    assert sync(bench, disks).code == 0
    assert len(list(disks.see(bench.root).rglob("*.flac"))) == 5
    sim.requests.clear()

    unmounted = bench.run("sync")  # without joining those who see the disk
    assert unmounted.code == 78
    assert "has no marker" in unmounted.complaint
    assert "mount the disk that holds the library" in unmounted.complaint
    assert list(sim.requests) == []
    assert list(bench.root.iterdir()) == []
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_disk_that_is_unmounted_for_good_is_refused_too(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    shutil.rmtree(bench.root / ".syncd")
    disks.mount(bench.root)
    assert bench.run("init", before=disks.before).code == 0
    assert sync(bench, disks).code == 0
    disks.run("umount", bench.root)
    sim.requests.clear()
    for _ in range(2):
        result = sync(bench, disks)
        assert (result.code, "has no marker" in result.complaint) == (78, True)
    assert list(sim.requests) == []


def test_a_disk_mounted_over_the_root_is_refused_until_it_is_gone(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    sim.requests.clear()
    disks.mount(bench.root)
    result = sync(bench, disks)
    assert result.code == 78
    assert "has no marker" in result.complaint
    assert list(sim.requests) == []
    assert list(disks.see(bench.root).iterdir()) == []
    disks.run("umount", bench.root)
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_another_library_mounted_over_the_root_is_refused(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    other = bench.beside(bench.folder / "other", sim)
    sim.requests.clear()
    disks.run("mount", "--bind", other.root, bench.root)
    result = sync(bench, disks)
    assert result.code == 78
    assert "is another library than the one in the catalog" in result.complaint
    assert list(sim.requests) == []
    disks.run("umount", bench.root)
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


MOUNTED_WHILE_SCANNING = """
import subprocess
import syncd.observation
scan = syncd.observation.scan
def covering(root, known, **options):
    syncd.observation.scan = scan
    subprocess.run(["mount", "-t", "tmpfs", "disk", {over!r}], check=True)
    return scan(root, known, **options)
syncd.observation.scan = covering
"""


def test_a_disk_that_comes_over_the_root_while_it_is_scanned_stops_the_run(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    sim.requests.clear()
    covering = MOUNTED_WHILE_SCANNING.format(over=str(bench.root))
    result = bench.run("sync", before=disks.before + covering)
    assert result.code == 78
    assert "is no longer the folder it was a moment ago" in result.complaint
    disks.run("umount", bench.root)
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_disk_that_comes_over_a_folder_while_it_is_scanned_hides_what_is_there(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    sim.requests.clear()
    covering = MOUNTED_WHILE_SCANNING.format(over=str(bench.root / ALBUM))
    result = bench.run("sync", before=disks.before + covering)
    assert (result.code, result.out[:20]) == (1, "0 placed, 5 waiting\n")
    assert_nothing_removed(bench, disks)


def test_a_folder_on_a_disk_of_its_own_is_hidden_and_not_deleted_while_that_is_unmounted(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    folder = bench.root / "Best of"
    folder.mkdir()
    disks.mount(folder)
    assert sync(bench, disks).code == 0
    for name in ("T0.flac", "T1.flac"):
        disks.run("mv", bench.root / ALBUM / name, folder / name)
    assert sync(bench, disks).out == "in step: 0 placed, 2 adopted\n"
    sim.requests.clear()
    for _ in range(2):
        unmounted = bench.run("sync", "--json")  # without joining those who see the disk
        assert unmounted.code == 1
        waiting = unmounted.document["waiting"]
        assert [one["id"] for one in waiting] == tracks[:2]
        assert "is on another disk than before" in waiting[0]["reason"]
    assert "2 files; syncd plan says why\nnothing is pending" in bench.run("pending").out
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_disk_mounted_over_a_folder_hides_its_files_and_deletes_none(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    sim.requests.clear()
    disks.mount(bench.root / ALBUM)
    for _ in range(2):
        result = sync(bench, disks)
        assert (result.code, result.out.count("out of sight: ")) == (1, 5)
    assert list(disks.see(bench.root / ALBUM).iterdir()) == []
    disks.run("umount", bench.root / ALBUM)
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_file_deleted_on_a_mounted_disk_is_a_deletion_all_the_same(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    folder = bench.root / "Best of"
    folder.mkdir()
    disks.mount(folder)
    assert sync(bench, disks).code == 0
    for name in ("T0.flac", "T1.flac"):
        disks.run("mv", bench.root / ALBUM / name, folder / name)
    assert sync(bench, disks).code == 0
    disks.run("rm", folder / "T0.flac")
    assert sync(bench, disks).code == 0
    assert sim.world.job(tracks[0]) is None


def test_another_disk_at_the_same_place_is_not_taken_for_deletions(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    folder = bench.root / "Best of"
    folder.mkdir()
    disks.mount(folder)
    assert sync(bench, disks).code == 0
    for name in ("T0.flac", "T1.flac"):
        disks.run("mv", bench.root / ALBUM / name, folder / name)
    assert sync(bench, disks).code == 0
    sim.requests.clear()
    disks.mount(folder)
    for _ in range(2):
        result = bench.run("sync", "--json", before=disks.before)
        waiting = result.document["waiting"]
        assert [one["id"] for one in waiting] == tracks[:2]
        assert "no other track was found on the disk at Best of" in waiting[0]["reason"]
    disks.run("umount", folder)
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_folder_bound_from_the_same_disk_hides_its_files_once_it_is_gone(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    folder, elsewhere = bench.root / "Best of", bench.folder / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    disks.run("mount", "--bind", elsewhere, folder)
    assert sync(bench, disks).code == 0
    disks.run("cp", bench.root / ALBUM / "T0.flac", folder / "T0.flac")
    disks.run("rm", bench.root / ALBUM / "T0.flac")
    assert sync(bench, disks).out == "in step: 0 placed, 1 adopted\n"
    sim.requests.clear()
    for _ in range(2):
        unmounted = bench.run("sync", "--json")  # without joining those who see the mount
        assert [one["id"] for one in unmounted.document["waiting"]] == tracks[:1]
    assert_nothing_removed(bench, disks)


ENDS_AFTER_ADOPTING = """
import os, syncd.executor as executor
real = executor.adopt
def adopted(*arguments):
    real(*arguments)
    os._exit(9)
executor.adopt = adopted
"""


def test_a_file_moved_onto_a_disk_is_known_to_be_there_as_soon_as_that_is_recorded(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    folder = bench.root / "Best of"
    folder.mkdir()
    disks.mount(folder)
    assert sync(bench, disks).code == 0
    disks.run("mv", bench.root / ALBUM / "T0.flac", folder / "T0.flac")
    assert bench.run("sync", before=disks.before + ENDS_AFTER_ADOPTING).code == 9
    sim.requests.clear()
    for _ in range(2):
        unmounted = bench.run("sync", "--json")
        assert [one["id"] for one in unmounted.document["waiting"]] == tracks[:1]
    assert_nothing_removed(bench, disks)


# --- a folder on a disk of its own is a folder like another ---


@pytest.fixture
def shelf(bench: Bench, disks: Disks) -> Path:
    """A folder of the library on a disk of its own, as it is among the disks."""
    folder = bench.root / "Best of"
    folder.mkdir()
    disks.mount(folder)
    return disks.see(folder)


def test_a_track_that_is_moved_onto_another_disk_takes_its_lyrics_along(
    bench: Bench, disks: Disks, sim: Simulator, shelf: Path
) -> None:
    job_id = sim.world.add(display_name="Rain", lrc_content="[00:00.00]la")
    assert sync(bench, disks).code == 0
    disks.run("mv", bench.placed(job_id), bench.root / "Best of/Rain.flac")
    later = sim.world.add(display_name="Later")
    assert sync(bench, disks).out == "in step: 1 placed, 1 adopted\n"
    assert {path.name for path in shelf.iterdir()} == {"Rain.flac", "Rain.lrc"}
    assert list(bench.root.rglob("Rain.lrc")) == []
    assert bench.placed(later).exists()
    assert list((bench.root / ".syncd/incoming").iterdir()) == []
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_file_that_was_deleted_on_another_disk_is_restored_there(
    bench: Bench, disks: Disks, sim: Simulator, shelf: Path
) -> None:
    bench.configure(sync={"deletions": "restore"})
    jobs = add(bench, 2)
    assert sync(bench, disks).code == 0
    for job_id in jobs:
        disks.run("mv", bench.placed(job_id), bench.root / "Best of")
    assert sync(bench, disks).code == 0
    disks.run("rm", bench.root / "Best of/T0.flac")
    assert sync(bench, disks).code == 0
    assert {path.name for path in shelf.iterdir()} == {"T0.flac", "T1.flac"}
    assert list((bench.root / ".syncd/incoming").iterdir()) == []
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_conflict_copy_is_placed_on_the_disk_of_the_users_file(
    bench: Bench, disks: Disks, sim: Simulator, shelf: Path
) -> None:
    (job_id,) = add(bench, 1)
    assert sync(bench, disks).code == 0
    tagged = FLAC(bench.placed(job_id))
    tagged["comment"] = "mine"
    tagged.save()
    mine = bench.placed(job_id).read_bytes()
    disks.run("mv", bench.placed(job_id), bench.root / "Best of/T0.flac")
    sim.world.replace_audio(job_id)
    assert sync(bench, disks).code == 0
    assert (shelf / "T0.flac").read_bytes() == mine
    assert len(list(shelf.iterdir())) == 2
    assert sync(bench, disks).out == "in step: nothing to do\n"
    assert_nothing_removed(bench, disks)


def test_a_folder_that_is_mounted_for_reading_keeps_its_own_tracks_alone_from_their_turn(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    album = bench.root / ALBUM
    disks.run("mount", "--bind", album, album)
    disks.run("mount", "-o", "remount,ro,bind", album)
    sim.world.rename(tracks[0], "Other")
    later = sim.world.add(display_name="Later", created_at=MARCH + 40 * 86_400)
    result = sync(bench, disks)
    assert result.code == 1
    assert f"job {tracks[0]}: {ALBUM} cannot be used: Read-only file system" in result.out
    assert bench.placed(later).exists()
    disks.run("umount", album)
    assert sync(bench, disks).code == 0
    assert (album / "Other.flac").exists()
    assert_nothing_removed(bench, disks)


def test_a_file_put_upon_another_is_not_missed_while_a_disk_covers_it(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    assert sync(bench, disks).code == 0
    folder = bench.root / "Best of"
    folder.mkdir()
    (bench.root / ALBUM / "T1.flac").rename(folder / "T1.flac")
    assert sync(bench, disks).code == 0
    sim.requests.clear()
    # It carries the id of one track, and stands where another is known to be: nothing is recorded.
    (bench.root / ALBUM / "T0.flac").replace(folder / "T1.flac")
    assert sync(bench, disks).code == 3
    disks.mount(folder)
    for _ in range(2):
        waiting = sync(bench, disks, "--json").document["waiting"]
        reasons = {one["id"]: one["reason"] for one in waiting}
        there = "Best of/T1.flac could not be read, or is on another disk than before"
        assert reasons == {tracks[0]: there, tracks[1]: there}
    assert_nothing_removed(bench, disks)
    disks.run("umount", folder)
    assert (folder / "T1.flac").exists()


def test_a_copy_does_not_stand_in_for_a_file_that_a_link_hides(
    bench: Bench, sim: Simulator
) -> None:
    first, *_ = fill(bench, 5, sync={"deletion_grace": "0s", "rename_budget": 0})
    mine, other = bench.root / "Mine", bench.root / "Other"
    mine.mkdir()
    other.mkdir()
    # The rename is held, so that nothing is recorded of where it is.
    bench.placed(first).rename(mine / "Moon.flac")
    assert bench.run("sync").code == 3
    shutil.copy(mine / "Moon.flac", other / "Copy.flac")
    mine.rename(bench.folder / "away")
    mine.symlink_to(bench.folder / "away")
    assert bench.run("sync").code == 1
    (other / "Copy.flac").unlink()
    for _ in range(2):
        result = bench.run("sync")
        assert "Mine/Moon.flac could not be read, or is on another disk" in result.out
    assert sim.requests.mutating() == []


def test_a_file_that_lost_its_id_where_nothing_was_recorded_is_held(
    bench: Bench, sim: Simulator
) -> None:
    first, *_ = fill(bench, 5, sync={"deletion_grace": "0s", "rename_budget": 0})
    moon = bench.placed(first).with_name("Moon.flac")
    bench.placed(first).rename(moon)
    assert bench.run("sync").code == 3
    FLAC(moon).delete()
    for _ in range(2):
        result = bench.run("sync")
        assert result.code == 3
        assert f"syncd identify '{ALBUM}/Moon.flac' {first}" in result.out
    assert sim.requests.mutating() == []
    assert bench.run("identify", f"{ALBUM}/Moon.flac", str(first)).code == 0


def test_a_copy_on_a_disk_that_is_not_there_keeps_the_job(
    bench: Bench, disks: Disks, sim: Simulator, tracks: list[int]
) -> None:
    usb = bench.root / "usb"
    usb.mkdir()
    disks.mount(usb)
    assert sync(bench, disks).code == 0
    disks.run("cp", bench.root / ALBUM / "T0.flac", usb / "T0.flac")
    # What is placed there shows later on that it is the same disk.
    disks.run("mv", bench.root / ALBUM / "T1.flac", usb / "T1.flac")
    assert sync(bench, disks).code == 0
    (bench.root / ALBUM / "T0.flac").unlink()
    for _ in range(2):
        unmounted = bench.run("sync")  # without joining those who see the disk
        assert "usb/T0.flac could not be read, or is on another disk" in unmounted.out
    assert_nothing_removed(bench, disks)
    disks.run("rm", usb / "T0.flac")
    assert sync(bench, disks).code == 0
    assert sync(bench, disks).code == 0
    assert sim.world.job(tracks[0]) is None
