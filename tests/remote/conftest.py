"""A service to talk to, and a canary: the key must not turn up in anything that is shown."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncd.remote import AudioPod, Http, Retries, fetch
from syncd.simulator import Simulator, World

KEY = "ap_canary_7c1f0e52b9d84a63"


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def canary(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No log record of any test, at any level, holds the key or a signature.

    The simulator's own access log aside.
    """
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        if record.name.startswith("uvicorn"):
            continue
        line = f"{record.getMessage()} {record.args!r}"
        assert KEY not in line
        assert "signature=" not in line


@pytest.fixture
def quick() -> Retries:
    return Retries(attempts=3, wait_initial=0.001, wait_max=0.005, longest_wait=5.0)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(World.synthetic(20, seed=1), key=KEY) as running:
        yield running


@pytest.fixture
def opened(quick: Retries) -> Callable[..., Any]:
    """``opened(base_url, **settings)`` is an open ``Http`` with quick retries."""

    def make(base_url: str, **settings: Any) -> Http:
        given: dict[str, Any] = {"requests_per_minute": 0, "timeout": 5.0, "retries": quick}
        return Http(base_url=base_url, **{"key": KEY, **given, **settings})

    return make


@pytest.fixture
async def http(sim: Simulator, opened: Callable[..., Http]) -> AsyncIterator[Http]:
    async with opened(sim.api_url) as running:
        yield running


@pytest.fixture
def client(http: Http) -> AudioPod:
    return AudioPod(http)


class Caught:
    """The error that a ``raised`` block ended with."""

    error: Any = None


@pytest.fixture
def raised() -> Callable[..., Any]:
    """Like ``pytest.raises``, and the error shows no key, nor any request that could hold one."""

    @contextmanager
    def expect(kind: type[Exception], match: str | None = None) -> Iterator[Caught]:
        caught = Caught()
        with pytest.raises(kind, match=match) as info:
            yield caught
        caught.error = info.value
        error: BaseException | None = info.value
        assert KEY not in "".join(traceback.format_exception(info.value))
        assert "signature=" not in str(info.value)
        while error is not None:
            assert not hasattr(error, "_request")
            assert KEY not in repr(error)
            assert KEY not in repr(vars(error))
            error = error.__cause__ or error.__context__

    return expect


Reply = Callable[[str, int], bytes]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Reply], Awaitable[tuple[str, list[str]]]]]:
    """``url, heads = await serve(reply)``: a server whose answers are written byte for byte.

    ``reply`` is given the head of the request and its number, and returns the whole answer, after
    which the connection is closed. ``heads`` are the heads that came.
    """
    async with AsyncExitStack() as stack:

        async def start(reply: Reply) -> tuple[str, list[str]]:
            heads: list[str] = []

            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    heads.append(head)
                    writer.write(reply(head, len(heads)))
                    await writer.drain()
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass
                finally:
                    writer.close()

            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            await stack.enter_async_context(_closed(server))
            port = server.sockets[0].getsockname()[1]
            return f"http://127.0.0.1:{port}", heads

        yield start


@asynccontextmanager
async def _closed(server: asyncio.Server) -> AsyncIterator[None]:
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def answer() -> Callable[..., bytes]:
    """``answer(body, status=200, **headers)`` as bytes; ``_`` in a header's name is a ``-``."""

    def make(body: bytes | str = b"", status: int = 200, **headers: object) -> bytes:
        data = body.encode() if isinstance(body, str) else body
        lines = {"content_type": "application/json", "content_length": len(data), **headers}
        head = "".join(
            f"{name.replace('_', '-')}: {value}\r\n"
            for name, value in lines.items()
            if value is not None
        )
        return f"HTTP/1.1 {status} Said\r\n{head}connection: close\r\n\r\n".encode() + data

    return make


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "7.flac.part"


@pytest.fixture
def note(part: Path) -> Path:
    """Where the note beside ``part`` lies."""
    return part.with_name(part.name + ".json")


@pytest.fixture
def held(part: Path, note: Path) -> Callable[..., None]:
    """``held(data, …)`` leaves a part of a ten-byte file at ``/a``, with a note of those fields."""

    def leave(data: bytes, **fields: object) -> None:
        part.write_bytes(data)
        known = {"address": "127.0.0.1/a", "etag": '"v1"', "total": 10, **fields}
        note.write_text(json.dumps(known))

    return leave


@pytest.fixture
def audio(sim: Simulator) -> bytes:
    """The flac of job 7, large enough to come in many chunks."""
    data = bytes(range(256)) * 4096
    sim.world.add(id=7, audio={"flac": data}, cover=True)
    return data


@pytest.fixture
def address(audio: bytes, sim: Simulator, opened: Callable[..., Http]) -> Callable[[], Any]:
    """``await address()`` is a fresh address of that flac."""

    async def fresh() -> str:
        async with opened(sim.api_url) as http:
            return (await AudioPod(http).job(7)).audio["flac"]

    return fresh


@pytest.fixture
def get(http: Http, address: Any, part: Path) -> Callable[..., Any]:
    """``await get()`` downloads that flac to ``part``."""

    async def download(url: str | None = None, **given: Any) -> Any:
        given = {"policy": http.media_policy, "max_size": 10_000_000, **given}
        return await fetch(http, url or await address(), part, **given)

    return download
