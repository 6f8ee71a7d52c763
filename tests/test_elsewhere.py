"""Whether a track has a file in a further tree, as the first one sees it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Binding, Catalog
from syncd.core.baseline import Placed, State
from syncd.core.model import FileStat, Identity, LocalFile
from syncd.core.policy import Now
from syncd.elsewhere import Elsewhere, stand_elsewhere
from syncd.local.root import Marker, create_root, write_marker

NOW = datetime(2026, 4, 1, tzinfo=UTC)
STANDS = "its mp3 stands at {}: delete that too"


class Tree:
    """A further tree that is set up, and holds what it is told."""

    def __init__(self, folder: Path) -> None:
        self.first = Catalog.open(folder / "state" / "catalog.sqlite3")
        self.path = folder / "state" / "also" / "mp3" / "catalog.sqlite3"
        self.root, self.marker = create_root(folder / "Music mp3", "https://api")
        self.seen = Elsewhere("mp3", self.root.path, (), self.path, self.first)

    def set_up(self) -> None:
        catalog = Catalog.open(self.path)
        catalog.bind(Binding(self.marker.library_id, "https://api"))
        catalog.close()
        self.first.further.note("mp3", self.marker.library_id)

    def put(self, job_id: int, state: State, file: LocalFile | None = None) -> None:
        placed = Placed(
            path=f"{job_id}.mp3", title="", stem="", template="", format="mp3", audio="", etag=None,
            sha256="", stat=FileStat(1, 2, 3, 4),
        )  # fmt: skip
        done = Done(job_id=job_id, verb="download", state=state, placed=placed, file=file)
        catalog = Catalog.open(self.path)
        catalog.outcomes.record(done, entry=0, now=Now(NOW))
        catalog.close()

    def standing(self, *job_ids: int) -> dict[int, str]:
        return stand_elsewhere([self.seen], job_ids)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    made = Tree(tmp_path)
    yield made
    made.first.close()


def test_in_a_tree_that_was_never_set_up_nothing_stands(tree: Tree) -> None:
    assert tree.standing(7) == {}
    shutil.rmtree(tree.root.path)
    assert tree.standing(7) == {}


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        *((state, True) for state in (State.PLACED, State.DETACHED, State.TRASHING)),
        *((state, False) for state in (State.IGNORED, State.EVICTED, State.GONE, State.WANTED)),
    ],
)
def test_a_file_stands_until_it_is_settled_that_it_does_not(
    tree: Tree, state: State, stands: bool
) -> None:
    tree.set_up()
    tree.put(7, state)
    tree.put(8, State.PLACED)
    said = {7: STANDS.format(tree.root.path / "7.mp3")} if stands else {}
    assert tree.standing(7) == said


def test_a_file_that_carries_the_id_counts_wherever_it_is(tree: Tree) -> None:
    tree.set_up()
    tree.put(7, State.IGNORED, LocalFile("copy.mp3", FileStat(1, 2, 3, 4), Identity(7, None)))
    assert tree.standing(7) == {7: STANDS.format(tree.root.path / "copy.mp3")}


@pytest.mark.parametrize("what", ["root", "marker", "another", "catalog", "damaged", "note"])
def test_a_tree_that_cannot_be_looked_at_may_have_any_file(tree: Tree, what: str) -> None:
    tree.set_up()
    if what == "root":
        shutil.rmtree(tree.root.path)
    elif what == "marker":
        (tree.root.private / "library.json").unlink()
    elif what == "another":
        write_marker(tree.root, Marker.new("https://api"))
    elif what == "catalog":
        shutil.rmtree(tree.path.parent)
    elif what == "damaged":
        tree.path.write_bytes(b"x" * 8192)
    else:
        # A tree that was placed in, whose catalog is lost with what the first one knew of it.
        shutil.rmtree(tree.path.parent)
        tree.first.further.note("mp3", "")
        write_marker(tree.root, replace(tree.marker, generation=4))
    said = tree.standing(7, 8)
    assert said.keys() == {7, 8}
    assert said[7].startswith("whether its mp3 is gone as well cannot be told: ")
