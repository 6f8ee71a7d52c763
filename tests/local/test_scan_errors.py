"""What a scan could not look at, and what changed under it: unreadable is not absent."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from syncd.core.model import Identity, LocalTree
from syncd.local.scan import scan

CODES = [
    errno.EACCES,
    errno.EIO,
    errno.ELOOP,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ENOTCONN,
    errno.ENOTDIR,
    errno.ESTALE,
]
every_error = pytest.mark.parametrize("code", CODES, ids=[errno.errorcode[code] for code in CODES])


def put(root: Path, path: str, content: str = "7") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    return target


def read(path: Path) -> Identity | None:
    return Identity(int(path.read_text()), None)


def look(root: Path, read_identity: Callable[[Path], Identity | None] = read) -> LocalTree:
    return scan(root, {}, read_identity=read_identity)


Refuse = Callable[[str | Path, int], None]
Listed = Callable[..., None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Let the opening of one folder fail: named by its path in the root, the root by its own."""

    def make(refused: str | Path, code: int) -> None:
        real = os.open

        def failing(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if path == refused:
                raise OSError(code, os.strerror(code))
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", failing)

    return make


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Listed:
    """Let the first listing, which is the root's, hold ``more`` names, and call ``then`` after."""

    def make(*more: Entry, then: Callable[[], object] = lambda: None) -> None:
        real = os.scandir
        waiting = [then]

        @contextmanager
        def listing(folder: int) -> Iterator[Iterator[Any]]:
            with real(folder) as entries:
                yield chain(entries, more if waiting else ())
            if waiting:
                waiting.pop()()

        monkeypatch.setattr(os, "scandir", listing)

    return make


class Entry:
    """A name in a listing, as ``os.DirEntry`` has it where the file system gives no types.

    Its look-up fails: ``is_dir`` and ``is_file`` then raise, but for ``FileNotFoundError``.
    """

    def __init__(self, name: str, code: int) -> None:
        self.name = name
        self.error = OSError(code, os.strerror(code))

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        if isinstance(self.error, FileNotFoundError):
            return False
        raise self.error

    is_file = is_dir

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        raise self.error


# --- errors ---


@every_error
@pytest.mark.parametrize("refused", ["a", "a/b"])
def test_a_folder_that_cannot_be_opened_is_not_absent(
    tmp_path: Path, refuse: Refuse, code: int, refused: str
) -> None:
    put(tmp_path, "a/b/c.flac")
    put(tmp_path, "other.flac")
    refuse(refused, code)
    tree = look(tmp_path)
    assert tree.unreadable == {refused}
    assert tree.is_hidden("a/b/c.flac")
    assert refused in tree.names & tree.folders
    assert set(tree.files) == {"other.flac"}


@pytest.mark.parametrize("code", [*CODES, errno.ENOENT])
def test_a_root_that_cannot_be_opened_hides_everything(
    tmp_path: Path, refuse: Refuse, code: int
) -> None:
    put(tmp_path, "a.flac")
    refuse(tmp_path, code)
    assert look(tmp_path) == LocalTree({}, unreadable=frozenset({"."}))


@pytest.mark.parametrize("code", [*CODES, errno.ENOENT])
def test_a_root_that_fails_while_it_is_listed_hides_everything(
    tmp_path: Path, refuse: Refuse, code: int
) -> None:
    put(tmp_path, "a.flac")
    refuse(".", code)
    assert look(tmp_path) == LocalTree({}, unreadable=frozenset({"."}))


def test_a_root_that_is_a_link_a_file_or_nothing_hides_everything(tmp_path: Path) -> None:
    put(tmp_path, "real/a.flac")
    (tmp_path / "link").symlink_to("real")
    for root in (tmp_path / "link", tmp_path / "real/a.flac", tmp_path / "none"):
        assert look(root) == LocalTree({}, unreadable=frozenset({"."}))


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_and_a_file_of_another_user(tmp_path: Path) -> None:
    put(tmp_path, "a/c.flac")
    closed = [tmp_path / "a", put(tmp_path, "b.flac")]
    for path in closed:
        path.chmod(0)
    try:
        tree = look(tmp_path)
    finally:
        for path in closed:
            path.chmod(0o700)
    assert tree.unreadable == {"a", "b.flac"}
    assert tree.names == {"a", "b.flac"}


def test_a_folder_deeper_than_a_path_can_be_is_not_absent(tmp_path: Path) -> None:
    name = "d" * 255
    deep = [os.open(tmp_path, os.O_RDONLY)]
    try:
        for _ in range(17):
            os.mkdir(name, dir_fd=deep[-1])
            deep.append(os.open(name, os.O_RDONLY, dir_fd=deep[-1]))
        tree = look(tmp_path)
    finally:
        for descriptor in deep:
            os.close(descriptor)
        shutil.rmtree(tmp_path / name)
    (too_deep,) = tree.unreadable
    assert len(too_deep) > 4095
    assert too_deep in tree.names
    assert max(len(path) for path in tree.names - {too_deep}) <= 4095


def test_a_folder_that_fails_half_way_is_unreadable_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a/1.flac")
    put(tmp_path, "a/2.flac")
    real = os.scandir

    @contextmanager
    def failing(folder: int) -> Iterator[Iterator[Any]]:
        with real(folder) as entries:
            first = next(entries)
            yield chain([first], entries if first.name == "a" else map(fail, entries))

    def fail(_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", failing)
    tree = look(tmp_path)
    assert tree.files == {}
    assert tree.names == tree.unreadable == {"a"}


@every_error
def test_a_name_that_cannot_be_looked_up_is_not_absent(
    tmp_path: Path, listed: Listed, code: int
) -> None:
    put(tmp_path, "other.flac")
    listed(Entry("a.flac", code))
    tree = look(tmp_path)
    assert tree.unreadable == {"a.flac"}
    assert tree.names == {"a.flac", "other.flac"}
    assert set(tree.files) == {"other.flac"}


def test_a_name_without_a_type_that_went_is_absent(tmp_path: Path, listed: Listed) -> None:
    listed(Entry("a.flac", errno.ENOENT))
    assert look(tmp_path) == LocalTree({})


@every_error
def test_a_file_that_cannot_be_read_is_not_absent(tmp_path: Path, code: int) -> None:
    put(tmp_path, "a/x.flac")
    put(tmp_path, "a/y.flac")

    def failing(path: Path) -> Identity | None:
        if path.name == "x.flac":
            raise OSError(code, os.strerror(code))
        return None

    tree = look(tmp_path, failing)
    assert tree.unreadable == {"a/x.flac"}
    assert tree.names == {"a", "a/x.flac", "a/y.flac"}
    assert set(tree.files) == {"a/y.flac"}


# --- listed, and not found ---


def test_a_file_that_is_listed_still_and_never_found_is_not_absent(tmp_path: Path) -> None:
    put(tmp_path, "a/x.flac")

    def failing(path: Path) -> Identity | None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    tree = look(tmp_path, failing)
    assert tree.unreadable == {"a/x.flac"}
    assert tree.names == {"a", "a/x.flac"}


def test_a_folder_that_is_listed_still_and_never_found_is_not_absent(
    tmp_path: Path, refuse: Refuse
) -> None:
    put(tmp_path, "a/x.flac")
    refuse("a", errno.ENOENT)
    tree = look(tmp_path)
    assert tree.unreadable == tree.names == tree.folders == {"a"}


@every_error
def test_a_file_that_seems_to_have_gone_is_in_doubt_where_its_folder_fails(
    tmp_path: Path, refuse: Refuse, code: int
) -> None:
    put(tmp_path, "a/x.flac")

    def going(path: Path) -> Identity | None:
        path.unlink()
        refuse("a", code)
        return read(path)

    assert look(tmp_path, going).unreadable == {"a/x.flac"}


# --- what changes while it is looked at ---


def test_a_file_that_went_during_the_scan_is_absent(tmp_path: Path) -> None:
    put(tmp_path, "a/x.flac")
    put(tmp_path, "a/y.flac")

    def going(path: Path) -> Identity | None:
        if path.name == "x.flac":
            path.unlink()
        return read(path)

    tree = look(tmp_path, going)
    assert tree.unreadable == frozenset()
    assert tree.names == {"a", "a/y.flac"}
    assert set(tree.files) == {"a/y.flac"}


def test_a_file_that_went_after_it_was_listed_is_absent(tmp_path: Path, listed: Listed) -> None:
    listed(then=put(tmp_path, "a.flac").unlink)
    assert look(tmp_path) == LocalTree({})


def test_a_file_that_went_with_its_folder_is_absent(tmp_path: Path) -> None:
    put(tmp_path, "a/x.flac")

    def going(path: Path) -> Identity | None:
        shutil.rmtree(path.parent)
        return read(path)

    tree = look(tmp_path, going)
    assert tree == LocalTree({}, names=frozenset({"a"}), folders=frozenset({"a"}))


def test_a_folder_that_went_after_it_was_listed_is_absent(tmp_path: Path, listed: Listed) -> None:
    put(tmp_path, "a/x.flac")
    listed(then=lambda: shutil.rmtree(tmp_path / "a"))
    assert look(tmp_path) == LocalTree({})


@every_error
def test_a_folder_that_failed_before_it_went_is_in_doubt(
    tmp_path: Path, refuse: Refuse, listed: Listed, code: int
) -> None:
    (tmp_path / "a").mkdir()
    listed(then=(tmp_path / "a").rmdir)
    refuse("a", code)
    tree = look(tmp_path)
    assert not (tmp_path / "a").exists()
    assert tree.unreadable == tree.names == {"a"}


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_file_that_became_something_else_is_in_doubt(
    tmp_path: Path, listed: Listed, kind: str
) -> None:
    path = put(tmp_path, "a.flac")
    put(tmp_path, "other/b.flac")

    def change() -> None:
        path.unlink()
        become(path, kind, target="other/b.flac")

    listed(then=change)
    tree = look(tmp_path)
    assert tree.unreadable == {"a.flac"}
    assert set(tree.files) == {"other/b.flac"}


@pytest.mark.parametrize("kind", ["link", "pipe", "file"])
def test_a_folder_that_became_something_else_is_in_doubt(
    tmp_path: Path, listed: Listed, kind: str
) -> None:
    put(tmp_path, "a/x.flac")
    put(tmp_path, "other/b.flac")

    def change() -> None:
        shutil.rmtree(tmp_path / "a")
        become(tmp_path / "a", kind, target="other")

    listed(then=change)
    tree = look(tmp_path)
    assert tree.unreadable == {"a"}
    assert set(tree.files) == {"other/b.flac"}


def become(path: Path, kind: str, *, target: str) -> None:
    if kind == "link":
        path.symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_text("9")


def test_a_file_that_was_replaced_is_seen_as_it_is_now(tmp_path: Path, listed: Listed) -> None:
    path = put(tmp_path, "a.flac", "7")
    fresh = put(tmp_path, "fresh", "8")
    listed(then=lambda: fresh.rename(path))
    assert look(tmp_path).files["a.flac"].identity == Identity(8, None)


def test_a_file_that_comes_after_its_folder_was_listed_is_for_the_next_scan(
    tmp_path: Path, listed: Listed
) -> None:
    put(tmp_path, "a.flac")
    listed(then=lambda: put(tmp_path, "b.flac"))
    tree = look(tmp_path)
    assert set(tree.files) == {"a.flac"}
    assert tree.unreadable == frozenset()
    assert set(look(tmp_path).files) == {"a.flac", "b.flac"}
