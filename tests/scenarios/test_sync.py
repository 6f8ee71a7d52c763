"""``syncd sync``: an account comes down to a folder, and stays in step with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.local.tags import read_fields
from syncd.simulator import Simulator
from syncd.simulator.sound import tone

from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

LRC = "[00:00.00]first line\n[00:00.10]second line\n"


def test_every_completed_track_is_placed_tagged_and_dated(synced: Bench) -> None:
    jobs = {job.id: job for job in synced.sim.world.jobs() if job.status == "COMPLETED"}
    assert len(jobs) >= 12
    assert len(synced.audio()) == len(jobs)
    for job in jobs.values():
        path = synced.placed(job.id)
        fields = read_fields(path, path.suffix[1:])
        assert fields["job_id"] == (str(job.id),)
        assert fields["title"] == (job.display_name,)
        assert fields["artist"] == ("AudioPod",)
        assert re.fullmatch(r"AudioPod 2026-0[123]", fields["album"][0])
        assert fields["genre"] == (job.genre,)
        assert path.stat().st_mtime == pytest.approx(job.created_at, abs=0.001)
        known = synced.baseline(job.id)
        assert ("cover" in known.placed.tags) == (job.cover is not None)
        sidecar = path.with_suffix(".lrc")
        assert sidecar.exists() == bool(job.lrc_content)
        if job.lrc_content:
            assert sidecar.read_text(encoding="utf-8").strip() == job.lrc_content.strip()


def test_the_best_format_on_offer_is_taken(synced: Bench) -> None:
    for job in synced.sim.world.jobs():
        if job.status == "COMPLETED":
            assert synced.placed(job.id).suffix[1:] == min(job.audio)  # flac, mp3, ogg, wav


def test_a_second_run_lists_and_does_nothing_else(
    bench: Bench, sim: Simulator, look: Callable[..., Any]
) -> None:
    for number in range(3):
        sim.world.add(display_name=f"Song {number}", lrc_content=LRC, cover=True)
    assert bench.run("sync").code == 0
    before = look(bench.root)
    sim.requests.clear()
    again = bench.run("sync")
    assert again.code == 0
    assert "in step: nothing to do" in again.out
    assert [record.path for record in bench.asked()] == ["/api/v1/music/jobs"]
    assert len(bench.lookups()) <= 2, "new values, and likes"
    unlocked = {p: e for p, e in look(bench.root).items() if not p.endswith("/lock")}
    assert unlocked == {p: e for p, e in before.items() if not p.endswith("/lock")}


def test_a_job_that_is_new_since_the_last_run_is_all_that_is_fetched(
    bench: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Old")
    assert bench.run("sync").code == 0
    sim.requests.clear()
    sim.world.add(display_name="New")
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 1 placed\n")
    assert [Path(name).stem for name in bench.audio()] == ["New", "Old"]
    assert len(bench.downloads()) == 1


def test_a_job_under_way_is_waited_for_and_fetched_once_it_is_completed(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Soon", status="PENDING", run_seconds=None)
    first = bench.run("sync")
    assert (first.code, first.out) == (0, "in step: nothing to do, 1 waiting\n")
    assert bench.audio() == []
    sim.world.complete(job_id)
    second = bench.run("sync")
    assert (second.code, second.out) == (0, "in step: 1 placed\n")
    assert bench.placed(job_id).exists()


def test_a_failed_job_is_left_alone(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Never", status="FAILED")
    result = bench.run("sync")
    assert (result.code, bench.audio(), bench.downloads()) == (0, [], [])


@pytest.mark.parametrize(
    ("formats", "suffix"), [(["mp3", "flac"], ".mp3"), (["wav"], ".wav"), (["ogg", "wav"], ".wav")]
)
def test_the_first_of_the_wanted_formats_is_placed(
    bench: Bench, sim: Simulator, formats: list[str], suffix: str
) -> None:
    audio = {kind: tone(kind, 1) for kind in ("flac", "mp3", "wav")}
    job_id = sim.world.add(display_name="Choice", audio=audio)
    bench.configure(library={"formats": formats})
    assert bench.run("sync").code == 0
    assert bench.placed(job_id).suffix == suffix


def test_a_track_in_none_of_the_wanted_formats_is_said_to_be_unavailable(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Elsewhere", audio={"wav": tone("wav", 1)})
    bench.configure(library={"formats": ["ogg"]})
    result = bench.run("sync")
    assert result.code == 1
    assert f"job {job_id}: none of the wanted formats (ogg) is on offer (wav)" in result.out


def test_template_artist_and_album_name_and_tag_the_file(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(
        display_name="Tide", created_at=1_770_000_000.0, bpm=92, task="text2rap", genre="folk"
    )
    bench.configure(
        library={
            "template": "{artist}/{year}/{track} - {title} ({bpm}).{ext}",
            "artist": "Me & Mine",
            "album": "Songs of {year} ({task})",
        }
    )
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    assert path == bench.root / "Me & Mine/2026/01 - Tide (92).flac"
    fields = read_fields(path, "flac")
    assert fields["artist"] == ("Me & Mine",)
    assert fields["album"] == ("Songs of 2026 (text2rap)",)


def test_json_says_what_was_done(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="One")
    result = bench.run("sync", "--json")
    said = result.document
    assert said["exit_code"] == result.code == 0
    assert said["error"] is None
    (operation,) = said["operations"]
    assert operation["operation"] == "download"
    assert operation["id"] == job_id
    assert operation["result"] == "done"
    assert operation["path"] == str(bench.placed(job_id))


def test_what_went_either_way_is_counted_in_its_own_words(bench: Bench, sim: Simulator) -> None:
    here, there, gone, _ = (sim.world.add(display_name=f"Song {n}") for n in range(4))
    assert bench.run("sync").code == 0
    bench.placed(here).rename(bench.placed(here).with_name("Mine.flac"))
    sim.world.rename(there, "Theirs")
    sim.world.delete(gone)
    sim.world.add(display_name="New")
    result = bench.run("sync")
    assert (result.code, result.out) == (
        0,
        "in step: 1 placed, 1 renamed in the account, 1 renamed here, 1 moved to the trash\n",
    )
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_a_deletion_that_waits_is_in_step_and_says_until_when(bench: Bench, sim: Simulator) -> None:
    bench.configure(sync={"deletion_grace": "1h"})
    deleted, *_ = (sim.world.add(display_name=f"Song {n}") for n in range(4))
    assert bench.run("sync").code == 0
    path = bench.placed(deleted)
    path.unlink()
    result = bench.run("sync", "--json", before=AT_ONCE)
    said = result.document
    assert result.code == said["exit_code"] == 0
    (pending,) = said["pending"]
    assert (pending["id"], pending["display_name"]) == (deleted, "Song 0")
    assert pending["path"] == str(path)
    assert len(pending["evidence"]) == 3
    name = path.relative_to(bench.root)
    assert f"pending deletion: {name}: its job is deleted in the account after" in (
        bench.run("sync").out
    )
    assert sim.world.job(deleted) is not None


def test_quiet_says_nothing_on_standard_output(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="One")
    said = bench.run("sync", "--quiet")
    assert (said.out, said.err) == ("", "")
    assert len(bench.audio()) == 1
    sim.world.add(display_name="Two", audio={})
    failed = bench.run("sync", "--quiet")
    assert (failed.code, failed.out) == (1, "")
    assert '"level": "warning"' in failed.err


def test_a_hold_is_told_once_by_the_summary_and_is_no_warning(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="One")
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    path.write_bytes(b"not a track of ours")
    result = bench.run("sync")
    assert result.code == 3
    (line,) = [line for line in result.out.splitlines() if "no longer carries its id" in line]
    where = path.relative_to(bench.root)
    assert f"syncd identify '{where}' {job_id} says" in line
    assert "hold" not in result.err
    assert '"level": "warning"' not in result.err


def test_a_second_look_is_announced_where_there_is_no_terminal_too(
    bench: Bench, sim: Simulator
) -> None:
    bench.configure(sync={"deletion_grace": "1s"})
    job_id = sim.world.add(display_name="One")
    sim.world.add(display_name="Two")
    assert bench.run("sync").code == 0
    bench.placed(job_id).unlink()
    assert "1 file is missing; looking again in 1 s" in bench.run("sync").err


@pytest.mark.parametrize("shape", ["url", "urls"])
def test_either_field_that_names_the_audio_is_enough(
    bench: Bench, sim: Simulator, shape: Any
) -> None:
    sim.switches.outputs = shape
    sim.world.add(display_name="One")
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1


def test_a_redirect_of_the_media_host_is_followed(bench: Bench, sim: Simulator) -> None:
    sim.switches.media_redirects = 2
    sim.world.add(display_name="Round the corner")
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1


@pytest.mark.parametrize("switch", ["media_length", "media_ranges", "media_etag", "media_signed"])
def test_a_plainer_media_host_is_enough(bench: Bench, sim: Simulator, switch: str) -> None:
    setattr(sim.switches, switch, False)
    sim.world.add(display_name="Plain", cover=True)
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1


def test_a_service_without_the_date_header_is_enough(bench: Bench, sim: Simulator) -> None:
    sim.switches.date = False
    sim.world.add(display_name="Undated")
    assert bench.run("sync").code == 0


def test_a_cover_that_cannot_be_had_does_not_keep_the_track_waiting(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Bare", thumbnail_url=f"{sim.media_url}/gone.png")
    result = bench.run("sync")
    assert result.code == 0
    assert "placed without its cover" in result.err
    assert "cover" not in bench.baseline(job_id).placed.tags
