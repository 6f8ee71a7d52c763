"""What the head of a media host's answer promises, before a byte of the body is taken."""

from __future__ import annotations

import re

import httpx

from syncd.errors import AddressExpired, CorruptMedia, MediaUnavailable, TooLarge
from syncd.remote.addresses import shown
from syncd.remote.http import Http
from syncd.remote.part import Note
from syncd.remote.waits import Again, how_long, retry_after

_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
_PAGES = ("text/html", "application/xhtml+xml", "application/json")


def check_status(http: Http, response: httpx.Response, url: httpx.URL) -> None:
    """Raises ``AddressExpired``, ``MediaUnavailable``, or ``Again``, unless there is a body."""
    status = response.status_code
    if status in (200, 206):
        return
    what = f"{shown(url)} answered {status}"
    if status in (401, 403, 404, 410):
        raise AddressExpired(what, hint="a fresh address is asked for")
    wait = retry_after(response.headers.get("retry-after"), now=http.now)
    later = "it is tried again later" if wait is None else f"try again in {how_long(wait)}"
    error = MediaUnavailable(what, hint=later)
    if status < 500 and status not in (408, 425, 429):
        raise error
    if wait is not None and wait > http.retries.longest_wait:
        raise error
    raise Again(error, wait=wait)


def check_kind(response: httpx.Response, url: httpx.URL) -> None:
    """Raises ``CorruptMedia`` for a web page, an error document, or packed audio."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _PAGES:
        raise CorruptMedia(
            f"{shown(url)} gave {kind} in place of audio", hint="a captive portal or a proxy"
        )
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise CorruptMedia(f"{shown(url)} packed the audio, though asked not to")


def check_size(size: int | None, max_size: int, url: httpx.URL) -> None:
    """Raises ``TooLarge``."""
    if size is not None and size > max_size:
        raise TooLarge(
            f"{shown(url)} gives more than {max_size} bytes", hint="see limits.max_file_size"
        )


def body_length(response: httpx.Response) -> int | None:
    """Content-Length; ``None`` without one, or where chunks take its place."""
    text = response.headers.get("content-length", "")
    chunked = "transfer-encoding" in response.headers
    return int(text) if text.isascii() and text.isdigit() and not chunked else None


def range_total(response: httpx.Response) -> int | None:
    """The size of the whole, in bytes, of which a 206 answer is a range; ``None`` if not said."""
    found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    return int(found[3]) if found and found[3] != "*" else None


def follows(response: httpx.Response, note: Note, offset: int) -> bool:
    """Whether a 206 answer continues, at ``offset``, the very file that ``note`` describes."""
    found = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if not found:
        return False
    first, last, total = int(found[1]), int(found[2]), range_total(response)
    length = body_length(response)
    return (
        first == offset
        and last >= first
        and (total is None or last < total)
        and (length is None or length == last - first + 1)
        and (note.total is None or total is None or total == note.total)
        and response.headers.get("etag", note.etag) == note.etag
    )
