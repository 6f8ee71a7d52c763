"""What the daemon tells systemd, and what it makes of a configuration that is gone."""

from __future__ import annotations

from typing import NoReturn

import pytest

from .living import House, Manager


async def test_after_a_wait_systemd_is_told_again_what_it_was_told_before(
    house: House, manager: Manager
) -> None:
    aside = house.folder / "aside"
    waits = f"waits for the folder: the library folder {house.root} is not there"
    async with house.inhabited(manager) as living:
        assert manager.status == "idle"
        for _ in range(2):
            house.root.rename(aside)
            await living.until(lambda: manager.status.startswith(waits))
            aside.rename(house.root)
            living.daemon.ask_again()
            await living.until(lambda: manager.status == "idle")


async def test_a_reload_ends_for_systemd_whatever_ends_it(
    house: House, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> NoReturn:
        raise RuntimeError("nobody expected that")

    async with house.inhabited(manager) as living:
        monkeypatch.setattr(living.daemon, "_load", fails)
        with pytest.raises(RuntimeError):
            living.daemon.reload()
        assert [told.splitlines()[0] for told in manager.told()[-2:]] == ["RELOADING=1", "READY=1"]


async def test_a_configuration_that_is_gone_is_refused_and_what_was_in_force_stays(
    house: House, manager: Manager
) -> None:
    house.configure(sync={"direction": "down"})
    async with house.inhabited(manager) as living:
        before = living.daemon.settings
        house.config.unlink()
        living.daemon.reload()
        assert living.troubles == [f"{house.config}: the configuration file is gone"]
        # The reload has ended for systemd, too, which would wait for its end.
        assert [told.splitlines()[0] for told in manager.told()[-2:]] == ["RELOADING=1", "READY=1"]
        house.path("Alpha").rename(house.path("Omega"))
        await living.look(scan=True)
        assert living.daemon.settings is before
        assert house.sent() == [], "it only fetches, as it did before"
        house.configure()
        await living.reload()
        assert living.troubles == []
        await living.until(house.sent)
