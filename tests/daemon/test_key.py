"""The key: who is told it, and when another one is taken."""

from __future__ import annotations

import os
import socket

import pytest

from syncd import config
from syncd.core.baseline import Held
from syncd.daemon import pulse
from syncd.daemon.key import KeyInUse
from syncd.errors import ConfigError, KeyRefused, SyncdError
from syncd.secret import Secret
from syncd.settings import Settings

from .living import House, Living


async def test_the_key_is_told_where_the_system_says_who_asks(house: House) -> None:
    async with house.inhabited() as living:
        assert (await living.ask("key"))["key"] == house.sim.key


async def test_a_key_that_cannot_be_read_is_said_in_words(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_key(settings: object) -> None:
        raise ConfigError("the key file is gone")

    async with house.inhabited() as living:
        monkeypatch.setattr(living.daemon, "load_key", load_key)
        with pytest.raises(SyncdError, match="the key file is gone"):
            await living.ask("key")


def of_file(settings: Settings) -> Secret:
    """The key, as a daemon gets it that has none in its environment."""
    return config.load_key(settings, {})


def held_by(living: Living) -> list[Held]:
    session = living.daemon.session
    return session.engine.library.catalog.holds.all() if session else []


async def test_a_key_file_with_no_key_or_the_same_one_changes_nothing(house: House) -> None:
    file = house.folder / "key"
    house.configure(api={"key_file": str(file)})
    settings = house.load()
    file.touch(0o600)
    file.write_text("ap_one")
    key = KeyInUse(of_file)
    assert key.take(settings).reveal() == "ap_one"
    assert not await key.is_another(settings)
    for content in ("", "what is no key", "ap_one"):
        file.write_text(content)
        assert not await key.is_another(settings)
    file.unlink()
    assert not await key.is_another(settings)
    file.touch(0o600)
    file.write_text("ap_two")
    assert await key.is_another(settings)


async def test_another_key_in_its_file_is_used_and_does_what_the_last_one_might_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "TICK", 0.01)
    world, file = house.sim.world, house.folder / "key"

    def put(key: str) -> None:
        file.touch(0o600)
        file.write_text(key)

    put(house.sim.key)
    house.configure(api={"key_file": str(file)})
    async with house.inhabited() as living:
        monkeypatch.setattr(living.daemon.key, "_load", of_file)
        world.grant(house.sim.key, read_only=True)
        world.grant("ap_full")
        house.path("Alpha").rename(house.path("Omega"))
        await living.look(scan=True)
        (held,) = held_by(living)
        assert f"syncd approve {house.jobs['Alpha']} tries it again with this one" in held.reason
        put("ap_full")
        await living.until(lambda: world.job(house.jobs["Alpha"]).display_name == "Omega")
        await living.come_to("idle")
        assert held_by(living) == []
        asked = house.sim.requests.select(origin="api")[-1]
        assert dict(asked.headers)["x-api-key"] == "ap_full"


async def test_the_key_is_not_told_where_the_system_does_not_say_who_asks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED")
    async with house.inhabited() as living:
        with pytest.raises(SyncdError, match="does not say who asks"):
            await living.ask("key")
        assert (await living.ask("status"))["status"]["pid"] == os.getpid()


REFUSED = KeyRefused("answered 401", hint="the API key is missing or wrong")


def test_of_a_refused_key_from_the_environment_it_is_said_that_it_takes_a_restart(
    house: House,
) -> None:
    key = KeyInUse(lambda settings: config.load_key(settings, {config.KEY_VARIABLE: "ap_one"}))
    assert key.advised(REFUSED) is REFUSED
    key.take(house.load())
    said = key.advised(REFUSED)
    assert isinstance(said, KeyRefused)
    assert str(said) == (
        "answered 401 (the API key is missing or wrong; it is of AUDIOPOD_API_KEY: restart the "
        "daemon with another one)"
    )
    other = SyncdError("something else")
    assert key.advised(other) is other


def test_of_a_refused_key_from_a_file_it_is_not(house: House) -> None:
    file = house.folder / "key"
    file.touch(0o600)
    file.write_text("ap_one")
    house.configure(api={"key_file": str(file)})
    key = KeyInUse(of_file)
    key.take(house.load())
    assert key.advised(REFUSED) is REFUSED
