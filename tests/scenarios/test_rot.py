"""Files that broke though nobody wrote: ``verify`` tells, ``fetch`` replaces when it is asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.simulator.sound import tone

from .mirroring import Mirror, dies_after, dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

NAMES = ("Alpha", "Beta")


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Two songs in step."""
    return Mirror.of(bench, look, *NAMES)


def rot(path: Path, at: int = -20) -> bytes:
    """Change a byte as a failing disk does: size and date stay. What it is by then."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[at] ^= 255
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return bytes(data)


def cut(path: Path) -> bytes:
    """Lose the end of a file. What it is by then."""
    path.write_bytes(path.read_bytes()[:-500])
    return path.read_bytes()


def without_id(path: Path) -> bytes:
    """Lose the id among all else."""
    path.write_bytes(bytes(5000))
    return path.read_bytes()


@pytest.mark.parametrize("breaks", [rot, cut, without_id])
def test_what_broke_is_told_and_fetched_again_by_that_command(
    mirror: Mirror, breaks: Callable[[Path], bytes]
) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    sound, broken = path.read_bytes(), breaks(path)
    told = mirror.bench.run("verify")
    assert told.code == 1
    command = f"syncd fetch {alpha} moves what is broken to the trash and fetches it again"
    assert command in told.out.splitlines()
    result = mirror.bench.run("fetch", alpha, alpha)
    assert result.code == 0, result.out + result.err
    assert path.read_bytes() == sound
    assert path.with_suffix(".lrc").exists()
    (entry,) = mirror.trash()
    assert entry.why == "rotten"
    assert mirror.in_trash(entry).read_bytes() == broken
    assert mirror.bench.run("verify").code == 0
    assert mirror.sim.requests.mutating() == []
    mirror.assert_rests()


def test_nothing_is_fetched_again_unasked(mirror: Mirror) -> None:
    broken = rot(mirror.path("Alpha"))
    mirror.bench.run("verify")
    mirror.assert_rests()
    assert mirror.path("Alpha").read_bytes() == broken
    assert mirror.trash() == []


def edit(path: Path) -> None:
    tagged = FLAC(path)
    tagged["comment"] = "mine"
    tagged.save()


def edit_quietly(path: Path) -> None:
    """As a tag editor does that keeps the date, where the padding keeps the size."""
    before = path.stat()
    tagged = FLAC(path)
    tagged["title"] = "alpha"
    tagged.save()
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("edits", [edit, edit_quietly])
def test_what_the_user_changed_is_not_fetched_again(
    mirror: Mirror, edits: Callable[[Path], None], look: Look
) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    edits(path)
    before = look(path.parent)
    assert "syncd fetch" not in mirror.bench.run("verify").out
    result = mirror.bench.run("fetch", alpha)
    assert result.code == 1
    assert f"job {alpha} has its file" in result.complaint
    assert f"syncd evict --force {alpha}" in result.complaint
    assert look(path.parent) == before


def test_the_file_of_another_track_is_no_rot_of_this_one(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    path.write_bytes(mirror.path("Beta").read_bytes()[:-500])
    assert mirror.bench.run("fetch", alpha).code == 1
    assert mirror.trash() == []


def test_what_the_account_cannot_give_again_is_left_alone(mirror: Mirror) -> None:
    alpha, broken = mirror.jobs["Alpha"], rot(mirror.path("Alpha"))
    mirror.sim.world.fail(alpha)
    result = mirror.bench.run("fetch", alpha)
    assert result.code == 1
    assert "was left alone" in result.complaint
    assert mirror.path("Alpha").read_bytes() == broken


@pytest.mark.parametrize("breaks", [rot, cut])
@pytest.mark.parametrize("moment", [dies_before, dies_after])
def test_a_stop_on_the_way_is_no_deletion_and_makes_no_sound_file_of_it(
    mirror: Mirror, breaks: Callable[[Path], bytes], moment: Callable[[str], str]
) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    sound = path.read_bytes()
    breaks(path)
    stop = moment("syncd.local.trash.Trash.put")
    assert mirror.bench.run("fetch", alpha, before=stop).code == 9
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.known("Alpha").state is State.PLACED
    if path.read_bytes() != sound:
        assert f"syncd fetch {alpha} " in mirror.bench.run("verify").out
        assert mirror.bench.run("fetch", alpha).code == 0
    assert path.read_bytes() == sound


def test_a_replacement_that_was_stopped_is_no_rot(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    mirror.sim.world.replace_audio(alpha, {"flac": tone("flac", 99)})
    mirror.sync(9, before=dies_before("syncd.executor.replace.put_in_place"))
    result = mirror.bench.run("verify")
    assert result.code == 0
    assert result.out.startswith(f"unfinished {path}  (")
    assert "the next sync finishes replacing it" in result.out
    assert result.out.endswith("2 ok, 1 unfinished\n")
    assert mirror.bench.run("fetch", alpha).code == 1
    mirror.sync()
    assert path.read_bytes()[-500:] == tone("flac", 99)[-500:]
    assert mirror.bench.run("verify").out == "read 4 files (2 in the trash): 4 ok\n"


def test_what_rots_while_a_replacement_is_stopped_is_rot(mirror: Mirror) -> None:
    path = mirror.path("Alpha")
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(9, before=dies_before("syncd.executor.replace.put_in_place"))
    path.with_suffix(".new").write_bytes(path.read_bytes())
    before = path.stat()
    path.with_suffix(".new").replace(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    rot(path)
    assert mirror.bench.run("verify").out.startswith(f"rot        {path}  (")
