"""The commands that are loaded as they are called."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from syncd.cli.commands import COMMANDS, loaded

from .conftest import Said


@pytest.mark.parametrize("name", COMMANDS)
def test_its_line_in_the_help_is_the_first_sentence_of_its_own(name: str) -> None:
    assert COMMANDS[name].help == loaded(name).get_short_help_str(200)


@pytest.mark.parametrize("argument", ["--help", "--version", "no-such-command"])
def test_what_runs_no_command_loads_none(argument: str) -> None:
    listed = (
        "import sys\n"
        "from contextlib import suppress\n"
        "from syncd.cli.app import run\n"
        f"sys.argv = ['syncd', {argument!r}]\n"
        "with suppress(SystemExit):\n"
        "    run()\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    run = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    loaded_ones = set(run.stderr.splitlines()[-1].split())
    assert {f"syncd.cli.{place.module}" for place in COMMANDS.values()}.isdisjoint(loaded_ones)
    assert {"asyncio", "syncd.core.operations"}.isdisjoint(loaded_ones)


def test_a_name_that_there_is_not_is_told_with_those_like_it(syncd: Callable[..., Said]) -> None:
    assert "Did you mean 'stats', 'status'?" in syncd("stat").err
