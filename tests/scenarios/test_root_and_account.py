"""The root, the state folder, the disk and the account: what is refused, and what is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.local.tags import read_fields
from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from .guarding import ORDINARY_USER

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def track(bench: Bench, sim: Simulator) -> int:
    """One track, placed."""
    job_id = sim.world.add(display_name="Café Song", created_at=MARCH, lrc_content=LRC)
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return job_id


# --- the root ---


def refused(bench: Bench, look: Look, *words: str, code: int = 78) -> None:
    """Sync and plan say why they will not, and touch nothing and ask nothing."""
    kept = [folder for folder in (bench.root, bench.state) if folder.exists()]
    bench.sim.requests.clear()
    for command in ("sync", "plan"):
        before = {path: e.digest for path, e in look(*kept).items() if "catalog" not in path}
        result = bench.run(command)
        assert result.code == code
        for word in words:
            assert word in result.complaint
        after = {path: e.digest for path, e in look(*kept).items() if "catalog" not in path}
        assert {p: d for p, d in after.items() if not p.endswith("/lock")} == {
            p: d for p, d in before.items() if not p.endswith("/lock")
        }
    assert list(bench.sim.requests) == []


def test_a_root_that_was_never_set_up_names_init(bench: Bench, look: Look) -> None:
    shutil.rmtree(bench.root)
    refused(bench, look, f"syncd init --root {bench.root}", code=2)
    bench.root.mkdir()
    refused(bench, look, f"syncd init --root {bench.root}", code=2)


def test_a_root_without_its_marker_is_refused(bench: Bench, track: int, look: Look) -> None:
    (bench.root / ".syncd/library.json").unlink()
    refused(bench, look, "has no marker", "nothing was changed")


def test_an_empty_folder_where_the_root_was_is_refused(
    bench: Bench, track: int, look: Look
) -> None:
    bench.root.rename(bench.folder / "unmounted")
    bench.root.mkdir()
    refused(bench, look, "has no marker", "mount the disk")
    assert list(bench.root.iterdir()) == []


def test_a_root_that_is_gone_is_refused(bench: Bench, track: int, look: Look) -> None:
    bench.root.rename(bench.folder / "unmounted")
    refused(bench, look, "is not there", "mount the disk")
    assert not bench.root.exists()


def test_a_root_that_is_a_file_is_refused(bench: Bench, look: Look) -> None:
    shutil.rmtree(bench.root)
    bench.root.write_text("mine")
    refused(bench, look, "is not a folder")
    assert bench.root.read_text() == "mine"


def test_the_marker_of_another_library_is_refused(bench: Bench, track: int, look: Look) -> None:
    marker = bench.root / ".syncd/library.json"
    other = json.loads(marker.read_text())
    other["library_id"] = "00000000-0000-4000-8000-000000000000"
    marker.write_text(json.dumps(other))
    refused(bench, look, "is another library than the one in the catalog")


def test_a_damaged_marker_is_refused(bench: Bench, track: int, look: Look) -> None:
    (bench.root / ".syncd/library.json").write_text("{")
    refused(bench, look, "is damaged", "syncd adopt")


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Makes a folder read-only when called with it, by a mount that also binds root."""
    mounted: list[Path] = []

    def protect(folder: Path) -> None:
        for arguments in (["--bind", folder, folder], ["-o", "remount,ro,bind", folder]):
            if subprocess.run(["mount", *arguments], capture_output=True).returncode:
                pytest.skip("nothing can be mounted here")
            mounted[:] = [folder]

    yield protect
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


def test_a_read_only_root_is_refused_by_sync_and_planned_for_by_plan(
    bench: Bench, sim: Simulator, read_only: Callable[[Path], None]
) -> None:
    sim.world.add(display_name="Song", created_at=MARCH)
    read_only(bench.root)
    result = bench.run("sync")
    assert result.code == 78
    assert str(bench.root) in result.complaint
    assert "cannot be written" in result.complaint
    plan = bench.run("plan")
    assert plan.code == 0
    assert "download  AudioPod 2026-03/Song.flac  (new in the account)" in plan.out


def test_a_read_only_state_folder_is_refused_by_sync_and_read_by_ls_and_plan(
    bench: Bench, track: int, read_only: Callable[[Path], None]
) -> None:
    read_only(bench.state)
    result = bench.run("sync")
    assert result.code == 78
    assert str(bench.state) in result.complaint
    assert bench.run("ls", "--json").document[0]["id"] == track
    assert bench.run("plan").out == "nothing to do: the folder is in step\n"


def test_a_state_folder_that_cannot_be_used_is_refused(bench: Bench, sim: Simulator) -> None:
    bench.state.write_text("a file")
    result = bench.run("sync")
    assert result.code == 78
    assert "state.dir" in result.complaint
    assert list(sim.requests) == []


def test_a_catalog_that_is_no_catalog_is_refused_and_kept(bench: Bench, track: int) -> None:
    catalog = bench.state / "catalog.sqlite3"
    for path in bench.state.glob("catalog*"):
        path.unlink()
    catalog.write_text("not a database, for sure, whatever its name may say" * 50)
    for command in ("sync", "plan", "ls"):
        result = bench.run(command)
        assert result.code == 78
        assert str(catalog) in result.complaint
    assert catalog.read_text().startswith("not a database")


# --- room on the disk ---


