"""What stands in the notes of the trash may have been written by anyone, and may be out of date."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.local.root import Root, create_root
from syncd.local.trash import Trash

from .trashed import FACTS, NOW, fill, library, names


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def trash(root: Root) -> Trash:
    return Trash(root, mode=0o640)


WRONG: dict[str, dict[str, object]] = {
    "a time before all times": {"trashed_at": "0001-01-01T00:00:00+14:00"},
    "a service's time after all times": {"server_time": "9999-12-31T23:59:59-14:00"},
    "an id that no catalog holds": {"job_id": 10**30},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_note_that_cannot_be_is_damaged_and_its_file_stays(
    root: Root, trash: Trash, wrong: dict[str, object]
) -> None:
    fill(root, "Rain.flac")
    entry = trash.put("Rain.flac", **FACTS)
    note = trash.folder / f"{entry.name}.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **wrong}))
    with capture_logs() as logs:
        assert trash.entries() == []
    assert [(line["name"], line["why"]) for line in logs] == [(entry.name, "its note is damaged")]
    later = NOW + timedelta(days=9999)
    trash.purge(now=later, server_now=later, retention=timedelta(0))
    assert (trash.folder / entry.name).exists()


def test_what_stands_beside_another_track_does_not_follow(root: Root, trash: Trash) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.put("a/Rain.flac", **FACTS)
    fill(root, "a/Rain.flac", b"fLaC another")
    fill(root, "a/Rain.cue", b"its cues")
    assert trash.gather(entry) == entry
    assert library(root) == ["a/Rain.cue", "a/Rain.flac"]


@pytest.mark.parametrize("path", ["../Other/Rain.flac", "a/../../Other/Rain.flac", "absolute"])
def test_nothing_is_gathered_from_out_of_the_library(root: Root, trash: Trash, path: str) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.put("a/Rain.flac", **FACTS)
    other = root.path.parent / "Other"
    other.mkdir()
    (other / "Rain.cue").write_text("not ours")
    path = str(other / "Rain.flac") if path == "absolute" else path
    note = trash.folder / f"{entry.name}.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "path": path}))
    trash.gather(entry)
    assert names(other) == ["Rain.cue"]


def test_nothing_is_gathered_from_behind_a_link(root: Root, trash: Trash) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.put("a/Rain.flac", **FACTS)
    other = root.path.parent / "Other"
    other.mkdir()
    (other / "Rain.cue").write_text("not ours")
    (root.path / "a").rmdir()
    (root.path / "a").symlink_to(other)
    assert trash.gather(entry) == entry
    assert names(other) == ["Rain.cue"]


def test_what_was_left_behind_follows(root: Root, trash: Trash) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.put("a/Rain.flac", **FACTS)
    fill(root, "a/Rain.cue", b"its cues")
    kept = trash.gather(entry)
    assert kept == replace(entry, sidecars=("2026-11-22/Rain.cue",))
    assert library(root) == []
