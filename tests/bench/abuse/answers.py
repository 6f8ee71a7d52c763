"""The whole answer is hostile: listings that never end, bodies that swell, heads that lie."""

from __future__ import annotations

import itertools
import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

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
    edited,
    passed_on,
    reply,
)
from .wire import BODIES, DATES, HEADS, TOTALS, WAITS

JOBS = r"/jobs\?"
GIGABYTE = 1 << 30


def _down(answer: Answer | Bytes, says: str | None = None) -> Callable[[Stage], None]:
    """The service cannot be used: that is said, and nothing is done for it."""

    def play(it: Stage) -> None:
        it.job()
        it.villain.answers(API, JOBS, answer)
        came = it.sync(says=says)
        it.must(came.code in (1, 75), f"it ended with {came.code}")
        _is_told(it, came.err)
        it.must(not it.lost(), f"it lost {it.lost()}")
        it.relieved()

    return play


def _odd(answer: Answer | Bytes) -> Callable[[Stage], None]:
    """Whatever it takes this for, nothing is lost, and it recovers."""

    def play(it: Stage) -> None:
        it.job()
        it.villain.answers(API, JOBS, answer)
        it.sync()
        it.must(not it.lost(), f"it lost {it.lost()}")
        it.relieved()

    return play


def _without_end(answer: Answer) -> Callable[[Stage], None]:
    """It is listened to for a while, which is shorter here than it is in earnest."""

    def play(it: Stage) -> None:
        it.before = "import syncd.remote.sweep\nsyncd.remote.sweep.MOST_JOBS = 1_000\n"
        _down(answer, "the list of jobs has no end")(it)

    return play


def _is_told(it: Stage, text: str) -> None:
    it.must("syncd: " in text, f"nothing says what is wrong: {text[-300:]!r}")
    it.must(len(text) < 4_000, f"that is {len(text)} characters")


def cases() -> dict[str, Callable[[Stage], None]]:
    """Each by what it is, in words."""
    found = {f"the list is {name}": _down(reply(body)) for name, body in BODIES.items()}
    found |= {f"the list is {name}": _odd(body) for name, body in LISTS.items()}
    found |= {f"the list is {name}": _without_end(body) for name, body in LISTS_WITHOUT_END.items()}
    found |= {f"the answer is {name}": _odd(head) for name, head in HEADS.items()}
    for name, total in TOTALS.items():
        found[f"the list tells {name}"] = _odd(edited(lambda rows: rows, total=total))
    for name, wait in WAITS.items():
        busy = reply(b'{"detail": "busy"}', f"Retry-After: {wait}", status=429)
        found[f"the service asks for {name}"] = _odd(busy)
    for name, date in DATES.items():
        found[f"the service's clock is in {name}"] = _odd(_dated(date))
    for status in (301, 302, 303, 307, 308):
        found[f"a redirect with {status} to another host"] = _elsewhere(status, "{}/jobs")
    found["a redirect to a host without a scheme"] = _elsewhere(302, "//{host}/jobs")
    found["a redirect to a host behind a user name"] = _elsewhere(302, "http://api@{host}/jobs")
    found |= {name: _endlessly(_down(answer)) for name, answer in ENDLESS.items()}
    found["a cookie to be carried about"] = _cookie
    found["a refusal that says the key again"] = _echo
    found["a refusal of a million addresses"] = _down(
        reply(json.dumps({"detail": "http://" * 1_000_000}).encode(), status=400)
    )
    found["a refusal that commands a terminal"] = _down(
        reply(json.dumps({"detail": "\x1b]0;owned\x07\x9b\u202e" * 9}).encode(), status=400)
    )
    found["a refusal a hundred thousand deep"] = _down(
        reply(b'{"detail":' * 100_000 + b"1" + b"}" * 100_000, status=422)
    )
    return found


def _pages(make: Callable[[int, int], list[Any]], total: str | None = None) -> Answer:
    def answer(asked: Asked, _villain: Villain) -> bytes:
        query = dict(p.split("=", 1) for p in asked.target.partition("?")[2].split("&"))
        skip, limit = int(query.get("skip", 0)), int(query.get("limit", 50))
        rows = make(skip, limit)
        told = str(skip + 2 * limit) if total is None else total
        return reply(json.dumps(rows).encode(), f"X-Total-Count: {told}")

    return answer


def _row(number: int) -> dict[str, Any]:
    return {"id": number, "status": "FAILED", "created_at": "2026-01-01T00:00:00Z"}


def _first_page_again(asked: Asked, villain: Villain) -> bytes:
    rows = [_row(n) for n in range(1, 101)]
    return reply(json.dumps(rows).encode(), "X-Total-Count: 1000000")


_turn = itertools.count()

