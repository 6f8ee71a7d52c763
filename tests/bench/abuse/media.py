"""What is served as audio is none, is more than anybody asked for, or never ends."""

from __future__ import annotations

import gzip
import itertools
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from syncd.simulator.sound import tone

from .files import FILES, sound_of
from .stage import Stage
from .villain import (
    API,
    ELSEWHERE,
    MEDIA,
    Answer,
    Asked,
    Bytes,
    Villain,
    chunked,
    passed_on,
    reply,
)

AUDIO = "audio/mpeg"


def _strike(
    it: Stage, answer: Answer | Bytes, kind: str = "mp3", *, says: str | None = None
) -> None:
    """One track's audio is that; a healthy new one is served meanwhile."""
    if answer is _trickle:
        it.hurry()
    seconds = 18.9 if kind == "ogg" else 0.2
    victim = it.job(display_name="Victim", audio={kind: sound_of(kind, 40)}, audio_duration=seconds)
    it.job()
    it.villain.answers(MEDIA, f"/{victim}/", answer)
    it.sync(says=says)
    it.serves()
    it.must(not it.lost(), f"it lost {it.lost()}")
    it.healthy.append(victim)
    it.relieved()


def cases() -> dict[str, Callable[[Stage], None]]:
    """Each by what it is, in words."""
    found: dict[str, Callable[[Stage], None]] = {}
    for name, (kind, make) in FILES.items():
        found[f"the audio is {name}"] = lambda it, kind=kind, make=make: _strike(
            it, reply(make(), kind=AUDIO), kind
        )
    for name, answer in ANSWERS.items():
        found[name] = lambda it, answer=answer: _strike(it, answer, says="Victim|victim|media|\\d+")
    for name, cover in COVERS.items():
        found[f"the cover is {name}"] = lambda it, cover=cover: _cover(it, cover)
    found["a range of another file"] = _range_of_another
    found["a redirect to another host"] = _elsewhere
    found["a redirect to the API, which would know the key"] = _to_the_api
    return found


def _endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def _trickle(_asked: Asked, _villain: Villain) -> Iterator[bytes]:
    yield reply(b"\xff\xfb", kind=AUDIO, length=5_000)
    for _ in range(400):
        time.sleep(0.1)
        yield b"\0"


_hops = itertools.count()


def _range_only(asked: Asked, villain: Villain) -> bytes:
    """A piece though the whole was asked for."""
    _, headers, body = villain.upstream(asked)
    told = f"bytes 5-{len(body) - 1}/{len(body)}"
    return passed_on(206, {**headers, "content-range": told}, body[5:])


ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "audio that never ends": lambda _a, _v: chunked(
            itertools.chain([tone("mp3", 1, 0.2)], _endless(b"\0" * (1 << 18))), kind=AUDIO
        ),
        "audio of ten to the eighteenth bytes": lambda _a, _v: reply(
            b"\xff\xfb", kind=AUDIO, length=10**18
        ),
        "audio of a length of a thousand digits": lambda _a, _v: reply(
            b"", "Content-Length: " + "9" * 1_000, kind=AUDIO, length=None
        ),
        "audio without a length that never ends": lambda _a, _v: itertools.chain(
            [reply(b"", kind=AUDIO, length=None)], _endless(b"\0" * (1 << 18))
        ),
        "audio a byte at a time": _trickle,
        "audio shorter than its length": lambda _a, _v: reply(
            tone("mp3", 1, 0.2), kind=AUDIO, length=90_000
        ),
        "audio longer than its length": lambda _a, _v: reply(
            tone("mp3", 1, 0.2), kind=AUDIO, length=500
        ),
        "packed audio, though asked not to": lambda _a, _v: reply(
            gzip.compress(b"a" * 10_000_000), "Content-Encoding: gzip", kind=AUDIO
        ),
        "a piece, though the whole was asked for": _range_only,
        "a piece of nought of nothing": lambda _a, _v: reply(
            b"", "Content-Range: bytes 9-1/0", kind=AUDIO, status=206
        ),
        "a validator of a megabyte": lambda _a, _v: reply(
            b"\xff", 'ETag: "' + "e" * 60_000 + '"', kind=AUDIO, length=5_000
        ),
        "a validator with control characters": lambda _a, _v: reply(
            b"\xff", b'ETag: "\x80\xff"', b"Last-Modified: \x9b", kind=AUDIO, length=5_000
        ),
        "redirects without end": lambda _a, _v: reply(
            b"", f"Location: ?hop={next(_hops)}", status=302
        ),
        "a redirect to a file": lambda _a, _v: reply(
            b"", "Location: file:///etc/passwd", status=302
        ),
        "a redirect to the cloud's metadata": lambda _a, _v: reply(
            b"", "Location: http://169.254.169.254/latest/meta-data/", status=302
        ),
        "a redirect to the router": lambda _a, _v: reply(
            b"", "Location: http://192.168.1.1/", status=302
        ),
        "a redirect to half an address": lambda _a, _v: reply(
            b"", "Location: http://[::1", status=302
        ),
        "a redirect to a name and a password": lambda _a, _v: reply(
            b"", "Location: http://a:b@127.0.0.1:9/", status=302
        ),
        "a wait of a year": lambda _a, _v: reply(b"", "Retry-After: 31536000", status=503),
        "a refusal of payment": lambda _a, _v: reply(b"{}", status=402),
        "no HTTP at all": lambda _a, _v: b"ICY 200 OK\r\n\r\n" + b"\xff" * 999,
    }
)


