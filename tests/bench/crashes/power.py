"""A disk that forgets, when the power fails, what it was not told to keep.

What real ones keep: ext4, btrfs and xfs carry names out in transactions, in their order, and a sync
of anything takes what it depends on with it; a file that was not synced may be empty, or zeros, or
its older self, whatever its name says. This one is as bad as any of them and worse than most: a
name is kept where its folder was synced since (of a rename: either folder; it is never half done),
and what came before it on the same file with it; a folder that was made is lost, with all that is
in it, unless the folder above was synced; bytes, mode and date are those of the last sync of the
file. Of a catalog what was committed since its log was synced last (WAL: at a commit with
``synchronous=FULL``, or a checkpoint) may be lost, all or the end of it, whatever became of the
files.

Files stay themselves: one that comes back has the inode that it had, and as many names, and says
(``as_it_was``) that it was changed when it was, as what was taken back never happened to it.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from syncd.core.model import FileStat

from ..ledger import everything


class Loss(Enum):
    """What a power failure takes."""

    ALL = "all"
    """Names and bytes that were not synced, and what was committed and not synced."""
    FILES = "files"
    """Names and bytes that were not synced; the catalog is whole."""
    BYTES = "bytes"
    """Bytes that were not synced: their names are kept; the catalog is whole."""
    CATALOG = "catalog"
    """What was committed and not synced; files are whole."""
    COMMITS = "commits"
    """Some of that, the last; files are whole."""


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever it is called. ``synced``: bytes, mode and date; ``None``: none.
    ``entries``: of a folder, as the disk has it from before."""

    is_folder: bool
    synced: tuple[bytes, int, int] | None = None
    entries: dict[str, Node] = field(default_factory=dict)


@dataclass(eq=False)
class Change:
    """What one call did to names: each with what it stands for since, by folder."""

    names: list[tuple[Node, str, Node | None]]
    before: dict[Node, int] = field(default_factory=dict)
    """When those that it befell had been changed before (ctime, ns)."""
    kept: bool = False


_NAMING = {
    "rename": 2, "replace": 2, "native_rename": 2, "link": 2, "symlink": 2, "unlink": 1,
    "remove": 1, "rmdir": 1, "mkdir": 1, "open": 1,
}  # fmt: skip
"""How many of the first things given to a call are names that it may change; the first of a link
stays what it is."""

_TAKING = ("rename", "replace", "native_rename", "unlink", "remove", "rmdir")
"""Those that may take the last name of a file, or a folder away."""

_LINK, _UNLINK, _FSTAT = os.link, os.unlink, os.fstat


