"""Connections by themselves: what is held, what is waited for, and how they end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpcore
import pytest

from syncd.remote import network
from syncd.remote.network import Network

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Connect = Callable[[Talk], Awaitable[httpcore.AsyncNetworkStream]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """``stream = await connect(talk)``: a connection to a server that does so at its end."""
    async with AsyncExitStack() as stack:

        async def start(talk: Talk) -> httpcore.AsyncNetworkStream:
            async def talked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await talk(reader, writer)
                finally:
                    writer.transport.abort()

            server = await stack.enter_async_context(
                await asyncio.start_server(talked, "127.0.0.1", 0)
            )
            port = server.sockets[0].getsockname()[1]
            stream = await Network().connect_tcp("127.0.0.1", port, timeout=5)
            stack.push_async_callback(stream.aclose)
            return stream

        yield start


async def _to_its_end(stream: httpcore.AsyncNetworkStream) -> bytes:
    found = b""
    while data := await stream.read(65_536, timeout=5):
        found += data
    return found


async def test_of_what_is_not_read_a_bounded_part_is_held(connect: Connect) -> None:
    body = b"la" * 8_000_000

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    stream = await connect(talk)
    await asyncio.sleep(0.1)
    held: int = stream._size  # type: ignore[attr-defined]
    assert 0 < held <= network._MOST + 256 * 1024
    assert await _to_its_end(stream) == body


async def test_more_is_given_at_once_than_was_asked_for(connect: Connect) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 200_000)
        await writer.drain()
        await asyncio.sleep(0.5)

    stream = await connect(talk)
    await asyncio.sleep(0.1)
    assert len(await stream.read(65_536, timeout=5)) == 200_000


async def test_silence_ends_with_the_time_that_was_given(connect: Connect) -> None:
    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    stream = await connect(talk)
    with pytest.raises(httpcore.ReadTimeout):
        await stream.read(1, timeout=0.05)


async def test_who_does_not_read_is_not_written_to_for_ever(connect: Connect) -> None:
    over = asyncio.Event()

    async def talk(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    stream = await connect(talk)
    with pytest.raises(httpcore.WriteTimeout):
        await stream.write(b"x" * 50_000_000, timeout=0.1)
    over.set()


async def test_a_reset_is_told_from_an_end(connect: Connect) -> None:
    async def ends(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        linger = b"\1\0\0\0\0\0\0\0"  # off, so that it is reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    ended = await connect(ends)
    assert await ended.read(1, timeout=5) == b""
    reset = await connect(breaks_off)
    await reset.write(b"xx", timeout=5)
    with pytest.raises(httpcore.ReadError):
        await reset.read(1, timeout=5)
    with pytest.raises(httpcore.WriteError):
        await reset.write(b"x", timeout=5)


async def test_a_connection_that_the_other_end_closed_is_not_taken_for_one_at_rest() -> None:
    """Also where the loop had no time to hear of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = await Network().connect_tcp(*server.getsockname(), timeout=5)
        other, address = server.accept()
        assert stream.get_extra_info("client_addr") == address
        assert stream.get_extra_info("server_addr") == server.getsockname()
        assert not stream.get_extra_info("is_readable")
        other.close()
        time.sleep(0.05)
        assert stream.get_extra_info("is_readable")
        await stream.aclose()
    assert stream.get_extra_info("is_readable")


async def test_where_nobody_listens_there_is_no_connection() -> None:
    with pytest.raises(httpcore.ConnectError):
        await Network().connect_tcp("127.0.0.1", 9, timeout=5)