@pytest.fixture
def small_disk(bench: Bench) -> Iterator[Path]:
    """A disk of 3 MB, mounted where the root is."""
    shutil.rmtree(bench.root)
    bench.root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", bench.root]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes root")
    bench.prepare(limits={"min_free_space": "0MB", "parallel_downloads": 1})
    yield bench.root
    subprocess.run(["umount", bench.root], check=True)


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on_when_there_is_room(
    bench: Bench, sim: Simulator, small_disk: Path
) -> None:
    for number in range(3):
        long = tone("wav", number, 60.0)  # just under 1 MB
        sim.world.add(display_name=f"Song {number}", audio={"wav": long}, audio_duration=60.0)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    result = bench.run("sync")
    assert result.code == 1
    assert "make room" in result.complaint
    bench.assert_nothing_half_placed()
    placed = len(bench.audio())
    assert placed < 3
    ballast.unlink()
    result = bench.run("sync")
    assert (result.code, result.out) == (0, f"in step: {3 - placed} placed\n")
    bench.assert_nothing_half_placed()


def test_a_disk_that_fills_up_while_a_file_is_tagged_is_said_to_be_full(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Song")
    full = """
import errno, os
from syncd.local import tags
def write_fields(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
tags.write_fields = write_fields
"""
    result = bench.run("sync", before=full)
    assert result.code == 1
    assert f"the disk of {bench.root} is full" in result.complaint
    assert bench.run("sync").code == 0
    assert bench.placed(job_id).exists()


def test_too_little_free_space_stops_downloads_before_they_begin(
    bench: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Song")
    bench.configure(limits={"min_free_space": "1000TB"})
    result = bench.run("sync")
    assert result.code == 1
    assert "limits.min_free_space" in result.complaint
    assert bench.requests("media") == []


# --- two at once ---


def test_the_second_of_two_names_the_first(
    bench: Bench, sim: Simulator, wait_until: Callable[..., None]
) -> None:
    sim.faults.add(Fault("hang", origin="api", times=None))
    first = bench.start("sync")
    wait_until(lambda: len(sim.requests))
    second = bench.run("sync")
    assert second.code == 1
    assert f"process {first.pid}, syncd sync" in second.complaint
    first.send_signal(signal.SIGTERM)
    assert bench.finish(first).code == 143


def test_two_catalogs_never_work_on_one_root(
    bench: Bench, sim: Simulator, wait_until: Callable[..., None]
) -> None:
    sim.faults.add(Fault("hang", origin="api", times=None))
    first = bench.start("sync")
    wait_until(lambda: len(sim.requests))
    bench.configure(state={"dir": str(bench.folder / "state of another")})
    second = bench.run("sync")
    assert second.code == 1
    assert f"process {first.pid}, syncd sync" in second.complaint
    assert str(bench.root) in second.complaint
    first.send_signal(signal.SIGTERM)
    bench.finish(first)


# --- the account ---


def test_another_address_than_the_librarys_is_refused(bench: Bench, track: int, look: Look) -> None:
    bench.configure(api={"base_url": "http://127.0.0.1:9"})
    refused(bench, look, bench.sim.api_url, "http://127.0.0.1:9", "api.base_url")


def test_another_accounts_key_is_refused_and_nothing_of_it_is_fetched(
    bench: Bench, sim: Simulator, track: int, look: Look
) -> None:
    sim.world.grant("ap_somebody_else", 8002)
    sim.world.add(user_id=8002, display_name="Not yours")
    before = look(bench.root / ALBUM)
    result = bench.run("sync", AUDIOPOD_API_KEY="ap_somebody_else")
    assert result.code == 78
    assert "not of this library's account" in result.complaint
    assert look(bench.root / ALBUM) == before
    assert bench.requests("media") == []
    assert list(bench.entries()) == [track]
    assert bench.run("sync").code == 0


def test_a_new_key_of_the_same_account_is_accepted(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.grant("ap_rotated")
    result = bench.run("sync", AUDIOPOD_API_KEY="ap_rotated")
    assert (result.code, result.out) == (0, "in step: nothing to do\n")


def test_jobs_of_another_account_are_refused_also_where_the_catalog_is_lost(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.grant("ap_somebody_else", 8002)
    sim.world.add(user_id=8002, display_name="Not yours")
    shutil.rmtree(bench.state)
    result = bench.run("rebuild", AUDIOPOD_API_KEY="ap_somebody_else")
    assert result.code == 78
    assert "account 8002" in result.complaint
    assert "7001" in result.complaint
    assert bench.requests("media") == []
    assert bench.run("rebuild").out == "in step: 0 placed, 1 adopted\n"


def test_files_keep_the_tags_that_were_written(bench: Bench, track: int) -> None:
    path = bench.placed(track)
    assert read_fields(path, "flac")["origin"] == (f"{bench.sim.api_url}#7001",)


def test_a_catalog_that_never_held_a_job_is_as_good_as_none(bench: Bench, sim: Simulator) -> None:
    assert bench.run("sync").code == 0
    shutil.rmtree(bench.root)
    result = bench.run("sync")
    assert result.code == 2
    assert "syncd init" in result.complaint
    assert bench.run("init").code == 0
    sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1


def test_a_root_behind_a_closed_folder_is_refused_as_such(bench: Bench) -> None:
    closed = bench.folder / "closed"
    bench.configure(library={"root": str(closed / "Music")})
    closed.mkdir(mode=0)
    result = bench.run("sync", before=ORDINARY_USER)
    closed.chmod(0o755)
    assert result.code == 78
    assert f"the library folder {closed / 'Music'}: Permission denied" in result.complaint
