"""Downloads: resumed, bounded, and only from where the address policy allows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from syncd.core.model import address_path
from syncd.errors import (
    AddressExpired,
    CorruptMedia,
    MediaError,
    MediaUnavailable,
    TooLarge,
)
from syncd.remote.addresses import AddressPolicy, shown
from syncd.remote.http import TRANSPORT_ERRORS, Http, fault
from syncd.remote.part import Note, Part
from syncd.remote.transport import PROXIED
from syncd.remote.waits import Again, retried, retry_after

MOST_REDIRECTS = 5
MOST_ROUNDS = 50
"""How often a body that breaks off may be taken up again, each time further on than before."""

T = TypeVar("T")

_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
_PAGES = ("text/html", "application/xhtml+xml", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole body. ``resumed_from`` is how many of its ``size`` bytes were there already.

    ``measured`` says whether a length or chunk marks vouch that it is whole; without them a body
    cut short looks like one that ended.
    """

    size: int
    etag: str | None
    content_type: str | None
    resumed_from: int
    measured: bool


async def fetch(
    http: Http,
    address: str,
    part: Path,
    *,
    policy: AddressPolicy,
    max_size: int,
    on_bytes: Callable[[int], None] | None = None,
) -> Fetched:
    """Download ``address`` to ``part``, taking up a part of the same audio where it stopped.

    ``max_size`` is bytes; ``on_bytes`` is told how many bytes the part holds, after each chunk.
    The part is not synced to disk, and stays after every error but ``TooLarge``.
    Raises ``AddressRefused``, ``AddressExpired``, ``MediaUnavailable``, ``TooLarge``,
    ``CorruptMedia``, ``DiskFull``, ``LocalError``.
    """
    url = policy.read(address)
    with Part(part) as held:
        download = _Download(http, url, held, policy, max_size, on_bytes or (lambda _: None))
        for _ in range(MOST_ROUNDS):
            furthest = download.furthest
            try:
                return await _sent(http, url, download.once)
            except MediaUnavailable as error:
                failure = error
            except TooLarge:
                held.remove()
                raise
            if download.furthest <= furthest:
                break
    raise failure


async def fetch_bytes(http: Http, address: str, *, policy: AddressPolicy, max_size: int) -> bytes:
    """The body at ``address`` (a cover, say), at most ``max_size`` bytes of it.

    Raises ``AddressRefused``, ``AddressExpired``, ``MediaUnavailable``, ``TooLarge``,
    ``CorruptMedia``.
    """
    url = policy.read(address)

    async def once() -> bytes:
        body = bytearray()
        async with _opened(http, url, {}, policy) as response:
            _check_status(http, response, url)
            _check_kind(response, url)
            _check_size(_length(response), max_size, url)
            async for chunk in response.aiter_raw():
                _check_size(len(body) + len(chunk), max_size, url)
                body += chunk
        return bytes(body)

    return await _sent(http, url, once)


class _Download:
    """The tries of one download; each goes on where the one before it stopped."""

    def __init__(
        self,
        http: Http,
        url: httpx.URL,
        part: Part,
        policy: AddressPolicy,
        max_size: int,
        on_bytes: Callable[[int], None],
    ) -> None:
        self.furthest = 0
        """The most bytes that any try got to."""
        self._http = http
        self._url = url
        self._part = part
        self._policy = policy
        self._max_size = max_size
        self._on_bytes = on_bytes
        self._address = address_path(str(url))
        self._before = part.size

    async def once(self) -> Fetched:
        """One try. Raises ``Again`` where another may do better."""
        part, offset = self._part, self._offset()
        headers = {}
        if offset and part.note and part.note.validator:
            headers = {"Range": f"bytes={offset}-", "If-Range": part.note.validator}
        async with _opened(self._http, self._url, headers, self._policy) as response:
            ranged = response.status_code == 206
            if response.status_code == 416 or (
                ranged and not (headers and part.note and _follows(response, part.note, offset))
            ):
                # The bytes held are not the beginning of what is there now.
                part.begin(Note(address=self._address))
                raise Again(MediaUnavailable(f"{shown(self._url)} gave another range than asked"))
            _check_status(self._http, response, self._url)
            _check_kind(response, self._url)
            total = _range_total(response) if ranged else _length(response)
            _check_size(total, self._max_size, self._url)
            if ranged:
                part.cut(offset)
                self._before = min(self._before, offset)
            else:
                part.begin(self._described(response, total))
                self._before = 0
            await self._receive(response)
        if part.size == 0:
            raise CorruptMedia(f"{shown(self._url)} gave an empty file")
        if total is not None and part.size != total:
            raise Again(MediaUnavailable(f"{shown(self._url)} gave {part.size} of {total} bytes"))
        etag = part.note.etag if part.note else None
        part.finish()
        chunked = "chunked" in response.headers.get("transfer-encoding", "").lower()
        return Fetched(
            size=part.size,
            etag=etag,
            content_type=response.headers.get("content-type"),
            resumed_from=self._before,
            measured=total is not None or chunked,
        )

    def _offset(self) -> int:
        """From which byte to ask; 0 for the whole."""
        note = self._part.note
        if note is None or note.validator is None or note.address != self._address:
            return 0
        # Of a part that is the whole already, the last byte is asked for again: the answer says
        # whether it is still the same file.
        last = self._part.size if note.total is None else note.total - 1
        return max(0, min(self._part.size, last))

    def _described(self, response: httpx.Response, total: int | None) -> Note:
        return Note(
            address=self._address,
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            total=total,
        )

    async def _receive(self, response: httpx.Response) -> None:
        part = self._part
        async for chunk in response.aiter_raw():
            _check_size(part.size + len(chunk), self._max_size, self._url)
            part.write(chunk)
            self.furthest = max(self.furthest, part.size)
            self._on_bytes(part.size)


