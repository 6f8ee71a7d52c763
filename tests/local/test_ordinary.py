"""The program's own small files are read; what stands in their place holds nothing up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.errors import RootUnusable
from syncd.export.placing import RECORD, Record
from syncd.local import notes, under_way
from syncd.local.notes import read_notes
from syncd.local.ordinary import read_ordinary
from syncd.local.root import Root, create_root, read_marker


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "Music", "https://api.audiopod.ai")[0]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    target = path.parent / "elsewhere"
    target.write_text("{}")
    path.symlink_to(target)


places = pytest.mark.parametrize("place", [pipe, link, Path.mkdir])


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert read_ordinary(path, 10) == b"abc"
    assert read_ordinary(path, 2) == b"ab"


@places
def test_what_is_no_ordinary_file_is_an_error_at_once(
    tmp_path: Path, place: Callable[[Path], None]
) -> None:
    place(tmp_path / "it")
    with pytest.raises(OSError, match="it"):
        read_ordinary(tmp_path / "it", 10)


@places
def test_a_marker_that_is_none_makes_the_root_unusable(
    root: Root, place: Callable[[Path], None]
) -> None:
    marker = root.private / "library.json"
    marker.unlink()
    place(marker)
    with pytest.raises(RootUnusable, match="cannot be read"):
        read_marker(root)


def test_no_marker_is_read_where_the_private_folder_is_a_link(root: Root) -> None:
    kept = root.path.with_name("kept")
    root.private.rename(kept)
    root.private.symlink_to(kept)
    with pytest.raises(RootUnusable, match="is a link"):
        read_marker(root)


@places
def test_notes_that_are_none_make_the_root_unusable(
    root: Root, place: Callable[[Path], None]
) -> None:
    place(root.private / notes._NOTES)
    with pytest.raises(RootUnusable, match="cannot be read"):
        read_notes(root)


@places
def test_a_record_of_exports_that_is_none_says_nothing(
    root: Root, place: Callable[[Path], None]
) -> None:
    place(root.private / RECORD)
    assert Record.read(root) == Record()


@places
def test_a_note_of_what_is_under_way_that_is_none_is_an_error(
    root: Root, place: Callable[[Path], None]
) -> None:
    note = root.private / "note"
    place(note)
    with pytest.raises(OSError, match="note"):
        under_way.read_note(note)
