"""A catalog that breaks, or is exchanged, while the daemon works with it: it says so, and ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.cycle import Look
from syncd.daemon import upkeep
from syncd.errors import CatalogUnusable, ExitCode, SyncdError
from syncd.simulator import Fault

from .living import House


async def test_what_the_daily_check_finds_ends_it_before_a_backup_is_lost(
    house: House, spoil_jobs: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A day has always passed since the last upkeep.
    monkeypatch.setattr(upkeep, "DAY", timedelta())
    folder = house.load().state.dir / upkeep.BACKUPS
    async with house.inhabited() as living:
        await living.until(lambda: folder.exists() and list(folder.iterdir()))
        await living.come_to("idle")
        before = {path: path.read_bytes() for path in folder.iterdir()}
        spoil_jobs(living.daemon.settings.catalog)
        living.daemon.wakes.keep_up()
        with pytest.raises(CatalogUnusable) as caught:
            await living.running
    assert caught.value.exit_code is ExitCode.SAFETY
    said = str(caught.value)
    assert f"the catalog {house.load().catalog} is damaged" in said
    assert "syncd rebuild makes it anew" in said
    assert str(folder) in said
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert house.sent() == []


async def test_what_a_look_stumbles_over_ends_it_with_the_way_out(
    house: House, spoil_jobs: Callable[[Path], None]
) -> None:
    async with house.inhabited() as living:
        spoil_jobs(living.daemon.settings.catalog)
        living.daemon.wakes.wake(Look(sweep=True, scan=True), "a test")
        with pytest.raises(CatalogUnusable, match="is damaged: database disk image") as caught:
            await living.running
    assert caught.value.exit_code is ExitCode.SAFETY
    assert "syncd rebuild" in str(caught.value)
    assert str(house.load().state.dir / upkeep.BACKUPS) in str(caught.value)
    assert house.sent() == []


async def test_what_a_status_meets_ends_it_with_the_ways_out(
    house: House, spoil_jobs: Callable[[Path], None]
) -> None:
    async with house.inhabited() as living:
        spoil_jobs(living.daemon.settings.catalog)
        told = await living.ask("status")
        assert "malformed" in told["status"]["errors"][0]["message"]
        with pytest.raises(CatalogUnusable, match="is damaged: database disk image") as caught:
            await living.running
    assert caught.value.exit_code is ExitCode.SAFETY
    assert str(house.load().state.dir / upkeep.BACKUPS) in str(caught.value)


def exchange(house: House) -> None:
    """Put a copy of the catalog in its place."""
    catalog = house.load().catalog
    copy = catalog.with_name("copy")
    shutil.copy2(catalog, copy)
    copy.replace(catalog)


async def test_a_request_on_an_exchanged_catalog_is_refused_and_ends_it(house: House) -> None:
    async with house.inhabited() as living:
        exchange(house)
        for error in (living.ask("approve", batches=[1], jobs=[]), living.running):
            with pytest.raises(SyncdError, match="vanished or was exchanged") as caught:
                await error
            assert caught.value.exit_code is ExitCode.SAFETY


async def test_a_poll_on_an_exchanged_catalog_asks_nothing_and_ends_it(house: House) -> None:
    async with house.inhabited() as living:
        exchange(house)
        house.sim.requests.clear()
        living.daemon.wakes.wake(Look(poll=True), "a test")
        with pytest.raises(CatalogUnusable, match="vanished or was exchanged"):
            await living.running
    assert len(house.sim.requests) == 0


async def test_what_was_planned_on_a_catalog_that_is_exchanged_meanwhile_is_not_done(
    house: House,
) -> None:
    async with house.inhabited() as living:
        house.add("Delta")
        fault = Fault("run", origin="api", path="/jobs$", call=lambda _: exchange(house))
        house.sim.faults.add(fault)
        living.daemon.wakes.wake(Look(poll=True), "a test")
        with pytest.raises(CatalogUnusable, match="vanished or was exchanged"):
            await living.running
    assert house.sim.faults.pending() == []
    assert not house.path("Delta").exists()