LISTS: Mapping[str, Answer] = MappingProxyType(
    {
        "empty": edited(lambda rows: [], total="0"),
        "empty, of which there are many": edited(lambda rows: []),
        "each row twice": edited(lambda rows: [row for row in rows for _ in (1, 2)]),
        "the same row five thousand times": edited(lambda rows: rows[:1] * 5_000),
        "a hundred thousand jobs in a page of a hundred": edited(
            lambda rows: rows + [_row(n) for n in range(1_000_000, 1_100_000)], total="100000"
        ),
        "its rows in another order each time": edited(
            lambda rows: rows if next(_turn) % 2 else rows[::-1]
        ),
        "with names twice": edited(
            lambda rows: json.dumps(rows).replace('"id":', '"id": -1, "id":').encode()
        ),
        "with not-a-number and infinities": edited(
            lambda rows: json.dumps(
                [{**row, "bpm": float("nan"), "audio_duration": float("inf")} for row in rows]
            ).encode()
        ),
        "the first page for ever": _first_page_again,
        "two pages in turn for ever": _pages(
            lambda skip, limit: [_row(1 + (skip // limit % 2) * limit + n) for n in range(limit)]
        ),
    }
)

LISTS_WITHOUT_END: Mapping[str, Answer] = MappingProxyType(
    {
        "new jobs for ever": _pages(lambda skip, limit: [_row(skip + n + 1) for n in range(limit)]),
        "new jobs for ever, of which there are few": _pages(
            lambda skip, limit: [_row(skip + n + 1) for n in range(limit)], total="3"
        ),
    }
)


def _elsewhere(status: int, where: str) -> Callable[[Stage], None]:
    def play(it: Stage) -> None:
        url = it.villain.urls[ELSEWHERE]
        location = where.format(url, host=url.removeprefix("http://"))
        _down(reply(b"", f"Location: {location}", status=status), "sends elsewhere")(it)
        asked = [one for one in it.villain.asked if one.origin == ELSEWHERE]
        it.must(not asked, f"it asked another host: {[one.target for one in asked]}")

    return play


def _dated(date: str) -> Answer:
    def answer(asked: Asked, villain: Villain) -> bytes:
        status, headers, body = villain.upstream(asked)
        headers["date"] = date
        return passed_on(status, headers, body)

    return answer


def _cookie(it: Stage) -> None:
    def answer(asked: Asked, villain: Villain) -> bytes:
        status, headers, body = villain.upstream(asked)
        return passed_on(status, {**headers, "set-cookie": "a=b; Path=/; Domain=127.0.0.1"}, body)

    it.job()
    it.villain.answers(API, ".", answer)
    it.villain.answers(MEDIA, ".", answer)
    it.sync(code=0)
    carried = [one.target for one in it.villain.asked if one.header("cookie")]
    it.must(not carried, f"it carried the cookie: {carried}")
    it.relieved()


def _echo(it: Stage) -> None:
    """What is said of it must hide the key; that nothing holds it is looked for after each case."""

    def answer(asked: Asked, _villain: Villain) -> bytes:
        said = f"the key {asked.header('x-api-key')} is not known"
        return reply(json.dumps({"detail": said}).encode(), status=401)

    it.villain.answers(API, ".", answer)
    came = it.sync(code=77)
    it.must(it.sim.key not in came.out + came.err, "it says the key")
    it.run("status")
    it.relieved()


def _endlessly(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
    def hurried(it: Stage) -> None:
        it.hurry()
        play(it)

    return hurried


def _endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def _slowly(head: bytes) -> Answer:
    def answer(_asked: Asked, _villain: Villain) -> Iterator[bytes]:
        yield head
        for _ in range(600):
            time.sleep(0.1)
            yield b" "

    return answer


def _bomb(size: int) -> bytes:
    """``size`` bytes of blanks in a list, as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    made = [packer.compress(b"[")]
    piece = b" " * (1 << 22)
    made += [packer.compress(piece) for _ in range(size // len(piece))]
    return b"".join([*made, packer.compress(b"]"), packer.flush()])


def _bombed(_asked: Asked, _villain: Villain) -> bytes:
    return reply(_bomb(GIGABYTE), "Content-Encoding: gzip")


ENDLESS: Mapping[str, Answer] = MappingProxyType(
    {
        "a body that never ends": lambda _a, _v: chunked(_endless(b" " * (1 << 20))),
        "a text that never ends": lambda _a, _v: chunked(
            itertools.chain([b'["'], _endless(b"a" * (1 << 20)))
        ),
        "a list that never ends": lambda _a, _v: chunked(
            itertools.chain([b"["], _endless(b'{"id":1},' * 100_000))
        ),
        "a body without a length that never ends": lambda _a, _v: itertools.chain(
            [reply(b"", length=None)], _endless(b" " * (1 << 20))
        ),
        "gzip that swells to a gigabyte": _bombed,
        "gzip that never ends": lambda _a, _v: chunked(
            itertools.chain([_bomb(1 << 24)[:-20]], _endless(b"\0" * (1 << 20))),
            "Content-Encoding: gzip",
        ),
        "a head that never ends": lambda _a, _v: itertools.chain(
            [b"HTTP/1.1 200 So\r\n"], _endless(b"X-A: b\r\n" * 1_000)
        ),
        "a line of the head that never ends": lambda _a, _v: itertools.chain(
            [b"HTTP/1.1 200 So\r\nX-A: "], _endless(b"a" * (1 << 16))
        ),
        "go on, without end": lambda _a, _v: _endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
        "a head a byte at a time": _slowly(b"HTTP/1.1 200 So\r\nX-A:"),
        "a body a byte at a time": _slowly(reply(b"[", length=9_999)),
    }
)
