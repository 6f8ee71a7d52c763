"""``syncd ls`` and ``syncd show``: the catalog answers, whether or not there is a network."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from syncd.simulator import Fault, Simulator, World

from .starting import COMMAND

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture(scope="module")
def offline(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The demo account, synced; then the service went away."""
    with Simulator(World.demo()) as sim:
        made = synced.beside(tmp_path_factory.mktemp("offline"), sim)
        assert made.run("sync").code == 0
        rows = httpx.get(
            f"{sim.api_url}/api/v1/music/jobs",
            headers={"X-API-Key": sim.key},
            params={"limit": 100},
            trust_env=False,
        ).json()
    (made.folder / "rows.json").write_text(json.dumps(rows))
    del made.env["AUDIOPOD_API_KEY"]
    return made


def test_ls_lists_every_job_newest_first(offline: Bench) -> None:
    listed = offline.run("ls", "--json").document
    assert len(listed) == 18
    made = [datetime.fromisoformat(entry["created_at"]) for entry in listed]
    assert made == sorted(made, reverse=True)
    assert len(offline.run("ls").out.splitlines()) == 18


def test_json_is_the_job_as_the_service_has_it_and_path_state_and_reason(offline: Bench) -> None:
    rows = json.loads((offline.folder / "rows.json").read_text())
    listed = {entry["id"]: entry for entry in offline.run("ls", "--json").document}
    for row in rows:
        entry = listed[row["id"]]
        assert set(entry) == {*row, "path", "state", "reason"}
        for name in ("display_name", "task", "lrc_content", "bpm", "created_at", "user_id"):
            assert entry[name] == row[name]
        if row["status"] == "COMPLETED":
            path = Path(entry["path"])
            assert path.is_absolute()
            assert path.is_file()
            assert (entry["state"], entry["reason"]) == ("placed", None)
        else:
            assert entry["path"] is None


def test_show_is_one_job_with_its_tags_and_its_history(offline: Bench) -> None:
    entry = offline.run("ls", "--json", "--search", "Undertow").document[0]
    said = offline.run("show", str(entry["id"]), "--json").document
    assert {name: said[name] for name in entry} == entry
    assert said["tags"]["title"] == ["Undertow Signal"]
    assert [(row["verb"], row["outcome"]) for row in said["history"]] == [("download", "done")]
    text = offline.run("show", str(entry["id"])).out
    assert "Undertow Signal" in text
    assert entry["path"] in text
    assert "download: done (new in the account)" in text


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--status", "COMPLETED"], 15),
        (["--status", "failed"], 1),
        (["--search", "night"], 4),
        (["--search", "%"], 0),
        (["--limit", "3"], 3),
        (["--skip", "16"], 2),
        (["--limit", "0"], 0),
    ],
)
def test_ls_can_be_narrowed(offline: Bench, arguments: list[str], count: int) -> None:
    assert len(offline.run("ls", "--json", *arguments).document) == count


@pytest.mark.parametrize("order", ["display_name", "audio_duration", "status"])
def test_ls_can_be_ordered(offline: Bench, order: str) -> None:
    listed = offline.run("ls", "--json", "--sort-by", order, "--sort-order", "asc").document
    values = [entry[order] for entry in listed if entry[order] is not None]
    if order != "display_name":
        assert values == sorted(values)
    assert len(values) == 18


def test_a_job_that_is_not_there_is_said(offline: Bench) -> None:
    result = offline.run("show", "1")
    assert result.code == 1
    assert result.out == ""
    assert "job 1 is not in the catalog" in result.complaint


def test_an_id_beyond_what_a_database_can_hold_is_said(offline: Bench) -> None:
    assert offline.run("show", "9" * 30).code in (1, 2)


def test_without_a_catalog_both_say_so(bench: Bench) -> None:
    for arguments in (["ls"], ["show", "1"]):
        result = bench.run(*arguments)
        assert result.code == 1
        assert "there is no catalog" in result.complaint
        assert "syncd sync" in result.complaint
    assert not bench.state.exists()


def test_a_reader_that_leaves_early_is_no_cause_for_noise(offline: Bench) -> None:
    result = subprocess.run(
        ["sh", "-c", f"'{COMMAND}' ls | head -n 1; '{COMMAND}' ls --json | true"],
        capture_output=True,
        text=True,
        env=offline.env,
    )
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1


def test_a_full_device_is_one_line(offline: Bench) -> None:
    result = subprocess.run(
        ["sh", "-c", f"'{COMMAND}' ls > /dev/full"], capture_output=True, text=True, env=offline.env
    )
    assert result.returncode != 0
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["ls"], ["plan"], ["sync"], ["sync", "--json"]])
def test_no_escape_codes_where_there_is_no_terminal(synced: Bench, arguments: list[str]) -> None:
    result = synced.run(*arguments)
    assert "\x1b" not in result.out + result.err


def test_a_terminal_gets_progress_bars_and_standard_output_stays_plain(
    bench: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Song")
    sim.faults.add(Fault("latency", origin="media", seconds=0.4))
    code, shown = bench.on_terminal("sync")
    assert code == 0
    assert "\x1b[" in shown
    assert "listing the account" in shown
    assert "downloading" in shown
    assert "Song.flac" in shown
    assert shown.rstrip().endswith("in step: 1 placed")


def test_no_color_leaves_colours_out(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song", thumbnail_url=f"{sim.media_url}/gone.png")
    _, shown = bench.on_terminal("sync", NO_COLOR="1")
    assert "in step: 1 placed" in shown
    assert not _colours(shown)
    _, shown = bench.on_terminal("demo", NO_COLOR="1")
    assert "What next" in shown
    assert not _colours(shown)


def test_a_dumb_terminal_gets_no_escape_codes(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song")
    code, shown = bench.on_terminal("sync", TERM="dumb")
    assert code == 0
    assert "\x1b" not in shown


def _colours(shown: str) -> list[Any]:
    return [m for m in re.findall(r"\x1b\[([\d;]*)m", shown) if m not in ("", "0", "1", "2", "22")]
