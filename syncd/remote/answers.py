"""What an answer of the API means: a document, or an error that says what happens next."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncd.errors import (
    ContractBroken,
    CreditsExhausted,
    KeyRefused,
    KeyRevoked,
    NoSuchJob,
    Offline,
    RateLimited,
    RemoteError,
    RequestRefused,
)
from syncd.remote.waits import how_long
from syncd.secret import redact

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a JSON body, packed or not; a page of a hundred jobs is a few hundred KiB."""

MOST_VALUES = 1_000_000
"""Lists, objects and commas of a JSON body: each takes up to a hundred bytes of memory."""

DEFAULT_PAUSE = 60.0
"""Seconds to stay away after a 429 that does not say for how long."""

_LONGEST_SAID = 10_000
"""Characters of what the service says of an error that are looked at; far fewer are shown."""

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API, as messages name it. ``job_id`` where it is about a single job.

    ``longest_wait``: it has a limit of its own, and sits through no longer ``Retry-After``.
    """

    method: str
    path: str
    host: str
    job_id: int | None = None
    longest_wait: float | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} at {self.host}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: ``headers`` with names in lower case, ``body`` unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        """Whether this is a web page rather than an answer of an API."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body[:200].lstrip().lower().startswith(
            (b"<!doctype", b"<html")
        )


def document(call: Call, answer: Answer) -> Any:
    """The JSON of a 2xx answer; ``None`` for an empty body. Raises ``ContractBroken``.

    NaN, infinities and numbers beyond the range of a float become null; halves of surrogate pairs
    become U+FFFD, since neither UTF-8 nor SQLite can hold them. More than ``MOST_VALUES`` are no
    answer of the API.
    """
    if answer.is_page:
        raise web_page(call, answer.status)
    if not answer.body.strip():
        return None
    text = answer.body.decode("utf-8-sig", errors="replace")
    try:
        value = _load(text)
        if _SURROGATE_ESCAPE.search(text):
            whole = json.dumps(value, ensure_ascii=False)
            value = _load(whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        broken = True
    else:
        broken = False
    if broken:
        raise ContractBroken(
            f"{call} answered {answer.status} with something that is not JSON, or no end of it",
            hint="is api.base_url right?",
        )
    return value


def refusal(call: Call, answer: Answer, wait: float | None) -> RemoteError:
    """The error that a status other than 2xx means. ``wait``: its ``Retry-After``, in seconds."""
    status = answer.status
    if status >= 500 or status == 408:
        later = "later" if wait is None else f"in {how_long(wait)}"
        return Offline(
            f"{call} answered {status}", hint=f"the service has a fault; try again {later}"
        )
    if status == 429:
        pause = DEFAULT_PAUSE if wait is None else wait
        return RateLimited(
            f"{call} answered 429: too many requests, try again in {how_long(pause)}",
            retry_after=pause,
            hint="lower api.requests_per_minute if this comes often",
        )
    # A web page with a status is some proxy speaking, not the API: it says nothing of key or job.
    if answer.is_page:
        return web_page(call, status)
    said = _said(answer)
    what = f"{call} answered {status}" + (f": {said}" if said else "")
    if status == 401:
        return KeyRefused(what, hint="the API key is missing or wrong; check it and try again")
    if status == 403:
        return KeyRevoked(what, hint="the API key was revoked, has expired or lacks a scope")
    if status == 402:
        return CreditsExhausted(what, hint="the account has no credits left for this")
    if status == 404 and call.job_id is not None and said is not None:
        return NoSuchJob(what, job_id=call.job_id)
    if status == 404:
        return ContractBroken(what, hint="is api.base_url right?")
    # What is changed is held, and told with what settles that.
    hint = "does a newer syncd know better?" if call.method == "GET" else None
    return RequestRefused(what, status=status, hint=hint)


def web_page(call: Call, status: int) -> ContractBroken:
    """The error for HTML where JSON should be."""
    return ContractBroken(
        f"{call} answered {status} with a web page",
        hint="a captive portal, a proxy, or a wrong api.base_url",
    )


def unpacked(body: bytes, encoding: str) -> bytes | None:
    """``body`` without its content coding; ``None`` if it is broken, unknown or too large."""
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        return None
    try:
        # 32 is added to let zlib tell gzip from zlib by the header.
        unpacker = zlib.decompressobj(zlib.MAX_WBITS + 32)
        whole = unpacker.decompress(body, LARGEST_BODY)
    except zlib.error:
        return None
    # Not at its end: cut short, or larger than the bound.
    return whole if unpacker.eof else None


def short(text: str, limit: int = 200) -> str:
    """``text`` from elsewhere, fit for a message: one line, no control characters, shortened."""
    plain = " ".join(_CONTROL.sub(" ", text[: limit * 4]).split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def _said(answer: Answer) -> str | None:
    """What the service said, from any of the error shapes of api.md; ``None`` if not JSON.

    Redacted: it may repeat the key that it refuses, and what it says is kept and shown.
    """
    try:
        value = _load(answer.body.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    detail = value.get("detail", value.get("message", ""))
    if isinstance(detail, dict):
        detail = detail.get("message") or detail.get("code") or ""
    if isinstance(detail, list):
        detail = "; ".join(_complaint(entry) for entry in detail[:5])
    # Hiding takes long where a text is long and full of addresses.
    return short(redact(detail[:_LONGEST_SAID])) if isinstance(detail, str) else ""


def _complaint(entry: object) -> str:
    if not isinstance(entry, dict):
        return short(str(entry), 80)
    place = entry.get("loc")
    where = ".".join(str(step) for step in place[:6]) if isinstance(place, list) else ""
    message = str(entry.get("msg", ""))
    return f"{where}: {message}" if where else message


def _load(text: str) -> Any:
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise ValueError("more values than any answer has")
    return json.loads(text, parse_constant=lambda _: None, parse_float=_finite)


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
