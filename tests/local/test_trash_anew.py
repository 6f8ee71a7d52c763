"""The trash before something goes for good: a copy that is kept anew, a file that is given up."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from syncd.errors import Changed
from syncd.local import carry
from syncd.local.root import Root, create_root
from syncd.local.scan import file_stat
from syncd.local.trash import Trash, Why

from .trashed import CONTENT, FACTS, NOW, fill, library, names


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def trash(root: Root) -> Trash:
    return Trash(root, mode=0o640)


# --- a copy of an earlier try ---


def test_a_copy_of_an_earlier_try_counts_as_made_now(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    later, server = NOW + timedelta(days=40), NOW + timedelta(days=41)
    renewed = trash.renew(entry, why=Why.DELETED_HERE, now=later, server_time=server)
    assert (renewed.trashed_at, renewed.server_time) == (later, server)
    assert trash.entries() == [renewed]
    assert renewed.why is Why.DELETED_HERE
    assert trash.purge(now=later, server_now=server, retention=timedelta(days=30)) == []
    with pytest.raises(Changed, match="no longer in the trash"):
        trash.finish(entry)
    trash.finish(renewed)
    assert library(root) == []


def test_a_copy_that_is_gone_is_not_renewed(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    (trash.folder / entry.name).unlink()
    with pytest.raises(Changed):
        trash.renew(entry, why=Why.REMOVED, now=NOW, server_time=None)


# --- a file that is given up ---


def discard(root: Root, trash: Trash, path: str = "a/Rain.flac") -> None:
    digest = sha256(CONTENT).hexdigest()
    trash.discard(path, expected=file_stat(root.path / path), sha256=digest, **FACTS)


def test_a_file_that_is_given_up_goes_and_its_sidecars_stay(root: Root, trash: Trash) -> None:
    fill(root, "a/Rain.flac")
    fill(root, "a/Rain.jpg", b"mine")
    discard(root, trash)
    assert library(root) == ["a/Rain.jpg"]
    assert names(trash.folder) == []


def test_what_an_editor_saves_in_the_moment_a_file_is_given_up_stays(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a/Rain.flac")
    rename = carry._rename

    def saved_before(root_: Root, source: Path, target: Path) -> None:
        monkeypatch.setattr(carry, "_rename", rename)
        fresh = fill(root_, "a/Rain.tmp", b"the user's")
        fresh.replace(source)
        rename(root_, source, target)

    monkeypatch.setattr(carry, "_rename", saved_before)
    with pytest.raises(Changed):
        discard(root, trash)
    assert (root.path / "a/Rain.flac").read_bytes() == b"the user's"
    assert names(trash.folder) == []


def test_a_stop_while_a_file_is_given_up_leaves_it_to_be_brought_back(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a/Rain.flac")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trash, "_remove", stopped)
    with pytest.raises(KeyboardInterrupt):
        discard(root, trash)
    (entry,) = Trash(root, mode=0o640).entries()
    assert Trash(root, mode=0o640).restore(entry) == "a/Rain.flac"
    assert (root.path / "a/Rain.flac").read_bytes() == CONTENT
