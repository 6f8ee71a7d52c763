"""A look at the unfinished jobs: one that answers oddly is that job's trouble alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.cycle import Look, run_cycle
from syncd.engine import Engine, open_engine
from syncd.errors import KeyRevoked, Offline
from syncd.local.root import create_root
from syncd.remote import Retries
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Fault, Simulator, World

from .configuring import tables_for

SICK, WELL = 1, 2


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """Two jobs that are not finished."""
    world = World()
    for number in (SICK, WELL):
        world.add(id=number, display_name=f"Song {number}", status="PENDING", run_seconds=None)
    with Simulator(world) as running:
        yield running


@pytest.fixture
async def engine(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Engine]:
    """One that knows of both."""
    quick = Retries(attempts=2, wait_initial=0.001, wait_max=0.002, longest_wait=0.5)
    monkeypatch.setattr("syncd.remote.http.Retries", lambda: quick)
    create_root(tmp_path / "Music", sim.api_url)
    tables = tables_for(sim, tmp_path / "Music", tmp_path / "state")
    async with open_engine(Settings.model_validate(tables), Secret(sim.key)) as opened:
        await run_until_rest(opened.library, opened.executor, opened.policy)
        yield opened


ODD = {
    "500": Fault("status", status=500, times=None),
    "403": Fault("status", status=403, times=None),
    "422": Fault("status", status=422, times=None),
    "402": Fault("status", status=402, times=None),
    "a web page": Fault("portal", times=None),
}


@pytest.mark.parametrize("fault", ODD.values(), ids=ODD)
async def test_an_unfinished_job_that_answers_oddly_keeps_no_other_from_being_looked_at(
    engine: Engine, sim: Simulator, tmp_path: Path, fault: Fault
) -> None:
    sim.faults.add(replace(fault, path=f"/jobs/{SICK}/status$"))
    sim.world.complete(WELL)
    look = Look(flight=True)
    report = await run_cycle(engine.library, engine.executor, engine.policy, look)
    assert report.error is None
    assert [path.stem for path in (tmp_path / "Music").rglob("*.flac")] == [f"Song {WELL}"]


@pytest.mark.parametrize(("status", "kind"), [(403, KeyRevoked), (500, Offline)])
async def test_where_nothing_is_answered_it_is_not_the_job(
    engine: Engine, sim: Simulator, status: int, kind: type[Exception]
) -> None:
    sim.faults.add(Fault("status", status=status, times=None))
    look = Look(flight=True)
    report = await run_cycle(engine.library, engine.executor, engine.policy, look)
    assert isinstance(report.error, kind)
