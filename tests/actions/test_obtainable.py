"""Nothing is given up that could not be fetched again: an address alone is no audio."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from syncd.actions.evict import evict
from syncd.core.baseline import State
from syncd.engine import Engine, open_engine
from syncd.errors import LocalError, MediaError
from syncd.local.root import create_root
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from ..configuring import tables_for

JOB = 7


@pytest.fixture
async def engine(
    tmp_path: Path, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    """A library with one track in its place."""
    sim.world.add(id=JOB, display_name="A", audio={"flac": tone("flac", 1)})
    create_root(tmp_path / "Music", sim.api_url)
    settings = Settings.model_validate(tables_for(sim, tmp_path / "Music", tmp_path / "state"))
    async with open_engine(settings, Secret(sim.key)) as engine:
        await run_until_rest(engine.library, engine.executor, engine.policy)
        quick = dataclasses.replace(engine.context.http.retries, attempts=1)
        monkeypatch.setattr(engine.context.http, "retries", quick)
        yield engine


def _not_served(sim: Simulator) -> None:
    sim.faults.add(Fault("status", origin="media", status=404, times=None))


def _fails(sim: Simulator) -> None:
    sim.faults.add(Fault("status", origin="media", status=503, times=None))


def _web_page(sim: Simulator) -> None:
    sim.faults.add(Fault("portal", origin="media", times=None))


def _shorter(sim: Simulator) -> None:
    sim.switches.media_etag = False
    sim.world.replace_audio(JOB, {"flac": tone("flac", 1)[:-400]}, same_address=True)


def _other_audio(sim: Simulator) -> None:
    sim.world.replace_audio(JOB, {"flac": tone("flac", 2)}, same_address=True)


@pytest.mark.parametrize("trouble", [_not_served, _fails, _web_page, _shorter, _other_audio])
async def test_a_file_stays_whose_audio_is_not_served(
    engine: Engine, sim: Simulator, trouble: Callable[[Simulator], None]
) -> None:
    placed = engine.context.placed(JOB)
    trouble(sim)
    with pytest.raises(MediaError, match="left alone, as perhaps the only copy of its audio"):
        await evict(engine.library, engine.context, engine.policy, JOB)
    assert engine.context.placed(JOB) == placed
    assert (engine.library.root.path / placed.path).exists()


async def test_a_file_that_cannot_be_read_is_told_in_one_line(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = engine.context.placed(JOB)

    def sick(path: Path, _format: str) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr("syncd.executor.obtainable.untagged_size", sick)
    with pytest.raises(LocalError, match="Input/output error"):
        await evict(engine.library, engine.context, engine.policy, JOB)
    assert (engine.library.root.path / placed.path).exists()


async def test_one_byte_is_asked_for(engine: Engine, sim: Simulator) -> None:
    sim.requests.clear()
    await evict(engine.library, engine.context, engine.policy, JOB)
    (asked,) = sim.requests.select(origin="media")
    assert dict(asked.headers)["range"] == "bytes=0-0"
    assert not asked.has_key


async def test_where_the_validator_is_another_the_bytes_decide(
    engine: Engine, sim: Simulator
) -> None:
    placed = dataclasses.replace(engine.context.placed(JOB), etag='"of-another-cache"')
    engine.library.catalog.outcomes.commit(JOB, State.PLACED, placed)
    await evict(engine.library, engine.context, engine.policy, JOB)
    assert not (engine.library.root.path / placed.path).exists()
    assert list((engine.library.root.path / ".syncd" / "incoming").iterdir()) == []
