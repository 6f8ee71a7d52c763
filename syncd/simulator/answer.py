"""An answer of either origin as a value, before it goes on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate

from .faults import Fault


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and the whole body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def with_headers(self, **headers: str | None) -> Answer:
        """The same answer with headers set, or left out where None; ``_`` stands for ``-``."""
        changed = dict(self.headers)
        for name, value in headers.items():
            changed.pop(name.replace("_", "-"), None)
            if value is not None:
                changed[name.replace("_", "-")] = value
        return replace(self, headers=changed)

    def with_body(self, body: bytes) -> Answer:
        """The same answer with another body, and a Content-Length to match if it had one."""
        length = str(len(body)) if "content-length" in self.headers else None
        return replace(self.with_headers(content_length=length), body=body)


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    body = _encoded(value)
    named = {"content-type": "application/json", "content-length": str(len(body))}
    return Answer(status, named | dict(headers or {}), body)


def text_answer(status: int, content_type: str, text: str) -> Answer:
    """An answer with a text body."""
    body = text.encode()
    return Answer(status, {"content-type": content_type, "content-length": str(len(body))}, body)


_PORTAL = (
    "<!DOCTYPE html><html><head><title>Welcome to the guest network</title></head>"
    "<body><h1>Please sign in</h1><form action='/login'><button>Accept</button></form>"
    "</body></html>"
)
_EXPIRED = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
)


def expired_answer() -> Answer:
    """What a media host says to an address that has run out."""
    return text_answer(403, "application/xml", _EXPIRED)


def substitute(fault: Fault, now: float) -> Answer | None:
    """The answer that a fault gives instead of the service's own; None: it gives none."""
    if fault.kind == "portal":
        return text_answer(200, "text/html; charset=utf-8", _PORTAL)
    if fault.kind == "expired":
        return expired_answer()
    if fault.kind == "redirect":
        return Answer(302, {"location": fault.location or "/", "content-length": "0"})
    if fault.kind != "status":
        return None
    if fault.body is None:
        answer = json_answer(fault.status, {"detail": f"Simulated error {fault.status}"})
    else:
        answer = text_answer(fault.status, fault.content_type, fault.body)
    if fault.retry_after is not None:
        seconds = fault.retry_after
        told = formatdate(now + seconds, usegmt=True) if fault.retry_after_date else f"{seconds:g}"
        answer = answer.with_headers(retry_after=told)
    return answer.with_headers(location=fault.location) if fault.location else answer


def spoilt(answer: Answer, fault: Fault) -> Answer:
    """The answer with its body spoilt as the fault says."""
    body = answer.body
    if fault.kind == "corrupt":
        start = fault.offset(len(body))
        stop = min(len(body), start + (fault.count or 16))
        return answer.with_body(
            body[:start] + bytes(byte ^ 0xFF for byte in body[start:stop]) + body[stop:]
        )
    if fault.kind == "cut-json":
        return answer.with_body(body[: fault.offset(len(body))])
    if fault.kind == "deep-json":
        depth = fault.count or 100_000
        return answer.with_body(b"[" * depth + b"]" * depth)
    if fault.kind == "object":
        return answer.with_body(b'{"items":' + body + b',"next":null}')
    if fault.kind in ("duplicate", "short"):
        try:
            rows = json.loads(body)
        except ValueError:
            return answer  # audio, say: there is no list to take from
        if not isinstance(rows, list) or not rows:
            return answer
        changed = [*rows, rows[0]] if fault.kind == "duplicate" else rows[: -(fault.count or 1)]
        return answer.with_body(_encoded(changed))
    return answer


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
