"""A library with one placed track, over a real service, which retries failed jobs thrice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncd.engine import Engine, open_engine
from syncd.local.root import create_root
from syncd.remote import Retries
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Simulator

from ..configuring import tables_for
from .library import Clocks, sync


@pytest.fixture
def clocks(sim: Simulator) -> Clocks:
    return Clocks(sim)


@pytest.fixture
async def engine(
    sim: Simulator, tmp_path: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    quick = Retries(attempts=2, wait_initial=0.001, wait_max=0.002, longest_wait=0.5)
    monkeypatch.setattr("syncd.remote.http.Retries", lambda: quick)
    create_root(tmp_path / "Music", sim.api_url)
    tables = tables_for(sim, tmp_path / "Music", tmp_path / "state", sync={"retry_failed": 3})
    sim.world.add(display_name="Fine")
    async with open_engine(
        Settings.model_validate(tables), Secret(sim.key), clock=clocks
    ) as opened:
        await sync(opened)
        sim.requests.clear()
        yield opened
