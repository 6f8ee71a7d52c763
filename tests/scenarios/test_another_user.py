"""Root, in the library of another user: nothing is left there that this user could not use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be what is tested")

OTHER = 987_654


def of_another_user(bench: Bench) -> None:
    """Give the library and the catalog to a user without a name."""
    bench.state.mkdir(exist_ok=True)
    for folder in (bench.root, bench.state):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, OTHER, OTHER)


@pytest.mark.parametrize(
    "command",
    [("sync",), ("run",), ("evict", 1), ("reject", "--job", 1), ("adopt", "--yes")],
    ids=lambda command: command[0],
)
def test_a_command_that_writes_is_refused_with_how_to_run_it(
    bench: Bench, command: tuple[str | int, ...]
) -> None:
    of_another_user(bench)
    result = bench.run(*command)
    assert (result.code, result.out) == (2, "")
    assert f"is of the user {OTHER}" in result.complaint
    assert f"sudo -u '#{OTHER}' syncd …" in result.complaint
    made = (*bench.root.rglob("*"), *bench.state.rglob("*"))
    assert [path for path in made if path.stat().st_uid != OTHER] == []


def test_init_makes_no_library_in_the_folder_of_another(bench: Bench, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, OTHER, OTHER)
    config = tmp_path / "new.toml"
    result = bench.run("--config", config, "init", "--root", theirs, "--yes")
    assert (result.code, f"{theirs} is of the user {OTHER}" in result.complaint) == (2, True)
    assert (list(theirs.iterdir()), config.exists()) == ([], False)


def test_what_only_looks_goes_on(bench: Bench) -> None:
    assert bench.run("sync").code == 0
    of_another_user(bench)
    assert bench.run("status").code == 0
    assert bench.run("pending").code == 0
    assert bench.run("plan").code == 0
    left = [*bench.root.rglob("*"), *bench.state.rglob("*")]
    assert [path for path in left if path.stat().st_uid != OTHER] == []
