"""``syncd evict`` of a file of which nobody knows that the account has the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.local.trash import Why

from .mirroring import Mirror, dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; the user changed the first one before the catalog was made anew."""
    mirror = Mirror.of(bench, look)
    tagged = FLAC(mirror.path("Alpha"))
    tagged["comment"] = "mine"
    tagged.save()
    shutil.rmtree(bench.state)
    assert bench.run("rebuild").code == 0
    mirror.sync()
    return mirror


def assert_kept(mirror: Mirror, mine: bytes) -> None:
    (entry,) = mirror.trash()
    assert (entry.why, entry.audio) == (Why.EVICTED, None)
    assert mirror.in_trash(entry).read_bytes() == mine
    assert mirror.known("Alpha").state is State.EVICTED


def test_its_file_goes_to_the_trash(mirror: Mirror) -> None:
    path = mirror.path("Alpha")
    mine = path.read_bytes()
    result = mirror.bench.run("evict", mirror.jobs["Alpha"])
    assert result.code == 0, result.err
    assert "it may hold what the account has not, and is kept in the trash as" in result.out
    assert not path.exists()
    assert_kept(mirror, mine)


def test_the_same_audio_at_another_address_does_not_make_it_ours(mirror: Mirror) -> None:
    job = mirror.sim.world.job(mirror.jobs["Alpha"])
    mirror.sim.world.replace_audio(job.id, {kind: one.content for kind, one in job.audio.items()})
    mirror.sync()
    mine = mirror.path("Alpha").read_bytes()
    assert mirror.bench.run("evict", mirror.jobs["Alpha"]).code == 0
    assert_kept(mirror, mine)


def test_so_it_does_where_the_eviction_was_stopped(mirror: Mirror) -> None:
    mine = mirror.path("Alpha").read_bytes()
    stop = dies_before("syncd.actions.evict.remove_file")
    assert mirror.bench.run("evict", mirror.jobs["Alpha"], before=stop).code == 9
    mirror.sync()
    assert not mirror.path("Alpha").exists()
    assert_kept(mirror, mine)


def test_an_older_copy_that_is_left_in_its_place_is_compared(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look)
    beta, path = mirror.jobs["Beta"], mirror.path("Beta")
    copy = path.with_name("Copy of Beta.flac")
    shutil.copyfile(path, copy)
    mirror.sim.world.replace_audio(beta)
    mirror.sync()
    assert mirror.bench.run("evict", beta).code == 0
    mirror.sync()
    served = mirror.sim.world.job(beta).audio["flac"].content
    tracks = [mirror.bench.root / name for name in mirror.bench.audio()]
    assert [one for one in tracks if one.read_bytes()[-1000:] == served[-1000:]]


def test_what_is_fetched_again_is_ours(mirror: Mirror) -> None:
    alpha = mirror.jobs["Alpha"]
    assert mirror.bench.run("evict", alpha).code == 0
    assert mirror.bench.run("fetch", alpha).code == 0
    assert "freed" in mirror.bench.run("evict", alpha).out
    assert len(mirror.trash()) == 1