def _png(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + body + struct.pack(">I", zlib.crc32(body)) + b"\0" * 99


COVERS: Mapping[str, Answer] = MappingProxyType(
    {
        "endless": lambda _a, _v: chunked(_endless(b"\x89PNG" * 50_000), kind="image/png"),
        "a picture of four billion dots a side": lambda _a, _v: reply(
            _png(2**32 - 1, 2**32 - 1), kind="image/png"
        ),
        "a picture of no size": lambda _a, _v: reply(_png(0, 0), kind="image/png"),
        "a script in a drawing": lambda _a, _v: reply(
            b"<svg><script>alert(1)</script></svg>", kind="image/svg+xml"
        ),
        "a JPEG of markers alone": lambda _a, _v: reply(
            b"\xff\xd8" + b"\xff\xe0\0\2" * 500_000, kind="image/jpeg"
        ),
        "a JPEG with a piece of no length": lambda _a, _v: reply(
            b"\xff\xd8" + b"\xff\xe0\0\0" * 500_000, kind="image/jpeg"
        ),
        "a byte at a time": _trickle,
    }
)


def _cover(it: Stage, answer: Answer) -> None:
    """A track is not kept from its place by what its cover is."""
    if answer is _trickle:
        it.hurry()
    victim = it.job(display_name="Victim", cover=True)
    it.job()
    it.villain.answers(MEDIA, f"/{victim}/cover", answer)
    it.healthy.append(victim)
    it.sync()
    it.serves()
    it.relieved()


def _range_of_another(it: Stage) -> None:
    """The first half of one file and then the rest of another, as long, under its validator."""
    one, other = tone("wav", 40, 0.5), tone("wav", 41, 0.5)
    victim = it.job(display_name="Victim", audio={"wav": one})
    it.job()

    def answer(asked: Asked, villain: Villain) -> bytes:
        _, headers, _ = villain.upstream(asked)
        wanted = asked.header("range")
        half = len(one) // 2
        if wanted is None:
            return reply(one[:half], f"ETag: {headers['etag']}", "Accept-Ranges: bytes",
                         kind="audio/wav", length=len(one))  # fmt: skip
        told = f"bytes 0-{half - 1}/{len(one)}"
        return passed_on(206, {**headers, "content-range": told}, other[:half])

    it.villain.answers(MEDIA, f"/{victim}/", answer)
    it.sync()
    it.serves()
    it.must(victim not in it.placed(), "two halves of two files were placed as one")
    it.healthy.append(victim)
    it.relieved()


def _elsewhere(it: Stage) -> None:
    """A service on this machine may name this machine, but the key stays where it belongs."""
    url = it.villain.urls[ELSEWHERE]
    _strike(it, reply(b"", f"Location: {url}/a.mp3", status=302))
    for asked in it.villain.asked:
        if asked.origin == ELSEWHERE:
            it.must(asked.header("x-api-key") is None, "the key went elsewhere")


def _to_the_api(it: Stage) -> None:
    url = it.villain.urls[API]
    target = f"{url}/api/v1/music/stolen"
    _strike(it, reply(b"", f"Location: {target}", status=302))
    stolen = [one for one in it.villain.asked if "/stolen" in one.target]
    it.must(stolen, "the redirect was not followed, so this shows nothing")
    it.must(all(one.header("x-api-key") is None for one in stolen), "media carried the key")
