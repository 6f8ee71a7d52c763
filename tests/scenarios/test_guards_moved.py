"""A root that is another folder than before, marker and all, as an interrupted copy is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from syncd.catalog.store import Catalog

from .guarding import ALBUM, add, assert_in_step, assert_nothing_removed, deleted, fill, held

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks in step, where a deletion waits out no grace."""
    return fill(bench, 5)


def copy_without(bench: Bench, *names: str) -> None:
    """Put a copy of the root in its place, in which these are missing."""
    former = bench.root.rename(bench.folder / "former")
    shutil.copytree(former, bench.root)
    for name in names:
        (bench.root / ALBUM / name).unlink()


def test_what_is_missing_in_a_copy_of_the_library_is_held_until_it_is_approved(
    bench: Bench, tracks: list[int]
) -> None:
    copy_without(bench, "T0.flac")
    assert bench.run("plan").code == 0
    for _ in range(2):
        result = bench.run("sync")
        assert result.code == 3
        assert "in another folder or on another disk than before" in result.out
        assert held(bench) == {"delete-remote": tracks[:1]}
    assert_nothing_removed(bench)
    assert "in another folder or on another disk than before" in bench.run("plan").out
    assert bench.run("approve", "1").code == 0
    assert deleted(bench) == tracks[:1]


def test_on_a_disk_that_numbers_its_files_anew_another_folder_is_another_root(
    bench: Bench,
) -> None:
    on_fat = (
        "from pathlib import PurePosixPath\n"
        "from syncd.local import mounts\n"
        "mounts.mount_of = lambda _: mounts.Mount(1, PurePosixPath('/'), 'vfat', '/dev/sdx1')\n"
    )
    tracks = add(bench, 2)
    bench.configure(sync={"deletion_grace": "0s"})
    assert bench.run("sync", before=on_fat).code == 0
    bench.root = shutil.copytree(bench.root, bench.folder / "Copy")
    bench.configure(sync={"deletion_grace": "0s"})
    (bench.root / ALBUM / "T0.flac").unlink()
    assert bench.run("sync", before=on_fat).code == 3
    assert held(bench) == {"delete-remote": tracks[:1]}
    assert deleted(bench) == []


def test_a_rejection_fetches_what_a_copy_lacks(bench: Bench, tracks: list[int]) -> None:
    copy_without(bench, "T0.flac", "T1.flac")
    assert bench.run("sync").code == 3
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    assert_nothing_removed(bench)
    assert_in_step(bench)


def test_a_copy_that_is_finished_later_ends_the_hold(bench: Bench, tracks: list[int]) -> None:
    copy_without(bench, "T0.flac")
    assert bench.run("sync").code == 3
    shutil.copy2(bench.folder / "former" / ALBUM / "T0.flac", bench.root / ALBUM)
    assert bench.run("sync").code == 0
    assert held(bench) == {}
    assert_in_step(bench)


def test_with_deletions_ignored_what_a_copy_lacks_is_not_ignored_unasked(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure(sync={"deletion_grace": "0s", "deletions": "ignore"})
    copy_without(bench, "T0.flac")
    assert bench.run("sync").code == 3
    assert held(bench) == {"ignore": tracks[:1]}


def test_everything_else_goes_on_in_a_copy(bench: Bench, tracks: list[int]) -> None:
    copy_without(bench, "T0.flac")
    (bench.root / ALBUM / "T1.flac").rename(bench.root / ALBUM / "Mine.flac")
    (later,) = add(bench, 1, first=5)
    assert bench.run("sync").code == 3
    job = bench.sim.world.job(tracks[1])
    assert job is not None
    assert job.display_name == "Mine"
    assert bench.placed(later).exists()
    assert deleted(bench) == []


def test_once_a_copy_was_looked_through_a_deletion_is_one_again(
    bench: Bench, tracks: list[int]
) -> None:
    copy_without(bench)
    assert_in_step(bench)
    bench.placed(tracks[0]).unlink()
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:1]


def test_a_look_that_came_to_no_end_does_not_end_the_doubt(
    bench: Bench, tracks: list[int], haste: str
) -> None:
    copy_without(bench, "T0.flac")
    stopped = "import os, syncd.cycle\nsyncd.cycle.make_plan = lambda *_: os._exit(9)\n"
    assert bench.run("sync", before=stopped).code == 9
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": tracks[:1]}
    assert_nothing_removed(bench)


def test_what_was_pending_before_goes_on_in_a_copy(bench: Bench, tracks: list[int]) -> None:
    bench.configure(sync={"deletion_grace": "1h"})
    at_once = "import syncd.core.cases\nsyncd.core.cases.SCANS_APART = 0\n"
    bench.placed(tracks[0]).unlink()
    assert bench.run("sync", before=at_once).code == 0
    copy_without(bench, "T1.flac")
    assert bench.run("sync", before=at_once).code == 3
    assert held(bench) == {"delete-remote": tracks[1:2]}
    bench.configure(sync={"deletion_grace": "0s"})
    assert bench.run("sync").code == 3
    assert deleted(bench) == tracks[:1]


def test_a_catalog_that_did_not_know_its_root_yet_takes_it_as_it_is(
    bench: Bench, tracks: list[int]
) -> None:
    """As a catalog of an earlier version."""
    catalog = Catalog.open(bench.state / "catalog.sqlite3")
    binding = catalog.binding()
    assert binding is not None
    assert binding.root_id is not None
    catalog.bind(replace(binding, root_id=None))
    catalog.close()
    bench.placed(tracks[0]).unlink()
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:1]
