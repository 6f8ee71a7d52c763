"""Other audio, or another address, for files of which nobody saw what was served."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.simulator.sound import tone

from .mirroring import ALBUM, Mirror

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs whose catalog was lost and made anew: their files were taken in as found."""
    mirror = Mirror.of(bench, look)
    shutil.rmtree(bench.state)
    assert bench.run("rebuild").code == 0
    mirror.sync()
    placed = mirror.known("Alpha").placed
    assert placed is not None
    assert placed.as_found
    return mirror


def move_audio(mirror: Mirror, name: str) -> None:
    """The same bytes at another address."""
    job = mirror.sim.world.job(mirror.jobs[name])
    audio = {kind: clip.content for kind, clip in job.audio.items()}
    mirror.sim.world.replace_audio(job.id, audio)


def copies(mirror: Mirror) -> list[str]:
    return [name for name in mirror.files() if "(conflict" in name]


def mark(mirror: Mirror, name: str, comment: str) -> bytes:
    """Let the user write into the tags of a file; its bytes after that."""
    tagged = FLAC(mirror.path(name))
    tagged["comment"] = comment
    tagged.save()
    return mirror.path(name).read_bytes()


def test_the_same_audio_at_another_address_places_nothing(mirror: Mirror, look: Look) -> None:
    for _ in range(2):
        before = look(mirror.bench.root / ALBUM)
        move_audio(mirror, "Alpha")
        mirror.sync()
        assert look(mirror.bench.root / ALBUM) == before
        assert mirror.done("Alpha")[-1] == ("compare", "done")
        mirror.assert_rests()
    assert mirror.trash() == []


def test_the_same_audio_under_other_tags_places_nothing(mirror: Mirror) -> None:
    mine = mark(mirror, "Alpha", "mine")
    move_audio(mirror, "Alpha")
    mirror.sync()
    assert mirror.path("Alpha").read_bytes() == mine
    assert copies(mirror) == []


def test_other_audio_is_placed_beside_it_and_never_replaces_it_later(mirror: Mirror) -> None:
    alpha, found = mirror.jobs["Alpha"], mirror.path("Alpha").read_bytes()
    for number in (1, 2):
        mirror.sim.world.replace_audio(alpha)
        mirror.sync()
        assert mirror.path("Alpha").read_bytes() == found
        assert len(copies(mirror)) == number
        # What stands beside it by now, at another address, is no other audio.
        move_audio(mirror, "Alpha")
        mirror.sync()
        assert len(copies(mirror)) == number
        mirror.assert_rests()
    assert mirror.trash() == []


def test_what_the_same_audio_was_found_for_is_not_replaced_by_other_audio(mirror: Mirror) -> None:
    found = mirror.path("Alpha").read_bytes()
    move_audio(mirror, "Alpha")
    mirror.sync()
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync()
    assert mirror.path("Alpha").read_bytes() == found
    assert len(copies(mirror)) == 1


def test_a_copy_that_the_user_prefers_is_the_track_from_then_on(mirror: Mirror) -> None:
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync()
    (copy,) = copies(mirror)
    mirror.path(copy).replace(mirror.path("Alpha"))
    mirror.sync()
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"], {"flac": tone("flac", 99)})
    mirror.sync()
    assert mirror.path("Alpha").read_bytes()[-500:] == tone("flac", 99)[-500:]
    assert copies(mirror) == []
    assert len(mirror.trash()) == 1


def test_a_missing_file_is_not_compared_and_its_track_comes_back(mirror: Mirror) -> None:
    mirror.bench.configure(sync={"deletions": "restore", "deletion_grace": "0s"})
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert mirror.path("Alpha").exists()
    assert mirror.sent() == []


def test_a_file_of_an_older_catalog_is_replaced_where_it_is_as_it_was_placed(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look)
    with sqlite3.connect(bench.state / "catalog.sqlite3") as catalog:
        catalog.execute("UPDATE baseline SET source = NULL")
    catalog.close()
    move_audio(mirror, "Beta")
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync()
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Delta.flac", "Gamma.flac"]
    (entry,) = mirror.trash()
    assert entry.job_id == mirror.jobs["Alpha"]
    placed = mirror.known("Beta").placed
    assert placed is not None
    assert placed.source is not None
