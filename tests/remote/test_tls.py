"""Https: the key goes to a host that proves who it is, and to no other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from syncd.core.model import Job
from syncd.errors import ConfigError, MediaSilent, Offline
from syncd.remote import AudioPod, Http, fetch_bytes, transport

Serve = Callable[[trustme.LeafCert], Awaitable[tuple[str, list[str]]]]


@pytest.fixture(autouse=True)
def trust() -> Iterator[None]:
    """The certificates to trust are read once in a process: anew for each of these tests."""
    transport._trust.cache_clear()
    yield
    transport._trust.cache_clear()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority whose certificate is in the file that SSL_CERT_FILE names."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


@pytest.fixture
async def serve_tls(answer: Callable[..., bytes]) -> AsyncIterator[Serve]:
    """``url, heads = await serve_tls(certificate)``: answers an empty listing to everything."""
    async with AsyncExitStack() as stack:

        async def start(certificate: trustme.LeafCert) -> tuple[str, list[str]]:
            heads: list[str] = []
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            certificate.configure_cert(context)

            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
                    writer.write(answer("[]", x_total_count="0"))
                    await writer.drain()
                except (OSError, asyncio.IncompleteReadError):
                    pass
                finally:
                    writer.close()

            server = await stack.enter_async_context(
                await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
            )
            return f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads

        yield start


async def test_the_key_is_sent_to_a_host_whose_certificate_is_trusted(
    trusted: trustme.CA, serve_tls: Serve, opened: Callable[..., Http], key: str
) -> None:
    url, heads = await serve_tls(trusted.issue_cert("127.0.0.1"))
    async with opened(url) as http:
        assert (await AudioPod(http).page()).total == 0
    (head,) = heads
    assert f"X-API-Key: {key}" in head


@pytest.mark.parametrize(
    ("names", "fields", "said"),
    [
        (["api.audiopod.ai"], {}, "IP address mismatch"),
        (["127.0.0.1"], {"not_after": datetime(2020, 1, 1, tzinfo=UTC)}, "certificate has expired"),
    ],
    ids=["another host's", "expired"],
)
async def test_a_certificate_that_is_wrong_is_told_and_the_key_stays_here(
    trusted: trustme.CA,
    serve_tls: Serve,
    opened: Callable[..., Http],
    names: list[str],
    fields: dict[str, Any],
    said: str,
    raised: Any,
) -> None:
    url, heads = await serve_tls(trusted.issue_cert(*names, **fields))
    async with opened(url) as http:
        with raised(Offline, f"its certificate is not to be trusted: .*{said}") as caught:
            await AudioPod(http).page()
        assert "clock" in caught.error.hint
        with raised(Offline, said):
            await AudioPod(http).delete(Job(id=7, status="COMPLETED"))
    assert heads == []


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    authority: trustme.CA, serve_tls: Serve, opened: Callable[..., Http], raised: Any
) -> None:
    url, heads = await serve_tls(authority.issue_cert("127.0.0.1"))
    async with opened(url) as http:
        with raised(Offline, "its certificate is not to be trusted"):
            await AudioPod(http).page()
        with raised(MediaSilent, "its certificate is not to be trusted"):
            await fetch_bytes(http, f"{url}/a", policy=http.media_policy, max_size=9)
    assert heads == []


async def test_media_over_https_is_fetched_without_the_key(
    trusted: trustme.CA, serve_tls: Serve, opened: Callable[..., Http], key: str, raised: Any
) -> None:
    url, heads = await serve_tls(trusted.issue_cert("127.0.0.1"))
    async with opened(url) as http:
        with raised(Exception, "gave application/json in place of audio"):
            await fetch_bytes(http, f"{url}/a", policy=http.media_policy, max_size=9)
    (head,) = heads
    assert key not in head


@pytest.mark.parametrize("content", [None, "", "no certificate"])
async def test_certificates_that_cannot_be_read_are_a_mistake_in_the_setting(
    opened: Callable[..., Http],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
    raised: Any,
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with raised(ConfigError, "SSL_CERT_FILE"):
        async with opened("https://api.example.invalid"):
            pass


async def test_a_proxy_passes_on_what_it_cannot_read(
    trusted: trustme.CA,
    serve_tls: Serve,
    opened: Callable[..., Http],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
) -> None:
    url, heads = await serve_tls(trusted.issue_cert("api.example.invalid"))
    port, seen = int(url.rpartition(":")[2]), bytearray()

    async def passed(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: bool = False
    ) -> None:
        while data := await reader.read(65_536):
            seen.extend(data if note else b"")
            writer.write(data)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"CONNECT api.example.invalid:443 ")
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(passed(reader, back, note=True), passed(there, writer))

    async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as proxy:
        address = proxy.sockets[0].getsockname()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{address[1]}")
        async with opened("https://api.example.invalid") as http:
            assert (await AudioPod(http).page()).total == 0
    (head,) = heads
    assert f"X-API-Key: {key}" in head
    assert seen
    assert key.encode() not in seen
