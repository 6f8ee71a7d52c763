"""Answers that are wrong in themselves: bodies, heads, totals, waits and dates."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from types import MappingProxyType

from .villain import reply

BODIES: Mapping[str, bytes] = MappingProxyType(
    {
        "nothing": b"",
        "a null": b"null",
        "a number": b"5",
        "a text": b'"jobs"',
        "an object": b'{"jobs": []}',
        "half a list": b'[{"id": 1',
        "arrays a hundred thousand deep": b"[" * 100_000 + b"]" * 100_000,
        "objects a hundred thousand deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "an integer of a million digits": b"[" + b"9" * 1_000_000 + b"]",
        "a number with an endless exponent": b"[1e" + b"9" * 1_000_000 + b"]",
        "a million rows that are nothing": b"[" + b"null," * 999_999 + b"null]",
        "five million empty objects": b"[" + b"{}," * 4_999_999 + b"{}]",
        "ten million empty lists": b"[" + b"[]," * 9_999_999 + b"[]]",
        "a body in UTF-16": '[{"id": 1}]'.encode("utf-16"),
        "bytes that are no text": b"\xff\xfe\x00[" * 1_000,
        "a page for a browser": b"<html><script>alert(1)</script>",
        "JSON with a comment": b"[/* a */]",
    }
)

HEADS: Mapping[str, bytes] = MappingProxyType(
    {
        "no HTTP at all": b"SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP of another century": b"HTTP/0.9 200 OK\r\n\r\n[]",
        "a status that is none": b"HTTP/1.1 999999 So\r\nContent-Length: 2\r\n\r\n[]",
        "a status below nought": b"HTTP/1.1 -200 So\r\nContent-Length: 2\r\n\r\n[]",
        "two lengths": reply(b"[]", "Content-Length: 1"),
        "a length below nought": reply(b"[]", "Content-Length: -5", length=None),
        "a length of ten to the thirtieth": reply(b"[]", f"Content-Length: {10**30}", length=None),
        "a length beside chunks": reply(b"2\r\n[]\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        "a length too short": reply(b"[" + b" " * 99 + b"]", length=50),
        "a length too long": reply(b"[]", length=500),
        "a chunk of two to the seventieth": reply(
            b"%x\r\n[]" % 2**70, "Transfer-Encoding: chunked", length=None
        ),
        "headers with control characters": reply(b"[]", b"X-\x01\x1b[31m: \x1b]0;owned\x07"),
        "a header without a name": reply(b"[]", ": nobody"),
        "a header that goes on in the next line": reply(b"[]", "X-A: 1\r\n  X-B: 2"),
        "a hundred thousand headers": reply(b"[]", *(f"X-{n}: {n}" for n in range(100_000))),
        "a header of ten megabytes": reply(b"[]", "X-A: " + "a" * 10_000_000),
        "a coding that nobody knows": reply(b"[]", "Content-Encoding: br"),
        "a coding in a coding": reply(gzip.compress(b"[]"), "Content-Encoding: gzip, gzip"),
        "gzip that is none": reply(b"[]", "Content-Encoding: gzip"),
        "gzip cut short": reply(
            gzip.compress(b"[" + b" " * 999 + b"]")[:-9], "Content-Encoding: gzip"
        ),
        "a redirect to nowhere": reply(b"", status=302),
        "a redirect to a file": reply(b"", "Location: file:///etc/passwd", status=302),
        "a redirect to the cloud's metadata": reply(
            b"", "Location: http://169.254.169.254/", status=302
        ),
        "a redirect to half an address": reply(b"", "Location: http://[::1", status=302),
        "a redirect with control characters": reply(
            b"", b"Location: http://a\x1b[31m\x07/", status=302
        ),
        "a redirect to itself": reply(b"", "Location: ?again", status=307),
        "not modified, though nobody asked": reply(b"", status=304),
        "a piece, though nobody asked": reply(b"[", "Content-Range: bytes 0-0/99", status=206),
        "another protocol": reply(b"", "Upgrade: websocket", status=101),
    }
)

TOTALS: Mapping[str, str | None] = MappingProxyType(
    {
        "no total": None,
        "a total below nought": "-1",
        "a total of two to the seventieth": str(2**70),
        "a total that is text": "many",
        "a total of one too many": "99",
        "a total of a million digits": "9" * 60_000,
    }
)

WAITS: Mapping[str, str] = MappingProxyType(
    {
        "a wait without end": "inf",
        "a wait that is no number": "nan",
        "a wait of ten to the three hundredth": "1e300",
        "a wait below nought": "-5",
        "a wait until the year 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
        "a wait until a month that is none": "Fri, 31 Foo 2026 23:59:59 GMT",
        "a wait of sixty thousand digits": "9" * 60_000,
    }
)

DATES: Mapping[str, str] = MappingProxyType(
    {
        "the year 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
        "the year nought": "Fri, 31 Dec 0000 23:59:59 GMT",
        "the year 1970": "Thu, 01 Jan 1970 00:00:00 GMT",
        "no date": "\x80 when it suits",
        "a zone beyond zones": "Fri, 31 Dec 2026 23:59:59 +9999999999",
    }
)
