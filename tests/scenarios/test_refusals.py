"""What is refused, and how it is said: one line, the right exit code, and nothing lost."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from syncd.simulator import Fault, Simulator
from syncd.simulator.job import Clip
from syncd.simulator.sound import tone

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


# --- the key ---


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, ("no API key is given", "AUDIOPOD_API_KEY", "api.key_file")),
        ("", ("no API key is given",)),
        ("sk-not-one-of-ours", ("does not hold an AudioPod key", "ap_")),
        ("ap_with blank", ("characters that no key has",)),
    ],
    ids=["none", "empty", "without ap_", "with a blank"],
)
def test_a_run_without_a_usable_key_is_a_usage_error(
    bench: Bench, sim: Simulator, key: str | None, words: tuple[str, ...]
) -> None:
    result = bench.run("sync", AUDIOPOD_API_KEY=key)
    assert result.code == 2
    assert all(word in result.complaint for word in words)
    assert (key or "-") not in result.complaint
    assert len(sim.requests) == 0


def test_a_key_file_that_cannot_be_read_is_a_usage_error(bench: Bench) -> None:
    bench.configure(api={"key_file": str(bench.folder / "nowhere")})
    result = bench.run("sync", AUDIOPOD_API_KEY=None)
    assert result.code == 2
    assert str(bench.folder / "nowhere") in result.complaint


def test_a_key_file_is_enough(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song")
    key_file = bench.folder / "api key"
    key_file.write_text(f"{sim.key}\n")
    bench.configure(api={"key_file": str(key_file)})
    assert bench.run("sync", AUDIOPOD_API_KEY=None).code == 0


# --- what the service may answer ---


def always(kind: str, **arguments: Any) -> Fault:
    return Fault(kind, origin="api", times=None, **arguments)


REFUSALS: dict[str, tuple[Fault, int, str]] = {
    "401": (always("status", status=401), 77, "401"),
    "402": (always("status", status=402), 1, "402"),
    "403": (always("status", status=403), 77, "403"),
    "404": (always("status", status=404), 1, "404"),
    "400": (always("status", status=400), 1, "400"),
    "500": (always("status", status=500), 75, "500"),
    "502 in HTML": (
        always("status", status=502, body="<html>Bad gateway</html>", content_type="text/html"),
        75,
        "502",
    ),
    "429 for an hour": (always("status", status=429, retry_after=3600), 75, "429"),
    "a web page": (always("portal"), 1, "web page"),
    "no JSON": (always("status", status=200, body="hello"), 1, "not JSON"),
    "JSON cut short": (always("cut-json", at=100), 1, "not JSON"),
    "JSON too deep": (always("deep-json", count=100_000), 1, "/jobs"),
    "an object": (always("object"), 1, "list of jobs"),
    "a string": (always("status", status=200, body='"jobs"'), 1, "list of jobs"),
    "null": (always("status", status=200, body="null"), 1, "list of jobs"),
    "rows that are no jobs": (always("status", status=200, body="[1, null, {}]"), 1, "job"),
    "a redirect elsewhere": (
        always("redirect", location="http://127.0.0.1:9/login"),
        1,
        "sends elsewhere",
    ),
    "silence": (always("hang"), 75, "no answer in time"),
    "a reset": (always("reset"), 75, "broke off"),
}


@pytest.mark.parametrize(("fault", "code", "word"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_the_service_refuses_is_one_clear_line(
    bench: Bench, sim: Simulator, haste: str, fault: Fault, code: int, word: str
) -> None:
    sim.world.add(display_name="Song")
    sim.faults.add(fault)
    bench.configure(api={"timeout": "1s"})
    result = bench.run("sync", before=haste)
    assert result.code == code
    assert word in result.complaint
    assert sim.key not in result.err
    assert bench.audio() == []


def test_a_refusal_in_json_is_in_the_document_too(bench: Bench, sim: Simulator, haste: str) -> None:
    sim.faults.add(always("status", status=401))
    result = bench.run("sync", "--json", before=haste)
    said = result.document
    assert said["exit_code"] == result.code == 77
    assert "401" in said["error"]
    assert said["hint"]


def test_a_service_that_is_not_there_is_unreachable(bench: Bench, haste: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench.root.rename(bench.folder / "old")
    bench.configure(api={"base_url": f"http://127.0.0.1:{port}"})
    assert bench.run("init", "--yes").code == 0
    result = bench.run("sync", before=haste)
    assert result.code == 75
    assert "no connection" in result.complaint


def test_a_service_that_comes_back_within_the_usual_tries_is_waited_for(
    bench: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Song")
    sim.faults.add(Fault("status", origin="api", status=503), Fault("reset", origin="api"))
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1


def test_a_short_pause_that_the_service_asks_for_is_sat_through(
    bench: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Song")
    sim.faults.add(Fault("status", origin="api", status=429, retry_after=1))
    assert bench.run("sync").code == 0


def test_a_slow_service_is_waited_for(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Song")
    sim.switches.latency = 0.3
    bench.configure(api={"timeout": "1s"})
    assert bench.run("sync").code == 0


def test_a_refusal_in_mid_run_keeps_what_was_placed(bench: Bench, sim: Simulator) -> None:
    for number in range(3):
        sim.world.add(display_name=f"Song {number}")
    bench.configure(limits={"parallel_downloads": 1})
    sim.faults.add(
        Fault("expired", origin="media", after=1, times=None),
        always("status", status=401, path="/status$"),
    )
    result = bench.run("sync")
    assert result.code == 77
    assert len(bench.audio()) == 1
    sim.faults.clear()
    assert bench.run("sync").out == "in step: 2 placed\n"


# --- lists ---


def many(sim: Simulator, count: int) -> None:
    """Jobs that are all under way: rows of a list, and nothing to download."""
    for number in range(count):
        sim.world.add(display_name=f"Song {number}", status="PENDING", run_seconds=None, audio={})


def test_a_list_that_never_advances_ends_the_run(bench: Bench, sim: Simulator) -> None:
    many(sim, 120)
    sim.faults.add(always("stuck"))
    result = bench.run("sync")
    assert result.code == 1
    assert "never advances" in result.complaint
    assert len(sim.requests) < 10


@pytest.mark.parametrize(
    ("total_count", "offset", "word"),
    [
        (False, 0, "doubtful: the service gave no X-Total-Count"),
        (True, 7, "doubtful: X-Total-Count says 9, the list held 2"),
        (True, -1, "doubtful: X-Total-Count says 1, the list held 2"),
    ],
    ids=["missing", "too high", "too low"],
)
def test_a_count_that_is_missing_or_wrong_is_said_and_the_tracks_come_anyway(
    bench: Bench, sim: Simulator, total_count: bool, offset: int, word: str
) -> None:
    sim.switches.total_count = total_count
    sim.switches.total_count_offset = offset
    for number in range(2):
        sim.world.add(display_name=f"Song {number}")
    result = bench.run("sync")
    assert result.code == 0
    assert word in result.out
    assert len(bench.audio()) == 2


def test_a_large_account_comes_page_by_page(bench: Bench, sim: Simulator) -> None:
    many(sim, 250)
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: nothing to do, 250 waiting\n")
    assert len(bench.run("ls").out.splitlines()) == 250


def test_ids_and_times_and_statuses_in_other_spellings_are_understood(
    bench: Bench, sim: Simulator
) -> None:
    sim.switches.ids_as_text = True
    sim.switches.status_lower = True
    sim.switches.time_style = "naive"
    sim.switches.extra_fields = True
    sim.switches.missing_fields = frozenset({"progress", "actual_seeds", "quality_score"})
    job_id = sim.world.add(display_name="Song", created_at=1_772_500_000.0)
    assert bench.run("sync").code == 0
    assert bench.placed(job_id) == bench.root / "AudioPod 2026-03/Song.flac"


def test_a_job_that_is_listed_twice_is_one_job(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="One")
    sim.world.add(display_name="Two")
    sim.faults.add(always("duplicate"))
    result = bench.run("sync")
    assert result.code == 0
    assert len(bench.audio()) == 2
    assert len(bench.downloads()) == 2


# --- media ---


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        "ftp://127.0.0.1/song.flac",
        "http://user:pw@127.0.0.1/song.flac",
        "x",
    ],
)
def test_an_address_that_must_not_be_followed_is_refused_and_the_others_go_on(
    bench: Bench, sim: Simulator, address: str
) -> None:
    bad = sim.world.add(display_name="Bad")
    sim.world.add(display_name="Good")
    rows = _rows_with(sim, bad, address)
    sim.faults.add(always("status", status=200, body=rows, path="/jobs$", query={"skip": "0"}))
    result = bench.run("sync")
    assert result.code == 1
    assert f"failed: job {bad}: " in result.out
    assert len(bench.audio()) == 1
    assert all(f"/{bad}/" not in request.path for request in bench.requests("media"))


def test_audio_beyond_the_limit_is_refused_before_it_is_there(bench: Bench, sim: Simulator) -> None:
    large = sim.world.add(
        display_name="Large", audio={"wav": tone("wav", 1, 5.0)}, audio_duration=5.0
    )
    sim.world.add(display_name="Small")
    bench.configure(limits={"max_file_size": "50kB", "min_free_space": "0MB"})
    result = bench.run("sync")
    assert result.code == 1
    assert f"failed: job {large}: " in result.out
    assert "limits.max_file_size" in result.out or "50000 bytes" in result.out
    assert len(bench.audio()) == 1
    assert list((bench.root / ".syncd/incoming").iterdir()) == []


def test_audio_that_is_of_another_format_than_it_says_is_refused(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Liar")
    clip = Clip.of(tone("wav", 1), "flac", 0.0)
    sim.world.update(job_id, audio={"flac": clip})
    result = bench.run("sync")
    assert result.code == 1
    assert bench.audio() == []
    assert "wav" in result.out


def test_a_completed_job_without_audio_is_recorded(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Silent", audio={})
    result = bench.run("sync")
    assert result.code == 1
    assert f"job {job_id}: the job is completed, but the service offers no audio" in result.out


def _rows_with(sim: Simulator, job_id: int, address: str) -> str:
    """The service's list of jobs, with ``address`` as the audio of one of them."""
    rows = httpx.get(
        f"{sim.api_url}/api/v1/music/jobs", headers={"X-API-Key": sim.key}, trust_env=False
    ).json()
    for row in rows:
        if row["id"] == job_id:
            row |= {"output_url": address, "output_urls": {"flac": address}}
    sim.requests.clear()
    return json.dumps(rows)
