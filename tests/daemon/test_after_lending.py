"""The first look after a command had the library: no listing without need, and nothing unseen."""

from __future__ import annotations

from dataclasses import replace

from syncd.catalog.store import Catalog

from .living import House


async def test_what_a_command_changed_is_seen_without_a_listing(house: House) -> None:
    async with house.inhabited() as living:
        swept = living.daemon.live.last["sweep"]
        async with living.lent():
            house.path("Alpha").rename(house.path("Omega"))
            house.path("Beta").write_bytes(house.path("Beta").read_bytes() + b"more")
            house.add("Delta")
        await living.until(house.sent)
        await living.until(house.path("Delta").exists)
        assert house.sent() == [("PATCH", str(house.jobs["Alpha"]))]
        assert house.path("Beta").read_bytes().endswith(b"more")
        await living.come_to("idle")
        assert living.daemon.live.last["sweep"] == swept


async def test_only_the_first_opening_afterwards_does_without_a_listing(house: House) -> None:
    aside = house.folder / "aside"
    async with house.inhabited() as living:
        async with living.lent():
            pass
        swept = living.daemon.live.last["sweep"]
        house.root.rename(aside)
        await living.come_to("waiting")
        aside.rename(house.root)
        living.daemon.ask_again()
        await living.come_to("idle")
        assert living.daemon.live.last["sweep"] > swept


async def test_a_library_that_a_command_bound_anew_is_listed(house: House) -> None:
    async with house.inhabited() as living:
        for changes in ({"bound_anew": "adopt"}, {"settled": False}):
            swept = living.daemon.live.last["sweep"]
            async with living.lent("syncd adopt"):
                catalog = Catalog.open(living.daemon.settings.catalog)
                binding = catalog.binding()
                assert binding is not None
                catalog.bind(replace(binding, **changes))
                catalog.close()
            assert living.daemon.live.last["sweep"] > swept, changes
