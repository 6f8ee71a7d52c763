"""``syncd verify``: every file read again; nothing repaired."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.simulator import Simulator

from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def tracks(bench: Bench, sim: Simulator) -> list[int]:
    """Three tracks, placed."""
    jobs = [sim.world.add(display_name=f"Song {n}", created_at=MARCH) for n in range(3)]
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return jobs


def rot(path: Path) -> None:
    """Change a byte as a failing disk does: size and date stay."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[-20] ^= 255
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_sound_files_are_ok_without_a_network_or_a_key(
    bench: Bench, sim: Simulator, tracks: list[int]
) -> None:
    result = bench.run("verify", AUDIOPOD_API_KEY=None)
    assert (result.code, result.out) == (0, "read 3 files: 3 ok\n")
    document = bench.run("verify", "--json").document
    assert document == {"exit_code": 0, "checked": 3, "ok": 3, "files": []}
    assert sim.requests.select() == []


def test_rot_is_reported_and_left_alone(bench: Bench, tracks: list[int], look: Look) -> None:
    path = bench.placed(tracks[1])
    rot(path)
    before = look(bench.root)
    result = bench.run("verify")
    assert result.code == 1
    assert result.out.startswith(f"rot        {path}  (")
    assert result.out.endswith("read 3 files: 2 ok, 1 rot\n")
    assert look(bench.root) == before


def test_what_the_user_changed_is_no_rot(bench: Bench, tracks: list[int]) -> None:
    path = bench.placed(tracks[0])
    tagged = FLAC(path)
    tagged["comment"] = "mine"
    tagged.save()
    result = bench.run("verify")
    assert (result.code, result.out) == (0, "read 3 files: 2 ok, 1 changed by you\n")
    (one,) = bench.run("verify", "--json").document["files"]
    assert (one["id"], one["path"], one["state"]) == (tracks[0], str(path), "edited")


def test_a_file_that_was_only_touched_is_ok(bench: Bench, tracks: list[int]) -> None:
    bench.placed(tracks[0]).touch()
    assert bench.run("verify").out == "read 3 files: 3 ok\n"


def test_a_missing_file_is_reported(bench: Bench, tracks: list[int]) -> None:
    path = bench.placed(tracks[2])
    path.unlink()
    result = bench.run("verify", "--json")
    assert result.code == 1
    (one,) = result.document["files"]
    assert (one["path"], one["state"]) == (str(path), "missing")


@pytest.mark.parametrize("held", [False, True])
def test_a_pending_deletion_is_no_loss(bench: Bench, tracks: list[int], held: bool) -> None:
    bench.always = AT_ONCE
    bench.configure(sync={"deletion_budget": 0 if held else 10})
    bench.placed(tracks[2]).unlink()
    assert bench.run("sync").code == (3 if held else 0)
    result = bench.run("verify")
    assert (result.code, result.out) == (0, "read 3 files: 2 ok, 1 pending deletion\n")
    (one,) = bench.run("verify", "--json").document["files"]
    assert (one["id"], one["state"]) == (tracks[2], "pending")


def test_a_file_that_is_no_sound_audio_any_more_is_no_change_of_the_users(
    bench: Bench, tracks: list[int]
) -> None:
    path = bench.placed(tracks[0])
    path.write_bytes(path.read_bytes()[:-500])
    result = bench.run("verify")
    assert result.code == 1
    assert result.out.startswith(f"damaged    {path}  (it is no sound flac file any more: ")
    assert result.out.endswith("read 3 files: 2 ok, 1 damaged\n")


def test_a_file_that_cannot_be_read_is_reported(bench: Bench, tracks: list[int]) -> None:
    name = bench.placed(tracks[2]).name
    failing = (
        "import errno, pathlib\n"
        "opened = pathlib.Path.open\n"
        "def open_(self, *a, **k):\n"
        f"    if self.name == {name!r}: raise OSError(errno.EIO, 'Input/output error')\n"
        "    return opened(self, *a, **k)\n"
        "pathlib.Path.open = open_\n"
    )
    result = bench.run("verify", "--json", before=failing)
    assert result.code == 1
    (one,) = result.document["files"]
    assert (one["state"], one["reason"]) == ("unreadable", "Input/output error")


def test_the_trash_is_read_too(bench: Bench, tracks: list[int]) -> None:
    assert bench.run("rm", tracks[0], "--yes").code == 0
    assert bench.run("verify").out == "read 3 files (1 in the trash): 3 ok\n"
    (entry,) = bench.run("trash", "ls", "--json").document
    rot(Path(entry["file"]))
    result = bench.run("verify", "--json")
    assert result.code == 1
    (one,) = result.document["files"]
    assert (one["state"], one["in_trash"], one["path"]) == ("rot", True, entry["file"])


def test_an_unmounted_root_is_not_taken_for_missing_files(bench: Bench, tracks: list[int]) -> None:
    bench.root.rename(bench.folder / "unmounted")
    bench.root.mkdir()
    result = bench.run("verify")
    assert result.code == 78
    assert "has no marker" in result.complaint


def test_nothing_synced_is_nothing_to_verify(bench: Bench) -> None:
    result = bench.run("verify")
    assert result.code == 2
    assert "run syncd sync first" in result.complaint


def test_on_a_terminal_it_shows_how_far_it_is(bench: Bench, tracks: list[int]) -> None:
    code, shown = bench.on_terminal("verify")
    assert code == 0
    assert "read 3 files: 3 ok" in shown
