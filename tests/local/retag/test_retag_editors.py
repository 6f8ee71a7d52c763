"""Editors and players that write to a file while its tags are written: theirs is what stays."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.errors import Changed, RootUnusable
from syncd.local import retag as module
from syncd.local.audio import check
from syncd.local.exchange import exchange
from syncd.local.files import tidy_incoming
from syncd.local.scan import file_stat
from syncd.local.tags import read_fields

from .retagged import (
    WANTED,
    Track,
    before_call,
    failing,
    set_title,
)

THEIRS = b"what the editor wrote"


def in_place(path: Path) -> None:
    with path.open("rb+") as file:
        file.write(THEIRS)


def by_rename(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(THEIRS)
    other.replace(path)


def keeping_the_date(path: Path) -> None:
    before = path.stat()
    in_place(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


EDITORS = [in_place, by_rename, keeping_the_date]


@pytest.mark.parametrize("step", ["edit_fields", "check", "_put", "exchange"])
@pytest.mark.parametrize("editor", EDITORS)
def test_an_editor_that_is_quicker_finds_what_it_wrote(
    flac: Track, monkeypatch: pytest.MonkeyPatch, editor: Callable[[Path], None], step: str
) -> None:
    before_call(monkeypatch, step, lambda: editor(flac.path))
    with pytest.raises(Changed, match="another program"):
        flac.retag()
    assert flac.path.read_bytes().startswith(THEIRS)
    assert flac.incoming() == []


@pytest.mark.parametrize("editor", EDITORS)
def test_an_editor_is_noticed_where_names_cannot_be_exchanged(
    flac: Track, poor: None, monkeypatch: pytest.MonkeyPatch, editor: Callable[[Path], None]
) -> None:
    before_call(monkeypatch, "exchange", lambda: editor(flac.path))
    with pytest.raises(Changed):
        flac.retag()
    assert flac.path.read_bytes().startswith(THEIRS)
    assert flac.incoming() == []


@pytest.mark.parametrize("editor", EDITORS)
def test_what_an_editor_wrote_before_keeps_its_name_all_the_while(
    flac: Track, monkeypatch: pytest.MonkeyPatch, editor: Callable[[Path], None]
) -> None:
    before_call(monkeypatch, "_put", lambda: editor(flac.path))
    monkeypatch.setattr(module, "exchange", failing(errno.EIO))
    with pytest.raises(Changed, match="another program"):
        flac.retag()
    assert flac.path.read_bytes().startswith(THEIRS)


def test_a_file_is_replaced_where_names_cannot_be_exchanged(track: Track, poor: None) -> None:
    done = track.retag()
    assert done is not None
    assert done.stat == file_stat(track.path)
    assert read_fields(track.path, track.fmt) == {**track.owned, **WANTED}
    assert track.incoming() == []


def test_an_editor_that_writes_twice_finds_the_latest(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again() -> None:
        other = flac.path.with_suffix(".new")
        other.write_bytes(b"the latest")
        other.replace(flac.path)

    before_call(monkeypatch, "exchange", lambda: in_place(flac.path))
    before_call(monkeypatch, "_put_back", again)
    with pytest.raises(Changed):
        flac.retag()
    assert flac.path.read_bytes() == b"the latest"
    assert flac.incoming() == []


def test_an_edit_is_kept_where_the_new_file_was_moved_away(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = flac.path.with_name("Elsewhere.flac")
    before_call(monkeypatch, "exchange", lambda: in_place(flac.path))
    before_call(monkeypatch, "_put_back", lambda: flac.path.rename(elsewhere))
    with pytest.raises(Changed):
        flac.retag()
    assert flac.path.read_bytes().startswith(THEIRS)
    assert read_fields(elsewhere, "flac")["title"] == WANTED["title"]


def test_an_edit_that_cannot_be_put_back_is_never_tidied_away(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def once(part: Path, target: Path) -> bool:
        calls.append(part)
        if len(calls) > 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        in_place(target)
        return exchange(part, target)

    monkeypatch.setattr(module, "exchange", once)
    with pytest.raises(RootUnusable):
        flac.retag()
    tidy_incoming(flac.root, ())
    (kept,) = flac.root.incoming.iterdir()
    assert kept.read_bytes().startswith(THEIRS)
    check(flac.path, "flac", expected_duration=None)


def test_a_displaced_file_that_cannot_be_read_goes_back(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = flac.path.read_bytes()
    read = module.sha256
    digests = [read]

    def once(path: Path) -> str:
        return digests.pop()(path) if digests else str(failing(errno.EIO)())

    monkeypatch.setattr(module, "sha256", once)
    # Nobody changed it: what is said is what the disk said.
    with pytest.raises(RootUnusable, match="Input/output error"):
        flac.retag()
    assert flac.path.read_bytes() == before


@pytest.mark.parametrize("step", ["read_fields", "_copy", "check", "exchange"])
def test_a_file_that_goes_meanwhile_stays_gone(
    flac: Track, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before_call(monkeypatch, step, flac.path.unlink)
    with pytest.raises(Changed, match="no longer there"):
        flac.retag()
    assert not flac.path.exists()
    assert flac.incoming() == []


def test_the_user_may_be_quicker_and_leave_nothing_to_write(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"title": ("Storm",)}
    before_call(monkeypatch, "_copy", lambda: set_title(flac.path, "flac", "My own"))
    assert flac.retag(wanted=wanted) is None
    assert read_fields(flac.path, "flac")["title"] == ("My own",)
    assert flac.incoming() == []


def test_what_an_editor_writes_as_soon_as_the_new_file_is_there_is_no_stat_of_ours(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_call(monkeypatch, "fsync_folder", lambda: in_place(flac.path))
    written = flac.retag()
    assert written is not None
    assert flac.path.read_bytes().startswith(THEIRS)
    assert written.stat != file_stat(flac.path)
