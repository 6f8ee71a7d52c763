"""What every command advises where the library, its marker or its catalog is not there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

QUERIES = (("ls",), ("ls", "--foreign"), ("show", "1"), ("pending",), ("history",))


@pytest.fixture
def library(bench: Bench, sim: Simulator) -> Bench:
    """A library with one track."""
    sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    return bench


@pytest.mark.parametrize(
    "command", ["sync", "plan", "verify", "trash ls", "trash empty", "evict 1"]
)
def test_a_missing_marker_is_never_taken_for_a_new_library(library: Bench, command: str) -> None:
    (library.root / ".syncd" / "library.json").unlink()
    result = library.run(*command.split())
    assert result.code == 78
    assert "mount the disk that holds the library" in result.complaint
    assert "syncd adopt" in result.complaint
    assert "syncd init" not in result.complaint


def test_init_names_the_way_back_where_only_the_marker_is_gone(library: Bench) -> None:
    (library.root / ".syncd" / "library.json").unlink()
    result = library.run("init", "--yes")
    assert result.code == 78
    assert "syncd adopt" in result.complaint


@pytest.mark.parametrize("begun", [False, True], ids=["no catalog", "a blank catalog"])
@pytest.mark.parametrize("command", QUERIES, ids=" ".join)
def test_a_lost_catalog_is_made_anew_by_rebuild_whoever_is_asked(
    library: Bench, command: tuple[str, ...], begun: bool
) -> None:
    shutil.rmtree(library.state)
    if begun:
        assert library.run("sync").code == 78
    result = library.run(*command)
    assert result.code == 1
    assert result.out == ""
    assert "syncd rebuild" in result.complaint


def test_verify_refuses_a_lost_catalog_as_sync_does(library: Bench) -> None:
    shutil.rmtree(library.state)
    said = library.run("verify")
    assert (said.code, said.complaint) == (78, library.run("sync").complaint)


@pytest.mark.parametrize("command", QUERIES, ids=" ".join)
def test_before_the_first_sync_a_question_says_to_sync(
    bench: Bench, command: tuple[str, ...]
) -> None:
    result = bench.run(*command)
    assert result.code == 1
    assert "run syncd sync first" in result.complaint
