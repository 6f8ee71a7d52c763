"""The way of a command to the daemon: find it, ask it, borrow the library from it.

Blocking, and light to import: a command that asks has nothing else to do, and should feel instant.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from syncd.daemon import wire
from syncd.errors import ExitCode, SyncdError
from syncd.secret import Secret

_PATIENCE = 10.0
"""Seconds in which a daemon that is well says that it heard."""


class DaemonGone(SyncdError):
    """The daemon ended, or cut the connection, before it gave its answer."""

    def __init__(self) -> None:
        super().__init__(
            "the daemon ended before it answered", hint="syncd status shows whether it runs again"
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """A daemon that answers, as it announced itself; ``find`` makes one."""

    pid: int
    path: Path
    started_at: datetime
    version: str

    @classmethod
    def find(cls, state_dir: Path) -> Self | None:
        """The daemon of ``state_dir``; ``None`` where none runs.

        Raises ``SyncdError`` for a daemon, or a state folder, that is closed to this user, and for
        a daemon that does not react.
        """
        try:
            said = json.loads((state_dir / wire.ANNOUNCEMENT).read_bytes())
            found = cls(
                pid=int(said["pid"]),
                path=Path(said["socket"]),
                started_at=datetime.fromisoformat(said["started_at"]),
                version=str(said["version"]),
            )
        except PermissionError:
            # Whether one runs cannot be told, and less so what it does.
            raise _closed(state_dir) from None
        except (OSError, ValueError, KeyError, TypeError):
            # None, or one that another program made.
            return None
        try:
            found._connect().close()
        except DaemonGone:
            return None
        return found

    def ask(
        self,
        do: str,
        on_event: Callable[[Mapping[str, Any]], None] | None = None,
        **fields: Any,
    ) -> Mapping[str, Any]:
        """Have the daemon do it and wait for its result, with ``on_event`` told what comes before.

        Raises what the daemon raised as a ``SyncdError`` with the same words and exit code,
        ``DaemonGone`` where it ended meanwhile, ``SyncdError`` where it does not react.
        """
        with self._asked(do, fields) as (answers, _):
            for answer in answers:
                if "event" in answer:
                    if on_event is not None:
                        on_event(answer["event"])
                    continue
                result: Mapping[str, Any] = answer["result"]
                return result
        raise DaemonGone

    def key(self) -> Secret:
        """The API key that the daemon works with, for a command of its own user that has none.

        Raises ``SyncdError`` as ``ask`` does, also where the daemon does not tell it.
        """
        text = self.ask("key").get("key")
        if not isinstance(text, str):
            raise SyncdError(f"the daemon (process {self.pid}) tells no key")
        return Secret(text, f"the daemon (process {self.pid})")

    @contextmanager
    def borrowed(self, what: str) -> Iterator[None]:
        """Have the library for ``what`` alone; at the end the daemon takes it back.

        A daemon that ends instead has let go of it too. Raises ``SyncdError`` as ``ask`` does.
        """
        with self._asked("lend", {"for": what}) as (answers, connection):
            with suppress(DaemonGone):
                _wait_until_lent(answers)
            code = ExitCode.IN_STEP
            try:
                yield
            except BaseException as error:
                code = getattr(error, "exit_code", ExitCode.FAILED)
                raise
            finally:
                # For its log alone: that the connection closes is what it goes by.
                with suppress(OSError):
                    connection.sendall(wire.line({"exit_code": int(code)}))

    @contextmanager
    def _asked(
        self, do: str, fields: Mapping[str, Any]
    ) -> Iterator[tuple[Iterator[dict[str, Any]], socket.socket]]:
        with self._connect() as connection:
            # A request that is refused unread is answered nevertheless.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(wire.line({"do": do, **fields}))
            with closing(self._answers(connection)) as answers:
                yield answers, connection

    def _connect(self) -> socket.socket:
        """Raises ``DaemonGone`` where nobody answers."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_PATIENCE)
            with wire.address(self.path) as address:
                connection.connect(address)
        except OSError as error:
            connection.close()
            if isinstance(error, TimeoutError | BlockingIOError):
                raise self._silent() from None
            if isinstance(error, PermissionError):
                raise SyncdError(
                    f"the daemon (process {self.pid}) is another user's", hint="ask as that user"
                ) from None
            raise DaemonGone from None
        return connection

    def _answers(self, connection: socket.socket) -> Generator[dict[str, Any], None, None]:
        """Events, then a result; an error line is raised. Ends early where the daemon does."""
        with connection.makefile("rb") as lines:
            while said := self._next(lines.readline):
                # Once it was heard, the work takes as long as it takes.
                connection.settimeout(None)
                if "error" in said:
                    raise wire.error_from(said["error"])
                if isinstance(said.get("event", said.get("result")), dict):
                    yield said

    def _next(self, readline: Callable[[], bytes]) -> dict[str, Any] | None:
        try:
            text = readline()
        except TimeoutError:
            raise self._silent() from None
        except OSError:
            return None
        if not text.endswith(b"\n"):
            return None
        with suppress(ValueError):
            said = json.loads(text)
            if isinstance(said, dict):
                return said
        raise SyncdError(
            f"the daemon (process {self.pid}) says what this syncd does not understand",
            hint="is it of another version? start it anew",
        )

    def _silent(self) -> SyncdError:
        return SyncdError(
            f"the daemon (process {self.pid}) does not react", hint="if it stays so, start it anew"
        )


def _closed(state_dir: Path) -> SyncdError:
    from syncd.local.owner import owner_of

    folder, whose = state_dir, "another user's"
    with suppress(OSError):
        # Of a folder in a closed one it is not told; then it is as closed as that.
        while not os.access(folder.parent, os.X_OK):
            folder = folder.parent
        whose = f"of the user {owner_of(folder)}"
    return SyncdError(f"{folder} is {whose}, and closed to this one", hint="ask as that user")


def _wait_until_lent(answers: Iterator[dict[str, Any]]) -> None:
    """Raises ``DaemonGone`` where the daemon ends instead."""
    for answer in answers:
        if answer.get("event", {}).get("lent"):
            return
        if "result" in answer:
            raise SyncdError("the daemon did not stand aside", hint="stop it, then try again")
    raise DaemonGone
