"""Connections between the program and the simulator that are made of memory alone.

httpcore speaks HTTP at one end, uvicorn's protocol at the other, as over loopback; a reset, a body
cut short and a silence are what they are there.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

Protocols = Callable[[], asyncio.Protocol]


class _Side(asyncio.Transport):
    """The server's side of a connection."""

    def __init__(self, stream: Stream) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self._stream = stream
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closing:
            self._stream.feed(bytes(data))

    def is_closing(self) -> bool:
        return self.closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._stream.protocol = protocol

    def close(self) -> None:
        self._end(None)

    def abort(self) -> None:
        self._end(ConnectionResetError(104, "Connection reset by peer"))

    def _end(self, error: Exception | None) -> None:
        if not self.closing:
            self.closing = True
            self._stream.ended(error)
            asyncio.get_running_loop().call_soon(self._stream.protocol.connection_lost, error)


class Stream(httpcore.AsyncNetworkStream):
    """The client's side."""

    def __init__(self, protocols: Protocols) -> None:
        self._received = bytearray()
        self._stirred = asyncio.Event()
        self._over = False
        self._error: Exception | None = None
        self._side = _Side(self)
        self.protocol = protocols()
        self.protocol.connection_made(self._side)

    def feed(self, data: bytes) -> None:
        self._received += data
        self._stirred.set()

    def ended(self, error: Exception | None) -> None:
        self._over, self._error = True, error
        self._stirred.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                while not (self._received or self._over):
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        if self._error is not None:
            raise httpcore.ReadError(str(self._error))
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._side.closing:
            raise httpcore.WriteError("Broken pipe")
        if buffer:  # nothing is the end, to the other side
            self.protocol.data_received(buffer)

    async def aclose(self) -> None:
        if not self._side.closing:
            self._side.closing = True
            self.protocol.connection_lost(None)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return bool(self._received) or self._over
        return ("127.0.0.1", 1) if info in ("server_addr", "client_addr") else None


class Wire(httpcore.AsyncNetworkBackend):
    """Connects to the origins of a simulator, by port."""

    def __init__(self, origins: dict[int, Protocols]) -> None:
        self._origins = origins

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if port not in self._origins:
            raise httpcore.ConnectError("Connection refused")
        return Stream(self._origins[port])

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
