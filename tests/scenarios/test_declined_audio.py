"""Audio that the user declined: their file stays what it is known to be, and is never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from .mirroring import Mirror, delete

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step; other audio of the first one was held, and declined."""
    mirror = Mirror.of(bench, look, sync={"deletion_grace": "0s", "deletion_budget": 0})
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(3)
    assert bench.run("reject", "--job", mirror.jobs["Alpha"]).code == 0
    mirror.sync()
    return mirror


def kept(mirror: Mirror) -> list[bytes]:
    return [mirror.in_trash(entry).read_bytes() for entry in mirror.trash()]


def test_nothing_is_left_to_do(mirror: Mirror) -> None:
    mirror.assert_rests()


@pytest.mark.parametrize("option", [[], ["--force"]])
def test_its_file_is_not_evicted(mirror: Mirror, option: list[str]) -> None:
    result = mirror.bench.run("evict", *option, mirror.jobs["Alpha"])
    assert result.code == 1
    assert "offers other audio" in result.complaint
    assert mirror.path("Alpha").exists()


def test_rm_keeps_both(mirror: Mirror) -> None:
    alpha, mine = mirror.jobs["Alpha"], mirror.path("Alpha").read_bytes()
    mirror.sim.requests.clear()
    assert mirror.bench.run("rm", "--yes", alpha).code == 0
    assert mirror.sent() == [delete(alpha)]
    copies = kept(mirror)
    assert mine in copies
    assert len({data[-1000:] for data in copies}) == 2


def test_a_third_audio_is_asked_about_anew(mirror: Mirror) -> None:
    mirror.sim.world.replace_audio(mirror.jobs["Alpha"])
    mirror.sync(3)
    assert mirror.bench.run("approve", "--job", mirror.jobs["Alpha"]).code == 0
    assert len(mirror.trash()) == 1
    mirror.assert_rests()
