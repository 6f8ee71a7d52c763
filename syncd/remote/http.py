"""The one seam over httpx: where the key, the rate, the retries and the errors are settled."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType

import httpx
from aiolimiter import AsyncLimiter

from syncd import __version__
from syncd.errors import (
    ConfigError,
    ContractBroken,
    KeyRefused,
    Offline,
    OutcomeUnknown,
    RateLimited,
)
from syncd.remote.addresses import AddressPolicy, is_loopback, service_url, shown
from syncd.remote.answers import LARGEST_BODY, Answer, Call, document, refusal, unpacked
from syncd.remote.bandwidth import Bandwidth
from syncd.remote.bodies import Reply
from syncd.remote.clock import ServiceClock, uptime
from syncd.remote.transport import KEYED, Transport, origin
from syncd.remote.transport_errors import TRANSPORT_ERRORS, UNSENT, advice, fault
from syncd.remote.waits import Again, Gate, Retries, http_date, retried, retry_after
from syncd.secret import Secret

PREFIX = "/api/v1/music"
"""What comes before every path of the API (api.md)."""

MOST_REDIRECTS = 3

_log = logging.getLogger(__name__)


class Http:
    """Requests to the API, and streams from media hosts. An async context manager.

    ``timeout`` is seconds without a byte, ``requests_per_minute`` bounds the API's requests (0: no
    bound), ``parallel`` bounds the requests under way, for the API and for media apart, so that
    long downloads never hold up a call. ``bandwidth`` is bytes a second for all media together (0:
    no bound). Without ``may_change`` nothing but GET leaves this machine,
    whatever asks for it. ``uptime`` is what the service's time is kept by between two answers;
    ``clock`` gives seconds since the epoch, for a service that tells no time.
    Raises ``ConfigError`` for a ``base_url`` or a key that must not be used.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: Secret | str,
        requests_per_minute: int = 120,
        timeout: float = 30.0,
        retries: Retries | None = None,
        parallel: int = 8,
        bandwidth: int = 0,
        may_change: bool = True,
        clock: Callable[[], float] = time.time,
        uptime: Callable[[], float] = uptime,
    ) -> None:
        self.retries = retries or Retries()
        self.timeout = timeout
        self.media_policy = AddressPolicy.of(base_url)
        self.requests = 0
        """How many were sent to the API so far, each try counted."""
        self._awaited = 0
        self._service = service_url(base_url)
        self._key = _checked(key)
        self._per_minute = requests_per_minute
        self._parallel = parallel
        self._bytes_per_second = bandwidth
        self._may_change = may_change
        self._clock = clock
        self._service_clock = ServiceClock(uptime)

    def __repr__(self) -> str:
        return f"Http({shown(self._service)})"

    async def __aenter__(self) -> Http:
        # At INFO these two log whole addresses, signature included.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # Bound to the running loop: made here, not in the constructor.
        self._gate = Gate(self.retries.longest_wait)
        self._api_lane = asyncio.Semaphore(self._parallel)
        self._media_lane = asyncio.Semaphore(self._parallel)
        self.bandwidth = Bandwidth(self._bytes_per_second)
        # Ten seconds' worth may go out at once; a whole minute's worth would double the first one.
        burst = max(1, self._per_minute // 6)
        self._bucket = (
            AsyncLimiter(burst, burst * 60 / self._per_minute) if self._per_minute else None
        )
        self._transport = Transport(
            service=self._service,
            key=self._key,
            connections=2 * self._parallel,
            proxies=not is_loopback(self._service.host),
        )
        self._client = httpx.AsyncClient(
            transport=self._transport,
            follow_redirects=False,
            timeout=httpx.Timeout(self.timeout, pool=None),
            headers={"User-Agent": f"syncd/{__version__}", "Accept-Encoding": "identity"},
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, str] | None = None,
        job_id: int | None = None,
        longest_wait: float | None = None,
    ) -> Reply:
        """Send one API call, ``path`` below the prefix, until it is answered for good.

        GET is sent again after every passing fault. What changes something is sent again only
        where it certainly was not carried out, else ``OutcomeUnknown``: look before sending again.
        Raises the errors of ``syncd.errors`` under "the service". ``job_id`` says that 404 is about
        that job. ``longest_wait``: this call has a limit of its own, and sits through no longer
        ``Retry-After``; other calls do not wait for it.
        """
        if method != "GET" and not self._may_change:
            raise ConfigError(
                f'sync.direction = "down": {method} {path} was not sent',
                hint='set sync.direction = "both" to change the account from here',
            )
        path = f"{self._service.path.rstrip('/')}{PREFIX}{path}"
        call = Call(method, path, self._host, job_id, longest_wait)
        url = self._service.copy_with(path=call.path)
        if query:
            url = url.copy_merge_params(dict(query))
        request = partial(self._request, method, body=body)
        return await retried(self.retries, partial(self._once, call, url, request))

    @asynccontextmanager
    async def stream(
        self, url: httpx.URL, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """One GET to a media host, without the key. Raises the classes of ``TRANSPORT_ERRORS``."""
        async with self._media_lane:
            request = self._client.build_request("GET", url, headers=dict(headers))
            # The head of an answer can come a byte at a time too.
            with self._awaiting():
                async with asyncio.timeout(4 * self.timeout):
                    response = await self._client.send(request, stream=True)
            try:
                yield response
            finally:
                await response.aclose()

    async def chunks(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body of what ``stream`` gave, as it comes. Raises ``TRANSPORT_ERRORS``."""
        body = response.aiter_raw()
        while True:
            with self._awaiting():
                chunk = await anext(body, None)
            if chunk is None:
                return
            yield chunk

    @property
    def activity(self) -> int:
        """Grows with every request to the API, and with all that is paid for of ``bandwidth``."""
        return self.requests + self.bandwidth.paid

    @property
    def awaits_answer(self) -> bool:
        """Whether the other end is waited for: never longer than a few times ``timeout``."""
        return self._awaited > 0

    @contextmanager
    def _awaiting(self) -> Iterator[None]:
        self._awaited += 1
        try:
            yield
        finally:
            self._awaited -= 1

    def is_proxied(self, url: httpx.URL) -> bool:
        """Whether ``url`` is reached through a proxy, which then looks the host up itself."""
        return self._transport.is_proxied(url)

    @property
    def server_time(self) -> float | None:
        """The service's time in seconds since the epoch; ``None`` before it told one."""
        return self._service_clock.now()

    @property
    def now(self) -> float:
        """The service's idea of the time, as far as it is known: seconds since the epoch."""
        known = self.server_time
        return self._clock() if known is None else known

    @property
    def _host(self) -> str:
        return self._service.host

    def _request(
        self, method: str, url: httpx.URL, *, body: Mapping[str, str] | None
    ) -> httpx.Request:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode("ascii")
        return self._client.build_request(
            method, url, headers=headers, content=content, extensions={KEYED: True}
        )

    async def _once(
        self, call: Call, url: httpx.URL, request: Callable[[httpx.URL], httpx.Request]
    ) -> Reply:
        async with self._api_lane:
            await self._gate.wait()
            if self._bucket:
                await self._bucket.acquire()
                # It may have been shut while this call waited for its token.
                await self._gate.wait()
            answer = await self._followed(call, url, request)
        if 200 <= answer.status < 300:
            return Reply(document(call, answer), answer.headers)
        raise self._judged(call, answer)

    async def _followed(
        self, call: Call, url: httpx.URL, request: Callable[[httpx.URL], httpx.Request]
    ) -> Answer:
        """The answer to ``call``, after redirects of a GET within the API's own origin."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._sent(call, request(url))
            if not 300 <= answer.status < 400:
                _check_asked(call, answer, url)
                return answer
            url = _target(call, answer, url)
            if call.method != "GET" or origin(url) != origin(self._service):
                break
        raise ContractBroken(
            f"{call} answered {answer.status}: it sends elsewhere, to {shown(url)}",
            hint="a captive portal, or a wrong api.base_url",
        )

    async def _sent(self, call: Call, request: httpx.Request) -> Answer:
        failure: Exception
        self.requests += 1
        try:
            # A server that gives a byte now and then would hold the call for ever.
            with self._awaiting():
                async with asyncio.timeout(4 * self.timeout):
                    response = await self._client.send(request, stream=True)
                    try:
                        return await self._received(call, response)
                    finally:
                        await response.aclose()
        except TRANSPORT_ERRORS as error:
            failure = error
        # Out of the handler: what is raised from here on has no httpx exception as its context.
        words, hint, unsent = fault(failure), advice(failure), isinstance(failure, UNSENT)
        del failure
        if call.method != "GET" and not unsent:
            raise OutcomeUnknown(f"{call} was sent, and no answer came: {words}")
        _log.debug("%s: %s", call, words)
        raise Again(Offline(f"{call}: {words}", hint=hint))

    async def _received(self, call: Call, response: httpx.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        moment = http_date(headers.get("date"))
        if moment is not None:
            self._service_clock.hear(moment)
        packed = bytearray()
        async for chunk in response.aiter_raw():
            packed += chunk
            if len(packed) > LARGEST_BODY:
                break
        else:
            body = unpacked(bytes(packed), headers.get("content-encoding", ""))
            if body is not None:
                return Answer(response.status_code, headers, body)
        raise ContractBroken(f"{call} answered with a body that is too large or cannot be unpacked")

    def _judged(self, call: Call, answer: Answer) -> Exception:
        """The error for ``answer``, or ``Again`` where the call may be sent again."""
        status = answer.status
        wait = retry_after(answer.headers.get("retry-after"), now=self.now)
        error = refusal(call, answer, wait)
        if isinstance(error, KeyRefused) and self._key.source:
            error.hint = f"{error.hint}; it came from {self._key.source}"
        if not isinstance(error, Offline | RateLimited):
            return error
        longest, is_shared = self.retries.longest_wait, call.longest_wait is None
        if call.longest_wait is not None:
            longest = min(longest, call.longest_wait)
            if isinstance(error, RateLimited):
                # Not told for how long: the backoff knows nothing of such a limit.
                wait = error.retry_after
        if wait is not None and status in (429, 503) and is_shared:
            self._gate.shut(wait, partial(_turned_away, call, answer))
        if call.method != "GET" and status != 429:
            return OutcomeUnknown(f"{call} answered {status}: whether it was done is not known")
        if wait is not None and wait > longest:
            return error
        _log.debug("%s: answered %d, waits %s", call, status, wait)
        return Again(error, wait=wait)


def _turned_away(call: Call, answer: Answer, left: float) -> Offline | RateLimited:
    error = refusal(call, answer, left)
    return error if isinstance(error, RateLimited) else Offline(error.message, hint=error.hint)


def _target(call: Call, answer: Answer, url: httpx.URL) -> httpx.URL:
    location = answer.headers.get("location")
    if not location:
        raise ContractBroken(f"{call} answered {answer.status}, and says nowhere to go")
    # httpx reads this header as well, and one that cannot be read has failed there already.
    return url.join(location)


def _check_asked(call: Call, answer: Answer, url: httpx.URL) -> None:
    """Raise ``ContractBroken`` where another place than was asked knows nothing: no job is gone
    because of that."""
    if answer.status == 404 and url.path.rstrip("/") != call.path.rstrip("/"):
        raise ContractBroken(
            f"{call} was sent elsewhere, to {shown(url)}, and that answered 404",
            hint="a captive portal, or a wrong api.base_url",
        )


def _checked(key: Secret | str) -> Secret:
    secret = key if isinstance(key, Secret) else Secret(key)
    text = secret.reveal()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(
            "the API key is empty or holds characters that no key has",
            hint="copy it again from the AudioPod dashboard",
        )
    return secret
