"""A run that is stopped at any moment: nothing half-placed, and the next run goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.local.tags import read_fields
from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0

SLOW = Fault("throttle", origin="media", rate=60_000, times=None, path=r"\.flac$")

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def long_track(sim: Simulator) -> int:
    """A track that takes seconds to download while ``SLOW`` is in force."""
    return sim.world.add(
        display_name="Long", audio={"flac": tone("flac", 1, 20.0)}, audio_duration=20.0
    )


def half_there(bench: Bench, job_id: int) -> Callable[[], bool]:
    """Whether a good deal of the job's audio has arrived, and not all of it."""
    part = bench.root / f".syncd/incoming/{job_id}.flac.part"
    return lambda: part.exists() and part.stat().st_size > 30_000


def test_a_download_that_was_killed_goes_on_where_it_stopped(
    bench: Bench, sim: Simulator, long_track: int, wait_until: Wait
) -> None:
    sim.faults.add(SLOW)
    running = bench.start("sync")
    wait_until(half_there(bench, long_track))
    running.send_signal(signal.SIGKILL)
    bench.finish(running)
    bench.assert_nothing_half_placed()
    assert bench.audio() == []
    held = (bench.root / f".syncd/incoming/{long_track}.flac.part").stat().st_size
    sim.faults.clear()
    sim.requests.clear()

    assert bench.run("sync").code == 0
    (request,) = bench.requests("media")
    assert request.range == f"bytes={held}-"
    assert request.status == 206
    fields = read_fields(bench.placed(long_track), "flac")
    assert (fields["title"], fields["duration"]) == (("Long",), ("20.000",))
    assert list((bench.root / ".syncd/incoming").iterdir()) == []


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(
    bench: Bench, sim: Simulator, long_track: int, wait_until: Wait
) -> None:
    sim.faults.add(SLOW)
    running = bench.start("sync")
    wait_until(half_there(bench, long_track))
    running.send_signal(signal.SIGKILL)
    bench.finish(running)
    sim.faults.clear()
    sim.world.replace_audio(
        long_track, {"flac": tone("flac", 2, 21.0)}, same_address=True, duration=21.0
    )

    assert bench.run("sync").code == 0
    assert read_fields(bench.placed(long_track), "flac")["duration"] == ("21.000",)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_a_run_at_once_and_the_next_one_goes_on(
    bench: Bench,
    sim: Simulator,
    long_track: int,
    wait_until: Wait,
    number: signal.Signals,
    code: int,
) -> None:
    sim.world.add(display_name="Short", audio={"mp3": tone("mp3", 1)})
    sim.faults.add(SLOW)
    running = bench.start("sync")
    wait_until(half_there(bench, long_track))
    wait_until(bench.audio)
    running.send_signal(number)
    stopped = bench.finish(running)
    assert stopped.code == code
    assert stopped.complaint == "syncd: stopped; the next run goes on from here"
    bench.assert_nothing_half_placed()
    assert [Path(name).stem for name in bench.audio()] == ["Short"]
    sim.faults.clear()
    sim.requests.clear()

    assert bench.run("sync").code == 0
    assert [Path(name).stem for name in bench.audio()] == ["Long", "Short"]
    assert [request.range is None for request in bench.requests("media")] == [False]


def test_a_signal_while_the_service_is_silent_stops_a_run(
    bench: Bench, sim: Simulator, wait_until: Wait
) -> None:
    sim.faults.add(Fault("hang", origin="api", times=None))
    running = bench.start("sync")
    wait_until(lambda: len(sim.requests))
    running.send_signal(signal.SIGTERM)
    assert bench.finish(running).code == 143


HELD_IMPORT = """
import builtins
real = builtins.__import__
def held(name, *rest):
    if name == "{module}":
        import time
        print("importing", flush=True)
        time.sleep(0.5)
    return real(name, *rest)
builtins.__import__ = held
"""


@pytest.mark.parametrize("module", ["syncd.cli.app", "syncd.cli.progress", "syncd.engine"])
def test_ctrl_c_while_the_program_is_still_loading_leaves_no_traceback(
    bench: Bench, wait_until: Wait, module: str
) -> None:
    running = bench.start("sync", before=HELD_IMPORT.format(module=module), cold=True)
    wait_until(lambda: running.said() == "importing\n")
    running.send_signal(signal.SIGINT)
    assert bench.finish(running).code == 130


SLOW_TAGGING = """
import os, time
from syncd.local import tags
real = tags.write_fields
def write_fields(*arguments, **named):
    print("tagging", flush=True)
    while not os.path.exists("go on"):
        time.sleep(0.01)
    return real(*arguments, **named)
tags.write_fields = write_fields
"""