class Disk:
    """What is below ``folder``, but for ``apart``, watched from now on; ``limbo``: where files stay
    that lose their last name, outside of it, on the same disk; ``dates``: what it said since an
    earlier failure of when files were changed."""

    def __init__(
        self,
        folder: Path,
        *,
        apart: Path,
        limbo: Path,
        dates: dict[tuple[int, int], int] | None = None,
    ) -> None:
        self._folder = folder
        self._apart = apart
        self._limbo = limbo
        self._nodes: dict[int, Node] = {}
        self._held: dict[Node, Path] = {}
        self._leaving: int | None = None
        self._before: dict[Node, int] = {}
        self._as_were = {} if dates is None else dates
        self._numbers = itertools.count()
        self._changes: list[Change] = []
        limbo.mkdir()
        self._take_in(folder)

    def _inside(self, folder: Path) -> list[Path]:
        return [path for path in sorted(folder.iterdir()) if path != self._apart]

    def _take_in(self, path: Path) -> Node:
        found = path.lstat()
        node = self._nodes.get(found.st_ino)
        if node is None:
            node = self._nodes[found.st_ino] = Node(stat.S_ISDIR(found.st_mode))
            if node.is_folder:
                for inner in self._inside(path):
                    node.entries[inner.name] = self._take_in(inner)
            elif stat.S_ISREG(found.st_mode):
                node.synced = path.read_bytes(), found.st_mode, found.st_mtime_ns
        return node

    # What is watched

    def before(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._leaving = None
        self._before = {}
        for path in self._paths(name, given, named):
            with suppress(OSError):
                found = path.lstat()
                node = self._nodes.get(found.st_ino)
                if node is not None and not node.is_folder:
                    self._before[node] = self._date(found)
                if name not in _TAKING:
                    continue
                if name == "rmdir":
                    self._leaving = found.st_ino
                elif node and stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                    self._hold(node, path)

    def after(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        if name in ("fsync", "fdatasync"):
            self._synced(given[0])
            return
        if self._leaving is not None:
            self._nodes.pop(self._leaving, None)
        names = []
        for path in self._paths(name, given, named):
            folder = self._nodes.get(path.parent.stat().st_ino)
            if folder is not None:
                names.append((folder, path.name, self._standing(path)))
        if any(self._now(folder, name) is not node for folder, name, node in names):
            self._changes.append(Change(names, self._before))
        self._let_go()

    def _paths(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> Iterator[Path]:
        for number, one in enumerate(given[: _NAMING.get(name, 0)]):
            if isinstance(one, int):
                continue
            path = Path(os.fsdecode(one))
            key = ("dir_fd", "src_dir_fd", "dst_dir_fd")[0 if len(given) == 1 else number + 1]
            if not path.is_absolute() and named.get(key) is not None:
                path = Path(os.readlink(f"/proc/self/fd/{named[key]}")) / path  # noqa: PTH115
            if self._folder in path.parents and self._apart not in path.parents:
                yield path

    def _standing(self, path: Path) -> Node | None:
        try:
            found = path.lstat()
        except OSError:
            return None
        node = self._nodes.get(found.st_ino)
        if node is None or node.is_folder != stat.S_ISDIR(found.st_mode):
            node = self._nodes[found.st_ino] = Node(stat.S_ISDIR(found.st_mode))
        return node

    def _now(self, folder: Node, name: str) -> Node | None:
        for change in reversed(self._changes):
            for other, called, node in change.names:
                if other is folder and called == name:
                    return node
        return folder.entries.get(name)

    def _synced(self, descriptor: int) -> None:
        found = _FSTAT(descriptor)
        node = self._nodes.get(found.st_ino)
        if node is None:
            return
        if not node.is_folder:
            path = Path(f"/proc/self/fd/{descriptor}")
            node.synced = path.read_bytes(), found.st_mode, found.st_mtime_ns
            return
        kept: set[Node] = set()
        for change in reversed(self._changes):
            touched = {inner for _, _, inner in change.names if inner is not None}
            if any(folder is node for folder, _, _ in change.names) or touched & kept:
                change.kept = True
                kept |= {inner for inner in touched if not inner.is_folder}

    def _hold(self, node: Node, path: Path) -> None:
        """Before what may take its last name."""
        kept = self._limbo / str(next(self._numbers))
        date = self._date(path.lstat())
        _LINK(path, kept, follow_symlinks=False)
        self._held[node] = kept
        self._dates(kept.lstat(), date)

    def _let_go(self) -> None:
        """Of what kept a name after all: it has as many as a program sees."""
        for node, kept in list(self._held.items()):
            if kept.lstat().st_nlink > 1:
                self._drop(kept)
                del self._held[node]

    def _drop(self, kept: Path) -> None:
        descriptor = os.open(kept, os.O_PATH | os.O_NOFOLLOW)
        try:
            date = self._date(_FSTAT(descriptor))
            _UNLINK(kept)
            self._dates(_FSTAT(descriptor), date)
        finally:
            os.close(descriptor)

    def _date(self, found: os.stat_result) -> int:
        """When a program sees that a file was changed: it knows of nothing that is done here."""
        return self._as_were.get((found.st_ino, found.st_ctime_ns), found.st_ctime_ns)

    def _dates(self, found: os.stat_result, date: int) -> None:
        self._as_were[found.st_ino, found.st_ctime_ns] = date

    # What is left

    def fail(self, loss: Loss) -> None:
        """Leave what ``loss`` leaves; the catalog's log is another's to remove."""
        if loss in (Loss.ALL, Loss.FILES):
            self._settle([change for change in self._changes if change.kept])
        if loss not in (Loss.CATALOG, Loss.COMMITS):
            self._forget_bytes(self._folder)

    def _settle(self, changes: list[Change]) -> None:
        left: dict[Node, dict[str, Node]] = {}

        def entries(folder: Node) -> dict[str, Node]:
            return left.setdefault(folder, dict(folder.entries))

        for change in changes:
            for folder, name, node in change.names:
                if node is None:
                    entries(folder).pop(name, None)
                else:
                    entries(folder)[name] = node
        lifted: dict[Node, list[Path]] = {node: [path] for node, path in self._held.items()}
        self._lift(self._folder, entries, lifted)
        self._lay(self._folder, entries, lifted, {})
        for paths in lifted.values():
            for path in paths:
                if not path.is_dir() and os.path.lexists(path):
                    self._drop(path)
        self._turn_back()

    def _turn_back(self) -> None:
        """What befell a file last, and is no more, never changed it."""
        were: dict[Node, int] = {}
        for change in self._changes:
            for node, ctime in change.before.items():
                if change.kept:
                    were.pop(node, None)
                else:
                    were.setdefault(node, ctime)
        for path in everything(self._folder):
            found = path.lstat()
            node = self._nodes.get(found.st_ino)
            if node in were:
                self._dates(found, were[node])

    def as_it_was(self, found: FileStat) -> FileStat:
        """What this disk says of a file of which the one below says ``found``."""
        ctime = self._as_were.get((found.inode, found.ctime_ns), found.ctime_ns)
        return replace(found, ctime_ns=ctime)

    def _lift(self, path: Path, entries: Any, lifted: dict[Node, list[Path]]) -> None:
        """Take away what does not stand there any more, the innermost first."""
        folder = self._nodes[path.stat().st_ino]
        for inner in self._inside(path):
            node = self._standing(inner)
            assert node is not None
            if node.is_folder:
                self._lift(inner, entries, lifted)
            if entries(folder).get(inner.name) is not node:
                away = self._limbo / f"lifted-{next(self._numbers)}"
                inner.rename(away)
                lifted.setdefault(node, []).append(away)

    def _lay(
        self, path: Path, entries: Any, lifted: dict[Node, list[Path]], laid: dict[Node, Path]
    ) -> None:
        """Put there what stands there again."""
        folder = self._nodes[path.stat().st_ino]
        for name, node in entries(folder).items():
            inner = path / name
            if not os.path.lexists(inner):
                if lifted.get(node):
                    lifted[node].pop().rename(inner)
                elif node in laid:
                    _LINK(laid[node], inner)
                else:
                    continue  # of something that was moved here with its folder, and is elsewhere
            laid[node] = inner
            if node.is_folder:
                self._lay(inner, entries, lifted, laid)

    def _forget_bytes(self, path: Path) -> None:
        for inner in self._inside(path):
            found = inner.lstat()
            if stat.S_ISDIR(found.st_mode):
                self._forget_bytes(inner)
            elif stat.S_ISREG(found.st_mode):
                node = self._nodes.get(found.st_ino)
                data, mode, date = (node and node.synced) or (b"", found.st_mode, found.st_mtime_ns)
                now = inner.read_bytes(), found.st_mode, found.st_mtime_ns
                if now != (data, mode, date):
                    inner.write_bytes(data)
                    inner.chmod(stat.S_IMODE(mode))
                    os.utime(inner, ns=(date, date))
