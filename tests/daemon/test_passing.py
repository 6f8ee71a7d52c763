"""What is brief has its turn while the daemon is at something long: a first sync, its own or asked
for."""

from __future__ import annotations

import asyncio

import pytest

from syncd.cycle import Look
from syncd.simulator import Fault

from .living import House, Living

MANY = 12
SLOWLY = Fault("throttle", origin="media", rate=30_000, times=None, path=r"\.flac$")


@pytest.fixture
def held(empty: House) -> House:
    """Three songs in step, where every rename waits for the user."""
    empty.configure(sync={"rename_budget": 0}, limits={"parallel_downloads": 1})
    for name in ("Alpha", "Beta", "Gamma"):
        empty.add(name)
    return empty


def names(house: House) -> set[str | None]:
    return {job.display_name for job in house.sim.world.jobs()}


async def hold(living: Living) -> None:
    """Rename all songs in the folder: that is held."""
    for name in ("Alpha", "Beta", "Gamma"):
        living.house.path(name).rename(living.house.path(f"{name} live"))
    await living.look(scan=True)
    assert names(living.house) == {"Alpha", "Beta", "Gamma"}


def add_many(house: House) -> None:
    house.sim.faults.add(SLOWLY)
    for number in range(MANY):
        house.add(f"Song {number}")


def placed(house: House) -> int:
    return sum(house.path(f"Song {number}").exists() for number in range(MANY))


async def approve_and_reject(living: Living) -> None:
    """Approve one rename and reject another, while downloads go on; both are answered meanwhile."""
    house = living.house
    await living.until(lambda: placed(house))
    rejected = await living.ask("reject", jobs=[house.jobs["Beta"]])
    assert [one["job_id"] for one in rejected["rejected"]] == [house.jobs["Beta"]]
    approved = await living.ask("approve", jobs=[house.jobs["Alpha"]])
    assert [one["job_id"] for one in approved["released"]] == [house.jobs["Alpha"]]
    left = MANY - placed(house)
    assert left, "it was answered before all was there"
    assert approved["summary"].splitlines()[0] == (
        f"0 placed, 1 renamed in the account, 1 held, {left} still to be downloaded"
    )
    assert "Alpha live" in names(house)
    house.sim.faults.clear()


async def test_they_are_answered_during_a_sync_that_was_asked_for(held: House) -> None:
    async with held.inhabited() as living:
        await hold(living)
        add_many(held)
        syncing = asyncio.create_task(living.ask("sync"))
        await approve_and_reject(living)
        told = await syncing
        assert told["exit_code"] == 3, "one is held still"
        done = [one for one in told["document"]["operations"] if one["result"] == "done"]
        assert len({one["id"] for one in done if one["operation"] == "download"}) == MANY
        assert placed(held) == MANY
        await living.come_to("idle")
    assert names(held) >= {"Alpha live", "Beta", "Gamma"}
    assert [method for method, _ in held.sent()] == ["PATCH"]


async def test_they_are_answered_during_what_it_downloads_of_itself(held: House) -> None:
    async with held.inhabited() as living:
        await hold(living)
        add_many(held)
        living.daemon.wakes.wake(Look(poll=True), "a test")
        await approve_and_reject(living)
        await living.come_to("idle")
        assert placed(held) == MANY
    assert [method for method, _ in held.sent()] == ["PATCH"]


async def test_what_stands_behind_the_downloads_is_carried_out_before_approve_answers(
    held: House,
) -> None:
    async with held.inhabited() as living:
        await hold(living)
        session = living.daemon.session
        assert session is not None
        catalog = session.engine.library.catalog
        catalog.outcomes.fail(
            held.jobs["Alpha"], "it failed", attempts=1, next_try_at=living.daemon.clock()
        )
        add_many(held)
        syncing = asyncio.create_task(living.ask("sync"))
        await living.until(lambda: placed(held))
        approving = asyncio.create_task(living.ask("approve", jobs=[held.jobs["Alpha"]]))
        await living.until(lambda: session.left_downloads)
        held.sim.faults.clear()
        approved = await approving
        assert "1 renamed in the account" in approved["summary"]
        assert "Alpha live" in names(held)
        assert placed(held) == MANY
        await syncing


async def test_a_first_sync_that_was_asked_for_and_gave_way_settles_the_catalog(
    empty: House,
) -> None:
    empty.configure(limits={"parallel_downloads": 1})
    add_many(empty)
    state = empty.load().state.dir
    state.mkdir()
    (state / "paused").touch()
    async with empty.inhabited(state="paused") as living:
        session = living.daemon.session
        assert session is not None
        syncing = asyncio.create_task(living.ask("sync"))
        await living.until(lambda: placed(empty))
        await living.ask("reject")
        assert session.left_downloads
        empty.sim.faults.clear()
        assert (await syncing)["exit_code"] == 0
        binding = session.engine.library.catalog.binding()
        assert binding is not None
        assert binding.settled