def test_a_signal_never_parts_placing_from_recording(
    bench: Bench, sim: Simulator, wait_until: Wait
) -> None:
    job_id = sim.world.add(display_name="Song")
    running = bench.start("sync", before=SLOW_TAGGING)
    wait_until(lambda: "tagging" in running.said())
    running.send_signal(signal.SIGTERM)
    # Until it is done it keeps its locks.
    assert f"process {running.pid}" in bench.run("sync").complaint
    (bench.folder / "go on").touch()
    assert bench.finish(running).code == 143
    assert bench.placed(job_id).exists()
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_a_kill_between_placing_and_recording_is_made_good_without_a_download(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Orphan", lrc_content="[00:00.00]la")
    dies = """
import os
from syncd.catalog.outcomes import Outcomes
Outcomes.record = lambda *_, **__: os._exit(9)
"""
    assert bench.run("sync", before=dies).code == 9
    bench.assert_nothing_half_placed()
    assert len(bench.audio()) == 1
    sim.requests.clear()

    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 0 placed, 1 adopted\n")
    assert bench.requests("media") == []
    assert bench.placed(job_id).exists()
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_what_the_account_replaced_after_such_a_kill_is_fetched(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Orphan")
    dies = """
import os
from syncd.catalog.outcomes import Outcomes
Outcomes.record = lambda *_, **__: os._exit(9)
"""
    assert bench.run("sync", before=dies).code == 9
    sim.world.replace_audio(job_id)
    assert bench.run("sync").code == 0
    assert bench.run("sync").out == "in step: nothing to do\n"
    served = sim.world.job(job_id).audio["flac"].content
    assert bench.placed(job_id).read_bytes()[-1000:] == served[-1000:]


STEPS = {
    "before the audio is tagged": "syncd.local.tags.write_fields",
    "before the file is placed": "syncd.local.files.place",
    "before the lyrics are placed": "syncd.local.files.place_text",
    "before the marker is written": "syncd.generation.write_marker",
    "before the journal is begun": "syncd.catalog.journal.Journal.start",
    "before the sweep is ended": "syncd.catalog.store.Catalog.finish_sweep",
}


@pytest.mark.parametrize("function", STEPS.values(), ids=STEPS.keys())
def test_a_kill_at_any_step_leaves_nothing_half_placed_and_the_next_run_ends_well(
    bench: Bench, sim: Simulator, function: str
) -> None:
    job_id = sim.world.add(display_name="Song", lrc_content="[00:00.00]la", cover=True)
    dies = f"""
import os, pkgutil
owner, _, name = "{function}".rpartition(".")
setattr(pkgutil.resolve_name(owner), name, lambda *_, **__: os._exit(9))
"""
    assert bench.run("sync", before=dies).code == 9
    bench.assert_nothing_half_placed()

    assert bench.run("sync").code == 0
    bench.assert_nothing_half_placed()
    assert len(bench.audio()) == 1
    assert bench.placed(job_id).with_suffix(".lrc").exists()


def test_an_address_that_ran_out_is_refreshed_by_the_status_call(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Late")
    sim.faults.add(Fault("expired", origin="media"))
    assert bench.run("sync").code == 0
    assert len(bench.requests("api", rf"/jobs/{job_id}/status$")) == 1
    assert bench.placed(job_id).exists()


def test_an_unfinished_file_whose_address_ran_out_goes_on_at_the_fresh_one(
    bench: Bench, sim: Simulator, long_track: int
) -> None:
    sim.faults.add(Fault("truncate", origin="media"), Fault("expired", origin="media"))
    assert bench.run("sync").code == 0
    assert [request.status for request in bench.requests("media")] == [200, 403, 206]
    assert bench.placed(long_track).exists()


@pytest.mark.parametrize("kind", ["truncate", "reset", "close"])
def test_a_download_that_breaks_off_goes_on_within_the_run(
    bench: Bench, sim: Simulator, haste: str, kind: str
) -> None:
    sim.world.add(display_name="Broken", audio={"flac": tone("flac", 1, 3.0)}, audio_duration=3.0)
    sim.faults.add(Fault(kind, origin="media", at=10_000, times=2))
    assert bench.run("sync", before=haste).code == 0
    # A reset may take the bytes that had arrived with it; then there is nothing to go on from.
    assert kind == "reset" or bench.requests("media")[-1].range == "bytes=20000-"
    assert len(bench.audio()) == 1


TROUBLES: dict[str, tuple[Fault, str]] = {
    "corrupt": (Fault("corrupt", at=4, count=30), "flac"),
    "a web page": (Fault("portal"), "text/html"),
    "404": (Fault("status", status=404), "answered 404"),
    "410": (Fault("status", status=410), "answered 410"),
    "500": (Fault("status", status=500), "answered 500"),
    "400": (Fault("status", status=400), "answered 400"),
    "silently cut": (Fault("truncate-silent", at=700), "flac"),
    "a wrong length": (Fault("wrong-length", by=-3), "flac"),
    "an empty file": (Fault("status", status=200, body="", content_type="audio/flac"), "empty"),
}


def test_audio_that_cannot_be_had_is_recorded_the_others_go_on_and_the_next_run_tries_again(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    bad = {sim.world.add(display_name=name): name for name in TROUBLES}
    good = sim.world.add(display_name="good")
    for job_id, name in bad.items():
        fault, _ = TROUBLES[name]
        sim.faults.add(replace(fault, origin="media", path=f"/{job_id}/", times=None))

    first = bench.run("sync", before=haste)
    assert first.code == 1
    assert f"1 placed, {len(bad)} failed" in first.out
    bench.assert_nothing_half_placed()
    assert bench.audio() == [str(bench.placed(good).relative_to(bench.root))]
    listed = {entry["id"]: entry for entry in bench.run("ls", "--json").document}
    shown = bench.run("ls").out
    for job_id, name in bad.items():
        entry = listed[job_id]
        assert (entry["state"], entry["path"]) == ("unavailable", None), name
        assert TROUBLES[name][1] in entry["reason"], name
        assert f"failed: job {job_id}: {entry['reason']}" in first.out
        assert entry["reason"] in shown
    any_one = min(bad)
    assert listed[any_one]["reason"] in bench.run("show", str(any_one)).out

    sim.faults.clear()
    second = bench.run("sync")
    assert (second.code, second.out) == (0, f"in step: {len(bad)} placed\n")
    assert {entry.reason for entry in bench.entries().values()} == {None}


def test_corrupt_audio_is_fetched_three_times_before_it_is_put_off(
    bench: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Noise")
    sim.faults.add(Fault("corrupt", origin="media", at=4, count=30, times=None))
    assert bench.run("sync").code == 1
    assert len(bench.downloads()) == 3


def test_audio_that_is_corrupt_once_is_fetched_again_at_once(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Noise")
    sim.faults.add(Fault("corrupt", origin="media", at=4, count=30))
    assert bench.run("sync").code == 0
    assert len(bench.downloads()) == 2


def test_a_job_that_vanishes_before_its_download_is_recorded(bench: Bench, sim: Simulator) -> None:
    gone = sim.world.add(display_name="Gone")
    sim.world.add(display_name="Stays")
    sim.faults.add(
        Fault("run", origin="media", path=f"/{gone}/", call=lambda world: world.delete(gone))
    )
    result = bench.run("sync")
    assert result.code == 1
    assert f"failed: job {gone}: " in result.out
    assert "404" in result.out
    assert [Path(name).stem for name in bench.audio()] == ["Stays"]


def test_a_media_host_that_answers_nobody_ends_the_run_as_unreachable(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    for number in range(50):
        sim.world.add(display_name=f"Song {number}")
    sim.faults.add(Fault("status", origin="media", status=503, times=None))
    result = bench.run("sync", before=haste)
    assert result.code == 75
    assert "40 downloads in a row came to nothing" in result.complaint


def test_what_was_begun_of_a_job_that_left_the_account_is_removed(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    leaves = sim.world.add(display_name="Leaves", created_at=MARCH)
    stays = sim.world.add(display_name="Stays", created_at=MARCH + 1)
    sim.switches.media_ranges = False
    sim.faults.add(Fault("truncate", origin="media", at=500, times=None))
    assert bench.run("sync", before=haste).code == 1
    incoming = bench.root / ".syncd/incoming"
    assert {path.name.split(".")[0] for path in incoming.iterdir()} == {str(leaves), str(stays)}
    sim.world.delete(leaves)
    assert bench.run("sync", before=haste).code == 1
    assert {path.name.split(".")[0] for path in incoming.iterdir()} == {str(stays)}
    sim.faults.clear()
    assert bench.run("sync").code == 0
    assert list(incoming.iterdir()) == []


DAMAGED_WHILE_TAGGED = """
from syncd.local import tags
write_fields = tags.write_fields
def damage(path, *arguments, **options):
    written = write_fields(path, *arguments, **options)
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - 100)
    return written
tags.write_fields = damage
"""


def test_a_file_that_tagging_damaged_is_never_placed(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Song", created_at=MARCH)
    result = bench.run("sync", before=DAMAGED_WHILE_TAGGED)
    assert result.code == 1
    assert f"failed: job {job_id}: " in result.out
    assert bench.audio() == []
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1
