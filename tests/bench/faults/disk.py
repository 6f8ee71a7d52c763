"""A disk that refuses: every call by which the program touches a file can be made to fail.

A place is where the program makes a call: module, function, call, and which of its folders it
touches. It is named by the innermost function of the program, whatever library is in between.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from unittest.mock import patch

import syncd
from syncd.local import aside, beside, exchange, rename

from .listing import LISTED, listed

ERRNOS = {
    name: getattr(errno, name)
    for name in ("ENOSPC", "EIO", "EACCES", "EROFS", "EXDEV", "ENAMETOOLONG")
}

BY_PATH = (
    *("open", "stat", "lstat", "scandir", "listdir", "mkdir", "rmdir", "unlink", "remove"),
    *("chmod", "utime", "statvfs", "truncate", "readlink", "chown"),
    *("getxattr", "setxattr", "listxattr", "removexattr"),
)
BY_TWO_PATHS = ("rename", "replace", "link", "symlink")
BY_DESCRIPTOR = (
    *("read", "write", "pread", "pwrite", "fsync", "fdatasync", "ftruncate", "fstat", "fchmod"),
    *("fchown", "sendfile", "copy_file_range", "lseek"),
)
STREAMS = ("stream.read", "stream.write", "stream.truncate")
NATIVE = "native-rename"
OPERATIONS = (*BY_PATH, *BY_TWO_PATHS, *BY_DESCRIPTOR, "flock", *STREAMS, *LISTED, NATIVE)
"""All that is watched. The files of SQLite are not among them: it calls the system itself."""

_PROGRAM = str(Path(syncd.__file__).parent) + os.sep
_SIMULATOR = _PROGRAM + "simulator" + os.sep


class Place(NamedTuple):
    where: str
    """Module and function."""
    call: str
    zone: str
    """``library``, ``own`` (its folder in there), ``state``."""

    def __str__(self) -> str:
        return f"{self.where}:{self.call}:{self.zone}"


@dataclass
class Disk:
    """``place`` fails with ``code``: ``times`` times (None: always), the first ``after`` touches
    let pass, and where ``only`` is given none but those of that path. Without a place all is only
    seen. ``within``: what a function of the program does, itself or by others, and nothing else.

    ``seen`` are the touches of each place, ``paths`` those of each path by it, in its zone.
    """

    root: Path
    state: Path
    place: Place | None = None
    code: int = 0
    times: int | None = None
    after: int = 0
    only: str | None = None
    within: str | None = None
    seen: dict[Place, int] = field(default_factory=dict)
    paths: dict[Place, dict[str, int]] = field(default_factory=dict)
    hits: int = 0
    struck: set[str] = field(default_factory=set)
    """The paths at which it failed."""

    def meet(self, call: str, *paths: Any) -> None:
        found = next(filter(None, map(self._zone, paths)), None)
        if found is None:
            return
        zone, path = found
        where = _where(sys._getframe(2))
        if where is None or not (self.within is None or self.within in _callers(sys._getframe(2))):
            return
        place = Place(where, call, zone)
        self.seen[place] = self.seen.get(place, 0) + 1
        by_path = self.paths.setdefault(place, {})
        by_path[path] = by_path.get(path, 0) + 1
        if place != self.place or self.seen[place] <= self.after:
            return
        if self.only not in (None, path):
            return
        if self.times is not None and self.hits >= self.times:
            return
        self.hits += 1
        self.struck.add(path)
        named = [os.fsdecode(path) for path in paths if isinstance(path, str | bytes | os.PathLike)]
        if len(named) == 2:
            raise OSError(self.code, os.strerror(self.code), named[0], None, named[1])
        raise OSError(self.code, os.strerror(self.code), *named)

    def _zone(self, path: Any) -> tuple[str, str] | None:
        """Which of the folders ``path`` lies in, and where in it."""
        if isinstance(path, int):
            try:
                path = _READLINK(f"/proc/self/fd/{path}")
            except OSError:
                return None
        text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - of whatever is opened
        for zone, folder in (
            ("own", self.root / ".syncd"),
            ("library", self.root),
            ("state", self.state),
        ):
            if text == str(folder) or text.startswith(str(folder) + os.sep):
                return zone, text.removeprefix(str(folder)).removeprefix(os.sep)
        return None


_READLINK = os.readlink


def _where(frame: FrameType | None) -> str | None:
    return next(_callers(frame), None)


def _callers(frame: FrameType | None) -> Iterator[str]:
    """The functions of the program in which this happens, the innermost first."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_PROGRAM) and not name.startswith(_SIMULATOR):
            module = name.removeprefix(_PROGRAM).removesuffix(".py").replace(os.sep, ".")
            yield f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back


