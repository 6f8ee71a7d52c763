"""Somebody who owns what answers: every byte that the program gets passes through here.

Three origins on loopback: the API, the media host, and one that nobody has a reason to ask. What no
rule answers is passed on to the simulator, so that the rest of the service goes on as it was.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from syncd.simulator import Simulator

API, MEDIA, ELSEWHERE = "api", "media", "elsewhere"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came. ``target`` is its path and query."""

    origin: str
    method: str
    target: str
    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        found = re.search(rf"^{name}: *(.*?)\r?$", self.head, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else None


Bytes = bytes | Iterable[bytes]
Answer = Callable[[Asked, "Villain"], Bytes]
"""What goes on the wire, head and all: at once, or piece by piece for as long as it is taken."""


@dataclass(slots=True)
class Rule:
    origin: str
    target: re.Pattern[str]
    answer: Answer
    times: int | None = None
    met: int = 0


@dataclass
class Villain:
    """Serves while its ``with`` block lasts; the simulator's addresses are then those of this."""

    sim: Simulator
    asked: list[Asked] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    _servers: list[socketserver.ThreadingTCPServer] = field(default_factory=list)
    _upstream: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._upstream = {API: self.sim.api_url, MEDIA: self.sim.media_url}
        self.urls = {origin: self._serve(origin) for origin in (API, MEDIA, ELSEWHERE)}
        self.sim.api_url, self.sim.media_url = self.urls[API], self.urls[MEDIA]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self.sim.api_url, self.sim.media_url = self._upstream[API], self._upstream[MEDIA]

    def answers(
        self, origin: str, target: str, answer: Answer | Bytes, *, times: int | None = None
    ) -> None:
        """From now on ``answer`` is what requests for ``target``, a regular expression, get."""
        given = answer if callable(answer) else lambda _asked, _villain: answer
        self.rules.append(Rule(origin, re.compile(target), given, times))

    def relents(self) -> None:
        """From now on everything is passed on as it is."""
        self.rules.clear()

    def upstream(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        """What the simulator answers: status, headers with names in lower case, body."""
        parts = urlsplit(self._upstream[asked.origin])
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        with contextlib.closing(connection):
            headers = dict(
                line.split(": ", 1) for line in asked.head.split("\r\n")[1:] if ": " in line
            )
            headers["Connection"] = "close"
            connection.request(asked.method, asked.target, asked.body or None, headers)
            got = connection.getresponse()
            return got.status, {k.lower(): v for k, v in got.getheaders()}, got.read()

    def _serve(self, origin: str) -> str:
        villain = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked = _read(origin, self.rfile)
                if asked is None:
                    return
                villain.asked.append(asked)
                with contextlib.suppress(OSError):
                    for piece in villain._pieces(asked):
                        self.wfile.write(piece)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def _pieces(self, asked: Asked) -> Iterable[bytes]:
        for rule in self.rules:
            fits = rule.origin == asked.origin and rule.target.search(asked.target)
            if fits and (rule.times is None or rule.met < rule.times):
                rule.met += 1
                given = rule.answer(asked, self)
                return [given] if isinstance(given, bytes) else given
        if asked.origin == ELSEWHERE:
            return [reply(b"[]")]
        return [passed_on(*self.upstream(asked))]


def _read(origin: str, stream: Any) -> Asked | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(1 << 16)
        if not line:
            return None
        head += line
    text = head.decode("latin-1")
    method, target, _ = text.split(" ", 2)
    found = re.search(r"^content-length: *(\d+)", text, re.IGNORECASE | re.MULTILINE)
    return Asked(origin, method, target, text, stream.read(int(found[1])) if found else b"")


def reply(
    body: bytes,
    *headers: str | bytes,
    status: int = 200,
    kind: str = "application/json",
    length: int | None = -1,
) -> bytes:
    """An answer as bytes; ``length`` as it is told: -1 for as it is, ``None`` for not at all."""
    lines = [f"HTTP/1.1 {status} So".encode(), f"Content-Type: {kind}".encode()]
    lines.append(b"Connection: close")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}".encode())
    lines += [line if isinstance(line, bytes) else line.encode("latin-1") for line in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def passed_on(status: int, headers: dict[str, str], body: bytes) -> bytes:
    """What the simulator answered."""
    kept = [
        f"{name}: {value}"
        for name, value in headers.items()
        if name not in ("connection", "content-length", "content-type", "transfer-encoding")
    ]
    kind = headers.get("content-type", "application/octet-stream")
    return reply(body, *kept, status=status, kind=kind)


def edited(edit: Callable[[Any], Any], *, total: str | None = "") -> Answer:
    """The simulator's answer, its document changed; ``total`` is X-Total-Count (``""``: as it was,
    ``None``: none). ``edit`` may return bytes, which are then the body as they are.
    """

    def answer(asked: Asked, villain: Villain) -> bytes:
        status, headers, body = villain.upstream(asked)
        if status == 200:
            found = edit(json.loads(body))
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
        if total is None:
            headers.pop("x-total-count", None)
        elif total:
            headers["x-total-count"] = total
        return passed_on(status, headers, body)

    return answer


def chunked(pieces: Iterable[bytes], *headers: str, kind: str = "application/json") -> Bytes:
    """An answer in chunks, for as long as there are any."""
    yield reply(b"", "Transfer-Encoding: chunked", *headers, kind=kind, length=None)
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
