"""Two names exchanged in one step."""

from __future__ import annotations

import ctypes
import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.local.exchange import exchange


def test_two_names_are_exchanged(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"a")
    b.write_bytes(b"b")
    if not exchange(a, b):
        pytest.skip("this file system cannot exchange names")
    assert (a.read_bytes(), b.read_bytes()) == (b"b", b"a")


def test_a_name_for_nothing_is_not_exchanged(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_without_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    class Library:
        def __getattr__(self, name: str) -> Callable[..., int]:
            def call(*_: object) -> int:
                ctypes.set_errno(code)
                return -1

            return call

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library())
    assert not exchange(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(
    ("platform", "name", "flag"), [("linux", "renameat2", 2), ("darwin", "renamex_np", 2)]
)
def test_each_system_is_asked_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, platform: str, name: str, flag: int
) -> None:
    asked: list[tuple[str, list[bytes], int]] = []

    class Library:
        def __getattr__(self, called: str) -> Callable[..., int]:
            def call(*arguments: object) -> int:
                *_, last = arguments
                paths = [path for path in arguments if isinstance(path, bytes)]
                assert isinstance(last, ctypes.c_uint)
                asked.append((called, paths, last.value))
                return 0

            return call

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library())
    monkeypatch.setattr(sys, "platform", platform)
    assert exchange(Path("/a"), Path("/b"))
    assert asked == [(name, [b"/a", b"/b"], flag)]
