"""The scan: a complete look at the folder."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from syncd.core.model import FileStat, Identity, LocalFile, LocalTree
from syncd.local.scan import RECYCLE_FOLDERS, file_stat, open_stat, scan


class Opened:
    """Reads the identity of a file from its content, and keeps the names of those it opened."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: list[str] = []

    def __call__(self, path: Path) -> Identity | None:
        self.paths.append(str(path.relative_to(self.root)))
        text = path.read_text()
        return Identity(int(text), None) if text.isdigit() else None


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return Opened(tmp_path)


@pytest.fixture
def look(tmp_path: Path, opened: Opened) -> Callable[..., LocalTree]:
    def make(known: Mapping[str, LocalFile] | None = None) -> LocalTree:
        return scan(tmp_path, known or {}, read_identity=opened)

    return make


Look = Callable[..., LocalTree]


def put(root: Path, path: str, content: str = "7") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    return target


def test_an_empty_folder_holds_nothing(look: Look) -> None:
    assert look() == LocalTree({}, frozenset(), frozenset())


def test_every_audio_file_and_every_name_is_seen(tmp_path: Path, look: Look) -> None:
    for path in ("a/b/c.flac", "x.MP3", "a/y.opus", "z.oga", "w.ogg", "v.wav"):
        put(tmp_path, path)
    put(tmp_path, "a/cover.jpg")
    put(tmp_path, "a/mine.flac", "no id")
    (tmp_path / "empty").mkdir()
    tree = look()
    assert set(tree.files) == {"a/b/c.flac", "x.MP3", "a/y.opus", "z.oga", "w.ogg", "v.wav"} | {
        "a/mine.flac"
    }
    assert tree.names == {*tree.files, "a", "a/b", "a/cover.jpg", "empty"}
    assert tree.unreadable == frozenset()
    found = (tmp_path / "x.MP3").stat()
    assert tree.files["x.MP3"] == LocalFile(
        "x.MP3",
        FileStat(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns),
        Identity(7, None),
    )
    assert tree.files["a/mine.flac"].identity is None
    assert file_stat(tmp_path / "x.MP3") == tree.files["x.MP3"].stat


FAR = [
    ("a number that fits stays", 2**63 - 1, 2**63 - 1),
    ("one below zero too", -(2**63), -(2**63)),
    ("the first that does not is the least", 2**63, -(2**63)),
    ("the last inode there can be", 2**64 - 1, -1),
    ("the year 9999 in nanoseconds", 253_402_300_799 * 10**9, -4_852_116_232_933_722_624),
]


@pytest.mark.parametrize(("number", "folded"), [row[1:] for row in FAR], ids=[r[0] for r in FAR])
def test_what_the_file_system_says_fits_into_signed_64_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, folded: int
) -> None:
    path = put(tmp_path, "a.flac")

    class Found:
        st_ino = st_size = st_mtime_ns = st_ctime_ns = number

    monkeypatch.setattr(Path, "stat", lambda *_, **__: Found)
    monkeypatch.setattr(os, "fstat", lambda _: Found)
    expected = FileStat(folded, folded, folded, folded)
    assert -(2**63) <= folded < 2**63
    assert (folded - number) % 2**64 == 0
    assert (file_stat(path), open_stat(7)) == (expected, expected)


def test_a_file_of_a_far_year_is_known_again(tmp_path: Path, look: Look, opened: Opened) -> None:
    path = put(tmp_path, "a.flac")
    os.utime(path, (13_000_000_000, 13_000_000_000))  # in 2381
    before = look().files
    assert -(2**63) <= before["a.flac"].stat.mtime_ns < 2**63
    opened.paths.clear()
    assert look(before).files == before
    assert opened.paths == []
    os.utime(path, (13_000_000_001, 13_000_000_001))
    assert look(before).files != before


def test_an_open_file_is_the_same_wherever_it_goes(tmp_path: Path) -> None:
    path = put(tmp_path, "a.flac")
    with path.open() as stream:
        moved = path.rename(tmp_path / "b.flac")
        assert open_stat(stream.fileno()) == file_stat(moved)


def test_the_programs_own_folder_is_left_out(tmp_path: Path, look: Look) -> None:
    put(tmp_path, ".syncd/incoming/7.flac")
    put(tmp_path, "sub/.syncd/x.flac")
    assert look().names == {"sub", "sub/.syncd", "sub/.syncd/x.flac"}


@pytest.mark.parametrize(
    "name", [*sorted(RECYCLE_FOLDERS), "#Recycle", "$RECYCLE.BIN", "@eaDir", ".Trash-1000"]
)
def test_the_recycle_folders_of_others_are_no_evidence(
    tmp_path: Path, look: Look, name: str
) -> None:
    put(tmp_path, f"a/{name}/x.flac")
    tree = look()
    assert tree.files == {}
    assert tree.names == {"a", f"a/{name}"}


