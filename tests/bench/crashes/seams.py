"""The steps by which the program changes a disk or the account; and an end at any of them.

Every call that changes something is one step: the calls are named in one list, which a test holds
against the source. At the step that is asked for, the program is dead: whatever it would still do
(what stands in a ``finally``, what a file has in its buffer, a transaction that is open) does not
happen. What other changes follow from one of these without a call of their own, such as the writes
of a tagger within a file under way, are not stopped between.
"""

from __future__ import annotations

import builtins
import io
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from syncd.local import exchange, files, rename

CALLS = (
    "rename", "replace", "link", "symlink", "unlink", "remove", "rmdir", "mkdir", "truncate",
    "ftruncate", "utime", "chmod", "fchmod", "chown", "setxattr", "removexattr", "write", "pwrite",
    "open", "copy_file_range", "sendfile", "posix_fallocate", "mkfifo", "mknod",
)  # fmt: skip
"""Of ``os``: all that is made of them (``pathlib``, ``shutil``) is seen by them."""

SYNCS = ("fsync", "fdatasync")
"""They change nothing that a program sees: a step only where the power may fail."""

NATIVE = ((rename, "native_rename"), (exchange, "native_rename"))
"""Calls of the system that have no name in ``os``."""

_CHANGING = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_RDWR
_STATEMENTS = ("COMMIT", "VACUUM", "PRAGMA JOURNAL_MODE", "PRAGMA WAL_CHECKPOINT")
_ALONE = ("INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "REPLACE")


_OPEN = os.open
"""The call itself, for what is done about the dead."""


class Stop(BaseException):
    """The program is no more."""


class Watcher(Protocol):
    """Told of each call before it is made, and what it came to."""

    def before(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> None: ...

    def after(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> None: ...


class Steps:
    """Counts them; dies before the ``at``-th: ``die`` is told, and need not come back."""

    def __init__(
        self,
        base: Path,
        at: int | None = None,
        *,
        syncs: bool = False,
    ) -> None:
        self.base = str(base)
        self.at = at
        self.made = 0
        self.dead = False
        self.told: list[str] = []
        self._syncs = syncs
        self.vain: set[int] = set()
        """Those that the system refused: what stands is what stood before."""
        self.watcher: Watcher | None = None
        self.die: Callable[[], None] = lambda: None
        self.ended: Callable[[], object] = lambda: None
        """Ends what goes on."""
        self._connections: list[sqlite3.Connection] = []
        self.logs = Logs()

    def before(self, what: str) -> None:
        """The next step; raises ``Stop`` where it is not to be taken."""
        if self.dead:
            raise Stop(what)
        self.made += 1
        self.told.append(what)
        if self.made == self.at:
            self.dead = True
            self.die()
            self._empty_buffers()
            raise Stop(what)

    def arriving(self, what: str) -> None:
        """A request arrives, and is not carried out yet; what it does comes before the next step.

        Those that change nothing are none.
        """
        if not what.startswith(("GET", "HEAD", "planned")):
            self.before(what)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Every step of this process, while this lasts."""
        with ExitStack() as stack:
            for name in CALLS + (SYNCS if self._syncs else ()):
                real = getattr(os, name)
                stack.enter_context(patch.object(os, name, self._seen(name, real)))
            for owner, name in NATIVE:
                real = getattr(owner, name)
                stack.enter_context(patch.object(owner, name, self._seen("native_rename", real)))
            opened = self._opened(io.open)
            stack.enter_context(patch.object(io, "open", opened))
            stack.enter_context(patch.object(builtins, "open", opened))
            stack.enter_context(patch.object(files, "NamedTemporaryFile", _named_for_a_moment))
            stack.enter_context(patch.object(sqlite3, "connect", self._connected(sqlite3.connect)))
            yield

    def bury(self) -> None:
        """Let go of what a dead process would not hold any more."""
        for connection in self._connections:
            with suppress(sqlite3.Error):
                sqlite3.Connection.close(connection)
        self._connections.clear()

    def _seen(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if name == "open" and not _flags(given, named) & _CHANGING:
                return real(*given, **named)
            if self.dead and name == "ftruncate":
                return None  # a lock that is given up; its descriptor is closed right after
            self.before(f"{name} {self._where(given)}")
            return self._made(name, real, given, named, given)

        return call

    def _made(
        self,
        name: str,
        real: Callable[..., Any],
        given: tuple[Any, ...],
        named: dict[str, Any],
        shown: tuple[Any, ...],
    ) -> Any:
        number = self.made
        try:
            if self.watcher is None:
                return real(*given, **named)
            self.watcher.before(name, shown, named)
            got = real(*given, **named)
            self.watcher.after(name, shown, named)
            return got
        except OSError:
            self.vain.add(number)
            raise

    def _opened(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
            if isinstance(file, int) or not set(mode) & set("wxa+"):
                return real(file, mode, *given, **named)
            self.before(f"open {mode} {self._where((file,))}")
            return self._made("open", real, (file, mode, *given), named, (file,))

        return call

    def _connected(self, real: Callable[..., sqlite3.Connection]) -> Callable[..., Any]:
        steps = self

        class Seen(sqlite3.Connection):
            def commit(self) -> None:
                writes = self.in_transaction
                if writes:
                    steps.before("commit")
                super().commit()
                if writes:
                    steps.logs.committed(self)

            def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:  # type: ignore[override]
                steps.said(self, sql)
                return super().execute(sql, *given)

            def executescript(self, sql: str) -> sqlite3.Cursor:
                steps.before("script")
                return super().executescript(sql)

            def backup(self, *given: Any, **named: Any) -> None:
                steps.before("backup")
                super().backup(*given, **named)

            def cursor(self, *given: Any) -> Any:
                if steps.dead:
                    raise Stop("cursor")
                return super().cursor(*given)

        def connect(*given: Any, **named: Any) -> sqlite3.Connection:
            if self.dead:
                raise Stop("connect")
            made = real(*given, factory=Seen, **named)
            self._connections.append(made)
            return made

        return connect

    def said(self, connection: sqlite3.Connection, sql: str) -> None:
        """A statement outside of what SQLAlchemy runs."""
        text = " ".join(sql.split()).upper()
        alone = not connection.in_transaction and connection.isolation_level is None
        if "WAL_CHECKPOINT" in text:
            self.logs.folded_in()
        if text.startswith(_STATEMENTS) or (alone and text.startswith(_ALONE)):
            self.before(text[:40])
        elif self.dead:
            raise Stop(text[:40])

    def _empty_buffers(self) -> None:
        """What was written and is not yet the system's is lost with the process."""
        nowhere = _OPEN(os.devnull, os.O_RDWR)
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
            with suppress(OSError):
                path = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
                ours = path.startswith(self.base) and ".sqlite3" not in path
                if ours and not Path(path).is_dir():
                    os.dup2(nowhere, int(name), inheritable=False)
        os.close(nowhere)

    def _where(self, given: tuple[Any, ...]) -> str:
        paths = [os.fsdecode(one) for one in given if isinstance(one, str | bytes | os.PathLike)]
        return " ".join(path.removeprefix(self.base) for path in paths[:2])


class Logs:
    """How long the log of each catalog was after each of its commits, and which was synced then.

    The rest is SQLite's own: it syncs the log where ``synchronous`` is ``FULL``, and before it
    folds it in, which the small ones here never reach by themselves.
    """

    def __init__(self) -> None:
        self.lengths: dict[Path, list[int]] = {}
        """Of the log at each commit since the last that was synced, which is the first of them."""

    def begun(self, folder: Path) -> None:
        """What a log holds that an earlier program left was on the disk when this one began."""
        self.lengths = {log: [log.stat().st_size] for log in folder.rglob("*-wal")}

    def committed(self, connection: sqlite3.Connection) -> None:
        said = sqlite3.Connection.execute
        (_, _, file) = said(connection, "PRAGMA database_list").fetchone()
        (level,) = said(connection, "PRAGMA synchronous").fetchone()
        log = Path(f"{file}-wal")
        if not log.exists():
            return
        lengths = self.lengths.setdefault(log, [0])
        if level >= _FULL:
            lengths.clear()
        lengths.append(log.stat().st_size)

    def folded_in(self) -> None:
        self.lengths.clear()


_FULL = 2


def _flags(given: tuple[Any, ...], named: dict[str, Any]) -> int:
    return int(named.get("flags", given[1] if len(given) > 1 else 0))


class _Named:
    def __init__(self, path: str) -> None:
        self.name = path


@contextmanager
def _named_for_a_moment(*, prefix: str, suffix: str, dir: Path) -> Iterator[_Named]:  # noqa: A002
    """``NamedTemporaryFile`` by calls that are seen; its own removal would not be."""
    path = os.path.join(dir, f"{prefix}{os.urandom(4).hex()}{suffix}")  # noqa: PTH118
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        yield _Named(path)
    finally:
        os.unlink(path)  # noqa: PTH108
