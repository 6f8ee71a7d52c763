"""Hooks that the configuration names no more, or otherwise: also those that wait for their turn."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.daemon.events import Event
from syncd.daemon.hooks import Hooks
from syncd.settings import Settings

from .living import House, Living, until

SAY = "import os, sys; open(sys.argv[1], 'a').write(os.environ['SYNCD_EVENT'] + '\\n')"
WAIT = """
import os, sys, time
open(sys.argv[1], "a").write("begun\\n")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
"""


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """Where programs write what they were run for, a line each."""
    return tmp_path / "said"


def lines(said: Path) -> list[str]:
    return said.read_text().splitlines() if said.exists() else []


def program(code: str, *arguments: Path) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


async def rename(living: Living, old: str, new: str) -> None:
    """Rename a file, and wait until that was sent, and everything rests."""
    house = living.house
    count = len(house.sent())
    house.path(old).rename(house.path(new))
    await living.until(lambda: len(house.sent()) > count)
    await living.come_to("idle")


async def test_with_the_configuration_they_change_and_end(house: House, said: Path) -> None:
    other = said.with_name("other")
    house.configure(hooks={"on_renamed": program(SAY, said)})
    async with house.inhabited() as living:
        await rename(living, "Alpha", "Omega")
        await living.until(lambda: lines(said) == ["renamed"])
        house.configure(hooks={"on_renamed": program(SAY, other)})
        await living.reload()
        await rename(living, "Beta", "Psi")
        await living.until(lambda: lines(other) == ["renamed"])
        house.configure(hooks={"on_added": program(SAY, other)})
        await living.reload()
        await rename(living, "Gamma", "Chi")
        # Told in turn, so that one which is run now shows that the one before was not.
        house.add("Delta")
        await living.look(poll=True)
        await living.until(lambda: lines(other) == ["renamed", "added"])
    assert lines(said) == ["renamed"]


def as_configured(**hooks: list[str]) -> Settings:
    return Settings.model_validate({"library": {"root": "/music"}, "hooks": hooks})


async def test_what_waits_for_its_turn_is_told_to_the_new_program_or_to_none(said: Path) -> None:
    go = said.with_name("go")
    hooks = Hooks(as_configured(on_renamed=program(WAIT, said, go), on_added=["/nowhere/at-all"]))
    renamed, added = Event("renamed", ({"job_id": 1},)), Event("added", ({"job_id": 2},))
    with capture_logs() as logs:
        hooks.tell([renamed])
        await until(lambda: lines(said))
        hooks.tell([renamed, added])
        hooks.take(as_configured(on_added=program(SAY, said)))
        go.touch()
        await until(lambda: len(lines(said)) == 2)
    await hooks.close()
    assert lines(said) == ["begun", "added"]
    assert logs == []
