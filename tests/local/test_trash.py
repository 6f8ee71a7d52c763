"""The trash: what goes in, what stands in it, and how it comes back."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from syncd.errors import Changed, DiskFull, LocalError, Occupied, RootUnusable
from syncd.local.root import Root, create_root
from syncd.local.trash import Entry, Trash, Why

from .trashed import CONTENT, FACTS, NOW, SERVER, facts, fill, library, names


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def trash(root: Root) -> Trash:
    return Trash(root, mode=0o640)


def test_a_track_that_is_put_in_the_trash_is_found_there_with_all_that_was_known(
    root: Root, trash: Trash
) -> None:
    file = fill(root, "AudioPod 2026-11/Rain.flac")
    file.chmod(0o604)
    os.utime(file, (5, 5))
    entry = trash.put("AudioPod 2026-11/Rain.flac", **FACTS)
    assert entry == Entry(
        name="2026-11-22/Rain.flac",
        job_id=7,
        path="AudioPod 2026-11/Rain.flac",
        why=Why.REMOVED,
        trashed_at=NOW,
        server_time=SERVER,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        title="Rain / Дождь",
        audio="media.audiopod.ai/7/rain.flac",
        job='{"id": 7}',
        sidecars=(),
    )
    assert library(root) == []
    assert names(trash.folder) == ["2026-11-22/Rain.flac", "2026-11-22/Rain.flac.json"]
    there = trash.folder / entry.name
    assert there.read_bytes() == CONTENT
    assert (there.stat().st_mode & 0o777, there.stat().st_mtime) == (0o604, 5)
    assert trash.entries() == trash.of_job(7) == [entry]
    assert trash.find("2026-11-22/Rain.flac") == entry
    assert trash.verify(entry)


def test_only_the_user_may_look_into_the_trash(root: Root, trash: Trash) -> None:
    before = os.umask(0o022)
    try:
        fill(root, "Rain.flac")
        entry = trash.put("Rain.flac", **FACTS)
    finally:
        os.umask(before)
    note = trash.folder / f"{entry.name}.json"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (trash.folder, note.parent, note)]
    assert modes == [0o700, 0o700, 0o600]


def test_the_day_is_that_of_utc(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    entry = trash.put("Rain.flac", **facts(now=east, server_time=None))
    assert entry.name == "2026-11-22/Rain.flac"
    assert trash.entries() == [entry]
    assert entry.trashed_at.utcoffset() == timedelta(0)
    assert entry.server_time is None


def test_tracks_of_one_name_stand_beside_each_other(root: Root, trash: Trash) -> None:
    entries = []
    for number, path in enumerate(["a/Rain.flac", "b/Rain.flac", "c/Rain.mp3"]):
        fill(root, path, bytes([number]))
        fill(root, str(Path(path).with_suffix(".lrc")), b"lyrics %d" % number)
        entries.append(trash.put(path, **facts(job_id=number)))
    assert [entry.name.partition("/")[2] for entry in entries] == [
        "Rain.flac",
        "Rain (2).flac",
        "Rain (3).mp3",
    ]
    for number, entry in enumerate(entries):
        assert (trash.folder / entry.name).read_bytes() == bytes([number])
        assert (trash.folder / entry.sidecars[0]).read_bytes() == b"lyrics %d" % number


def test_entries_are_listed_oldest_first_and_those_of_a_job_newest_last(
    root: Root, trash: Trash
) -> None:
    for hours, job_id in ((5, 7), (1, 8), (-30, 7)):
        fill(root, "Rain.flac")
        trash.put("Rain.flac", **facts(now=NOW + timedelta(hours=hours), job_id=job_id))
    assert [(entry.trashed_at - NOW).total_seconds() // 3600 for entry in trash.entries()] == [
        -30,
        1,
        5,
    ]
    assert [entry.name[:10] for entry in trash.of_job(7)] == ["2026-11-21", "2026-11-23"]
    assert trash.of_job(9) == []


def test_sidecars_go_with_their_track(root: Root, trash: Trash) -> None:
    for name in ("Rain.flac", "Rain.lrc", "Rain.flac.cue", "Storm.lrc"):
        fill(root, f"a/{name}", name.encode())
    entry = trash.put("a/Rain.flac", **FACTS)
    assert entry.sidecars == ("2026-11-22/Rain.flac.cue", "2026-11-22/Rain.lrc")
    assert library(root) == ["a/Storm.lrc"]
    assert trash.entries() == [entry]
    assert trash.restore(entry) == "a/Rain.flac"
    assert library(root) == ["a/Rain.flac", "a/Rain.flac.cue", "a/Rain.lrc", "a/Storm.lrc"]
    assert (root.path / "a/Rain.lrc").read_bytes() == b"Rain.lrc"
    assert names(trash.folder) == []


@pytest.mark.parametrize(
    ("track", "sidecar"),
    [
        ("Rain.flac", "Rain.flac.json"),
        ("Rain.flac", "Rain.flac.leaving"),
        ("Rain.mp3.flac", "Rain.mp3.json"),
        ("Rain.mp3.flac", "Rain.mp3.json.new"),
    ],
)
def test_a_sidecar_named_like_a_file_of_the_trashs_own_stays(
    root: Root, trash: Trash, track: str, sidecar: str
) -> None:
    fill(root, track)
    fill(root, sidecar, b"theirs")
    entry = trash.put(track, **FACTS)
    assert entry.sidecars == ()
    assert (root.path / sidecar).read_bytes() == b"theirs"
    assert trash.entries() == [entry]


def test_names_that_are_not_utf8_go_and_come_back(root: Root, trash: Trash) -> None:
    fill(root, "Caf\udce9/\udcff.flac")
    fill(root, "Caf\udce9/\udcff.lrc", b"la")
    entry = trash.put("Caf\udce9/\udcff.flac", **FACTS)
    assert trash.find("2026-11-22/\udcff.flac") == entry
    assert trash.restore(entry) == "Caf\udce9/\udcff.flac"
    found = os.listdir(os.fsencode(root.path) + b"/Caf\xe9")  # noqa: PTH208
    assert sorted(found) == [b"\xff.flac", b"\xff.lrc"]


def test_a_name_as_long_as_names_can_be(root: Root, trash: Trash) -> None:
    name = "Д" * 125 + ".flac"
    for folder in ("a", "b"):
        fill(root, f"{folder}/{name}")
        entry = trash.put(f"{folder}/{name}", **FACTS)
        assert len(os.fsencode(f"{entry.name.partition('/')[2]}.leaving")) <= 255
    assert len(trash.entries()) == 2
    assert [trash.restore(entry) for entry in trash.entries()] == [f"b/{name}", f"a/{name}"]


GONE: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "a folder": lambda path: path.mkdir(),
    "a link": lambda path: path.symlink_to("other.flac"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("make", GONE.values(), ids=GONE)
@pytest.mark.parametrize("act", ["put", "secure", "keep"])
def test_what_is_no_track_any_more_is_said_to_have_changed(
    root: Root, trash: Trash, act: str, make: Callable[[Path], object]
) -> None:
    fill(root, "other.flac")
    path = root.incoming / "7.flac.part" if act == "keep" else root.path / "Rain.flac"
    make(path)
    with pytest.raises(Changed):
        trash.keep(path, "Rain.flac", **FACTS) if act == "keep" else getattr(trash, act)(
            "Rain.flac", **FACTS
        )
    assert os.path.lexists(path) == (make is not GONE["nothing"])
    assert not trash.folder.exists()


@pytest.mark.parametrize("act", ["put", "secure"])
def test_a_track_behind_a_link_is_of_another_place(
    root: Root, trash: Trash, tmp_path: Path, act: str
) -> None:
    outside = tmp_path / "outside/deep"
    outside.mkdir(parents=True)
    (outside / "Rain.flac").write_bytes(CONTENT)
    (root.path / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(Changed, match="behind a link"):
        getattr(trash, act)("a/deep/Rain.flac", **FACTS)
    assert (outside / "Rain.flac").exists()


@pytest.mark.parametrize("path", ["../x.flac", "/x.flac", ".syncd/x.flac", "", "a//x.flac", "x"])
def test_a_path_that_is_no_track_of_the_library_is_refused(
    root: Root, trash: Trash, path: str
) -> None:
    for act in (trash.put, trash.secure):
        with pytest.raises(RootUnusable, match="is no track inside the library"):
            act(path, **FACTS)
    part = root.incoming / "7.flac.part"
    part.write_bytes(CONTENT)
    with pytest.raises(RootUnusable, match="is no track inside the library"):
        trash.keep(part, path, **FACTS)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("where", ["trash", "trash/2026-11-22"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_link_or_a_file_is_not_taken_for_the_trash(
    root: Root, trash: Trash, tmp_path: Path, where: str, kind: str
) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.put("a/Rain.flac", **FACTS)
    place = root.private / where
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere") if kind == "link" else place.touch()
    before = names(tmp_path)
    fill(root, "b/Rain.flac")
    word = "is a link" if kind == "link" else "is no folder"
    acts: list[Callable[[], object]] = [
        lambda: trash.put("b/Rain.flac", **FACTS),
        lambda: trash.secure("b/Rain.flac", **FACTS),
        trash.entries,
        lambda: trash.find(entry.name),
        lambda: trash.verify(entry),
        lambda: trash.restore(entry),
        lambda: trash.empty([entry]),
        lambda: trash.purge(now=NOW, server_now=NOW, retention=timedelta(0)),
    ]
    for act in acts:
        with pytest.raises(RootUnusable, match=word):
            act()
    assert names(tmp_path) == sorted([*before, "library/b/Rain.flac"])


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EROFS, RootUnusable), (errno.EIO, RootUnusable)],
)
@pytest.mark.parametrize("call", [(os, "mkdir"), (os, "fsync"), (os, "rename"), (os, "replace")])
def test_what_the_file_system_refuses_is_said_by_its_kind(
    root: Root,
    trash: Trash,
    monkeypatch: pytest.MonkeyPatch,
    call: tuple[Any, str],
    code: int,
    kind: type[LocalError],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    fill(root, "Rain.flac")
    with monkeypatch.context() as failed:
        failed.setattr(*call, fail)
        with pytest.raises(kind):
            trash.put("Rain.flac", **FACTS)
    assert library(root) == ["Rain.flac"]
    assert trash.entries() == []
    assert names(trash.folder) == []


def test_a_folder_that_cannot_be_made_in_the_library_is_in_the_way(
    root: Root, trash: Trash, tmp_path: Path
) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.put("a/Rain.flac", **FACTS)
    (root.path / "a").rmdir()
    (root.path / "a").symlink_to(tmp_path)
    with pytest.raises(Occupied, match="in the way"):
        trash.restore(entry)
    assert trash.entries() == [entry]
    assert json.loads((trash.folder / f"{entry.name}.json").read_text())["path"] == "a/Rain.flac"


def test_reading_the_trash_says_nothing_where_all_is_well(root: Root, trash: Trash) -> None:
    assert trash.entries() == []
    assert trash.find("2026-11-22/Rain.flac") is None
    fill(root, "Rain.flac")
    trash.put("Rain.flac", **FACTS)
    with capture_logs() as logs:
        trash.entries()
        for hostile in ("../../Rain.flac", "2026-11-22/../Rain.flac", "Rain.flac", "", "x/y\0.mp3"):
            assert trash.find(hostile) is None
    assert logs == []


def test_threads_may_fill_the_trash_at_once(root: Root, trash: Trash) -> None:
    paths = [f"{number}/Rain.flac" for number in range(40)]
    for path in paths:
        fill(root, path, path.encode())
    with ThreadPoolExecutor(8) as threads:
        entries = list(threads.map(lambda path: trash.put(path, **FACTS), paths))
    assert [entry.path for entry in entries] == paths
    assert [(trash.folder / entry.name).read_bytes().decode() for entry in entries] == paths
    assert len(trash.entries()) == len(paths)
