"""A file is deleted from the folder: its job goes, after a grace and with a copy in the trash."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.local.audio import check
from syncd.local.trash import Why
from syncd.simulator import Fault, Simulator

from .mirroring import ALBUM, LRC, NO_GRACE, Mirror, delete
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE)


@pytest.fixture
def patient(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted waits out the usual grace of a day."""
    return Mirror.of(bench, look)


def absence(mirror: Mirror) -> Any:
    return mirror.known("Alpha").absence


# --- evidence ---


def test_a_file_that_one_scan_misses_is_looked_for_again_before_anything_follows(
    mirror: Mirror,
) -> None:
    path = mirror.path("Alpha")
    data = path.read_bytes()
    path.unlink()
    back = f"""
import syncd.observation
real, scans = syncd.observation.scan, []
def scan(*arguments, **named):
    scans.append(1)
    if len(scans) == 2:
        open({str(path)!r}, "wb").write(bytes.fromhex({data.hex()!r}))
    return real(*arguments, **named)
syncd.observation.scan = scan
"""
    mirror.sync(before=back)
    assert mirror.sent() == []
    assert mirror.known("Alpha").absence is None
    mirror.assert_rests()


def test_two_scans_are_half_a_minute_apart(patient: Mirror) -> None:
    patient.path("Alpha").unlink()
    waits = """
import asyncio
real = asyncio.sleep
async def sleep(seconds, *rest):
    if seconds > 20:
        print("waits", seconds)
        seconds = 0
    await real(seconds, *rest)
asyncio.sleep = sleep
"""
    result = patient.sync(before=waits)
    assert "waits 30.0" in result.out
    assert absence(patient).scans >= 2
    # They were not apart, says the clock: nothing is pending yet.
    assert "1 waiting" in result.out
    assert "pending deletion" not in result.out
    assert patient.sent() == []


def test_a_deletion_is_pending_for_the_grace_and_that_is_in_step(patient: Mirror) -> None:
    patient.path("Alpha").unlink()
    result = patient.sync(before=AT_ONCE)
    assert "1 pending deletion" in result.out
    assert patient.sent() == []
    assert {method for method, _ in patient.asked()} == {"GET"}
    assert patient.bench.requests("media") == []
    assert patient.account()[patient.jobs["Alpha"]] == "Alpha"
    (pending,) = patient.bench.run("pending", "--json", before=AT_ONCE).document["pending"]
    assert pending["id"] == patient.jobs["Alpha"]
    assert pending["path"] == str(patient.path("Alpha"))
    assert patient.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    assert patient.done("Alpha") == []
    assert patient.trash() == []
    patient.sync(before=AT_ONCE)
    assert patient.sent() == []


# --- what cancels it ---


def test_a_file_that_is_back_in_its_place_cancels_it(patient: Mirror) -> None:
    path = patient.path("Alpha")
    away = path.rename(patient.bench.folder / "away.flac")
    patient.sync(before=AT_ONCE)
    assert absence(patient) is not None
    away.rename(path)
    patient.sync()
    assert absence(patient) is None
    assert patient.done("Alpha") == []
    patient.assert_rests()


def test_a_file_that_reappears_elsewhere_cancels_it(patient: Mirror) -> None:
    away = patient.path("Alpha").rename(patient.bench.folder / "away.flac")
    patient.sync(before=AT_ONCE)
    target = patient.path("Alpha", "Best of/2026")
    target.parent.mkdir(parents=True)
    away.rename(target)
    patient.sync()
    assert absence(patient) is None
    assert patient.bench.placed(patient.jobs["Alpha"]) == target
    assert patient.sent() == []
    patient.assert_rests()


def test_the_same_id_in_a_new_file_cancels_it(patient: Mirror) -> None:
    path = patient.path("Alpha")
    data = path.read_bytes()
    path.unlink()
    patient.sync(before=AT_ONCE)
    new = patient.path("Mine", "")
    new.write_bytes(data)
    tagged = FLAC(new)
    tagged["comment"] = "mine"
    tagged.save()
    patient.sync()
    assert absence(patient) is None
    assert patient.bench.placed(patient.jobs["Alpha"]) == new
    assert FLAC(new)["comment"] == ["mine"]
    patient.assert_rests()


def test_a_copy_counts_as_presence(mirror: Mirror) -> None:
    copy = mirror.path("Alpha (copy)")
    shutil.copy2(mirror.path("Alpha"), copy)
    mirror.sync()
    assert mirror.sent() == []
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert [request for request in mirror.sent() if request[0] == "DELETE"] == []
    assert mirror.sim.world.job(mirror.jobs["Alpha"]) is not None
    assert mirror.bench.placed(mirror.jobs["Alpha"]) == copy


