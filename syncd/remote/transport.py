"""The way out: straight, or through the proxy of the environment; and the one place for the key."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import httpcore
import httpx

from syncd.errors import ConfigError
from syncd.remote.network import Network
from syncd.secret import Secret

KEYED = "syncd.keyed"
"""Request extension: this request may carry the key, if it goes to the API's own origin."""

PROXIED = "syncd.proxied"
"""Response extension: the other end of the connection is a proxy."""

_REST = 5.0
"""Seconds for which a connection that nobody uses is kept open."""


class Transport(httpx.AsyncBaseTransport):
    """Sends requests; adds the key to those that are marked and go to the API's own origin.

    The key is added below everything that builds, logs or redirects requests, to a copy that
    nothing else keeps. ``connections`` bounds those kept alive. A proxy is used for https alone:
    it passes the bytes on unread (CONNECT), while a plain http request would be read by it.
    Raises ``ConfigError`` for a proxy address or a file of certificates that cannot be used.
    """

    def __init__(self, *, service: httpx.URL, key: Secret, connections: int, proxies: bool) -> None:
        self._origin = origin(service)
        self._key = key
        self._direct = _Way(connections)
        named = getproxies_environment() if proxies else {}
        address = named.get("https") or named.get("all")
        self._tunnel = _Way(connections, _proxy(address)) if address else None

    def is_proxied(self, url: httpx.URL) -> bool:
        """Whether a request for ``url`` goes through a proxy, which then looks its host up."""
        return self._tunnel is not None and url.scheme == "https" and not proxy_bypass(url.host)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Part of httpx's transport interface. Raises httpx's transport errors."""
        proxied = self.is_proxied(request.url)
        way = self._tunnel if proxied and self._tunnel else self._direct
        response = await way.handle_async_request(self._keyed(request))
        response.extensions[PROXIED] = proxied
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        await self._direct.aclose()
        if self._tunnel:
            await self._tunnel.aclose()

    def _keyed(self, request: httpx.Request) -> httpx.Request:
        if not request.extensions.get(KEYED) or origin(request.url) != self._origin:
            return request
        key = (b"X-API-Key", self._key.reveal().encode("ascii"))
        return httpx.Request(
            request.method,
            request.url,
            headers=[*request.headers.raw, key],
            stream=request.stream,
            extensions=request.extensions,
        )


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port: two addresses of one origin have the same."""
    return url.scheme, url.host.lower(), url.port or (443 if url.scheme == "https" else 80)


@cache
def _trust() -> ssl.SSLContext:
    """Certificates to trust: those of SSL_CERT_FILE or SSL_CERT_DIR if set; slow to read."""
    try:
        return httpx.create_ssl_context()
    except OSError:  # ssl.SSLError is one
        pass
    raise ConfigError(
        "the certificates that SSL_CERT_FILE names cannot be read",
        hint="point it to a file of PEM certificates, or leave it unset",
    )


def _proxy(address: str) -> httpcore.Proxy:
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
        if proxy.url.scheme in ("http", "https"):
            return httpcore.Proxy(
                _url(proxy.url),
                auth=proxy.raw_auth,
                headers=proxy.headers.raw,
                ssl_context=_trust() if proxy.url.scheme == "https" else None,
            )
    except (httpx.InvalidURL, ValueError):
        pass
    # The address itself is not shown: it may hold a password.
    raise ConfigError(
        "the proxy in https_proxy or all_proxy cannot be used",
        hint="an http:// or https:// proxy address is needed",
    )


class _Way(httpx.AsyncBaseTransport):
    """A pool of httpcore's connections, as a transport of httpx's."""

    def __init__(self, connections: int, proxy: httpcore.Proxy | None = None) -> None:
        # Without a bound on the pool: a request cancelled while it connects leaves its place in
        # httpcore's pool taken for good (httpcore issue 1093). The lanes of Http bound it.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_trust(),
            proxy=proxy,
            max_connections=None,
            max_keepalive_connections=connections,
            keepalive_expiry=_REST,
            network_backend=Network(),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        asked = httpcore.Request(
            method=request.method,
            url=_url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _translated():
            response = await self._pool.handle_async_request(asked)
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


_NAMES = (
    *("TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout"),
    *("NetworkError", "ConnectError", "ReadError", "WriteError", "ProxyError"),
    *("ProtocolError", "LocalProtocolError", "RemoteProtocolError", "UnsupportedProtocol"),
)
_TRANSLATED: dict[type, type[httpx.TransportError]] = {
    getattr(httpcore, name): getattr(httpx, name) for name in _NAMES
}
"""httpcore's errors to httpx's, which have the same names."""


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        found = next((kind for kind in type(error).__mro__ if kind in _TRANSLATED), None)
        if found is None:
            raise
        raise _TRANSLATED[found](str(error)) from error
