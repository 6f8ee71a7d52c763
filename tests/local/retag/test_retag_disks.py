"""Tags changed, and files replaced, on a disk of its own below the root."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from syncd.errors import Changed
from syncd.local import retag as module
from syncd.local.beside import beside
from syncd.local.files import part_path, recover_placements, sha256
from syncd.local.retag import embed_identity, put_in_place
from syncd.local.scan import file_stat
from syncd.local.tags import read_identity

from .retagged import ORIGIN, Track


@pytest.fixture(autouse=True)
def parted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the library can be exchanged with what is outside of its folder."""
    exchange = module.exchange

    def checked(one: Path, other: Path) -> bool:
        if one.parent != other.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), one, None, other)
        return exchange(one, other)

    monkeypatch.setattr(module, "exchange", checked)
    monkeypatch.setattr(module, "is_mounted", lambda *_: True)


def assert_nothing_left(track: Track) -> None:
    assert [path.name for path in track.path.parent.iterdir()] == [track.path.name]
    assert track.incoming() == []


def test_the_tags_of_a_track_are_changed(track: Track) -> None:
    assert track.retag() is not None
    assert_nothing_left(track)


def test_an_identity_is_embedded(flac: Track) -> None:
    stat = embed_identity(flac.root, flac.name, 4711, ORIGIN)
    identity = read_identity(flac.path)
    assert identity is not None
    assert identity.job_id == 4711
    assert stat == file_stat(flac.path)
    assert_nothing_left(flac)


def finished(track: Track) -> Path:
    part = part_path(track.root, 7, "flac")
    part.write_bytes(b"fLaC the new one")
    return part


def test_a_file_is_replaced(flac: Track) -> None:
    flac.path.chmod(0o604)
    part = finished(flac)
    stat = put_in_place(flac.root, part, flac.name, kept=sha256(flac.path))
    assert flac.path.read_bytes() == b"fLaC the new one"
    assert flac.path.stat().st_mode & 0o777 == 0o604
    assert stat == file_stat(flac.path)
    assert_nothing_left(flac)


def test_a_file_that_was_changed_is_not_replaced(
    flac: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, kept = finished(flac), sha256(flac.path)
    copy = module._copy

    def meanwhile(*arguments: Path) -> object:
        flac.path.write_bytes(b"saved")
        return copy(*arguments)

    monkeypatch.setattr(module, "_copy", meanwhile)
    with pytest.raises(Changed):
        put_in_place(flac.root, part, flac.name, kept=kept)
    assert flac.path.read_bytes() == b"saved"
    assert [path.name for path in flac.path.parent.iterdir()] == [flac.path.name]


def test_what_a_stop_leaves_beside_the_track_is_removed(flac: Track) -> None:
    with beside(flac.root, flac.path) as near:
        near.write_bytes(b"half")
        note = next(flac.root.incoming.iterdir())
        left = note.read_bytes()
    near.write_bytes(b"half")
    note.write_bytes(left)
    recover_placements(flac.root)
    assert_nothing_left(flac)
