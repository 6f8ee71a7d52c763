"""``syncd doctor`` on what the library's file system can do."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from syncd.doctor import filesystem
from syncd.doctor.filesystem import Abilities, try_out

ALL_THERE = Abilities(
    folds=False, renames_without_replacing=True, exchanges=True, links=True, locks=True
)


def failing(code: int) -> Any:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_what_the_file_system_can_do_is_tried_out_and_nothing_stays(tmp_path: Path) -> None:
    found = try_out(tmp_path)
    assert found.locks
    assert found.links
    assert found.folds == (tmp_path.parent / tmp_path.name.upper()).exists()
    assert list(tmp_path.iterdir()) == []


def test_what_the_file_system_lacks_is_found_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    monkeypatch.setattr(filesystem.fcntl, "flock", failing(errno.ENOLCK))
    monkeypatch.setattr(filesystem, "rename_exclusive", lambda *_: False)
    monkeypatch.setattr(filesystem, "exchange", lambda *_: False)
    lacking = Abilities(
        folds=False, renames_without_replacing=False, exchanges=False, links=False, locks=False
    )
    assert try_out(tmp_path) == lacking
    said = filesystem.check(tmp_path, lacking)
    assert said.verdict == "warning"
    assert "lacks: rename that does not replace, exchange of two names, hard links, locks" in (
        said.message
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_where_case_does_not_count_is_said(tmp_path: Path) -> None:
    folds = Abilities(
        folds=True, renames_without_replacing=True, exchanges=True, links=True, locks=True
    )
    assert "upper and lower case are one" in filesystem.check(tmp_path, folds).message
    assert "upper and lower case differ" in filesystem.check(tmp_path, ALL_THERE).message


def test_a_share_of_the_network_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "is_network", lambda _: "nfs4")
    said = filesystem.check(tmp_path, ALL_THERE)
    assert said.verdict == "warning"
    assert "it is on the network" in said.message
    assert said.fix is not None