@contextmanager
def watched(disk: Disk) -> Iterator[Disk]:
    """While this lasts, every call of this process goes by ``disk``."""
    with ExitStack() as stack:

        def replace(module: Any, name: str, made: Callable[[Any], Any]) -> None:
            real = getattr(module, name)
            fake = made(real)
            stack.enter_context(patch.object(module, name, fake))
            # What the system offers with ``dir_fd`` and the like is told by the function itself.
            for offered in (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd):
                if real in offered:
                    offered.add(fake)
                    stack.callback(offered.discard, fake)

        for name in BY_PATH:
            replace(os, name, lambda real, name=name: _by_path(disk, name, real))
        for name in BY_TWO_PATHS:
            replace(os, name, lambda real, name=name: _by_two(disk, name, real))
        for name in BY_DESCRIPTOR:
            replace(os, name, lambda real, name=name: _by_path(disk, name, real))
        replace(os, "scandir", lambda real: listed(real, disk.meet))
        replace(fcntl, "flock", lambda real: _by_path(disk, "flock", real))
        opened = _opening(disk)
        stack.enter_context(patch.object(io, "open", opened))
        stack.enter_context(patch.object(builtins, "open", opened))
        native = rename.native_rename

        def native_rename(source: Path, target: Path, **flags: int) -> bool:
            disk.meet(NATIVE, source, target)
            return native(source, target, **flags)

        for module in (rename, aside, beside, exchange):
            if getattr(module, "native_rename", None) is native:
                stack.enter_context(patch.object(module, "native_rename", native_rename))
        yield disk


def _by_path(disk: Disk, name: str, real: Any) -> Any:
    def call(*given: Any, **named: Any) -> Any:
        path = given[0] if given else named.get("path", ".")
        folder = named.get("dir_fd")
        if folder is not None and not os.path.isabs(path):  # noqa: PTH117
            disk.meet(name, os.path.join(_READLINK(f"/proc/self/fd/{folder}"), path))  # noqa: PTH118
        else:
            disk.meet(name, path)
        return real(*given, **named)

    return call


def _by_two(disk: Disk, name: str, real: Any) -> Any:
    def call(source: Any, target: Any, **named: Any) -> Any:
        disk.meet(name, source, target)
        return real(source, target, **named)

    return call


def _opening(disk: Disk) -> Any:
    real = io.open

    class Raw(io.FileIO):
        def readinto(self, buffer: Any) -> Any:
            disk.meet("stream.read", self.fileno())
            return super().readinto(buffer)

        def readall(self) -> Any:
            disk.meet("stream.read", self.fileno())
            return super().readall()

        def read(self, size: int = -1) -> Any:
            disk.meet("stream.read", self.fileno())
            return super().read(size)

        def write(self, data: Any) -> Any:
            disk.meet("stream.write", self.fileno())
            return super().write(data)

        def truncate(self, size: Any = None) -> Any:
            disk.meet("stream.truncate", self.fileno())
            return super().truncate(size)

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if disk._zone(file) is None:
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not isinstance(file, int):
            disk.meet("open", file)
        plain = mode.replace("b", "").replace("t", "")
        raw = Raw(file, plain, closefd=closefd, opener=opener)
        if buffering == 0:
            return raw
        kind = (
            io.BufferedRandom
            if "+" in plain
            else io.BufferedReader
            if plain == "r"
            else io.BufferedWriter
        )
        stream = kind(raw)
        if "b" in mode:
            return stream
        text = io.TextIOWrapper(stream, encoding, errors, newline)
        text.mode = mode
        return text

    return opened
