"""Downloads: resumed, bounded, and only from where the address policy allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import httpx

from syncd.core.model import address_path
from syncd.errors import CorruptMedia, GaveWay, MediaSilent, MediaUnavailable, TooLarge
from syncd.remote.addresses import AddressPolicy, shown
from syncd.remote.http import Http
from syncd.remote.media_head import (
    body_length,
    check_kind,
    check_size,
    check_status,
    follows,
    range_total,
)
from syncd.remote.pace import Pace, TooSlow
from syncd.remote.part import Note, Part
from syncd.remote.transport import PROXIED
from syncd.remote.transport_errors import TRANSPORT_ERRORS, fault, is_silence
from syncd.remote.waits import Again, Retries, retried

MOST_REDIRECTS = 5
MOST_ROUNDS = 50
"""How often a body that breaks off may be taken up again, each time further on than before."""

T = TypeVar("T")


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
    again: bool = False,
    on_bytes: Callable[[int, int | None], None] | None = None,
    give_way: Callable[[], bool] = lambda: False,
) -> Fetched:
    """Download ``address`` to ``part``, taking up a part of the same audio where it stopped.

    ``max_size`` is bytes; ``on_bytes`` is told after each chunk how many bytes the
    part holds, and how many the whole has where that is known. ``again``: the note stays beside
    the whole part, so that the next download of it asks for its last byte alone.
    Once ``give_way()`` is true it is broken off, where it can be taken up again: each time it was
    further on, by whatever arrives at once.
    The part is not synced to disk, and stays after every error but ``TooLarge``.
    Raises ``AddressRefused``, ``AddressExpired``, ``MediaSilent``, ``MediaUnavailable`` (also for
    less than ``pace.LEAST_RATE`` over twice the timeout), ``TooLarge``, ``CorruptMedia``,
    ``DiskFull``, ``LocalError``, ``GaveWay``.
    """
    url = policy.read(address)
    with Part(part) as held:
        download = _Download(
            http, url, held, policy, max_size, on_bytes or (lambda _held, _whole: None), give_way
        )
        for _ in range(MOST_ROUNDS):
            furthest = download.furthest
            try:
                fetched = await sent(http.retries, url, download.once)
            except TooSlow:
                raise
            except MediaUnavailable as error:
                failure = error
            except TooLarge:
                held.remove()
                raise
            else:
                if not again:
                    held.finish()
                return fetched
            if download.furthest <= furthest:
                break
    raise failure


async def fetch_bytes(
    http: Http, address: str, *, policy: AddressPolicy, max_size: int, attempts: int | None = None
) -> bytes:
    """The body at ``address`` (a cover, say), at most ``max_size`` bytes of it.

    It is asked for ``attempts`` times (``None``: as often as any request), and given up after
    twice the timeout in all, waits for the bandwidth aside.
    Raises ``AddressRefused``, ``AddressExpired``, ``MediaSilent``, ``MediaUnavailable``,
    ``TooLarge``, ``CorruptMedia``.
    """
    url = policy.read(address)
    answered = False

    async def once() -> bytes:
        nonlocal answered
        body = bytearray()
        async with opened(http, url, {}, policy) as response:
            answered = True
            check_status(http, response, url)
            check_kind(response, url)
            check_size(body_length(response), max_size, url)
            async for chunk in http.chunks(response):
                check_size(len(body) + len(chunk), max_size, url)
                body += chunk
                await http.bandwidth.take_outside(limit, len(chunk))
        return bytes(body)

    retries = http.retries if attempts is None else replace(http.retries, attempts=attempts)
    try:
        async with asyncio.timeout(2 * http.timeout) as limit:
            return await sent(retries, url, once)
    except TimeoutError:
        pass
    kind = MediaUnavailable if answered else MediaSilent
    raise kind(f"{shown(url)} gave nothing whole in {2 * http.timeout:g} seconds")


class _Download:
    """The tries of one download; each goes on where the one before it stopped."""

    def __init__(
        self,
        http: Http,
        url: httpx.URL,
        part: Part,
        policy: AddressPolicy,
        max_size: int,
        on_bytes: Callable[[int, int | None], None],
        give_way: Callable[[], bool],
    ) -> None:
        self.furthest = 0
        """The most bytes that any try got to."""
        self._http = http
        self._url = url
        self._part = part
        self._policy = policy
        self._max_size = max_size
        self._on_bytes = on_bytes
        self._give_way = give_way
        self._address = address_path(str(url))
        self._before = part.size

    async def once(self) -> Fetched:
        """One try. Raises ``Again`` where another may do better."""
        part, offset = self._part, self._offset()
        headers = {}
        if offset and part.note and part.note.validator:
            headers = {"Range": f"bytes={offset}-", "If-Range": part.note.validator}
        async with opened(self._http, self._url, headers, self._policy) as response:
            ranged = response.status_code == 206
            if ranged or response.status_code == 200:
                check_kind(response, self._url)
            if response.status_code == 416 or (
                ranged and not (headers and part.note and follows(response, part.note, offset))
            ):
                # The bytes held are not the beginning of what is there now.
                part.begin(Note(address=self._address))
                raise Again(MediaUnavailable(f"{shown(self._url)} gave another range than asked"))
            check_status(self._http, response, self._url)
            total = range_total(response) if ranged else body_length(response)
            check_size(total, self._max_size, self._url)
            if ranged:
                part.cut(offset)
                self._before = min(self._before, offset)
            else:
                part.begin(self._described(response, total))
                self._before = 0
            takes_up = ranged or response.headers.get("accept-ranges", "").lower() == "bytes"
            await self._receive(response, total, takes_up=takes_up)
        if part.size == 0:
            raise CorruptMedia(f"{shown(self._url)} gave an empty file")
        if total is not None and part.size != total:
            raise Again(MediaUnavailable(f"{shown(self._url)} gave {part.size} of {total} bytes"))
        etag = part.note.etag if part.note else None
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

    async def _receive(
        self, response: httpx.Response, total: int | None, *, takes_up: bool
    ) -> None:
        """``takes_up``: the other end sends the rest of what was broken off, and not all anew."""
        part, clock = self._part, asyncio.get_running_loop().time
        pace = Pace(2 * self._http.timeout, now=clock())
        # What is waited for the bandwidth is no slowness of the other end.
        waited = 0.0
        async for chunk in self._http.chunks(response):
            check_size(part.size + len(chunk), self._max_size, self._url)
            part.write(chunk)
            self.furthest = max(self.furthest, part.size)
            self._on_bytes(part.size, total)
            may_break_off = takes_up and part.note and part.note.validator and part.size != total
            if may_break_off and self._give_way():
                raise GaveWay(f"{shown(self._url)} goes on later, at {part.size} bytes")
            if not pace.holds(len(chunk), now=clock() - waited):
                raise TooSlow(f"{shown(self._url)} gives less than 1 kB/s")
            waited += await self._http.bandwidth.take(len(chunk))


@asynccontextmanager
async def opened(
    http: Http, url: httpx.URL, headers: dict[str, str], policy: AddressPolicy
) -> AsyncIterator[httpx.Response]:
    """The answer for ``url``, after redirects; each hop and each peer is held to ``policy``."""
    for _ in range(MOST_REDIRECTS + 1):
        async with AsyncExitStack() as stack:
            response = await _asked(http, url, headers, policy, stack)
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


async def _asked(
    http: Http,
    url: httpx.URL,
    headers: dict[str, str],
    policy: AddressPolicy,
    stack: AsyncExitStack,
) -> httpx.Response:
    """The head of the answer; ``stack`` closes it. No answer is told apart from half of one."""
    try:
        if not http.is_proxied(url):
            await policy.resolve(url)
        return await stack.enter_async_context(http.stream(url, headers))
    except TRANSPORT_ERRORS as error:
        words, silent = fault(error), is_silence(error)
    raise Again((MediaSilent if silent else MediaUnavailable)(f"{shown(url)}: {words}"))


async def sent(retries: Retries, url: httpx.URL, once: Callable[[], Awaitable[T]]) -> T:
    """What ``once`` gives, tried again after passing faults; transport errors are translated."""

    async def guarded() -> T:
        try:
            return await once()
        except TRANSPORT_ERRORS as error:
            words = fault(error)
        raise Again(MediaUnavailable(f"{shown(url)}: {words}"))

    return await retried(retries, guarded)
