"""A file that stands aside, and a note of it that can no longer be read."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.core.renaming import title_of
from syncd.errors import FolderUnusable
from syncd.local.aside import swap
from syncd.local.files import recover_placements
from syncd.local.root import Root, create_root

FLAC = b"fLaC" + bytes(64)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    made = create_root(tmp_path / "library", "https://api.audiopod.ai")[0]
    (made.path / "Album").mkdir()
    return made


@pytest.fixture
def track(root: Root) -> Path:
    return root.path / "Album/Rain.flac"


def hide(root: Root, track: Path, note: str | None, content: bytes = FLAC) -> str:
    """Let a file stand aside, with that note; the beginning of its digest."""
    digest = hashlib.sha256(os.fsencode(track)).hexdigest()[:32]
    track.with_name(f".syncd-{digest}.aside").write_bytes(content)
    if note is not None:
        (root.incoming / f"syncd-{digest}.aside").write_text(note)
    return digest[:8]


def held(root: Root) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root.path / "Album").iterdir()}


@pytest.mark.parametrize(
    "note",
    ["", '{"aside": "Album/.sy', "\0" * 64, "[]", '{"aside": 7}', "nowhere"],
    ids=["empty", "cut short", "zeros", "a list", "a number", "without a place"],
)
@pytest.mark.parametrize(
    ("content", "suffix"), [(FLAC, ".flac"), (b"la la", "")], ids=["audio", "text"]
)
def test_a_file_aside_is_seen_again_where_its_note_cannot_be_read(
    root: Root, track: Path, note: str, content: bytes, suffix: str
) -> None:
    if note == "nowhere":
        digest = hashlib.sha256(os.fsencode(track)).hexdigest()[:32]
        note = json.dumps({"aside": f"Album/.syncd-{digest}.aside", "places": ["../beside"]})
    name = f"syncd-{hide(root, track, note, content)} (restored)"
    (root.path / "Album" / f"{name}{suffix}").write_bytes(b"theirs")
    recover_placements(root)
    second = name.replace(")", " 2)")
    assert held(root) == {f"{name}{suffix}": b"theirs", f"{second}{suffix}": content}
    assert list(root.incoming.iterdir()) == []
    assert not (root.path.parent / "beside").exists()
    for stem in (name, second):
        assert title_of(
            stem, placed_title="Rain", placed_stem="Rain", template="{title}", job_id=7
        ) is None  # fmt: skip


def test_what_only_has_that_name_and_is_no_file_stays(root: Root, track: Path) -> None:
    hide(root, track, "")
    (hidden,) = (root.path / "Album").iterdir()
    hidden.unlink()
    hidden.symlink_to("elsewhere")
    (root.incoming / hidden.name[1:]).write_bytes(FLAC)
    (root.private / hidden.name).write_bytes(FLAC)
    recover_placements(root)
    assert hidden.is_symlink()
    assert (root.private / hidden.name).exists()
    assert list(root.incoming.iterdir()) == []


def test_the_note_stays_while_a_folder_cannot_be_looked_at(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hide(root, track, "")
    scandir = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("Album"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return scandir(path)

    with monkeypatch.context() as failed, capture_logs() as logs:
        failed.setattr(os, "scandir", refused)
        recover_placements(root)
    assert [line["event"] for line in logs] == ["a file may be left under a hidden name"]
    recover_placements(root)
    assert held(root) == {f"syncd-{digest} (restored).flac": FLAC}


def test_a_file_aside_of_which_nobody_knows_is_never_replaced(root: Root, track: Path) -> None:
    digest = hide(root, track, None)
    track.write_bytes(b"second")
    other = track.with_name("Sun.flac")
    other.write_bytes(b"sun")
    with pytest.raises(FolderUnusable, match=rf"^Album/\.syncd-{digest}.*is in the way"):
        swap(root, track, other)
    found = held(root)
    assert sorted(found.values()) == sorted([FLAC, b"second", b"sun"])
    assert found["Rain.flac"] == b"second"
    assert list(root.incoming.iterdir()) == []


def test_a_note_of_another_file_aside_does_not_let_it_be_replaced(root: Root, track: Path) -> None:
    hide(root, track, json.dumps({"aside": "Album/mine.flac", "places": []}))
    track.write_bytes(b"second")
    with pytest.raises(FolderUnusable):
        swap(root, track, track)
    assert sorted(held(root).values()) == sorted([FLAC, b"second"])
