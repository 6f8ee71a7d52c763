"""``library.also``: the same tracks in another format, in a tree of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.local.tags import read_fields

from .mirroring import ALBUM, NO_GRACE, Mirror, delete, dies_before, patch, title_of

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]
ALSO: dict[str, object] = {"also": ["mp3"]}


def also(mirror: Mirror) -> Path:
    """The folder of the second tree."""
    return mirror.bench.folder / "Music mp3"


def songs(mirror: Mirror) -> list[str]:
    """What stands in the second tree."""
    names = sorted(str(path.relative_to(also(mirror))) for path in also(mirror).rglob("*.*"))
    names = [name for name in names if not name.startswith(".syncd")]
    assert not [name for name in names if name.endswith(".flac")]
    return [name.removeprefix(f"{ALBUM}/") for name in names if name.endswith(".mp3")]


@pytest.fixture
def mirror(bench: Bench, look: Look) -> Mirror:
    """Four songs in step, in two trees; what is deleted is deleted at once."""
    return Mirror.of(bench, look, sync=NO_GRACE, library=ALSO)


def test_each_track_is_in_both_trees_and_the_account_is_asked_once(
    bench: Bench, look: Look
) -> None:
    mirror = Mirror.of(bench, look, "Alpha", "Beta", sync=NO_GRACE)
    mirror.sync()
    once = [r.path for r in bench.requests("api")]
    bench.configure(sync=NO_GRACE, library=ALSO)
    result = mirror.sync()
    assert songs(mirror) == ["Alpha.mp3", "Beta.mp3"]
    assert mirror.files() == ["Alpha.flac", "Beta.flac"]
    assert read_fields(also(mirror) / ALBUM / "Alpha.mp3", "mp3")["job_id"] == (
        str(mirror.jobs["Alpha"]),
    )
    assert (also(mirror) / ALBUM / "Alpha.lrc").exists()
    assert "mp3: in step: 2 placed" in result.out
    assert [r.path for r in bench.requests("api")] == once
    before = look(also(mirror))
    mirror.assert_rests()
    after = look(also(mirror))
    assert {p: e for p, e in after.items() if not p.endswith("/lock")} == {
        p: e for p, e in before.items() if not p.endswith("/lock")
    }


def test_a_rename_in_either_tree_is_one_in_both(mirror: Mirror) -> None:
    mirror.rename("Alpha", "Aleph")
    (also(mirror) / ALBUM / "Beta.mp3").rename(also(mirror) / ALBUM / "Bet.mp3")
    mirror.sync()
    assert sorted(mirror.sent()) == sorted(
        [patch(mirror.jobs["Alpha"], "Aleph"), patch(mirror.jobs["Beta"], "Bet")]
    )
    assert mirror.files() == ["Aleph.flac", "Bet.flac", "Delta.flac", "Gamma.flac"]
    assert songs(mirror) == ["Aleph.mp3", "Bet.mp3", "Delta.mp3", "Gamma.mp3"]
    assert title_of(mirror.path("Bet")) == "Bet"
    mirror.sim.world.rename(mirror.jobs["Gamma"], "Gimel")
    mirror.sync()
    assert "Gimel.flac" in mirror.files()
    assert "Gimel.mp3" in songs(mirror)
    mirror.assert_rests()


@pytest.mark.parametrize(
    ("conflicts", "name"), [("local", "There"), ("remote", "Here"), ("hold", None)]
)
def test_two_names_for_one_track_come_to_rest(
    bench: Bench, look: Look, conflicts: str, name: str | None
) -> None:
    mirror = Mirror.of(bench, look, sync={"conflicts": conflicts}, library=ALSO)
    mirror.rename("Alpha", "Here")
    (also(mirror) / ALBUM / "Alpha.mp3").rename(also(mirror) / ALBUM / "There.mp3")
    mirror.sync(3 if name is None else 0)
    if name is None:
        held = bench.run("status", "--json").document["also"][0]["held"]
        pending = bench.run("--tree", "mp3", "pending")
        assert (held, pending.code) == (1, 3)
    assert mirror.account()[mirror.jobs["Alpha"]] == (name or "Here")
    assert f"{name or 'Here'}.flac" in mirror.files()
    assert f"{name or 'There'}.mp3" in songs(mirror)
    mirror.assert_rests(3 if name is None else 0)


def test_a_job_is_deleted_once_its_file_is_gone_from_every_tree(mirror: Mirror) -> None:
    mirror.path("Alpha").unlink()
    (also(mirror) / ALBUM / "Beta.mp3").unlink()
    mirror.path("Gamma").unlink()
    (also(mirror) / ALBUM / "Gamma.mp3").unlink()
    mirror.sync()
    assert mirror.sent() == [delete(mirror.jobs["Gamma"])]
    assert songs(mirror) == ["Alpha.mp3", "Delta.mp3"]
    assert mirror.files() == ["Beta.flac", "Delta.flac"]
    plan = mirror.bench.run("plan")
    assert f"its mp3 stands at {also(mirror) / ALBUM / 'Alpha.mp3'}" in plan.out
    assert mirror.bench.run("pending").out.startswith("nothing")
    mirror.assert_rests()
    assert mirror.bench.run("reject", "--job", mirror.jobs["Alpha"]).code == 0
    mirror.sync()
    assert "Alpha.flac" in mirror.files()
    mirror.path("Alpha").unlink()
    (also(mirror) / ALBUM / "Alpha.mp3").unlink()
    mirror.sync()
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    mirror.assert_rests()


def test_the_grace_begins_when_the_last_file_is_gone(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, sync={"deletion_grace": "1s"}, library=ALSO)
    mirror.path("Alpha").unlink()
    mirror.sync()
    with bench.catalog() as catalog:
        known = catalog.baseline_of(mirror.jobs["Alpha"])
    assert known is not None
    assert known.absence is not None
    assert known.absence.armed_at >= known.absence.last_at


@pytest.mark.parametrize("what", ["root", "catalog"])
def test_where_a_tree_is_away_nothing_is_deleted(mirror: Mirror, what: str) -> None:
    state = mirror.bench.state / "also" / "mp3"
    if what == "root":
        also(mirror).rename(also(mirror).with_name("elsewhere"))
    else:
        shutil.rmtree(state)
    mirror.path("Alpha").unlink()
    result = mirror.sync(1)
    assert mirror.sent() == []
    assert "syncd: mp3: " in result.complaint
    assert mirror.known("Alpha").absence
    if what == "root":
        assert not also(mirror).exists()


def test_a_file_that_is_back_in_the_other_tree_a_moment_before_keeps_its_job(
    mirror: Mirror,
) -> None:
    mirror.path("Alpha").unlink()
    second = also(mirror) / ALBUM / "Alpha.mp3"
    data = second.read_bytes()
    second.unlink()
    back = f"""
