"""Root leaves the libraries of others alone; who cannot write is told whose the folder is."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from syncd.errors import ConfigError, StateUnusable
from syncd.local.owner import check_owner, state_error


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A library, and a state folder."""
    root, state = tmp_path / "Music", tmp_path / "state"
    for folder in (root / ".syncd", state):
        folder.mkdir(parents=True)
    return root, state


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Be root, to whom all folders belong but those named, which are of another user."""
    owners: dict[Path, int] = {}
    stat = Path.stat

    def owned(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = list(stat(path, follow_symlinks=follow_symlinks))
        found[4] = owners.get(path, 0)
        return os.stat_result(found)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "stat", owned)
    monkeypatch.setattr(pwd, "getpwuid", {1: SimpleNamespace(pw_name="daemon")}.__getitem__)

    def of(uid: int, *others: Path) -> None:
        owners.update(dict.fromkeys(others, uid))

    return of


@pytest.mark.parametrize("which", ["the library", "the state folder", "a root without a marker"])
def test_root_is_sent_to_the_user_whose_it_is(
    folders: tuple[Path, Path], as_root: Callable[..., None], which: str
) -> None:
    root, state = folders
    if which == "a root without a marker":
        (root / ".syncd").rmdir()
        as_root(1, root)
    else:
        as_root(1, state if which == "the state folder" else root / ".syncd")
    with pytest.raises(ConfigError) as caught:
        check_owner(root, state)
    assert "is of the user daemon" in caught.value.message
    assert caught.value.hint == "run it as that user: runuser -u daemon -- syncd …"


def test_a_user_without_a_name_is_told_by_number(
    folders: tuple[Path, Path], as_root: Callable[..., None]
) -> None:
    root, state = folders
    as_root(987_654, state)
    with pytest.raises(ConfigError, match="user 987654") as caught:
        check_owner(root, state)
    assert caught.value.hint == "run it as that user: sudo -u '#987654' syncd …"


def test_roots_own_library_is_roots(
    folders: tuple[Path, Path], as_root: Callable[..., None]
) -> None:
    root, state = folders
    as_root(1, root)  # what is in it is told by the program's own folder
    check_owner(root, state)
    check_owner(root / "missing", state / "missing")


def test_another_user_is_refused_by_the_system_alone(
    folders: tuple[Path, Path], as_root: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, state = folders
    as_root(1, root / ".syncd", state)
    monkeypatch.setattr(os, "geteuid", lambda: 2)
    check_owner(root, state)


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (errno.EACCES, None, "Permission denied (it is of the user daemon: make it writable"),
        (errno.EACCES, "lock", "lock: Permission denied (it is of the user daemon: make it"),
        (errno.EACCES, "gone", "Permission denied (it is of the user daemon: make it writable"),
        (errno.EROFS, "gone", "Read-only file system (mount it for writing; the catalog is kept)"),
        (errno.EIO, "lock", "lock: Input/output error (check it, and the disk that holds it)"),
    ],
)
def test_a_state_folder_that_is_in_use_is_mended_and_not_left(
    folders: tuple[Path, Path],
    as_root: Callable[..., None],
    code: int,
    name: str | None,
    words: str,
) -> None:
    state = folders[1]
    (state / "lock").touch()
    as_root(1, state, state / "lock")
    where = str(state / name) if name else None
    found = state_error(OSError(code, os.strerror(code), where), state)
    assert type(found) is StateUnusable
    assert str(found).startswith(f"the state folder {state} cannot be used: {words}")
    assert "state.dir" not in str(found.hint)


def test_a_state_folder_that_is_none_is_another_ones(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    found = state_error(FileExistsError(errno.EEXIST, "File exists"), tmp_path / "state")
    assert found.hint == "set state.dir to a folder of the user that runs syncd"
