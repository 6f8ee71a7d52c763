"""The control socket: whoever may, asks the daemon here. Plumbing; it knows no command.

A connection carries one request (``wire`` says how). Where the socket is says ``listening``.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from syncd.daemon import wire
from syncd.daemon.listening import announced, bound, daemon_lock, socket_path
from syncd.errors import ConfigError, SyncdError

__all__ = ["LONGEST_BACKLOG", "Caller", "Handle", "serve", "socket_path"]

LONGEST_BACKLOG = 1 << 20
"""Bytes that wait for a caller that does not read; beyond that it is cut off."""

_CHUNK = 1 << 16
_PATIENCE = 10.0
"""Seconds in which a request has to arrive, and in which a caller has to read on."""
_FAREWELL = 1.0
"""Seconds that a caller has to hear that the daemon stops, or waits where there is no room."""

_log = structlog.get_logger("syncd.control")


class Caller:
    """Who asked, on one connection. ``pid`` is ``None`` where the system does not say it.

    ``is_known``: the system said that it is this process's own user, or root.
    """

    def __init__(self, writer: asyncio.StreamWriter, pid: int | None, *, is_known: bool) -> None:
        self.pid = pid
        self.is_known = is_known
        self.gone = asyncio.Event()
        """Set when the other side hung up, or was cut off."""
        self.farewell = b""
        """The last that it said before it hung up, if anything."""
        self._writer = writer

    def tell(self, event: Mapping[str, Any]) -> None:
        """Send an event at once, or as soon as the caller reads on; never blocks.

        Raises ``TypeError`` for what has no JSON form.
        """
        said = wire.line({"event": event})
        transport = self._writer.transport
        if self.gone.is_set() or transport.is_closing():
            return
        self._writer.write(said)
        if transport.get_write_buffer_size() > LONGEST_BACKLOG:
            self._cut_off()

    async def caught_up(self) -> None:
        """Return once the caller read most of what it was told, or is gone.

        For whoever tells much at once: even a caller that reads on falls behind meanwhile.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._writer.drain()
        except (OSError, TimeoutError):
            self._cut_off()

    def _cut_off(self) -> None:
        self._writer.transport.abort()
        self.gone.set()


Handle = Callable[[str, Mapping[str, Any], Caller], Awaitable[Mapping[str, Any]]]
"""(what to do, its fields, the caller) -> the result. A ``SyncdError`` is told to the caller."""


@asynccontextmanager
async def serve(path: Path, handle: Handle, *, state_dir: Path) -> AsyncIterator[None]:
    """Answer at ``path`` with ``handle`` until the end, as the one daemon of ``state_dir``.

    Then whoever still waits is told that the daemon stops. Raises ``Locked`` where another daemon
    answers, ``CatalogUnusable`` without a state folder that can be written, ``SyncdError`` where
    the socket cannot be made.
    """
    with ExitStack() as stack:
        stack.callback(daemon_lock(state_dir).release)
        listener = stack.enter_context(bound(path))
        talks: set[asyncio.Task[None]] = set()

        def begin(connection: socket.socket) -> None:
            talk = asyncio.create_task(_converse(handle, connection))
            talks.add(talk)
            talk.add_done_callback(talks.discard)
            # One that is cancelled before its first step closes nothing itself.
            talk.add_done_callback(lambda _: connection.close())

        try:
            with _taking_calls(listener, begin), announced(state_dir, path):
                yield
        finally:
            for talk in talks:
                talk.cancel()
            if talks:
                await asyncio.wait(talks, timeout=2 * _FAREWELL)


