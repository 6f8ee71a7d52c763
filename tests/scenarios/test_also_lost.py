"""A further tree, where what is known of it or of the account is lost, older, or of another."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .mirroring import ALBUM, NO_GRACE, Mirror

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]
ALSO: dict[str, object] = {"also": ["mp3"]}
OTHER = "ap_somebody_else"


def also(bench: Bench) -> Path:
    """The folder of the second tree."""
    return bench.folder / "Music mp3"


def names(bench: Bench) -> list[str]:
    """What stands in the album there."""
    return sorted(path.name for path in (also(bench) / ALBUM).glob("*.mp3"))


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Three songs in step, in two trees; what is deleted is deleted at once."""
    return Mirror.of(bench, look, "Alpha", "Beta", "Gamma", sync=NO_GRACE, library=ALSO)


def test_a_tree_that_is_away_keeps_its_jobs_over_a_lost_state_folder(mirror: Mirror) -> None:
    bench = mirror.bench
    away = bench.folder / "disk"
    also(bench).rename(away)
    also(bench).mkdir()
    shutil.rmtree(bench.state)
    assert bench.run("rebuild", "--yes").code == 0
    result = mirror.sync(1)
    assert "it is not the tree that was made before" in result.complaint
    assert list(also(bench).iterdir()) == []
    mirror.path("Alpha").unlink()
    mirror.sync(1)
    assert mirror.sent() == []
    assert "whether its mp3 is gone as well cannot be told" in bench.run("plan").out
    also(bench).rmdir()
    away.rename(also(bench))
    assert "syncd --tree mp3 rebuild" in mirror.sync(1).err
    assert mirror.sent() == []
    assert bench.run("--tree", "mp3", "rebuild", "--yes").code == 0
    mirror.sync()
    assert mirror.sent() == []
    assert names(bench) == ["Alpha.mp3", "Beta.mp3", "Gamma.mp3"]


def test_a_tree_that_is_gone_for_good_with_its_catalog_is_begun_anew_by_adopting(
    mirror: Mirror,
) -> None:
    bench = mirror.bench
    shutil.rmtree(also(bench))
    shutil.rmtree(bench.state)
    assert bench.run("rebuild", "--yes").code == 0
    assert "syncd --tree mp3 adopt" in mirror.sync(1).complaint
    also(bench).mkdir()
    result = bench.run("--tree", "mp3", "adopt", "--yes")
    assert result.code == 0, result.out + result.err
    assert "the tree is begun anew" in result.out
    mirror.sync()
    assert names(bench) == ["Alpha.mp3", "Beta.mp3", "Gamma.mp3"]
    mirror.assert_rests()


def test_where_the_first_tree_was_adopted_to_another_account_nothing_is_removed_unasked(
    bench: Bench, look: Look
) -> None:
    bench.sim.switches.user_id = False
    mirror = Mirror.of(bench, look, "Alpha", "Beta", sync=NO_GRACE, library=ALSO)
    bench.sim.world.grant("ap_rotated")
    assert mirror.sync(AUDIOPOD_API_KEY="ap_rotated").out.count("in step: nothing to do") == 2
    bench.sim.world.grant(OTHER, 8002)
    mirror.add("Theirs", user_id=8002)
    assert bench.run("adopt", "--yes", AUDIOPOD_API_KEY=OTHER).code == 0
    for theirs in ([], ["Theirs.mp3"]):
        mirror.sync(AUDIOPOD_API_KEY=OTHER)
        assert names(bench) == ["Alpha.mp3", "Beta.mp3", *theirs]
    assert mirror.files() == ["Alpha.flac", "Beta.flac", "Theirs.flac"]
    assert bench.run("--tree", "mp3", "pending").out.startswith("nothing")


def test_a_first_catalog_from_a_backup_is_not_followed(mirror: Mirror) -> None:
    bench = mirror.bench
    backup = bench.folder / "backup"
    backup.mkdir()
    for path in bench.state.glob("catalog.sqlite3*"):
        shutil.copy2(path, backup)
    mirror.add("Zeta")
    mirror.sync()
    for path in bench.state.glob("catalog.sqlite3*"):
        path.unlink()
    for path in backup.iterdir():
        shutil.copy2(path, bench.state)
    for command in (("fetch", mirror.jobs["Alpha"]), ("adopt", "--yes"), ("plan",)):
        result = bench.run("--tree", "mp3", *command)
        assert result.code == 78, result.out + result.err
        assert "is older than the library" in result.complaint
        assert "syncd adopt shows" in result.complaint
    assert "Zeta.mp3" in names(bench)


def test_names_that_are_sent_from_any_tree_count_for_one_budget(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha", "Beta", sync={"rename_budget": 1}, library=ALSO)
    (also(bench) / ALBUM / "Alpha.mp3").rename(also(bench) / ALBUM / "Aleph.mp3")
    mirror.sync()
    mirror.rename("Beta", "Bet")
    mirror.sync(3)
    assert mirror.account()[mirror.jobs["Alpha"]] == "Aleph"
    assert mirror.account()[mirror.jobs["Beta"]] == "Beta"
    assert "1 within the last day" in bench.run("pending").out


def test_names_that_were_sent_from_the_first_tree_count_in_the_others(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look, "Alpha", "Beta", sync={"rename_budget": 1}, library=ALSO)
    mirror.rename("Alpha", "Aleph")
    mirror.sync()
    (also(bench) / ALBUM / "Beta.mp3").rename(also(bench) / ALBUM / "Bet.mp3")
    mirror.sync(3)
    assert mirror.account()[mirror.jobs["Beta"]] == "Beta"
