"""``syncd identify``: whose a file is, where its tags do not say so any more."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.catalog import queries
from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def track(bench: Bench, sim: Simulator) -> int:
    """One track, placed."""
    job_id = sim.world.add(display_name="Rain", created_at=MARCH)
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return job_id


def strip(bench: Bench, job_id: int) -> None:
    FLAC(bench.placed(job_id)).delete()


def test_a_file_whose_tags_were_stripped_is_settled_by_saying_whose_it_is(
    bench: Bench, sim: Simulator, track: int
) -> None:
    strip(bench, track)
    assert bench.run("sync").code == 3
    result = bench.run("identify", f"{ALBUM}/Rain.flac", track)
    assert result.code == 0
    assert f"{ALBUM}/Rain.flac carries the id of job {track} now" in result.out
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []
    assert bench.requests("media") == []
    tags = FLAC(bench.placed(track))
    assert tags["audiopod_job_id"] == [str(track)]
    assert tags["audiopod_origin"] == [f"{sim.api_url}#7001"]
    assert "title" not in tags
    with bench.catalog() as catalog:
        done = [(one.verb, one.outcome) for one in queries.history(catalog, track)]
    assert ("identify", "done") in done


def test_a_file_is_named_by_any_path_that_leads_to_it(bench: Bench, track: int) -> None:
    strip(bench, track)
    document = bench.run("identify", bench.placed(track), track, "--json").document
    assert document["path"] == str(bench.placed(track))
    assert bench.run("identify", f"Music/{ALBUM}/Rain.flac", track).code == 0


def test_an_id_that_another_file_carries_is_not_given_again(bench: Bench, track: int) -> None:
    copy = bench.root / "copy.flac"
    shutil.copy(bench.placed(track), copy)
    FLAC(copy).delete()
    result = bench.run("identify", "copy.flac", track)
    assert result.code == 1
    assert f"{ALBUM}/Rain.flac carries the id of job {track} already" in result.complaint


def test_the_file_of_another_track_in_good_order_stays_its_own(
    bench: Bench, sim: Simulator, track: int, look: Look
) -> None:
    other = sim.world.add(display_name="Snow", created_at=MARCH)
    assert bench.run("sync").code == 0
    bench.placed(other).unlink()
    before = look(bench.root / ALBUM)
    result = bench.run("identify", bench.placed(track), other)
    assert result.code == 1
    assert f"is the file of job {track}" in result.complaint
    assert look(bench.root / ALBUM) == before


def test_a_stripped_file_that_is_another_tracks_goes_to_that_one(
    bench: Bench, sim: Simulator, track: int
) -> None:
    other = sim.world.add(display_name="Snow", created_at=MARCH)
    assert bench.run("sync").code == 0
    strip(bench, track)
    where = bench.placed(track)
    bench.placed(other).unlink()
    result = bench.run("identify", where, other, "--json")
    assert result.document["fetched_again"] == [track]
    assert bench.run("sync").code == 0
    assert bench.placed(other) == where
    # It does not hold what the account has under that id: both are kept.
    assert [name for name in bench.audio() if "(conflict " in name]
    assert len(bench.audio()) == 3
    assert sim.requests.mutating() == []


@pytest.mark.parametrize("path", ["cover.png", "nothing.flac", "../outside.flac", ".syncd/a.flac"])
def test_what_is_no_audio_file_in_the_library_cannot_be_identified(
    bench: Bench, track: int, path: str
) -> None:
    (bench.root / "cover.png").write_bytes(b"png")
    assert bench.run("identify", path, track).code in (1, 2)


def test_what_only_looks_like_audio_is_left_alone(bench: Bench, track: int) -> None:
    mine = bench.root / "mine.flac"
    bench.placed(track).unlink()
    mine.write_bytes(b"mine")
    result = bench.run("identify", "mine.flac", track)
    assert result.code == 1
    assert "no audio file that can be tagged" in result.complaint
    assert mine.read_bytes() == b"mine"


def test_an_id_that_the_catalog_lacks_identifies_nothing(bench: Bench, track: int) -> None:
    result = bench.run("identify", bench.placed(track), track + 1000)
    assert result.code == 1
    assert "is not known" in result.complaint


@pytest.mark.parametrize("looked_between", [False, True], ids=["at once", "one after the other"])
def test_a_file_that_was_stripped_and_renamed_is_not_taken_for_a_deletion(
    bench: Bench, sim: Simulator, looked_between: bool
) -> None:
    bench.configure(sync={"deletion_grace": "0s"})
    job_id, *_ = (sim.world.add(display_name=f"Song {n}", created_at=MARCH) for n in range(8))
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    strip(bench, job_id)
    if looked_between:
        assert bench.run("sync").code == 3
    path.rename(path.with_name("01 - Song.flac"))
    result = bench.run("sync")
    assert result.code == 3
    assert f'syncd identify "{ALBUM}/01 - Song.flac" {job_id}' in result.out
    assert bench.run("sync").code == 3
    assert sim.requests.mutating() == []
    assert bench.run("identify", f"{ALBUM}/01 - Song.flac", job_id).code == 0
    assert bench.run("sync").code == 0
    job = sim.world.job(job_id)
    assert job is not None
    assert job.display_name == "01 - Song"


def test_a_deletion_beside_a_new_file_of_the_users_takes_a_word(
    bench: Bench, sim: Simulator
) -> None:
    bench.configure(sync={"deletion_grace": "0s"})
    job_id, *_ = (sim.world.add(display_name=f"Song {n}", created_at=MARCH) for n in range(8))
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    path.unlink()
    mine = shutil.copyfile(path.with_name("Song 1.flac"), path.with_name("My own.flac"))
    FLAC(mine).delete()
    assert bench.run("sync").code == 3
    assert sim.requests.mutating() == []
    assert bench.run("approve", "--job", job_id).code == 0
    assert [r.method for r in sim.requests.mutating()] == ["DELETE"]
