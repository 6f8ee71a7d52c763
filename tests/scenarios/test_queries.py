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
from syncd.simulator.sound import tone

from .starting import AT_ONCE, COMMAND

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
OURS = ["path", "state", "reason", "absent_since", "held", "missing_since", "retried"]


def test_json_is_the_job_as_the_service_has_it_and_what_is_ours(offline: Bench) -> None:
    rows = json.loads((offline.folder / "rows.json").read_text())
    listed = {entry["id"]: entry for entry in offline.run("ls", "--json").document}
    assert len(rows) == len(listed) == 18
    for row in rows:
        entry = listed[row["id"]]
        assert {*DOCUMENTED, *row} <= set(entry)
        assert list(entry)[-7:] == OURS
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
    assert "job 1 is not known" in result.complaint


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
    assert bench.run("sync").out.startswith("in step: 0 placed, 1 moved to the trash")
    assert not path.exists()
    marked = [line for line in bench.run("ls", "--gone").out.splitlines() if "(gone)" in line]
    assert [line.partition("0:00  ")[2] for line in marked] == ["Leaves  (gone)"]
    absent = {e["id"]: e["absent_since"] for e in bench.run("ls", "--gone", "--json").document}
    assert absent.pop(gone).endswith("Z")
    assert list(absent.values()) == [None]
    assert "gone since" in bench.run("show", str(gone)).out


def test_an_empty_list_says_so_on_a_terminal_alone(bench: Bench) -> None:
    assert bench.run("sync").code == 0
    for command, said in (
        (("ls",), "there is no such job in the catalog"),
        (("ls", "--foreign"), "every file in the folder is a job's"),
        (("trash", "ls"), "the trash is empty"),
    ):
        assert bench.run(*command).out == ""
        assert said in bench.on_terminal(*command)[1]


def test_a_track_is_shown_with_addresses_that_open_nothing_and_a_word_on_its_tags(
    bench: Bench,
) -> None:
    job_id = bench.sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    assert "?" in bench.run("show", job_id, "--json").document["output_url"]
    said = bench.run("show", job_id).out
    assert "/Song" in said
    assert "?" not in said
    assert "as syncd wrote them" in said


def test_what_became_of_each_track_stands_in_the_list(bench: Bench) -> None:
    add = bench.sim.world.add
    detached, deleted, stripped, _ = (add(display_name=f"Song {n}") for n in range(4))
    assert bench.run("sync").code == 0
    bench.configure(sync={"remote_deletions": "keep"})
    bench.sim.world.delete(detached)
    bench.placed(deleted).unlink()
    bench.placed(stripped).write_bytes(tone("flac", 9))
    result = bench.run("sync", before=AT_ONCE)
    assert result.code == 3
    notes = {
        line.split()[0]: line.partition("  (")[2].rstrip(")")
        for line in bench.run("ls").out.splitlines()
    }
    since = notes.pop(str(deleted))
    assert re.fullmatch(r"pending deletion since \d{4}-\d\d-\d\d \d\d:\d\d UTC", since)
    assert [notes[str(job_id)] for job_id in (detached, stripped)] == ["detached", "held"]
    listed = {entry["id"]: entry for entry in bench.run("ls", "--json").document}
    assert listed[deleted]["missing_since"].endswith("Z")
    assert "no longer carries its id" in listed[stripped]["held"]
    assert listed[detached]["state"] == "detached"


def test_a_deletion_that_was_to_be_ignored_is_marked(bench: Bench) -> None:
    bench.configure(sync={"deletions": "ignore", "deletion_grace": "0s"})
    job_id = bench.sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    bench.placed(job_id).unlink()
    assert bench.run("sync").out == "in step: 0 placed, 1 ignored\n"
    assert bench.run("ls").out.rstrip().endswith("Song  (ignored)")


def test_show_tells_a_pending_deletion_with_its_evidence(bench: Bench) -> None:
    deleted = bench.sim.world.add(display_name="Song")
    for number in range(3):
        bench.sim.world.add(display_name=f"Other {number}")
    assert bench.run("sync").code == 0
    bench.placed(deleted).unlink()
    assert bench.run("sync", before=AT_ONCE).code == 0
    said = bench.run("show", str(deleted), "--json").document
    assert said["holds"] == []
    assert said["pending"]["until"].endswith("Z")
    assert [line.split()[0] for line in said["pending"]["evidence"]] == ["last", "missed", "missed"]
    text = bench.run("show", str(deleted)).out
    assert "its job is deleted in the account after" in text
    assert all(line in text for line in said["pending"]["evidence"])


def test_show_tells_what_is_held_and_its_batch(bench: Bench) -> None:
    bench.configure(sync={"deletion_grace": "0s", "deletion_budget": 0})
    deleted = bench.sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    bench.placed(deleted).unlink()
    assert bench.run("sync").code == 3
    (hold,) = bench.run("show", str(deleted), "--json").document["holds"]
    assert (hold["held"], hold["batch"]) == ("delete-remote", 1)
    text = bench.run("show", str(deleted)).out
    assert f"delete in the account, batch 1: {hold['reason']}" in text


def test_files_that_are_no_jobs_are_listed_with_why(bench: Bench) -> None:
    job_id = bench.sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    assert bench.run("ls", "--foreign").out == ""
    (bench.root / "copy.flac").write_bytes(bench.placed(job_id).read_bytes())
    (bench.root / "mine.flac").write_bytes(tone("flac", 9))
    other = bench.beside(bench.folder / "other", bench.sim)
    assert other.run("sync").code == 0
    stray = (other.root / other.audio()[0]).read_bytes()
    (bench.root / "stray.flac").write_bytes(stray.replace(b"http://127.0.0.1", b"http://127.0.0.2"))
    assert bench.run("sync").code == 0
    assert bench.run("ls", "--foreign").out.splitlines() == [
        f"copy.flac  (a copy of job {job_id})",
        "mine.flac  (no id: not from this program, or its tags were removed)",
        f"stray.flac  (job {job_id} of another library)",
    ]
    said = bench.run("ls", "--foreign", "--json").document
    assert [(Path(one["path"]).name, one["id"], one["kind"]) for one in said] == [
        ("copy.flac", job_id, "copy"),
        ("mine.flac", None, "no id"),
        ("stray.flac", job_id, "another library"),
    ]
    assert bench.run("ls", "--foreign", "--skip", "1", "--limit", "1", "--json").document == [
        said[1]
    ]


def test_foreign_files_are_known_while_the_disk_is_away(bench: Bench) -> None:
    bench.sim.world.add(display_name="Song")
    (bench.root / "mine.flac").write_bytes(tone("flac", 9))
    assert bench.run("sync").code == 0
    bench.root.rename(bench.folder / "away")
    assert bench.run("ls", "--foreign").out.startswith("mine.flac  (")


def test_a_foreign_file_has_no_status_to_ask_for(offline: Bench) -> None:
    result = offline.run("ls", "--foreign", "--status", "FAILED")
    assert result.code == 2
    assert "--foreign" in result.complaint


def test_the_json_of_nothing_is_an_empty_array(offline: Bench) -> None:
    found = offline.run("ls", "--json", "--search", "no such words")
    assert (found.code, found.out, found.err) == (0, "[]\n", "")


def test_a_value_with_other_capitals_lists_nothing_and_is_told_as_it_is_spelled(
    offline: Bench,
) -> None:
    found = offline.run("ls", "--json", "genre:JAZZ")
    assert (found.code, found.out, found.err) == (0, "[]\n", "did you mean genre:jazz?\n")


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
