"""One origin, from a request to its answer on the wire: logged, and spoilt as faults say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from .answer import Answer, spoilt, substitute
from .delivery import Connection, deliver, disconnected
from .faults import ENDINGS, Fault, Faults
from .requests import Origin, RequestLog
from .switches import Switches
from .world import World


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the handler of an origin sees it; header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Handler = Callable[[Request], Answer]


class OriginApp:
    """The ASGI application of one origin, around the handler that decides its answers."""

    def __init__(
        self,
        origin: Origin,
        handler: Handler,
        *,
        world: World,
        switches: Callable[[], Switches],
        faults: Faults,
        log: RequestLog,
    ) -> None:
        self._origin = origin
        self._handler = handler
        self._world = world
        self._switches = switches
        self._faults = faults
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection: Connection = scope["state"]["connection"]
        body = await _read(receive)
        if body is None:
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        raw = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        )
        request = Request(scope["method"], scope["path"], query, dict(raw), body)
        record = self._log.arrived(
            self._origin, request.method, request.path, dict(query), raw, body
        )
        met = self._faults.meet(record)
        ending = next((fault for fault in met if fault.kind in ENDINGS), None)
        waits = sum(fault.seconds or 0.0 for fault in met if fault.kind == "latency")
        waits += self._switches().latency
        if waits and await disconnected(receive, waits):
            return
        for fault in met:
            if fault.kind == "run" and fault.call is not None:
                # In a thread, so that it may itself send requests here.
                await asyncio.to_thread(fault.call, self._world)
        answer = self._decided(request, met, ending)
        if not _stays_silent(ending):
            self._log.answered(record, answer.status)
        await deliver(
            answer,
            ending,
            next((fault.rate for fault in met if fault.kind == "throttle"), None),
            connection,
            receive,
            send,
            bodiless=request.method == "HEAD",
        )

    def _decided(self, request: Request, met: list[Fault], ending: Fault | None) -> Answer:
        answer = None if ending is None else substitute(ending, self._world.clock())
        if answer is None:
            if any(fault.kind == "stuck" for fault in met):
                request = replace(request, query={**request.query, "skip": "0"})
            answer = self._handler(request)
            for fault in met:
                answer = spoilt(answer, fault)
        switches = self._switches()
        if not switches.date:
            return answer
        now = self._world.clock() + switches.date_skew
        return answer.with_headers(date=formatdate(now, usegmt=True))


def _stays_silent(ending: Fault | None) -> bool:
    if ending is None or ending.at is not None:
        return False
    return ending.kind in ("reset", "close") or (ending.kind == "hang" and ending.seconds is None)


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
