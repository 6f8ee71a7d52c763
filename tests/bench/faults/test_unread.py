"""What a scan cannot look at and takes for absent is noticed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from syncd.local import scan

from ..part import Size
from .disk import Place
from .files import Blow
from .scenes import SCENES
from .unread import blows, cell, is_under, looks

ALBUM = "AudioPod 2026-03"
LISTING = Place("local.scan.into", "scandir", "library")
ENTRY = Place("local.scan._at", "entry.is_dir", "library")


class _Forgetful(set[str]):
    """Does not take in what one function marks as unreadable."""

    def __init__(self, function: str) -> None:
        self._function = function

    def add(self, path: str) -> None:
        if sys._getframe(1).f_code.co_name != self._function:
            super().add(path)


@pytest.mark.parametrize("place", [LISTING, ENTRY])
def test_a_folder_that_cannot_be_read_is_not_absent(tmp_path: Path, place: Place) -> None:
    assert cell(SCENES["rest"], tmp_path, place, Blow("EIO", only=ALBUM)) == []


@pytest.mark.parametrize(
    ("place", "scene", "noticed"),
    [
        (LISTING, "rest", "trash differ"),  # what comes before a deletion
        (LISTING, "delete-one", "whose file cannot be looked at"),
        (ENTRY, "rest", "it does not say that this cannot be read"),
    ],
)
def test_it_is_noticed_where_it_is_taken_for_absent(
    tmp_path: Path, place: Place, scene: str, noticed: str
) -> None:
    look, forgetful = scan._Look, place.where.rpartition(".")[2]

    def made(*given: Any) -> scan._Look:
        return look(*given, unreadable=_Forgetful(forgetful))

    with patch.object(scan, "_Look", made):
        found = cell(SCENES[scene], tmp_path, place, Blow("EIO", only=ALBUM))
    assert any(noticed in text for text in found)


def test_root_album_and_file_are_struck(tmp_path: Path) -> None:
    found = looks(SCENES["rest"], tmp_path)
    opened = found[Place("local.scan._opened", "open", "library")]
    assert {blow.only for blow in blows(opened, Size.CI)} >= {"", ALBUM}
    stats = found[Place("local.scan._file", "entry.stat", "library")]
    assert all("/" in path for path in stats)
    assert len(list(blows(stats, Size.FULL))) == 14


def test_what_lies_under_a_folder() -> None:
    assert is_under("a/b", "")
    assert is_under("a/b", "a")
    assert is_under("a", "a")
    assert not is_under("ab/c", "a")