import syncd.executor.absence
real = syncd.executor.absence.scan
def scan(*arguments, **named):
    open({str(second)!r}, "wb").write(bytes.fromhex({data.hex()!r}))
    return real(*arguments, **named)
syncd.executor.absence.scan = scan
"""
    result = mirror.sync(1, before=back)
    assert mirror.sent() == []
    assert f"its mp3 stands at {second}" in result.out
    mirror.sync()
    assert mirror.sent() == []
    assert "Alpha.mp3" in songs(mirror)
    mirror.assert_rests()


def test_what_is_deleted_in_the_account_goes_to_the_trash_of_both(mirror: Mirror) -> None:
    mirror.sim.world.delete(mirror.jobs["Alpha"])
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.files() == ["Beta.flac", "Delta.flac", "Gamma.flac"]
    assert songs(mirror) == ["Beta.mp3", "Delta.mp3", "Gamma.mp3"]
    assert list((also(mirror) / ".syncd" / "trash").rglob("Alpha*"))
    mirror.assert_rests()


def test_a_run_that_is_killed_in_the_second_tree_is_gone_on_with(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha", "Beta", sync=NO_GRACE)
    bench.configure(sync=NO_GRACE, library=ALSO)
    killed = bench.run("sync", before=dies_before("syncd.catalog.further.Further.note"))
    assert killed.code != 0
    mirror.sync()
    assert songs(mirror) == ["Alpha.mp3", "Beta.mp3"]
    mirror.assert_rests()


def test_a_track_that_is_not_offered_in_the_format_waits(bench: Bench, look: Look) -> None:
    mirror = Mirror.of(bench, look, "Alpha", sync=NO_GRACE, library={"also": ["ogg"]})
    result = mirror.sync()
    assert "ogg: in step: nothing to do, 1 waiting" in result.out
    document = bench.run("sync", "--json").document
    (tree,) = document["also"]
    assert tree["format"] == "ogg"
    (waits,) = tree["waiting"]
    assert waits["reason"] == "none of the wanted formats (ogg) is on offer (flac, mp3)"


def test_a_job_that_is_removed_by_name_loses_its_file_in_every_tree(mirror: Mirror) -> None:
    second = also(mirror) / ALBUM / "Alpha.mp3"
    result = mirror.bench.run("rm", mirror.jobs["Alpha"], "--yes")
    assert f"the next sync moves {second} to the trash there" in result.out
    mirror.sync()
    assert not second.exists()
    mirror.assert_rests()


def test_commands_work_on_the_tree_that_is_named(mirror: Mirror) -> None:
    bench, alpha = mirror.bench, mirror.jobs["Alpha"]

    def tree(*arguments: str | Path | int, code: int = 0) -> Any:
        result = bench.run("--tree", "mp3", *arguments)
        assert result.code == code, result.out + result.err
        return result

    path = also(mirror) / ALBUM / "Alpha.mp3"
    assert tree("ls", "--path").out.splitlines()[0].startswith(str(also(mirror)))
    assert tree("status", "--json").document["root"] == str(also(mirror))
    shown = bench.run("status", "--json").document["also"]
    assert shown == [
        {"format": "mp3", "root": str(also(mirror)), "files": 4, "held": 0, "trouble": None}
    ]
    assert f"{also(mirror)}, 4 files" in bench.run("status").out
    assert tree("plan").out == "nothing to do: the folder is in step\n"
    tree("evict", alpha)
    assert not path.exists()
    assert mirror.path("Alpha").exists()
    mirror.assert_rests()
    tree("fetch", alpha)
    assert path.exists()
    path.unlink()
    mirror.sync()
    tree("fetch", alpha)
    assert path.exists()
    assert mirror.sent() == []
    (also(mirror) / ".syncd" / "library.json").unlink()
    result = mirror.sync(1)
    assert "syncd --tree mp3 adopt" in result.complaint
    (check,) = [
        c for c in bench.run("doctor", "--json").document["checks"] if c["name"] == "tree mp3"
    ]
    assert check["verdict"] == "failure"
    tree("adopt", "--yes")
    mirror.assert_rests()
    for command in (["sync"], ["rm", alpha], ["run"]):
        assert "is not for one tree alone" in tree(*command, code=2).complaint
    assert "library.also has no tree of ogg" in bench.run("--tree", "ogg", "ls").complaint
