"""A root or a marker that is swapped or vanishes while a command runs: nothing is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .guarding import (
    ALBUM,
    assert_in_step,
    assert_nothing_removed,
    assert_refused,
    deleted,
    fill,
    held,
    mark,
    trashed,
)

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks in step, where a deletion waits out no grace."""
    return fill(bench, 5)


# --- while the folder is scanned ---

WHILE_SCANNING = """
import json
from pathlib import Path
import syncd.observation
scan = syncd.observation.scan
def swapping(root, known, **options):
    {first}
    tree = scan(root, known, **options)
    {then}
    return tree
syncd.observation.scan = swapping
root, away = Path({root!r}), Path({away!r})
"""


SWAP = "root.rename(away); root.mkdir()"


@pytest.mark.parametrize(
    ("first", "then"), [(SWAP, ""), ("", SWAP)], ids=["before the scan", "after the scan"]
)
def test_a_root_that_is_swapped_while_it_is_scanned_is_refused(
    bench: Bench, tracks: list[int], first: str, then: str
) -> None:
    away = bench.folder / "away"
    swapping = WHILE_SCANNING.format(
        first=first or "pass", then=then or "pass", root=str(bench.root), away=str(away)
    )
    assert_refused(bench, "is no longer the folder it was a moment ago", before=swapping)
    assert list(bench.root.iterdir()) == []
    bench.root.rmdir()
    away.rename(bench.root)
    assert_in_step(bench)


ANOTHER_UNTIL_IT_IS_SCANNED = """
from pathlib import Path
import syncd.observation
from syncd.catalog.scans import Scans
root, away = Path({root!r}), Path({away!r})
known, scan = Scans.known_files, syncd.observation.scan
def swapped(self):
    found = known(self)
    root.rename(away)
    root.mkdir()
    return found
def back(*arguments, **named):
    tree = scan(*arguments, **named)
    root.rmdir()
    away.rename(root)
    return tree
Scans.known_files, syncd.observation.scan = swapped, back
"""
"""Put before a command: another folder stands there from before the scan until its end."""


def test_a_root_that_is_another_when_its_scan_begins_is_refused(
    bench: Bench, tracks: list[int]
) -> None:
    away = bench.folder / "away"
    swapping = ANOTHER_UNTIL_IT_IS_SCANNED.format(root=str(bench.root), away=str(away))
    assert_refused(bench, "is no longer the folder it was a moment ago", before=swapping)
    assert list(bench.root.iterdir()) == []
    bench.root.rmdir()
    away.rename(bench.root)
    assert_in_step(bench)


def test_a_root_that_is_swapped_for_a_moment_is_not_believed_a_second_time(
    bench: Bench, tracks: list[int]
) -> None:
    """Swapped and back again within the scan: what was missed so is no deletion."""
    there_and_back = WHILE_SCANNING.format(
        first=f"(root / {ALBUM!r}).rename(away)",
        then=f"away.rename(root / {ALBUM!r}); syncd.observation.scan = scan",
        root=str(bench.root),
        away=str(bench.folder / "away"),
    )
    result = bench.run("sync", before=there_and_back)
    assert (result.code, result.out) == (0, "in step: nothing to do\n")
    assert_in_step(bench)


def test_a_marker_that_vanishes_while_the_root_is_scanned_is_refused(
    bench: Bench, tracks: list[int]
) -> None:
    losing = WHILE_SCANNING.format(
        first="pass",
        then="(root / '.syncd/library.json').unlink(missing_ok=True)",
        root=str(bench.root),
        away="",
    )
    bench.placed(tracks[0]).unlink()
    assert_refused(bench, "vanished or changed while it was read", before=losing)
    assert bench.run("adopt", "--yes").code == 3
    assert held(bench) == {"delete-remote": tracks[:1]}
    assert_nothing_removed(bench)