def test_an_unchanged_file_is_not_opened_again(tmp_path: Path, look: Look, opened: Opened) -> None:
    for name in ("same", "longer", "touched", "replaced", "moved", "chmod"):
        put(tmp_path, f"{name}.flac")
    before = look().files
    opened.paths.clear()

    put(tmp_path, "longer.flac", "77")
    os.utime(tmp_path / "touched.flac", ns=(1, 1))
    put(tmp_path, "fresh", "8").rename(tmp_path / "replaced.flac")
    (tmp_path / "moved.flac").rename(tmp_path / "elsewhere.flac")
    (tmp_path / "chmod.flac").chmod(0o600)
    put(tmp_path, "new.flac", "9")
    after = look(before)
    assert sorted(opened.paths) == [
        "chmod.flac",
        "elsewhere.flac",
        "longer.flac",
        "new.flac",
        "replaced.flac",
        "touched.flac",
    ]
    assert after.files["same.flac"] is before["same.flac"]
    assert after.files["replaced.flac"].identity == Identity(8, None)
    assert "moved.flac" not in after.files


def test_a_change_that_keeps_the_modification_time_is_seen(
    tmp_path: Path, look: Look, opened: Opened
) -> None:
    path = put(tmp_path, "a.flac", "7")
    before = look().files
    found = path.stat()
    path.write_text("8")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert look(before).files["a.flac"].identity == Identity(8, None)


def test_links_are_names_wherever_they_lead(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, look: Look, opened: Opened
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    put(outside, "far.flac")
    put(tmp_path, "real/a.flac")
    links: dict[str, str | Path] = {
        "file.flac": "real/a.flac",
        "folder": "real",
        "real/loop": tmp_path,
        "self.flac": "self.flac",
        "dangling.flac": "none",
        "far.flac": outside / "far.flac",
        "far": outside,
    }
    for path, target in links.items():
        (tmp_path / path).symlink_to(target)
    tree = look()
    assert set(tree.files) == {"real/a.flac"}
    assert tree.names == {"real", "real/a.flac", *links}
    assert tree.folders == {"real"}
    assert tree.unreadable == frozenset()
    assert opened.paths == ["real/a.flac"]


def test_what_is_no_file_is_a_name_and_never_opened(
    tmp_path: Path, look: Look, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    os.mkfifo("pipe.flac")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.flac")
        tree = look()
    assert tree == LocalTree({}, names=frozenset({"pipe.flac", "socket.flac"}))
    assert opened.paths == []


@pytest.mark.skipif(os.geteuid() != 0, reason="making a device takes root")
def test_a_device_is_a_name_and_never_opened(tmp_path: Path, look: Look, opened: Opened) -> None:
    os.mknod(tmp_path / "zero.flac", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    assert look() == LocalTree({}, names=frozenset({"zero.flac"}))
    assert opened.paths == []


def test_a_folder_may_have_the_name_of_an_audio_file(tmp_path: Path, look: Look) -> None:
    put(tmp_path, "folder.mp3/a.mp3")
    tree = look()
    assert set(tree.files) == {"folder.mp3/a.mp3"}
    assert tree.folders == {"folder.mp3"}


def test_names_that_are_not_utf8_are_kept_as_they_are(tmp_path: Path, look: Look) -> None:
    folder = os.fsencode(tmp_path) + b"/Caf\xe9"
    os.mkdir(folder)  # noqa: PTH102
    with open(folder + b"/\xff.flac", "w") as stream:  # noqa: PTH123
        stream.write("7")
    tree = look()
    assert set(tree.files) == {"Caf\udce9/\udcff.flac"}
    assert os.fsencode(next(iter(tree.files))) == b"Caf\xe9/\xff.flac"


def test_both_names_of_a_hard_link_are_files_that_carry_the_id(
    tmp_path: Path, look: Look, opened: Opened
) -> None:
    put(tmp_path, "a.flac")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.flac").hardlink_to(tmp_path / "a.flac")
    files = look().files
    one, other = files["a.flac"], files["sub/b.flac"]
    assert one.stat == other.stat
    assert one.identity == other.identity == Identity(7, None)
    opened.paths.clear()
    assert look(files).files == files
    assert opened.paths == []


def test_a_folder_on_the_roots_own_device_is_not_mounted(tmp_path: Path, look: Look) -> None:
    put(tmp_path, "a/b/c.flac")
    assert look().mounted == frozenset()


def test_ten_thousand_known_files_are_seen_without_opening_one(
    tmp_path: Path, look: Look, opened: Opened
) -> None:
    for number in range(100):
        folder = tmp_path / f"album {number}"
        folder.mkdir()
        for track in range(100):
            (folder / f"{track}.flac").touch()
    first = look()
    assert len(opened.paths) == len(first.files) == 10_000
    opened.paths.clear()
    assert look(first.files) == first
    assert opened.paths == []
