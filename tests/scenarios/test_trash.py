"""``syncd trash``: listed, brought back, removed for good."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mutagen.flac import FLAC

from syncd.catalog import queries
from syncd.core.baseline import State
from syncd.local.lock import Lock
from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"


@pytest.fixture
def removed(bench: Bench, sim: Simulator) -> int:
    """A track whose job was deleted and whose file is in the trash, with its lyrics."""
    job_id = sim.world.add(display_name="Rain", created_at=MARCH, lrc_content=LRC)
    assert bench.run("sync").code == 0
    assert bench.run("rm", job_id, "--yes").code == 0
    sim.requests.clear()
    return job_id


def name_of(bench: Bench) -> str:
    (entry,) = bench.run("trash", "ls", "--json").document
    return str(entry["name"])


def test_the_trash_says_what_it_holds_and_why(bench: Bench, removed: int) -> None:
    (entry,) = bench.run("trash", "ls", "--json").document
    assert (entry["id"], entry["display_name"]) == (removed, "Rain")
    assert entry["reason"] == "removed by command"
    assert entry["path"] == str(bench.root / ALBUM / "Rain.flac")
    assert Path(entry["file"]).stat().st_size == entry["size"]
    assert all(Path(beside).exists() for beside in entry["sidecars"])
    line = bench.run("trash", "ls").out
    assert line.strip().endswith(f"{entry['name']}  (removed by command)")


def test_it_is_listed_and_left_alone_while_another_syncd_works(
    bench: Bench, sim: Simulator, removed: int
) -> None:
    working = Lock.acquire(bench.root / ".syncd" / "lock", "the library")
    assert bench.run("trash", "ls", AUDIOPOD_API_KEY=None).code == 0
    for command in (("restore", str(removed)), ("empty", "--yes")):
        result = bench.run("trash", *command, AUDIOPOD_API_KEY=None)
        assert result.code == 1
        assert "another syncd" in result.complaint
    working.release()
    assert name_of(bench)
    assert sim.requests.select() == []


def test_an_empty_trash_is_no_error(bench: Bench) -> None:
    assert bench.run("trash", "ls").out == ""
    assert bench.run("trash", "ls", "--json").document == []
    result = bench.run("trash", "empty", "--yes")
    assert (result.code, result.out) == (0, "removed 0 files, freed 0.0 kB\n")


# --- restore ---


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_file_whose_job_is_gone_is_kept_as_a_detached_one(
    bench: Bench, sim: Simulator, removed: int, by: str
) -> None:
    named = name_of(bench) if by == "name" else str(removed)
    result = bench.run("trash", "restore", named, AUDIOPOD_API_KEY=None)
    assert result.code == 0, result.err
    assert "kept as your own" in result.out
    back = bench.root / ALBUM / "Rain.flac"
    assert FLAC(back)["audiopod_job_id"] == [str(removed)]
    assert back.with_suffix(".lrc").exists()
    assert bench.run("trash", "ls").out == ""
    assert bench.run("ls", "--json").document[0]["state"] == "detached"
    assert sim.requests.select() == []
    for _ in range(2):
        assert bench.run("sync").code == 0
        assert back.exists()
    assert bench.baseline(removed).state is State.DETACHED
    assert sim.requests.mutating() == []
    with bench.catalog() as catalog:
        entry = queries.history(catalog, removed)[-1]
    assert (entry.verb, entry.outcome) == ("trash-restore", "done")


def test_a_file_that_is_restored_before_its_job_goes_is_the_tracks_again(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Rain", created_at=MARCH)
    assert bench.run("sync").code == 0
    stop = "import os\nfrom syncd.remote.client import AudioPod\n"
    stop += "AudioPod.delete = lambda *a: os._exit(9)"
    assert bench.run("rm", job_id, "--yes", before=stop).code == 9
    bench.placed(job_id).unlink()
    assert "next sync takes it up" in bench.run("trash", "restore", job_id).out
    assert bench.run("sync").code == 0
    assert bench.baseline(job_id).state is State.PLACED
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]
    assert sim.requests.mutating() == []


def test_what_stands_at_its_path_is_never_replaced(bench: Bench, removed: int) -> None:
    mine = bench.root / ALBUM / "Rain.flac"
    mine.write_bytes(b"mine")
    document = bench.run("trash", "restore", removed, "--json").document
    assert mine.read_bytes() == b"mine"
    assert document[0]["path"] == str(bench.root / ALBUM / "Rain (restored).flac")
    assert document[0]["state"] == "detached"


def test_a_file_is_restored_to_where_one_wants_it(bench: Bench, removed: int) -> None:
    assert bench.run("trash", "restore", removed, "--to", "Best of/Mine.flac").code == 0
    assert bench.audio() == ["Best of/Mine.flac"]
    assert bench.placed(removed) == bench.root / "Best of" / "Mine.flac"


def test_a_file_that_is_brought_back_elsewhere_is_the_tracks_while_its_job_is_there(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Rain", created_at=MARCH)
    assert bench.run("sync").code == 0
    stop = "import os\nfrom syncd.remote.client import AudioPod\n"
    stop += "AudioPod.delete = lambda *a: os._exit(9)"
    assert bench.run("rm", job_id, "--yes", before=stop).code == 9
    bench.placed(job_id).unlink()
    assert bench.run("trash", "restore", job_id, "--to", "Best of/Rain.flac").code == 0
    assert bench.baseline(job_id).state is State.PLACED


@pytest.mark.parametrize(
    "place", ["../out.flac", ".syncd/in.flac", "Mine.mp3", "Mine.txt", "/elsewhere/a.flac"]
)
def test_what_is_no_place_for_it_is_refused(bench: Bench, removed: int, place: str) -> None:
    assert bench.run("trash", "restore", removed, "--to", place).code in (1, 2)
    assert bench.audio() == []
    assert name_of(bench)


def test_one_place_is_not_for_two(bench: Bench, removed: int) -> None:
    result = bench.run("trash", "restore", removed, removed, "--to", "a.flac")
    assert result.code == 2


@pytest.mark.parametrize("rest", [b"", b"rot" * 500, b"fLaC" + b"\xff" * 500])
def test_what_is_no_audio_any_more_stays_where_it_is(
    bench: Bench, removed: int, rest: bytes
) -> None:
    file = bench.root / ".syncd" / "trash" / name_of(bench)
    file.write_bytes(rest)
    for _ in range(2):
        result = bench.run("trash", "restore", removed)
        assert result.code == 1
        assert "is damaged: it is no audio file any more" in result.complaint
        assert str(file) in result.complaint
    assert bench.audio() == []
    assert file.read_bytes() == rest
    assert file.with_name(f"{file.name}.json").exists()


def test_what_the_trash_lacks_cannot_be_restored(bench: Bench, removed: int) -> None:
    for name in ("2020-01-01/None.flac", str(removed + 1)):
        result = bench.run("trash", "restore", name)
        assert result.code == 1
        assert "the trash holds nothing called" in result.complaint


def test_a_stop_before_it_is_recorded_leaves_a_detached_file(bench: Bench, removed: int) -> None:
    stop = "import os\nfrom syncd.actions import trash\ntrash.detach = lambda *a: os._exit(9)"
    assert bench.run("trash", "restore", removed, before=stop).code == 9
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]
    assert bench.run("sync").code == 0
    assert bench.baseline(removed).state is State.DETACHED


def test_an_older_catalog_is_not_used_after_a_file_came_back(bench: Bench, removed: int) -> None:
    backup = bench.folder / "backup"
    shutil.copytree(bench.state, backup)
    assert bench.run("trash", "restore", removed).code == 0
    shutil.rmtree(bench.state)
    shutil.copytree(backup, bench.state)
    assert bench.run("sync").code == 78


# --- empty ---


def test_the_trash_is_emptied_for_good_after_asking(bench: Bench, removed: int) -> None:
    code, shown = bench.on_terminal("trash", "empty", typed={"for good?": "n"})
    assert code == 1
    assert name_of(bench) in shown
    assert "may be the last copy" in shown
    assert name_of(bench)
    code, shown = bench.on_terminal("trash", "empty", typed={"for good?": "y"})
    assert code == 0, shown
    assert bench.run("trash", "ls").out == ""
    assert [p for p in (bench.root / ".syncd" / "trash").rglob("*") if p.is_file()] == []
    with bench.catalog() as catalog:
        entry = queries.history(catalog, removed)[-1]
    assert (entry.verb, entry.outcome) == ("trash-empty", "done")


def test_without_a_terminal_it_needs_to_be_told(bench: Bench, removed: int) -> None:
    result = bench.run("trash", "empty")
    assert result.code == 2
    assert "--yes" in result.complaint
    assert name_of(bench)


def test_only_what_is_named_or_old_enough_is_removed(
    bench: Bench, sim: Simulator, removed: int
) -> None:
    other = sim.world.add(display_name="Snow", created_at=MARCH)
    assert bench.run("sync").code == 0
    assert bench.run("rm", other, "--yes").code == 0
    assert bench.run("trash", "empty", "--older-than", "7d", "--yes").out.startswith("removed 0")
    document = bench.run("trash", "empty", removed, "--yes", "--json").document
    assert [one["id"] for one in document["removed"]] == [removed]
    assert document["freed"] > 0
    (left,) = bench.run("trash", "ls", "--json").document
    assert left["id"] == other
    assert bench.run("trash", "empty", "--older-than", "0s", "--yes").code == 0
    assert bench.run("trash", "ls", "--json").document == []


def test_an_age_that_is_none_is_a_usage_error(bench: Bench, removed: int) -> None:
    assert bench.run("trash", "empty", "--older-than", "soon", "--yes").code == 2
    assert name_of(bench)
