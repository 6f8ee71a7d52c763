"""What is not retagged stays as it is; and what a stop half-way leaves."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.errors import Changed, CorruptMedia, DiskFull, RootUnusable
from syncd.local import retag as module
from syncd.local.audio import check
from syncd.local.files import tidy_incoming
from syncd.local.retag import retag
from syncd.local.root import Root
from syncd.local.tags import read_fields

from .retagged import (
    WANTED,
    Track,
    before_call,
    failing,
)


@pytest.mark.parametrize("kind", ["gone", "folder gone", "link", "folder", "pipe", "behind a link"])
def test_what_is_no_longer_the_file_is_left_alone(flac: Track, tmp_path: Path, kind: str) -> None:
    aside = tmp_path / "aside"
    (flac.path.parent if kind in ("folder gone", "behind a link") else flac.path).rename(aside)
    match kind:
        case "behind a link":
            flac.path.parent.symlink_to(aside)
        case "link":
            flac.path.symlink_to(aside)
        case "folder":
            flac.path.mkdir()
        case "pipe":
            os.mkfifo(flac.path)
    before = aside.lstat()
    with pytest.raises(Changed, match=r"March/Rain\.flac"):
        flac.retag()
    assert aside.lstat() == before
    assert flac.incoming() == []


def test_a_file_that_became_a_link_is_not_followed(
    flac: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"

    def link() -> None:
        flac.path.rename(aside)
        flac.path.symlink_to(aside)

    before_call(monkeypatch, "_copy", link)
    with pytest.raises(Changed):
        flac.retag()
    assert flac.path.is_symlink()
    assert flac.incoming() == []


@pytest.mark.parametrize("path", ["../Rain.flac", ".syncd/Rain.flac", "/etc/Rain.flac", ""])
def test_nothing_outside_the_library_is_retagged(root: Root, path: str) -> None:
    with pytest.raises(RootUnusable, match="no path inside"):
        retag(root, path, "flac", owned={}, wanted=WANTED)


def test_a_damaged_file_stays_as_it_is(track: Track) -> None:
    data = track.path.read_bytes()
    damaged = data[: len(data) * 3 // 4]
    track.path.write_bytes(damaged)
    with pytest.raises(CorruptMedia):
        track.retag()
    assert track.path.read_bytes() == damaged
    assert track.incoming() == []


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        pytest.param(errno.ENOSPC, DiskFull, "full", id="full"),
        pytest.param(errno.EROFS, RootUnusable, "written", id="read-only"),
        pytest.param(errno.EXDEV, Changed, "another file system", id="a disk of its own"),
    ],
)
@pytest.mark.parametrize("step", ["_copy", "_dress", "exchange"])
def test_what_the_file_system_refuses_is_said_and_nothing_is_left(
    flac: Track,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    code: int,
    error: type[Exception],
    words: str,
) -> None:
    before = flac.path.read_bytes()
    monkeypatch.setattr(module, step, failing(code))
    with pytest.raises(error, match=words):
        flac.retag()
    assert flac.path.read_bytes() == before
    assert flac.incoming() == []


def test_a_missing_folder_for_unfinished_files_is_not_a_missing_track(flac: Track) -> None:
    flac.root.incoming.rmdir()
    with pytest.raises(RootUnusable):
        flac.retag()


# --- stops ---------------------------------------------------------------------------------------

RETAG = """
import os, sys
from pathlib import Path
from syncd.local import retag
from syncd.local.root import open_root

def stop(*_, **__): os._exit(9)
{stop}
retag.retag(open_root(Path(sys.argv[1])), "March/Rain.flac", "flac",
    owned={{"title": ("Rain",)}}, wanted={{"title": ("Storm",)}})
"""
STOPS = {
    "half a copy": ("retag.edit_fields = stop", "Rain"),
    "before the exchange": ("retag.exchange = stop", "Rain"),
    "after the exchange": ("retag.exchange = lambda *a, e=retag.exchange: stop(e(*a))", "Storm"),
    "before the old file is removed": ("retag.fsync_folder = stop", "Storm"),
}


@pytest.mark.parametrize(("stop", "title"), STOPS.values(), ids=STOPS)
def test_a_stop_leaves_a_whole_file_and_nothing_that_stays(
    flac: Track, stop: str, title: str
) -> None:
    command = [sys.executable, "-c", RETAG.format(stop=stop), flac.root.path]
    assert subprocess.run(command).returncode == 9
    check(flac.path, "flac", expected_duration=None)
    assert read_fields(flac.path, "flac")["title"] == (title,)
    assert len(flac.incoming()) == 1
    done = flac.retag(wanted={"title": ("Storm",)})
    assert (done is not None) == (title == "Rain")
    tidy_incoming(flac.root, ())
    assert flac.incoming() == []