def test_a_marker_of_another_library_within_the_run_is_refused(
    bench: Bench, tracks: list[int]
) -> None:
    other = "00000000-0000-4000-8000-000000000000"
    changing = WHILE_SCANNING.format(
        first="pass",
        then="marker = root / '.syncd/library.json'; said = json.loads(marker.read_text()); "
        f"marker.write_text(json.dumps({{**said, 'library_id': {other!r}}}))",
        root=str(bench.root),
        away="",
    )
    bench.placed(tracks[0]).unlink()
    assert_refused(bench, "vanished or changed while it was read", before=changing)
    mark(bench, library_id=other)
    assert_refused(bench, "is another library", "syncd adopt")


# --- between the scan and a deletion ---

BEFORE_THE_DELETE = """
from pathlib import Path
import syncd.executor.remove
copy = syncd.executor.remove.recovery_copy
async def losing(*arguments, **options):
    kept = await copy(*arguments, **options)
    {loss}
    return kept
syncd.executor.remove.recovery_copy = losing
root = Path({root!r})
"""


LOSSES = {
    "the marker": "(root / '.syncd/library.json').unlink()",
    "the root": "import shutil; shutil.copytree(root, root.with_name('other')); "
    "root.rename(root.with_name('away')); root.with_name('other').rename(root)",
    "what it holds": "root.rename(root.with_name('away')); root.mkdir()",
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_what_vanishes_between_the_scan_and_the_deletion_stops_it(
    bench: Bench, tracks: list[int], loss: str
) -> None:
    bench.placed(tracks[0]).unlink()
    result = bench.run("sync", before=BEFORE_THE_DELETE.format(loss=loss, root=str(bench.root)))
    assert result.code == 78
    assert str(bench.root) in result.complaint
    assert bench.sim.requests.mutating() == []
    assert bench.sim.world.job(tracks[0]) is not None


def test_a_marker_that_vanished_before_a_deletion_is_written_anew_and_the_deletion_is_asked_for(
    bench: Bench, tracks: list[int]
) -> None:
    bench.placed(tracks[0]).unlink()
    loss = LOSSES["the marker"]
    bench.run("sync", before=BEFORE_THE_DELETE.format(loss=loss, root=str(bench.root)))
    assert bench.run("adopt", "--yes").code == 3
    assert bench.run("sync").code == 3
    assert deleted(bench) == []
    assert bench.run("approve", "1").code == 0
    assert deleted(bench) == tracks[:1]
    assert trashed(bench) == ["T0.flac"]


# --- while something is done in it ---

WHILE_TRASHING = """
from pathlib import Path
import syncd.local.trash as trash
carry = trash.carry_sidecars
root, away = Path({root!r}), Path({away!r})
def late(*given):
    root.rename(away); root.mkdir()
    return carry(*given)
trash.carry_sidecars = late
"""


def test_what_was_done_in_a_folder_that_is_away_by_then_is_not_recorded(
    bench: Bench, tracks: list[int]
) -> None:
    away = bench.folder / "away"
    bench.sim.world.delete(tracks[0])
    lyrics = bench.root / ALBUM / "T0.lrc"
    lyrics.write_text("mine")
    swapping = WHILE_TRASHING.format(root=str(bench.root), away=str(away))
    assert bench.run("sync", before=swapping).code == 78
    assert list(bench.root.rglob("*")) == []
    bench.root.rmdir()
    away.rename(bench.root)
    assert bench.run("sync").code == 0
    assert not lyrics.exists()
    assert "T0.lrc" in {path.name for path in (bench.root / ".syncd/trash").rglob("*")}


WHILE_TIDYING = """
from pathlib import Path
import syncd.cycle
tidy, root, away = syncd.cycle.files.tidy_incoming, Path({root!r}), Path({away!r})
def late(*given):
    tidy(*given)
    root.rename(away); (root / ".syncd").mkdir(parents=True)
syncd.cycle.files.tidy_incoming = late
"""


def test_no_notes_are_kept_in_a_folder_that_stands_in_the_place_of_the_root(
    bench: Bench, tracks: list[int]
) -> None:
    away = bench.folder / "away"
    swapping = WHILE_TIDYING.format(root=str(bench.root), away=str(away))
    assert_refused(bench, "is no longer the folder it was a moment ago", before=swapping)
    assert list((bench.root / ".syncd").iterdir()) == []