def test_something_else_in_its_place_is_a_hold(mirror: Mirror) -> None:
    mirror.path("Alpha").write_bytes(b"mine")
    mirror.sync(3)
    assert mirror.path("Alpha").read_bytes() == b"mine"
    mirror.assert_rests(3)


def test_a_file_in_a_recycle_folder_is_no_presence(mirror: Mirror) -> None:
    recycled = mirror.path("Alpha", ".Trash-1000/files")
    recycled.parent.mkdir(parents=True)
    mirror.path("Alpha").rename(recycled)
    mirror.sync()
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    assert recycled.exists()


# --- the deletion ---


def test_the_copy_is_in_the_trash_before_the_job_goes(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    audio = mirror.sim.world.job(alpha).audio["flac"].content
    mirror.path("Alpha").unlink()
    result = mirror.sync()
    assert result.out == "in step: 0 placed, 1 deleted in the account\n"
    assert mirror.sent() == [delete(alpha)]
    order = [
        (r.origin, r.method, "status" if r.path.endswith("/status") else "")
        for r in mirror.sim.requests
        if str(alpha) in r.path and not r.path.endswith(".png")
    ]
    assert order == [
        ("api", "GET", "status"),
        ("media", "GET", ""),
        ("api", "GET", "status"),
        ("api", "DELETE", ""),
    ]
    assert alpha not in mirror.account()
    assert len(mirror.account()) == 3
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    (entry,) = mirror.trash()
    assert (entry.job_id, entry.path, entry.why) == (
        (alpha, f"{ALBUM}/Alpha.flac", Why.DELETED_HERE)
    )
    assert (entry.title, json.loads(entry.job)["id"]) == ("Alpha", alpha)
    kept = mirror.in_trash(entry)
    assert (kept.name, kept.parent.parent.name) == ("Alpha.flac", "trash")
    assert check(kept, "flac", expected_duration=None).duration > 0
    assert FLAC(kept)["audiopod_job_id"] == [str(alpha)]
    assert kept.read_bytes()[-1000:] == audio[-1000:]
    assert kept.with_suffix(".lrc").read_text().strip() == LRC
    assert not mirror.path("Alpha.lrc").exists()
    (done,) = mirror.history("Alpha")
    assert (done["verb"], done["outcome"]) == ("delete-remote", "done")
    assert [line.split()[0] for line in done["evidence"]] == ["last", "missed", "missed"]
    assert mirror.known("Alpha").state is State.GONE
    private = mirror.bench.root / ".syncd"
    assert {".mpdignore", ".ndignore", ".nomedia"} <= {path.name for path in private.iterdir()}
    mirror.assert_rests()


def test_when_the_job_goes_the_whole_copy_lies_in_the_trash(mirror: Mirror) -> None:
    seen: list[tuple[str, str]] = []

    def see(_world: object) -> None:
        seen.extend((entry.path, entry.name) for entry in mirror.trash())

    mirror.sim.faults.add(Fault("run", method="DELETE", call=see))
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert [path for path, _ in seen] == [f"{ALBUM}/Alpha.flac"]


def test_a_recovery_copy_may_be_read_by_those_who_may_read_the_library(mirror: Mirror) -> None:
    mode = mirror.path("Beta").stat().st_mode
    mirror.path("Alpha").unlink()
    mirror.sync()
    (entry,) = mirror.trash()
    assert mirror.in_trash(entry).stat().st_mode == mode


def test_each_of_several_gets_its_copy_and_one_request(mirror: Mirror) -> None:
    for name in ("Alpha", "Beta"):
        mirror.path(name).unlink()
    mirror.sync()
    assert sorted(mirror.sent()) == [delete(mirror.jobs["Alpha"]), delete(mirror.jobs["Beta"])]
    assert sorted(Path(entry.path).stem for entry in mirror.trash()) == ["Alpha", "Beta"]
    mirror.assert_rests()


def test_another_track_in_its_place_is_a_hold_that_identify_settles(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    path = mirror.rename("Beta", "Alpha")
    mirror.sync(3)
    mirror.assert_rests(3)
    assert len(mirror.account()) == 4
    beta = mirror.jobs["Beta"]
    assert mirror.bench.run("identify", path, beta).code == 0
    mirror.sync()
    assert ("DELETE", beta, None) not in mirror.sent()
    assert len(mirror.account()) == 4
    assert FLAC(path)["audiopod_job_id"] == [str(beta)]
    mirror.assert_rests()


# --- what keeps a job ---


@pytest.mark.parametrize("fault", ["missing", "corrupt", "silent"])
def test_without_audio_there_is_no_deletion(mirror: Mirror, fault: str, haste: str) -> None:
    if fault == "silent":
        mirror.sim.world.update(mirror.jobs["Alpha"], audio={})
    elif fault == "corrupt":
        mirror.sim.faults.add(Fault("corrupt", origin="media", at=0, count=40, times=None))
    else:
        mirror.sim.faults.add(Fault("status", origin="media", status=404, times=None))
    mirror.path("Alpha").unlink()
    mirror.sync(0 if fault == "silent" else 1, before=haste)
    assert mirror.sent() == []
    assert mirror.trash() == []
    assert mirror.sim.world.job(mirror.jobs["Alpha"]) is not None
    mirror.sim.faults.clear()
    if fault != "silent":
        mirror.sync()
        assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
        assert len(mirror.trash()) == 1


def test_a_format_that_is_no_longer_on_offer_keeps_the_job(mirror: Mirror) -> None:
    job = mirror.sim.world.job(mirror.jobs["Alpha"])
    mirror.sim.world.update(job.id, audio={"mp3": job.audio["mp3"]})
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.sim.world.job(job.id) is not None


@pytest.mark.parametrize("edit", ["renamed", "replaced"])
def test_what_was_changed_in_the_account_meanwhile_wins(mirror: Mirror, edit: str) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    if edit == "renamed":
        mirror.sim.world.rename(alpha, "Omega")
    else:
        mirror.sim.world.replace_audio(alpha)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.sim.world.job(alpha) is not None
    back = mirror.path("Omega" if edit == "renamed" else "Alpha")
    assert mirror.bench.placed(alpha) == back
    assert FLAC(back)["audiopod_job_id"] == [str(alpha)]
    assert mirror.done("Alpha")[-1] == ("restore", "done")
    mirror.assert_rests()


@pytest.mark.parametrize("after", [0, 1], ids=["before the copy", "after the copy"])
def test_what_is_changed_in_the_account_in_the_last_moment_wins(mirror: Mirror, after: int) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.faults.add(
        Fault("run", path="/status$", after=after, call=lambda world: world.rename(alpha, "Omega"))
    )
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.account()[alpha] == "Omega"
    assert mirror.path("Omega").exists()


@pytest.mark.parametrize("after", [0, 1], ids=["before the copy", "after the copy"])
def test_a_job_whose_audio_became_another_in_the_last_moment_is_not_deleted(
    mirror: Mirror, after: int
) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.faults.add(
        Fault("run", path="/status$", after=after, call=lambda world: world.replace_audio(alpha))
    )
    mirror.bench.run("sync")
    assert mirror.sent() == []
    assert mirror.done("Alpha")[0] == ("delete-remote", "replan")


def test_a_file_that_is_back_while_its_copy_is_made_keeps_its_job(mirror: Mirror) -> None:
    path = mirror.path("Alpha")
    data = path.read_bytes()
    path.unlink()
    mirror.sim.faults.add(
        Fault("run", origin="media", call=lambda _world: path.write_bytes(data) and None)
    )
    mirror.sync()
    assert mirror.sent() == []
    assert path.read_bytes() == data
    assert mirror.known("Alpha").absence is None


def test_a_key_that_may_only_read_is_a_hold_and_downloads_go_on(mirror: Mirror) -> None:
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.path("Alpha").unlink()
    mirror.add("New")
    result = mirror.sync(3)
    assert "the API key may not delete jobs" in result.out
    assert mirror.path("New").exists()
    assert mirror.sim.world.job(mirror.jobs["Alpha"]) is not None
    assert mirror.done("Alpha") == [("delete-remote", "held")]
    mirror.assert_rests(3)


def test_the_last_file_of_a_library_is_never_deleted_unasked(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha", sync=NO_GRACE)
    mirror.path("Alpha").unlink()
    result = mirror.sync(3)
    assert "would empty the library" in result.out
    assert mirror.sent() == []
    mirror.assert_rests(3)


def test_the_media_host_is_never_sent_the_key(mirror: Mirror, sim: Simulator) -> None:
    mirror.path("Alpha").unlink()
    mirror.sync()
    fetched = mirror.bench.requests("media")
    assert fetched
    assert not any(request.has_key for request in fetched)
