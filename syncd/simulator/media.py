"""The media origin: audio and covers at signed addresses that expire."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote, urlencode

from .answer import Answer, expired_answer, text_answer
from .job import COMPLETED, Clip, Job
from .origin import Request
from .switches import Switches
from .wire import file_name
from .world import World

_SECRET = b"simulated media origin"
_VIA = re.compile(r"/via/(?P<hop>\d+)(?P<rest>/.*)")
_PATH = re.compile(r"/(?P<user>\d+)/(?P<job>\d+)/(?P<name>[^/]+)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Media:
    """Makes the addresses of media, and answers for them.

    Args:
        address: gives the origin's address (scheme, host and port), known once it listens.
    """

    def __init__(
        self, world: World, switches: Callable[[], Switches], address: Callable[[], str]
    ) -> None:
        self._world = world
        self._switches = switches
        self._address = address

    def address(self, job: Job, name: str, _clip: Clip) -> str:
        """The address of one of a job's files, signed where the switches ask for it."""
        path = f"/{job.user_id}/{job.id}/{quote(name)}"
        if not self._switches().media_signed:
            return self._address() + path
        expires = math.ceil(self._world.clock() + self._switches().media_expiry)
        query = urlencode({"expires": expires, "signature": _signature(path, expires)})
        return f"{self._address()}{path}?{query}"

    def __call__(self, request: Request) -> Answer:
        """Answer a request to the media origin."""
        if request.method not in ("GET", "HEAD"):
            return text_answer(405, "text/plain", "Method Not Allowed").with_headers(
                allow="GET, HEAD"
            )
        via = _VIA.fullmatch(request.path)
        hop, path = (int(via["hop"]), via["rest"]) if via else (0, request.path)
        refused = self._refused(path, request)
        if refused is not None:
            return refused
        if hop < self._switches().media_redirects:
            return self._redirect(hop + 1, path, request)
        clip = self._clip(path)
        if clip is None:
            return text_answer(404, "text/plain", "Not Found")
        return self._served(clip, request)

    def _refused(self, path: str, request: Request) -> Answer | None:
        if not self._switches().media_signed:
            return None
        expires = request.query.get("expires", "")
        given = request.query.get("signature", "")
        if not expires.isdigit() or not hmac.compare_digest(
            given.encode(), _signature(quote(path), int(expires)).encode()
        ):
            return text_answer(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>")
        return expired_answer() if self._world.clock() >= int(expires) else None

    def _redirect(self, hop: int, path: str, request: Request) -> Answer:
        origin = self._address()
        host = self._switches().media_redirect_host
        if host is not None:
            origin = f"http://{host}:{origin.rpartition(':')[2]}"
        query = f"?{urlencode(request.query)}" if request.query else ""
        location = f"{origin}/via/{hop}{quote(path)}{query}"
        return Answer(302, {"location": location, "content-length": "0"})

    def _clip(self, path: str) -> Clip | None:
        parts = _PATH.fullmatch(path)
        if parts is None:
            return None
        job = self._world.job(int(parts["job"]))
        if job is None or job.user_id != int(parts["user"]):
            return None
        clips = list(job.audio.values()) if job.status == COMPLETED else []
        if job.cover is not None:
            clips.append(job.cover)
        return next((clip for clip in clips if file_name(job, clip) == parts["name"]), None)

    def _served(self, clip: Clip, request: Request) -> Answer:
        switches = self._switches()
        headers = {"content-type": clip.media_type}
        if switches.media_etag:
            headers["etag"] = clip.etag
        if switches.media_last_modified:
            headers["last-modified"] = formatdate(clip.modified, usegmt=True)
        if switches.media_etag and request.headers.get("if-none-match") in (clip.etag, "*"):
            return Answer(304, headers)
        status, body = 200, clip.content
        if switches.media_ranges:
            headers["accept-ranges"] = "bytes"
            asked = _asked(request, clip, headers)
            if asked is not None:
                size = len(body)
                span = _span(asked, size)
                if span is None:
                    headers |= {"content-range": f"bytes */{size}", "content-length": "0"}
                    return Answer(416, headers)
                first, last = span
                headers["content-range"] = f"bytes {first}-{last}/{size}"
                status, body = 206, body[first : last + 1]
        if switches.media_length:
            headers["content-length"] = str(len(body))
        return Answer(status, headers, body)


def _signature(path: str, expires: int) -> str:
    return hmac.digest(_SECRET, f"{path}?{expires}".encode(), hashlib.sha256).hex()


def _asked(request: Request, clip: Clip, headers: dict[str, str]) -> re.Match[str] | None:
    """The single range that is asked for and may be answered (RFC 9110, section 14)."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    condition = request.headers.get("if-range")
    if asked is None or asked.groups() == ("", "") or condition is None:
        return asked if asked is not None and asked.groups() != ("", "") else None
    if condition.startswith('"'):
        return asked if condition == headers.get("etag") else None
    try:
        unchanged = parsedate_to_datetime(condition).timestamp() == math.floor(clip.modified)
    except ValueError:
        unchanged = False
    return asked if unchanged and "last-modified" in headers else None


def _span(asked: re.Match[str], size: int) -> tuple[int, int] | None:
    """First and last byte of a range; None where nothing of it exists."""
    first, last = asked.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, size - 1) if length else None
    start = int(first)
    stop = min(int(last), size - 1) if last else size - 1
    return (start, stop) if start <= stop else None