@contextmanager
def _taking_calls(
    listener: socket.socket, begin: Callable[[socket.socket], None]
) -> Iterator[None]:
    """Give each caller to ``begin``. At the end nobody is left between the two.

    A server of asyncio's loses one whom it took in the moment in which it is closed.
    """
    loop = asyncio.get_running_loop()
    pause: asyncio.TimerHandle | None = None

    def listen() -> None:
        loop.add_reader(listener, take)

    def take() -> None:
        nonlocal pause
        try:
            connection, _ = listener.accept()
        except OSError as error:
            # There is no descriptor left for it: it would be offered again and again.
            _log.warning("a caller waits", why=error.strerror)
            loop.remove_reader(listener)
            pause = loop.call_later(_FAREWELL, listen)
            return
        connection.setblocking(False)
        begin(connection)

    listener.listen()
    listen()
    try:
        yield
    finally:
        loop.remove_reader(listener)
        if pause is not None:
            pause.cancel()


# --- one conversation ---


async def _converse(handle: Handle, connection: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=wire.LONGEST_REQUEST)
    patience = _PATIENCE
    try:
        answer = await _answer(handle, reader, writer)
        if answer is not None:
            await _send(writer, answer)
    except asyncio.CancelledError:
        patience = _FAREWELL
        stopping = SyncdError(
            "the daemon stops, and left this undone", hint="syncd status shows how it is"
        )
        writer.write(wire.error_line(stopping))
        raise
    except (OSError, TimeoutError):
        # The caller is gone, or does not read: there is nobody to tell.
        writer.transport.abort()
    finally:
        writer.close()
        try:
            async with asyncio.timeout(patience):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()


async def _answer(
    handle: Handle, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bytes | None:
    """The last line for this caller; ``None`` where it asked nothing."""
    do = "?"
    try:
        caller = _caller(writer)
        request = await _request(reader)
        if request is None:
            return None
        do = request.pop("do")
        writer.write(wire.line({"heard": True}))
        hang_up = asyncio.create_task(_hang_up(reader, caller))
        try:
            return wire.line({"result": await handle(do, request, caller)})
        finally:
            hang_up.cancel()
    except SyncdError as error:
        return wire.error_line(error)
    except Exception:
        _log.exception("a request failed", do=do)
        return wire.error_line(
            SyncdError(f"the daemon failed at “{do}”", hint="its log says where: syncd logs")
        )


def _caller(writer: asyncio.StreamWriter) -> Caller:
    """Who is at the other end; raises ``SyncdError`` where that is another user, but root."""
    pid, uid = _peer(writer.get_extra_info("socket"))
    if uid not in (None, 0, os.geteuid()):
        raise SyncdError("this daemon is another user's", hint="ask it as that user")
    return Caller(writer, pid, is_known=uid is not None)


def _peer(connection: socket.socket) -> tuple[int | None, int | None]:
    """Process and user at the other end; ``None`` on systems that do not say it so."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None, None
    size = struct.calcsize("3i")
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, size))
    return pid, uid


async def _request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """What is asked; ``None`` from one that only looked whether the daemon is there."""
    try:
        async with asyncio.timeout(_PATIENCE):
            text = await reader.readline()
    except TimeoutError:
        raise ConfigError("no request came in time") from None
    except ValueError:
        raise ConfigError(f"a request has at most {wire.LONGEST_REQUEST} bytes") from None
    if not text:
        return None
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError("a request is a line of JSON") from None
    if not isinstance(request, dict) or not isinstance(request.get("do"), str):
        raise ConfigError('a request is an object with a "do"')
    return request


async def _hang_up(reader: asyncio.StreamReader, caller: Caller) -> None:
    """See the other side hang up; what it sends before is no request."""
    with suppress(OSError):
        while said := await reader.read(_CHUNK):
            caller.farewell = said
    caller.gone.set()


async def _send(writer: asyncio.StreamWriter, said: bytes) -> None:
    """Send it all, to whoever reads; raises ``TimeoutError`` for one who stopped reading."""
    for start in range(0, len(said), _CHUNK):
        writer.write(said[start : start + _CHUNK])
        async with asyncio.timeout(_PATIENCE):
            await writer.drain()
