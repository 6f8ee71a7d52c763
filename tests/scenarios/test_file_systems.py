"""The real command on file systems that lack what others have: the same guarantees on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .disks import KINDS, LOSING_CASE, Disk, mounted
from .mirroring import ALBUM, NO_GRACE, Mirror, delete, dies_after, patch, title_of
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]

FOLDING = [kind for kind, what in KINDS.items() if what.folds]


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk of each kind that this machine can mount."""
    with mounted(KINDS[request.param], tmp_path) as made:
        yield made


@pytest.fixture
def mirror(bench: Bench, disk: Disk, look: Look) -> Mirror:
    """Three songs in step, on that disk."""
    bench.root = disk.root
    bench.prepare()
    return Mirror.of(bench, look, "Alpha", "Beta", "Gamma", sync=NO_GRACE)


folding = pytest.mark.parametrize("disk", FOLDING, indirect=True)


def standing(mirror: Mirror) -> list[str]:
    """What stands in the album, as it is listed, without hidden files of other systems."""
    return sorted(path.name for path in (mirror.bench.root / ALBUM).iterdir())


def test_names_tags_and_deletions_go_both_ways(mirror: Mirror) -> None:
    mirror.bench.assert_nothing_half_placed()
    mirror.rename("Alpha", "Omega")
    mirror.sim.world.update(mirror.jobs["Beta"], display_name="Psi: 1/2?", bpm=100.0)
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "Omega")]
    psi = "Psi： 1／2？"
    assert standing(mirror) == sorted(
        f"{name}.{suffix}" for name in ("Omega", psi, "Gamma") for suffix in ("flac", "lrc")
    )
    assert title_of(mirror.path("Omega")) == "Omega"
    assert title_of(mirror.path(psi)) == "Psi: 1/2?"
    mirror.assert_rests()
    mirror.path("Omega").unlink()
    mirror.sim.world.delete(mirror.jobs["Beta"])
    mirror.sync(before=AT_ONCE)
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    assert mirror.files() == ["Gamma.flac"]
    assert len(mirror.trash()) == 2
    mirror.assert_rests()


@folding
def test_names_change_in_case_alone_both_ways(mirror: Mirror) -> None:
    mirror.path("Alpha").rename(mirror.path("ALPHA"))
    mirror.sim.world.update(mirror.jobs["Beta"], display_name="BETA")
    mirror.sync()
    assert mirror.sent() == [patch(mirror.jobs["Alpha"], "ALPHA")]
    assert standing(mirror) == [
        "ALPHA.flac", "ALPHA.lrc", "BETA.flac", "BETA.lrc", "Gamma.flac", "Gamma.lrc",
    ]  # fmt: skip
    assert title_of(mirror.path("BETA")) == "BETA"
    mirror.assert_rests()


@folding
@pytest.mark.parametrize("step", ["_set_aside", "_once_free"])
def test_a_stop_while_the_case_changes_is_no_rename_by_the_user(mirror: Mirror, step: str) -> None:
    beta = mirror.jobs["Beta"]
    mirror.sim.world.update(beta, display_name="BETA")
    stopped = (
        dies_after("syncd.local.aside.write_note")
        if step == "_set_aside"
        else "import os, syncd.local.aside as a\na._once_free = lambda *_: os._exit(9)\n"
    )
    mirror.sync(9, before=stopped)
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.account()[beta] == "BETA"
    assert {"BETA.flac", "BETA.lrc"} <= set(standing(mirror))
    mirror.assert_rests()


def test_names_that_are_exchanged_and_names_that_are_alike(mirror: Mirror) -> None:
    one, other = mirror.jobs["Alpha"], mirror.jobs["Beta"]
    mirror.sim.world.update(one, display_name="Beta")
    mirror.sim.world.update(other, display_name="Alpha")
    alike = ["GAMMA", "Cafe\u0301", "Café", "CAFÉ", "ab", "a\u00adb", "❤", "❤\ufe0f", "Maß", "MASS"]
    made = {name: mirror.add(name) for name in alike}
    mirror.sync()
    assert mirror.sent() == []
    assert [mirror.bench.placed(job).name for job in (one, other)] == ["Beta.flac", "Alpha.flac"]
    assert len(mirror.files()) == 3 + len(made)
    mirror.bench.assert_nothing_half_placed()
    mirror.assert_rests()


@folding
def test_a_folder_of_the_users_in_another_case_is_the_albums(mirror: Mirror) -> None:
    (mirror.bench.root / ALBUM).rename(mirror.bench.root / ALBUM.upper())
    mirror.sync()
    mirror.add("New")
    mirror.sync()
    mirror.bench.configure(library={"template": "{title}.{ext}", "moves": "auto"}, sync=NO_GRACE)
    mirror.sync()
    assert mirror.sent() == []
    assert [path.name for path in mirror.bench.root.iterdir() if path.is_dir()].count(ALBUM) == 0
    assert len(mirror.bench.audio()) == 4
    mirror.assert_rests()


def test_a_disk_that_was_taken_out_and_put_in_again_has_the_same_files(
    mirror: Mirror, disk: Disk
) -> None:
    other = disk.point / "Another"
    other.mkdir()
    disk.remount()
    other.stat()  # so that inodes are counted otherwise
    mirror.sync()
    assert mirror.sent() == []
    assert mirror.bench.requests("media") == []
    mirror.sim.world.delete(mirror.jobs["Beta"])
    disk.remount()
    mirror.sync()
    assert [entry.job_id for entry in mirror.trash()] == [mirror.jobs["Beta"]]
    disk.remount()
    other.stat()
    mirror.path("Alpha").unlink()
    mirror.sync(before=AT_ONCE)
    assert mirror.sent() == [delete(mirror.jobs["Alpha"])]
    disk.remount()
    mirror.assert_rests()


def test_a_disk_that_cannot_be_written_to_loses_and_sends_nothing(
    mirror: Mirror, disk: Disk
) -> None:
    mirror.path("Alpha").unlink()
    mirror.rename("Beta", "Psi")
    mirror.sim.world.update(mirror.jobs["Gamma"], display_name="Phi")
    disk.remount("ro")
    result = mirror.sync(78, before=AT_ONCE)
    assert "Read-only file system" in result.complaint
    assert mirror.sent() == []
    disk.remount()
    mirror.sync(before=AT_ONCE)
    assert mirror.sent() == [
        patch(mirror.jobs["Beta"], "Psi"),
        delete(mirror.jobs["Alpha"]),
    ]
    assert mirror.files() == ["Phi.flac", "Psi.flac"]


def test_a_disk_that_keeps_no_case_is_refused_before_anything_is_placed(
    bench: Bench, tmp_path: Path
) -> None:
    with mounted(LOSING_CASE, tmp_path) as disk:
        bench.root = disk.root
        bench.prepare()
        bench.sim.world.add(display_name="Rain")
        result = bench.run("sync")
        assert result.code == 78
        assert "does not keep upper and lower case in names" in result.complaint
        assert bench.audio() == []
