"""``syncd ls`` and ``syncd show``: the catalog answers, whether or not there is a network."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from syncd.catalog.store import Catalog
from syncd.core.model import Job
from syncd.simulator import Fault, Simulator, World

from .starting import COMMAND

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture(scope="module")
def offline(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The demo account, synced; then the service went away."""
    # Time stands still: a job in flight would go on between the sync and the look at the service.
    moment = time.time()
    with Simulator(World.demo(clock=lambda: moment)) as sim:
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


DOCUMENTED = (
    "id", "task", "status", "progress", "output_url", "output_urls", "display_name",
    "audio_duration", "created_at", "completed_at", "user_id", "actual_seeds", "lrc_content",
    "quality_score", "error_message",
)  # fmt: skip
OURS = ["path", "state", "reason", "absent_since"]


def test_json_is_the_job_as_the_service_has_it_and_what_is_ours(offline: Bench) -> None:
    rows = json.loads((offline.folder / "rows.json").read_text())
    listed = {entry["id"]: entry for entry in offline.run("ls", "--json").document}
    assert len(rows) == len(listed) == 18
    for row in rows:
        entry = listed[row["id"]]
        assert {*DOCUMENTED, *row} <= set(entry)
        assert list(entry)[-4:] == OURS
        assert entry["absent_since"] is None
        # A media address is signed anew in every answer.
        for name in set(row) - {"output_url", "output_urls", "thumbnail_url"}:
            said = row[name]
            if name.endswith("_at") and said:
                said, entry[name] = map(datetime.fromisoformat, (said, entry[name]))
            assert entry[name] == said, name
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


def test_json_reads_alike_however_the_service_spells_a_job(bench: Bench) -> None:
    bench.sim.world.add(display_name="Song", created_at=1_772_500_000.0)
    assert bench.run("sync").code == 0
    plain = bench.run("ls", "--json").document
    bench.sim.switches.ids_as_text = True
    bench.sim.switches.status_lower = True
    bench.sim.switches.time_style = "offset"
    assert bench.run("sync").code == 0
    (entry,) = bench.run("ls", "--json").document
    alike = set(entry) - {"user_id", "output_url", "output_urls"}
    assert {name: entry[name] for name in alike} == {name: plain[0][name] for name in alike}
    assert type(entry["id"]) is int
    assert entry["status"] == "COMPLETED"
    assert entry["created_at"] == "2026-03-03T01:06:40Z"


def test_a_job_that_is_gone_is_marked(bench: Bench) -> None:
    gone = bench.sim.world.add(display_name="Leaves")
    bench.sim.world.add(display_name="Stays")
    assert bench.run("sync").code == 0
    path = bench.placed(gone)
    bench.sim.world.delete(gone)
    bench.run("sync")
    marked = [line for line in bench.run("ls").out.splitlines() if "(gone)" in line]
    assert [line.partition("0:00  ")[2] for line in marked] == [
        f"{path.relative_to(bench.root)}  (gone)"
    ]
    absent = {e["id"]: e["absent_since"] for e in bench.run("ls", "--json").document}
    assert absent.pop(gone).endswith("Z")
    assert list(absent.values()) == [None]
    assert "gone since" in bench.run("show", str(gone)).out


def test_the_json_of_nothing_is_an_empty_array(offline: Bench) -> None:
    assert offline.run("ls", "--json", "--search", "no such words").out == "[]\n"


@pytest.mark.parametrize("option", ["--skip", "--limit"])
def test_a_number_beyond_what_a_database_can_hold_is_a_mistake_in_usage(
    offline: Bench, option: str
) -> None:
    result = offline.run("ls", option, "9" * 30)
    assert result.code == 2
    assert option in result.err
    assert offline.run("ls", option, str(2**63 - 1)).code == 0


MEASURED = """
import atexit, re, sys
def report():
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = open("/proc/self/status").read()
    sys.stderr.write(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
atexit.register(report)
"""


def test_a_long_list_need_not_fit_into_memory(bench: Bench) -> None:
    catalog = Catalog.open(bench.state / "catalog.sqlite3")
    now = datetime.now(UTC)
    said = json.dumps({"lyrics": "la " * 3000})
    peaks = []
    try:
        for count in (1, 6000):
            jobs = [Job(id=1 + at, status="FAILED", raw=said) for at in range(count)]
            catalog.observe(jobs, now)
            result = bench.run("ls", "--json", cold=True, before=MEASURED)
            assert len(result.document) == count
            peaks.append(int(result.err))
    finally:
        catalog.close()
    # In KiB: the rows alone have 54 MB, and several times that as Python's objects.
    assert peaks[1] - peaks[0] < 25_000
