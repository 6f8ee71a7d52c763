"""One direction alone, and the other ways of dealing with a file that was deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State

from .mirroring import ALBUM, NO_GRACE, Mirror, delete, dies_before, patch

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

DOWN = {**NO_GRACE, "direction": "down"}
IGNORE = {**NO_GRACE, "deletions": "ignore"}
RESTORE = {**NO_GRACE, "deletions": "restore"}


@pytest.fixture
def down(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, in a library from which nothing is ever sent."""
    return Mirror.of(bench, look, sync=DOWN)


def assert_only_read(mirror: Mirror) -> None:
    assert {request.method for request in mirror.sim.requests} <= {"GET"}


# --- direction = "down" ---


def test_a_rename_here_is_not_sent_and_the_name_stays(down: Mirror) -> None:
    path = down.rename("Alpha", "Mine")
    down.sync()
    assert_only_read(down)
    assert path.exists()
    assert down.account()[down.jobs["Alpha"]] == "Alpha"
    down.assert_rests()


def test_a_file_deleted_here_is_fetched_again(down: Mirror) -> None:
    down.path("Alpha").unlink()
    down.sync()
    assert_only_read(down)
    assert down.path("Alpha").exists()
    assert down.done("Alpha") == [("restore", "done")]
    assert len(down.account()) == 4
    down.assert_rests()


def test_what_changes_there_comes_down_all_the_same(down: Mirror) -> None:
    down.sim.world.rename(down.jobs["Alpha"], "Omega")
    down.sim.world.delete(down.jobs["Beta"])
    down.sim.world.replace_audio(down.jobs["Gamma"])
    down.add("New")
    down.sync()
    assert_only_read(down)
    assert down.files() == ["Delta.flac", "Gamma.flac", "New.flac", "Omega.flac"]
    assert sorted(entry.path for entry in down.trash()) == [
        f"{ALBUM}/Beta.flac",
        f"{ALBUM}/Gamma.flac",
    ]
    down.assert_rests()


def test_of_two_names_that_conflict_none_is_sent(down: Mirror) -> None:
    down.rename("Alpha", "Mine")
    down.sim.world.rename(down.jobs["Alpha"], "Theirs")
    down.sync()
    assert_only_read(down)
    assert down.account()[down.jobs["Alpha"]] == "Theirs"
    assert down.path("Mine").exists()
    down.assert_rests()


def test_a_whole_folder_deleted_comes_back_and_nothing_is_sent(down: Mirror) -> None:
    for name in list(down.jobs)[:3]:
        down.path(name).unlink()
    down.sync()
    assert_only_read(down)
    assert len(down.files()) == 4
    assert len(down.account()) == 4


@pytest.mark.parametrize(
    "command",
    [
        ("rm", "{id}", "--yes"),
        ("rename", "{id}", "Other"),
        ("cover", "{id}", "https://covers.example/a.png"),
    ],
    ids=lambda command: command[0],
)
def test_no_command_sends_anything_either(down: Mirror, command: tuple[str, ...]) -> None:
    down.sim.requests.clear()
    alpha = down.jobs["Alpha"]
    result = down.bench.run(*(part.format(id=alpha) for part in command))
    assert result.code == 2
    assert 'sync.direction = "down"' in result.complaint
    assert_only_read(down)
    assert down.path("Alpha").exists()
    assert down.account()[alpha] == "Alpha"


def test_a_plan_that_would_send_is_stopped_at_the_last_gate(down: Mirror) -> None:
    down.rename("Alpha", "Mine")
    mistaken = """
import dataclasses
from syncd import engine
real = engine.policy_of
engine.policy_of = lambda settings: dataclasses.replace(real(settings), direction="both")
"""
    down.sync(2, before=mistaken)
    assert_only_read(down)
    assert down.account()[down.jobs["Alpha"]] == "Alpha"


def test_what_was_renamed_is_sent_once_both_directions_are_allowed(down: Mirror) -> None:
    down.rename("Alpha", "Mine", folder="Best of")
    down.sync()
    down.bench.configure(sync=NO_GRACE)
    down.sync()
    assert down.sent() == [patch(down.jobs["Alpha"], "Mine")]
    assert down.path("Mine", "Best of").exists()
    down.assert_rests()


def test_what_is_pending_is_not_deleted_once_one_direction_is_left(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look, sync=NO_GRACE)
    mirror.path("Alpha").unlink()
    mirror.sync(9, before=dies_before("syncd.remote.client.AudioPod.delete"))
    mirror.bench.configure(sync=DOWN)
    mirror.sync()
    assert_only_read(mirror)
    assert mirror.path("Alpha").exists()
    assert len(mirror.account()) == 4
    mirror.assert_rests()


# --- deletions = "restore" ---


def test_a_deleted_file_is_fetched_again_to_where_it_was(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync=RESTORE)
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert mirror.sent() == []
    assert FLAC(mirror.path("Alpha"))["audiopod_job_id"] == [str(mirror.jobs["Alpha"])]
    assert mirror.done("Alpha") == [("restore", "done")]
    assert mirror.trash() == []
    mirror.assert_rests()


def test_it_comes_back_under_the_name_that_it_was_given_here(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync=RESTORE)
    path = mirror.rename("Alpha", "Mine")
    mirror.sync()
    path.unlink()
    mirror.sync()
    assert mirror.sent() == []
    assert path.exists()
    mirror.assert_rests()


def test_renames_are_sent_all_the_same(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync=RESTORE)
    mirror.rename("Beta", "Better")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Beta"], "Better")]


# --- deletions = "ignore" ---


def test_the_job_of_a_deleted_file_stays_and_is_never_fetched_again(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look, sync=IGNORE)
    alpha = mirror.jobs["Alpha"]
    mirror.path("Alpha").unlink()
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.requests("media") == []
    assert mirror.account()[alpha] == "Alpha"
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    assert mirror.done("Alpha") == [("ignore", "done")]
    assert mirror.known("Alpha").state is State.IGNORED
    mirror.assert_rests()
    mirror.sim.world.rename(alpha, "Omega")
    mirror.sim.world.replace_audio(alpha)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.requests("media") == []


def test_a_file_that_is_brought_back_is_the_tracks_again(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync=IGNORE)
    path = mirror.path("Alpha")
    data = path.read_bytes()
    path.unlink()
    mirror.sync()
    path.write_bytes(data)
    mirror.sync()
    assert mirror.known("Alpha").state is State.PLACED
    assert mirror.bench.requests("media") == []
    assert mirror.sent() == []
    mirror.assert_rests()


@pytest.mark.parametrize("deletions", ["mirror", "restore"])
def test_what_was_ignored_stays_so_under_another_setting(
    bench: Bench, look: Look, deletions: str
) -> None:
    mirror = Mirror.of(bench, look, sync=IGNORE)
    mirror.path("Alpha").unlink()
    mirror.sync()
    mirror.bench.configure(sync={**NO_GRACE, "deletions": deletions})
    mirror.assert_rests()
    assert mirror.known("Alpha").state is State.IGNORED
    mirror.path("Beta").unlink()
    mirror.sync()
    sent = [delete(mirror.jobs["Beta"])] if deletions == "mirror" else []
    assert mirror.sent() == sent