@asynccontextmanager
async def _opened(
    http: Http, url: httpx.URL, headers: dict[str, str], policy: AddressPolicy
) -> AsyncIterator[httpx.Response]:
    """The answer for ``url``, after redirects; each hop and each peer is held to ``policy``."""
    for _ in range(MOST_REDIRECTS + 1):
        if not http.is_proxied(url):
            await policy.resolve(url)
        async with http.stream(url, headers) as response:
            if not response.extensions.get(PROXIED):
                peer = response.extensions["network_stream"].get_extra_info("server_addr")
                if peer is None:
                    # A connection that was reset has no other end any more.
                    raise Again(MediaUnavailable(f"{shown(url)}: the connection broke off"))
                policy.check_peer(url, peer)
            if response.next_request is None:
                yield response
                return
            target = response.next_request.url
        url = policy.read(str(target))
    raise MediaUnavailable(f"{shown(url)} redirects more than {MOST_REDIRECTS} times")


async def _sent(http: Http, url: httpx.URL, once: Callable[[], Awaitable[T]]) -> T:
    """What ``once`` gives, tried again after passing faults; transport errors are translated."""

    async def guarded() -> T:
        try:
            return await once()
        except TRANSPORT_ERRORS as error:
            words = fault(error)
        raise Again(MediaUnavailable(f"{shown(url)}: {words}"))

    return await retried(http.retries, guarded)


def _check_status(http: Http, response: httpx.Response, url: httpx.URL) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    what = f"{shown(url)} answered {status}"
    if status in (401, 403, 404, 410):
        raise AddressExpired(what, hint="a fresh address is asked for")
    error: MediaError = MediaUnavailable(what, hint="it is tried again later")
    if status < 500 and status not in (408, 425, 429):
        raise error
    wait = retry_after(response.headers.get("retry-after"), now=http.now)
    if wait is not None and wait > http.retries.longest_wait:
        raise error
    raise Again(error, wait=wait)


def _check_kind(response: httpx.Response, url: httpx.URL) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _PAGES:
        raise CorruptMedia(
            f"{shown(url)} gave {kind} in place of audio", hint="a captive portal or a proxy"
        )
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise CorruptMedia(f"{shown(url)} packed the audio, though asked not to")


def _check_size(size: int | None, max_size: int, url: httpx.URL) -> None:
    if size is not None and size > max_size:
        raise TooLarge(
            f"{shown(url)} gives more than {max_size} bytes", hint="see limits.max_file_size"
        )


def _length(response: httpx.Response) -> int | None:
    """Content-Length; ``None`` without one, or where chunks take its place."""
    text = response.headers.get("content-length", "")
    chunked = "transfer-encoding" in response.headers
    return int(text) if text.isascii() and text.isdigit() and not chunked else None


def _range_total(response: httpx.Response) -> int | None:
    found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    return int(found[3]) if found and found[3] != "*" else None


def _follows(response: httpx.Response, note: Note, offset: int) -> bool:
    """Whether a 206 answer continues, at ``offset``, the very file that ``note`` describes."""
    found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if not found:
        return False
    first, last, total = int(found[1]), int(found[2]), _range_total(response)
    length = _length(response)
    return (
        first == offset
        and last >= first
        and (total is None or last < total)
        and (length is None or length == last - first + 1)
        and (note.total is None or total is None or total == note.total)
        and response.headers.get("etag", note.etag) == note.etag
    )
