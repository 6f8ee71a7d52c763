"""The listing of a folder, and the entries in it: each look at one can be made to fail.

An entry knows what it is from the listing, where the file system says so; where it does not, each
question is a call of the system, which fails as any other does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

LISTED = ("entry.next", "entry.stat", "entry.is_dir", "entry.is_file", "entry.is_symlink")

Meet = Callable[..., None]

_READLINK = os.readlink


def listed(real: Any, meet: Meet) -> Any:
    """``os.scandir``, whose entries tell ``meet`` before they are asked anything."""

    def scandir(path: Any = ".") -> Any:
        found = real(path)
        folder = _READLINK(f"/proc/self/fd/{path}") if isinstance(path, int) else path
        return _Listing(found, os.fsdecode(folder), meet)

    return scandir


class _Listing(Iterator[Any]):
    def __init__(self, real: Any, folder: str, meet: Meet) -> None:
        self._real, self._folder, self._meet = real, folder, meet

    def __next__(self) -> Any:
        self._meet("entry.next", self._folder)
        return _Entry(next(self._real), self._folder, self._meet)

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._real.close()


class _Entry(os.PathLike[Any]):
    def __init__(self, real: Any, folder: str, meet: Meet) -> None:
        self._real, self._meet = real, meet
        self._at = os.path.join(folder, os.fsdecode(real.name))  # noqa: PTH118
        self.name, self.path = real.name, real.path

    def __fspath__(self) -> Any:
        return self.path

    def inode(self) -> int:
        return int(self._real.inode())

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        self._meet("entry.stat", self._at)
        found: os.stat_result = self._real.stat(follow_symlinks=follow_symlinks)
        return found

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        self._meet("entry.is_dir", self._at)
        return bool(self._real.is_dir(follow_symlinks=follow_symlinks))

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        self._meet("entry.is_file", self._at)
        return bool(self._real.is_file(follow_symlinks=follow_symlinks))

    def is_symlink(self) -> bool:
        self._meet("entry.is_symlink", self._at)
        return bool(self._real.is_symlink())
