"""A first sync that gives way to something else is no less settled in the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from syncd.catalog.store import Binding, Catalog
from syncd.daemon.wakes import Request
from syncd.engine import Engine
from syncd.simulator import Fault

from .living import PATIENCE, House


def binding_of(house: House) -> Binding:
    """What the catalog says that it belongs to, and how far it is."""
    catalog = Catalog.read(house.load().catalog)
    assert catalog is not None
    try:
        found = catalog.binding()
    finally:
        catalog.close()
    assert found is not None
    return found


@pytest.fixture
def free(house: House) -> Iterator[threading.Event]:
    """The first download does not get on before this is set."""
    made = threading.Event()
    house.configure(limits={"parallel_downloads": 1})
    house.sim.faults.add(Fault("run", origin="media", call=lambda _: made.wait(PATIENCE)))
    yield made
    made.set()


async def test_one_whose_first_cycle_gave_way_settles_without_another_listing(
    house: House, free: threading.Event
) -> None:
    async def look(engine: Engine) -> tuple[int, bool]:
        return len(list(house.root.rglob("*.flac"))), binding_of(house).settled

    async with house.inhabited(state="working") as living:
        await living.until(lambda: house.sim.faults.pending() == [])
        request = Request("a test", look)
        living.daemon.wakes.ask(request)
        free.set()
        assert await request.answer == (1, False)
        swept = living.daemon.live.last["sweep"]
        await living.until(lambda: binding_of(house).settled)
        assert living.daemon.live.last["sweep"] == swept
        # So what the user does from here on is sent.
        house.path("Alpha").rename(house.path("Omega"))
        await living.until(house.sent)
        assert house.sent() == [("PATCH", str(house.jobs["Alpha"]))]


async def test_one_that_was_lent_half_way_is_not_taken_for_one_from_a_backup(
    house: House, free: threading.Event
) -> None:
    async with house.inhabited(state="working") as living:
        await living.until(lambda: house.sim.faults.pending() == [])
        async with living.lent():
            binding = binding_of(house)
            assert (binding.generation, binding.marker_generation) == (1, 1)
            assert not binding.settled
            free.set()
        await living.until(lambda: all(house.path(name).exists() for name in house.jobs))
        await living.until(lambda: binding_of(house).settled)
        assert living.troubles == []
        assert house.sent() == []
