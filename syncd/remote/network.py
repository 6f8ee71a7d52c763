"""Connections below httpcore: asyncio's own transports, read in what the system gives at once.

What httpcore brings along, anyio, takes 64 KiB at a time through several layers, and asks twice as
many again whenever it looks whether a connection that rests is still open. This is its public
interface (httpcore, "Network Backends"), and nothing but connections.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

import httpcore

T = TypeVar("T")

_MOST = 512 * 1024
"""Bytes that are held for the reader; then the other end waits."""

_NEXT_ADDRESS = 0.25
"""Seconds after which the next address of a host is tried, too (RFC 8305, "Happy Eyeballs")."""

Option = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class Network(httpcore.AsyncNetworkBackend):
    """Connects by TCP."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises ``httpcore.ConnectError`` and ``ConnectTimeout``."""
        connecting = asyncio.get_running_loop().create_connection(
            _Stream,
            host,
            port,
            local_addr=None if local_address is None else (local_address, 0),
            happy_eyeballs_delay=_NEXT_ADDRESS,
        )
        transport, stream = await _connected(connecting, timeout)
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: what came is held until it is read."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._is_over = self._is_paused = False
        self._error: Exception | None = None
        self._stirred = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    # --- what asyncio tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        if self._size >= _MOST and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._stirred.set()

    def eof_received(self) -> None:
        self._is_over = True
        self._stirred.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._is_over, self._error = True, error
        self._stirred.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # --- what httpcore asks ---

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,
    ) -> bytes:
        """All that is there, more than ``max_bytes`` too; nothing at the end.

        Raises ``httpcore.ReadError`` and ``ReadTimeout``.
        """
        if not (self._held or self._is_over):
            self._stirred.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._stirred.wait()
            except TimeoutError:
                raise httpcore.ReadTimeout from None
        if self._held:
            data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
            self._held.clear()
            self._size = 0
            if self._is_paused:
                self._is_paused = False
                self._transport.resume_reading()
            return data
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,
    ) -> None:
        """Raises ``httpcore.WriteError`` and ``WriteTimeout``."""
        if not buffer:
            return
        if not self._transport.is_closing():
            self._transport.write(buffer)
            try:
                async with asyncio.timeout(timeout):
                    await self._writable.wait()
            except TimeoutError:
                raise httpcore.WriteTimeout from None
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection is closed") from self._error

    async def aclose(self) -> None:
        # Nothing is on its way out any more, and a farewell by TLS may never be answered.
        self._transport.abort()
        await asyncio.sleep(0)  # the socket is closed by then

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises ``httpcore.ConnectError`` and ``ConnectTimeout``."""
        beginning = asyncio.get_running_loop().start_tls(
            self._transport, self, ssl_context, server_hostname=server_hostname
        )
        try:
            transport = await _connected(beginning, timeout)
        except BaseException:
            await self.aclose()
            raise
        assert transport is not None, "a transport that is closed has raised"
        self._transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        """As httpcore's other backends: ``None`` for what is not known of it."""
        if info == "is_readable":
            return self._is_over or bool(self._held) or _is_readable(self._transport)
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))


async def _connected(connecting: Awaitable[T], seconds: float | None) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await connecting
    except TimeoutError as error:
        raise httpcore.ConnectTimeout from error
    except OSError as error:  # an ssl.SSLError is one
        raise httpcore.ConnectError(str(error)) from error


def _is_readable(transport: asyncio.Transport) -> bool:
    """Whether something came, be it the end, that the loop did not hear of yet."""
    found: socket.socket | None = transport.get_extra_info("socket")
    if found is None or found.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(found.fileno(), select.POLLIN)
    return bool(poll.poll(0))
