"""How an answer goes on the wire: whole, or cut, stalled and broken as a fault says."""

from __future__ import annotations

import asyncio
import http
import socket
import struct
from typing import Any

from starlette.types import Message, Receive, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from .answer import Answer
from .faults import Fault

_RAW = frozenset({"reset", "close", "truncate", "truncate-silent", "wrong-length"})


class Connection:
    """One client connection, below HTTP."""

    def __init__(self, transport: asyncio.Transport, flow: FlowControl) -> None:
        self._transport = transport
        self._flow = flow

    async def write(self, data: bytes) -> None:
        """Send bytes as they are and wait until the system has taken them."""
        self._transport.set_write_buffer_limits(high=0)
        self._transport.write(data)
        await self._flow.drain()

    def close(self) -> None:
        """Close in the ordinary way."""
        self._transport.close()

    def reset(self) -> None:
        """Close with a TCP reset."""
        peer: socket.socket | None = self._transport.get_extra_info("socket")
        if peer is not None:
            # Lingering for zero seconds makes the kernel send RST instead of FIN.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Protocol(H11Protocol):
    """uvicorn's HTTP protocol, which also shows the application the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection where the scope of each request finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "connection": Connection(transport, self.flow)}


async def disconnected(receive: Receive, seconds: float | None = None) -> bool:
    """Wait for the client to go away, for at most ``seconds``; whether it did."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return False
    return True


async def deliver(
    answer: Answer,
    fault: Fault | None,
    rate: float | None,
    connection: Connection,
    receive: Receive,
    send: Send,
    *,
    bodiless: bool = False,
) -> None:
    """Send an answer.

    Args:
        fault: how it ends, if not well.
        rate: bytes per second; None: as fast as it goes.
        bodiless: the answer to a HEAD.
    """
    if fault is not None and fault.kind in _RAW:
        await _deliver_raw(answer, fault, connection)
        # uvicorn takes a request as done only once it has seen the connection end.
        await disconnected(receive, 1.0)
        return
    if fault is not None and fault.kind == "hang" and fault.at is None:
        if await disconnected(receive, fault.seconds):
            return
        fault = None
    await send(_start(answer))
    body = b"" if bodiless else answer.body
    if fault is not None and fault.kind == "hang":
        offset = fault.offset(len(body))
        await send(_piece(body[:offset], more=True))
        if await disconnected(receive, fault.seconds):
            return
        body = body[offset:]
    if rate is not None:
        step = max(1, int(rate / 50))
        for start in range(0, len(body), step):
            await send(_piece(body[start : start + step], more=True))
            if await disconnected(receive, step / rate):
                return
        body = b""
    await send(_piece(body, more=False))


async def _deliver_raw(answer: Answer, fault: Fault, connection: Connection) -> None:
    unanswered = fault.kind in ("reset", "close") and fault.at is None
    if not unanswered:
        sent, body = answer, answer.body
        if fault.kind == "wrong-length":
            sent = answer.with_headers(content_length=str(max(0, len(body) + fault.by)))
        else:
            body = body[: fault.offset(len(body))]
            sent = answer.with_headers(content_length=str(len(answer.body)))
        if fault.kind == "truncate-silent":
            sent = sent.with_headers(content_length=None)
        await connection.write(_head(sent.with_headers(connection="close")) + body)
    if fault.kind == "reset":
        connection.reset()
    else:
        connection.close()


def _head(answer: Answer) -> bytes:
    phrase = http.HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _start(answer: Answer) -> Message:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


def _piece(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
