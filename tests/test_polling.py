"""A cheap look at the account takes in nothing of another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.catalog import queries
from syncd.engine import Engine, open_engine
from syncd.errors import WrongAccount
from syncd.local.root import create_root
from syncd.observation import poll_account
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Simulator

from .configuring import tables_for


@pytest.fixture
async def engine(sim: Simulator, tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine at rest, whose key opens another account from then on."""
    create_root(tmp_path / "Music", sim.api_url)
    sim.world.add(display_name="Fine")
    settings = Settings.model_validate(tables_for(sim, tmp_path / "Music", tmp_path / "state"))
    async with open_engine(settings, Secret(sim.key)) as opened:
        await run_until_rest(opened.library, opened.executor, opened.policy)
        sim.world.grant(sim.key, 8002)
        yield opened


async def test_jobs_of_another_account_are_not_taken_in(engine: Engine, sim: Simulator) -> None:
    theirs = sim.world.add(user_id=8002, display_name="Not yours")
    with pytest.raises(WrongAccount, match="account 8002"):
        await poll_account(engine.library)
    assert queries.job(engine.library.catalog, theirs) is None


async def test_a_key_that_changed_is_asked_about_first(engine: Engine, sim: Simulator) -> None:
    sim.world.add(user_id=8002, display_name="Not yours")
    with pytest.raises(WrongAccount, match="the API key changed"):
        await poll_account(replace(engine.library, key_fingerprint="of another key"))
