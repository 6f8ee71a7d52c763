"""An eviction that was stopped before its file went: what is looked at before it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State
from syncd.simulator import Fault

from .mirroring import ALBUM, Mirror, dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def stopped(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; the eviction of the first one was stopped before its file went."""
    mirror = Mirror.of(bench, look)
    stop = dies_before("syncd.actions.evict.remove_file")
    assert bench.run("evict", mirror.jobs["Alpha"], before=stop).code == 9
    assert mirror.known("Alpha").state is State.EVICTED
    assert mirror.path("Alpha").exists()
    return mirror


def rename_another(mirror: Mirror) -> None:
    """A command that acts, and does not list the account first."""
    mirror.bench.run("rename", mirror.jobs["Beta"], "Beta II")


def test_an_eviction_goes_on_only_after_a_look_at_the_account(stopped: Mirror) -> None:
    stopped.sim.world.delete(stopped.jobs["Alpha"])
    rename_another(stopped)
    assert stopped.path("Alpha").exists()
    stopped.sync()
    assert stopped.known("Alpha").state is State.DETACHED
    assert stopped.path("Alpha").exists()
    stopped.assert_rests()


def test_an_eviction_does_not_go_on_where_the_audio_became_another(stopped: Mirror) -> None:
    stopped.sim.world.replace_audio(stopped.jobs["Alpha"])
    rename_another(stopped)
    assert stopped.path("Alpha").exists()
    stopped.sync()
    assert stopped.path("Alpha").exists()


def test_an_eviction_does_not_go_on_where_the_file_is_changed_in_the_last_moment(
    stopped: Mirror,
) -> None:
    path = stopped.path("Alpha")
    mine = path.read_bytes() + b"mine"
    stopped.sim.faults.add(
        Fault("run", path="/status$", call=lambda _world: path.write_bytes(mine) and None)
    )
    stopped.sync()
    assert path.read_bytes() == mine
    assert stopped.trash() == []


def test_an_eviction_does_not_go_on_in_a_folder_that_lost_its_marker(stopped: Mirror) -> None:
    marker = stopped.bench.root / ".syncd/library.json"
    stopped.sim.faults.add(Fault("run", path="/status$", call=lambda _world: marker.unlink()))
    stopped.sync(78)
    assert stopped.path("Alpha").exists()


def test_an_eviction_that_goes_on_leaves_nothing_in_the_trash(stopped: Mirror) -> None:
    stopped.sync()
    assert not stopped.path("Alpha").exists()
    assert stopped.trash() == []
    assert stopped.known("Alpha").state is State.EVICTED
    assert (stopped.bench.root / ALBUM).exists()
    stopped.assert_rests()


def test_an_eviction_that_goes_on_takes_the_lyrics_with_it(stopped: Mirror) -> None:
    lyrics = stopped.path("Alpha").with_suffix(".lrc")
    assert lyrics.exists(), "they go with the file, whenever that goes"
    stopped.sync()
    assert not lyrics.exists()


TRASH_REFUSES = """
import errno, os
from syncd.local.trash import Trash
def refused(*_):
    raise OSError(errno.EIO, os.strerror(errno.EIO))
Trash._remove = refused
"""
"""Put before a command: what lies in the trash cannot be removed."""


def half_way(bench: Bench, look: Look) -> Mirror:
    mirror = Mirror.of(bench, look)
    assert bench.run("evict", mirror.jobs["Alpha"], before=TRASH_REFUSES).code == 78
    assert not mirror.path("Alpha").exists()
    assert len(mirror.trash()) == 1
    return mirror


def test_an_eviction_that_came_as_far_as_the_trash_is_ended_by_asking_again(
    bench: Bench, look: Look
) -> None:
    mirror = half_way(bench, look)
    mirror.sync()
    assert bench.run("evict", mirror.jobs["Alpha"]).code == 0
    assert mirror.trash() == []
    assert mirror.known("Alpha").state is State.EVICTED
    mirror.assert_rests()


def test_what_an_eviction_left_in_the_trash_stays_where_its_audio_is_not_served(
    bench: Bench, look: Look
) -> None:
    mirror = half_way(bench, look)
    mirror.sim.faults.add(Fault("status", origin="media", status=404, times=None))
    assert bench.run("evict", mirror.jobs["Alpha"]).code == 1
    assert len(mirror.trash()) == 1


LYRICS_UNREADABLE = """
import errno, os
import syncd.executor.context as context
def refused(path, most):
    raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))
context.read_ordinary = refused
"""
"""Put before a command: whose the lyrics beside a file are cannot be told."""


def test_a_file_is_not_given_up_before_its_lyrics_could_be_looked_at(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look)
    assert bench.run("evict", mirror.jobs["Alpha"], before=LYRICS_UNREADABLE).code != 0
    assert mirror.path("Alpha").exists()
    mirror.sync()
    assert not mirror.path("Alpha").exists()
    assert not mirror.path("Alpha.lrc").exists()
    assert mirror.trash() == []
