"""``syncd demo``: the whole program, without a key and without a network."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.simulator import Simulator

from .starting import COMMAND

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def fresh(bench: Bench) -> Bench:
    """A machine on which syncd was never set up."""
    for name in ("SYNCD_CONFIG", "AUDIOPOD_API_KEY"):
        del bench.env[name]
    return bench


def test_it_shows_the_folder_the_tags_and_a_query_and_leaves_nothing_behind(fresh: Bench) -> None:
    result = fresh.run("demo", cold=True)
    assert result.code == 0
    assert result.err == ""
    tracks = re.findall(r"[├└]── .+\.(flac|mp3|ogg|wav)$", result.out, re.MULTILINE)
    assert len(tracks) >= 12
    assert len(set(tracks)) >= 3
    assert "── AudioPod 2026-01" in result.out
    assert ".lrc" in result.out
    for tag in ("title", "album", "genre", "bpm", "key", "job_id", "cover"):
        assert re.search(rf"^  {tag}\s+\S", result.out, re.MULTILINE)
    assert 'The catalog, asked for "night"' in result.out
    assert "Paper Lanterns  COMPLETED" in result.out
    assert "1 renamed in the account, 1 deleted in the account" in result.out
    # What it says to type next can be typed: this command is in no folder of PATH.
    assert re.search(rf"^  {re.escape(str(COMMAND))} init  ", result.out, re.MULTILINE)
    assert list((fresh.folder / "tmp").iterdir()) == []
    assert list(fresh.home.iterdir()) == []


def test_settings_and_a_key_of_the_users_own_play_no_part(bench: Bench) -> None:
    bench.configure(api={"base_url": "http://127.0.0.1:9"}, log={"level": "debug"})
    assert bench.run("demo", AUDIOPOD_API_KEY="nonsense").code == 0
    assert len(bench.sim.requests) == 0


def test_it_renames_one_file_and_deletes_another_and_shows_what_came_of_it(fresh: Bench) -> None:
    folder = fresh.folder / "kept"
    result = fresh.run("demo", "--keep", folder)
    assert result.code == 0
    told = result.out.partition("one file is renamed and one is deleted\n")[2]
    ((old, new),) = re.findall(r"^  (.+) → (.+)$", told, re.MULTILINE)
    (deleted,) = re.findall(r"^  (.+), deleted$", told, re.MULTILINE)
    assert re.search(rf"^  job \d+ is called {re.escape(Path(new).stem)}$", told, re.MULTILINE)
    assert re.search(
        rf"^  job \d+ \({re.escape(Path(deleted).stem)}\) is gone$", told, re.MULTILINE
    )
    ((name,),) = [re.findall(r"^  (.+): deleted here; syncd trash restore", told, re.MULTILINE)]
    assert (folder / "AudioPod/.syncd/trash" / name).is_file()
    assert Path(name).name == deleted
    here = {path.name for path in (folder / "AudioPod").glob("*/*")}
    assert new in here
    assert not {old, deleted} & here


def test_what_is_kept_goes_on_where_it_was(fresh: Bench, look: Look) -> None:
    folder = fresh.folder / "kept"
    first = fresh.run("demo", "--keep", folder)
    assert first.code == 0
    assert "15 placed" in first.out
    before = look(folder / "AudioPod/AudioPod 2026-01", folder / "AudioPod/AudioPod 2026-02")
    again = fresh.run("demo", "--keep", folder)
    assert again.code == 0
    assert "and as new" in again.out
    assert "in step: 0 placed, 1 restored, 1 renamed here, 2 waiting" in again.out
    assert before == look(
        folder / "AudioPod/AudioPod 2026-01", folder / "AudioPod/AudioPod 2026-02"
    )
    listed = fresh.run("--config", folder / "config.toml", "ls", "--json").document
    assert sum(entry["path"] is not None for entry in listed) == 14


def test_however_often_a_kept_demo_runs_it_spends_its_budget_once(fresh: Bench) -> None:
    folder = fresh.folder / "kept"
    assert fresh.run("demo", "--keep", folder).code == 0
    with (folder / "config.toml").open("a") as config:
        config.write("deletion_budget = 1\n")  # the section that it ends with is [sync]
    for _ in range(3):
        again = fresh.run("demo", "--keep", folder)
        assert again.code == 0
        assert "1 deleted in the account" in again.out
    assert len(list((folder / "AudioPod/.syncd/trash").rglob("*.json"))) == 1


def test_a_kept_demo_that_was_emptied_by_half_holds_and_deletes_nothing(fresh: Bench) -> None:
    folder = fresh.folder / "kept"
    assert fresh.run("demo", "--keep", folder).code == 0
    for path in (folder / "AudioPod").glob("*/*.*"):
        if path.suffix in (".flac", ".mp3"):
            path.unlink()
    again = fresh.run("demo", "--keep", folder)
    assert again.code == 3
    (batch,) = re.findall(r"held: \d+ deletions in the account, batch (\d+) \(", again.out)
    assert f"syncd approve {batch}, or syncd reject {batch}" in again.out
    assert "one file is renamed" not in again.out


def test_a_kept_demo_with_a_grace_of_the_users_deletes_nothing(fresh: Bench) -> None:
    folder = fresh.folder / "kept"
    assert fresh.run("demo", "--keep", folder).code == 0
    config = folder / "config.toml"
    config.write_text(config.read_text().replace('deletion_grace = "0s"', 'deletion_grace = "1h"'))
    again = fresh.run("demo", "--keep", folder)
    assert again.code == 0
    assert "one file is renamed" not in again.out


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(
    fresh: Bench, look: Look
) -> None:
    folder = fresh.folder / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    before = look(folder)
    result = fresh.run("demo", "--keep", folder)
    assert result.code == 2
    assert "is not empty" in result.complaint
    assert look(folder) == before


def test_a_file_in_place_of_the_folder_is_refused(fresh: Bench) -> None:
    path = fresh.folder / "a file"
    path.write_text("mine")
    assert fresh.run("demo", "--keep", path).code == 2
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_said(fresh: Bench) -> None:
    result = fresh.run("demo", "--keep", "/proc/nowhere/demo")
    assert result.code in (2, 78)
    assert "/proc/nowhere" in result.complaint


def test_the_commands_that_it_names_work(fresh: Bench) -> None:
    folder = Path(tempfile.mkdtemp(dir=fresh.folder))
    result = fresh.run("demo", "--keep", folder)
    (named,) = re.findall(r"syncd (--config \S+ ls)", result.out)
    assert fresh.run(*named.split()).out.count("\n") == 17


def test_a_kept_demo_whose_port_is_taken_says_what_to_stop(fresh: Bench, look: Look) -> None:
    folder = fresh.folder / "kept"
    assert fresh.run("demo", "--keep", folder).code == 0
    config = tomllib.loads((folder / "config.toml").read_text())
    port = int(config["api"]["base_url"].rpartition(":")[2])
    before = look(folder)
    with Simulator(port=port):
        result = fresh.run("demo", "--keep", folder)
    assert result.code == 2
    assert f"port {port} on 127.0.0.1 is in use" in result.complaint
    assert "stop what listens there first" in result.complaint
    assert "output" not in result.complaint
    assert look(folder) == before


def test_a_configuration_of_the_users_own_is_no_earlier_demo(bench: Bench, look: Look) -> None:
    before = look(bench.config, bench.root)
    result = bench.run("demo", "--keep", bench.folder)
    assert result.code == 2
    assert f"{bench.config} is a configuration, and no earlier demo" in result.complaint
    assert look(bench.config, bench.root) == before
    assert not bench.state.exists()
    assert len(bench.sim.requests) == 0


def test_a_kept_demo_that_was_given_another_service_is_no_demo_any_more(fresh: Bench) -> None:
    folder = fresh.folder / "kept"
    assert fresh.run("demo", "--keep", folder).code == 0
    config = folder / "config.toml"
    text = re.sub(r"http://127\.0\.0\.1:\d+", "https://api.audiopod.ai", config.read_text())
    config.write_text(text)
    result = fresh.run("demo", "--keep", folder)
    assert result.code == 2
    assert "no earlier demo" in result.complaint
