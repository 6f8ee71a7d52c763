"""Which copy in the trash is the recovery copy of a job, and what follows a track there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State
from syncd.local.files import default_mode
from syncd.local.root import open_root
from syncd.local.trash import Entry, Trash, Why

from .mirroring import NO_GRACE, Mirror, delete, dies_after, dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE)


def age(mirror: Mirror, entry: Entry, days: float) -> None:
    note = mirror.in_trash(entry)
    note = note.with_name(f"{note.name}.json")
    table = json.loads(note.read_text())
    for field in ("trashed_at", "server_time"):
        moment = datetime.fromisoformat(table[field]) - timedelta(days=days)
        table[field] = moment.isoformat()
    note.write_text(json.dumps(table))


# --- which copy counts ---


def test_a_file_that_was_cut_and_evicted_is_no_copy_of_what_its_job_has(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    assert mirror.bench.run("evict", "--force", alpha).code == 0
    assert mirror.bench.run("fetch", alpha).code == 0
    path.unlink()
    mirror.sync()
    assert mirror.sent() == [delete(alpha)]
    kept = {entry.why: mirror.in_trash(entry).read_bytes() for entry in mirror.trash()}
    assert set(kept) == {Why.EVICTED, Why.DELETED_HERE}
    assert kept[Why.DELETED_HERE][-1000:] == whole[-1000:]


def test_what_an_entry_was_served_as_is_said_only_where_it_is_known(mirror: Mirror) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    data = bytearray(path.read_bytes())
    data[-20] ^= 255
    path.write_bytes(data)
    assert mirror.bench.run("evict", "--force", alpha).code == 0
    assert [entry.audio for entry in mirror.trash()] == [None]
    mirror.sim.world.replace_audio(mirror.jobs["Gamma"])
    before = mirror.known("Gamma").placed.audio
    mirror.sync()
    assert {entry.audio for entry in mirror.trash()} == {None, before}


# --- the copy of an earlier try ---


def test_a_copy_of_an_earlier_try_is_kept_from_the_deletion_on(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.bench.run("sync")
    (entry,) = mirror.trash()
    age(mirror, entry, days=31)
    mirror.sim.world.grant(mirror.sim.key)
    result = mirror.bench.run("approve", "--job", mirror.jobs["Alpha"])
    assert result.code == 0, result.err
    assert mirror.sim.world.job(mirror.jobs["Alpha"]) is None
    assert mirror.in_trash(entry).exists()
    mirror.sync()
    (kept,) = mirror.trash()
    assert kept.name == entry.name
    assert kept.trashed_at > entry.trashed_at - timedelta(days=1)


def test_a_copy_that_rm_made_before_is_kept_from_the_deletion_on(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    job = mirror.sim.world.job(alpha)
    assert job is not None
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.bench.run("rm", "--yes", alpha)
    for entry in mirror.trash():
        age(mirror, entry, days=31)
    mirror.sim.world.grant(mirror.sim.key)
    result = mirror.bench.run("rm", "--yes", alpha)
    assert result.code == 0, result.err
    mirror.sync()
    assert [entry.job_id for entry in mirror.trash()] == [alpha]


def test_a_copy_of_an_earlier_try_that_is_not_whole_is_made_anew(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.bench.run("sync")
    (earlier,) = mirror.trash()
    mirror.in_trash(earlier).write_bytes(b"spoilt")
    mirror.sim.world.grant(mirror.sim.key)
    result = mirror.bench.run("approve", "--job", alpha)
    assert result.code == 0, result.out + result.err
    assert mirror.sim.world.job(alpha) is None
    trash = Trash(open_root(mirror.bench.root), mode=default_mode())
    whole = [entry for entry in trash.of_job(alpha) if trash.verify(entry)]
    assert [entry.audio for entry in whole] == [earlier.audio]


def test_a_copy_of_an_earlier_try_with_other_audio_is_not_counted_on(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.bench.run("sync")
    (earlier,) = mirror.trash()
    mirror.sim.world.grant(mirror.sim.key)
    mirror.sim.world.replace_audio(alpha)
    mirror.sync()
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert mirror.sim.world.job(alpha) is None
    assert [entry.audio == earlier.audio for entry in mirror.trash()] == [True, False]


# --- what follows a track into the trash ---


def test_what_stood_beside_a_track_that_both_sides_lost_goes_into_no_older_entry(
    mirror: Mirror,
) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.sim.world.replace_audio(alpha)
    mirror.sync()
    (old,) = mirror.trash()
    assert old.why is Why.REPLACED
    notes = mirror.path("Alpha.txt")
    notes.write_text("the user's notes")
    mirror.path("Alpha").unlink()
    mirror.sim.world.delete(alpha)
    mirror.sync()
    assert mirror.known("Alpha").state is State.GONE
    assert notes.read_text() == "the user's notes"
    assert mirror.trash() == [old]


def test_a_copy_that_what_was_left_behind_follows_is_kept_from_then_on(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sync(9, before=dies_after("syncd.remote.client.AudioPod.delete"))
    (entry,) = mirror.trash()
    age(mirror, entry, days=31)
    mirror.path("Alpha.txt").write_text("the user's notes")
    mirror.sync()
    assert mirror.known("Alpha").state is State.GONE
    (kept,) = mirror.trash()
    assert (kept.name, kept.why) == (entry.name, Why.DELETED_HERE)
    assert [name.rpartition(".")[2] for name in kept.sidecars] == ["lrc", "txt"]
    assert mirror.sim.world.job(alpha) is None


def test_a_copy_of_an_earlier_try_takes_nothing_from_the_track_that_has_the_name_by_now(
    mirror: Mirror,
) -> None:
    alpha, path = mirror.jobs["Alpha"], mirror.path("Alpha")
    data = path.read_bytes()
    path.unlink()
    mirror.sim.world.grant(mirror.sim.key, read_only=True)
    mirror.bench.run("sync")
    assert [entry.why for entry in mirror.trash()] == [Why.DELETED_HERE]
    mirror.sim.world.grant(mirror.sim.key)
    mirror.path("Alpha old").write_bytes(data)
    mirror.sync()
    mirror.rename("Beta", "Alpha")
    mirror.path("Alpha.cue").write_text("Beta's cues, by the user")
    mirror.sync()
    mirror.bench.placed(alpha).unlink()
    mirror.bench.run("sync")
    mirror.bench.run("approve", "--job", alpha)
    assert mirror.sim.world.job(alpha) is None
    assert mirror.path("Alpha.cue").read_text() == "Beta's cues, by the user"


# --- the last copy ---


def test_what_a_stopped_eviction_left_is_kept_where_its_job_goes_away(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    stop = dies_before("syncd.local.trash.Trash._remove")
    assert mirror.bench.run("evict", alpha, before=stop).code == 9
    mirror.sync()
    (entry,) = mirror.trash()
    assert entry.why is Why.EVICTED
    mirror.sim.world.delete(alpha)
    mirror.sync()
    (kept,) = mirror.trash()
    assert (kept.name, kept.why) == (entry.name, Why.DELETED_THERE)
    age(mirror, kept, days=31)
    mirror.sync()
    assert [one.name for one in mirror.trash()] == [entry.name]
