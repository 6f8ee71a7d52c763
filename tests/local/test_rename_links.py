"""A hard link that stands in for an exclusive rename: what other programs do in between."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.errors import Changed, Occupied
from syncd.local import rename
from syncd.local.files import recover_placements
from syncd.local.moves import move
from syncd.local.root import Root, create_root

OLD, EDIT = b"before the edit", b"what the user saved"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """A library where there is no exclusive rename, with one track."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    made = create_root(tmp_path / "library", "https://api.audiopod.ai")[0]
    (made.path / "old.flac").write_bytes(OLD)
    return made


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """``linked(act)``: ``act`` happens right after the new name was given."""

    def make(act: Callable[[], object]) -> None:
        link = os.link

        def then(*args: Path, **named: bool) -> None:
            link(*args, **named)
            act()

        monkeypatch.setattr(os, "link", then)

    return make


@pytest.fixture
def numbered_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As some of FUSE does it, where two names never show one inode."""
    numbers: dict[tuple[str, int], int] = {}

    def numbering(call: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def numbered(path: str | Path, **named: object) -> os.stat_result:
            found = call(path, **named)
            number = numbers.setdefault((Path(path).name, found.st_ino), len(numbers) + 1)
            fields, more = found.__reduce__()[1]
            return os.stat_result((fields[0], number, *fields[2:]), more)

        return numbered

    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, numbering(getattr(os, name)))


def save(path: Path, content: bytes = EDIT) -> None:
    """As editors do it: by a rename."""
    beside = path.with_name(".saving")
    beside.write_bytes(content)
    beside.replace(path)


def held(root: Root) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.path.iterdir() if path.is_file()}


@pytest.mark.parametrize("numbering", ["by file", "by name"])
def test_what_is_saved_under_the_old_name_in_between_stays_and_nothing_comes_twice(
    root: Root,
    linked: Callable[[Callable[[], object]], None],
    numbering: str,
    request: pytest.FixtureRequest,
) -> None:
    if numbering == "by name":
        request.getfixturevalue("numbered_by_name")
    linked(lambda: save(root.path / "old.flac"))
    with pytest.raises(Changed):
        move(root, "old.flac", "new.flac")
    assert held(root) == {"old.flac": EDIT}
    assert list(root.incoming.iterdir()) == []


@pytest.mark.parametrize("numbering", ["by file", "by name"])
def test_what_takes_the_new_name_in_between_stays_and_so_does_the_track(
    root: Root,
    linked: Callable[[Callable[[], object]], None],
    numbering: str,
    request: pytest.FixtureRequest,
) -> None:
    if numbering == "by name":
        request.getfixturevalue("numbered_by_name")
    linked(lambda: save(root.path / "new.flac", b""))
    with pytest.raises(Occupied):
        move(root, "old.flac", "new.flac")
    recover_placements(root)
    assert held(root) == {"old.flac": OLD, "new.flac": b""}
    assert list(root.incoming.iterdir()) == []


def test_where_both_names_are_taken_in_between_both_stay(
    root: Root, linked: Callable[[Callable[[], object]], None]
) -> None:
    linked(lambda: (save(root.path / "old.flac"), save(root.path / "new.flac", b"theirs")))
    with pytest.raises(Occupied):
        move(root, "old.flac", "new.flac")
    assert held(root) == {"old.flac": EDIT, "new.flac": b"theirs"}


@pytest.mark.usefixtures("numbered_by_name")
def test_a_track_moves_where_each_name_of_a_file_shows_an_inode_of_its_own(root: Root) -> None:
    move(root, "old.flac", "new.flac")
    assert held(root) == {"new.flac": OLD}
    assert list(root.incoming.iterdir()) == []


@pytest.mark.parametrize("stopped", [False, True])
def test_the_old_name_goes_once_the_new_one_is_there_for_good(
    root: Root, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    steps: list[str] = []
    fsync, unlink = os.fsync, Path.unlink
    if stopped:
        with monkeypatch.context() as patch:
            patch.setattr(rename, "_remove_old_name", _stop)
            with pytest.raises(_Stop):
                move(root, "old.flac", "new.flac")

    def noted_fsync(descriptor: int) -> None:
        steps.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noted_unlink(path: Path, missing_ok: bool = False) -> None:
        steps.append(path.name)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "unlink", noted_unlink)
    if stopped:
        recover_placements(root)
    else:
        move(root, "old.flac", "new.flac")
    assert steps[steps.index("old.flac") - 1] == "library"
    assert held(root) == {"new.flac": OLD}


class _Stop(BaseException):
    """The program is no more."""


def _stop(*_: object) -> None:
    raise _Stop


def note(root: Root, target: str, source: str) -> None:
    table = {"target": target, "source": source}
    (root.incoming / "x.move.part.target").write_text(json.dumps(table))


def test_a_note_never_takes_the_last_name_of_a_file(root: Root) -> None:
    note(root, "old.flac", "old.flac")
    recover_placements(root)
    assert held(root) == {"old.flac": OLD}


def test_a_note_takes_no_name_of_another_file_than_the_new_one(root: Root) -> None:
    (root.path / "twin.flac").hardlink_to(root.path / "old.flac")
    (root.path / "new.flac").write_bytes(EDIT)
    note(root, "new.flac", "old.flac")
    recover_placements(root)
    assert held(root) == {"old.flac": OLD, "twin.flac": OLD, "new.flac": EDIT}


def test_a_note_takes_nothing_away_that_is_not_in_the_library(root: Root) -> None:
    beside = root.path.with_name("backup.flac")
    beside.hardlink_to(root.path / "old.flac")
    note(root, "old.flac", "../backup.flac")
    recover_placements(root)
    assert beside.read_bytes() == OLD
