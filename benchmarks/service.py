"""What serves: an AudioPod API and its media, ready-made, from a process of its own.

The server must not be what is measured. Lists of jobs are slices of a file (``account``), media go
out by ``sendfile(2)``, everything else is an answer kept as bytes. It serves the program and all
rivals alike. Run as ``python -m benchmarks.service FOLDER API-PORT MEDIA-PORT DELAY``; it says
``{}`` once it listens, takes commands as lines of JSON (``serving.Service``), and ends with its
input.

``DELAY`` is the seconds of a round trip, where no namespace with ``tc netem`` can be had. Each
answer is held back by it, the first one of a connection twice, since connecting takes a round trip
as well; and no more of a file is sent within it than TCP would have on its way (``Window``). A
proxy that delays would have to copy every byte, and be what is measured.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

_PREFIX = "/api/v1/music"
_LARGEST_LIMIT = 100
_MEDIA_TYPES = {"mp3": "audio/mpeg", "jpg": "image/jpeg"}
_MODIFIED = formatdate(1_735_689_600, usegmt=True)


_FIRST_WINDOW, _LARGEST_WINDOW = 10 * 65_483, 3_000_000
"""Bytes on their way before the first is acknowledged: ten segments (RFC 6928) of the size that
Linux uses on loopback; and what its largest receive buffer makes room for (``tcp_rmem``, 6 MB, of
which half is overhead)."""


class Window:
    """How much of a file may be on its way on one connection: slow start (RFC 5681, section 3.1),
    doubling with each round trip and kept while the connection is. The whole where nothing delays.
    """

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self._size = _FIRST_WINDOW

    def parts(self, first: int, length: int) -> Iterator[tuple[int, int]]:
        """Offset and length of what is sent at once; a round trip passes between two of them."""
        end = first + length
        while first < end:
            part = min(self._size, end - first) if self.delay else end - first
            yield first, part
            first += part
            self._size = min(2 * self._size, _LARGEST_WINDOW)


class Rows:
    """The jobs of an account, as JSON."""

    def __init__(self, folder: Path, index: Mapping[str, Any]) -> None:
        self.ids: list[int] = index["ids"]
        self.epoch = 0
        self._row_of = {job_id: row for row, job_id in enumerate(self.ids)}
        self._offsets: list[int] = index["offsets"]
        self._filters: Mapping[str, Mapping[str, list[int]]] = index["filters"]
        self._maps = [_mapped(path) for path in sorted(folder.glob("rows-*"))]
        self.changed: dict[int, bytes] = {}

    def page(self, query: Mapping[str, str]) -> tuple[bytes, int]:
        """The page that a query of ``GET /jobs`` asks for, and how many jobs match in all."""
        skip = int(query.get("skip", 0))
        limit = min(int(query.get("limit", 50)), _LARGEST_LIMIT)
        is_oldest_first = query.get("sort_order", "desc") == "asc"
        wanted = [
            values.get(query[name], []) for name, values in self._filters.items() if name in query
        ]
        if not wanted and is_oldest_first and not self.changed:
            total = len(self.ids)
            first, last = min(skip, total), min(skip + limit, total)
            start, stop = self._offsets[first], self._offsets[last]
            return b"[" + self._maps[self.epoch][start : max(start, stop - 1)] + b"]", total
        if not wanted:
            rows: Any = range(len(self.ids))
        elif len(wanted) == 1:
            rows = wanted[0]
        else:
            rows = sorted(set(wanted[0]).intersection(*wanted[1:]))
        total = len(rows)
        ordered = rows if is_oldest_first else rows[::-1]
        chosen = ordered[skip : skip + limit]
        return b"[" + b",".join(self._row(row) for row in chosen) + b"]", total

    def job(self, job_id: int) -> bytes | None:
        row = self._row_of.get(job_id)
        return None if row is None else self._row(row)

    def rename(self, job_id: int, name: str) -> bytes | None:
        """The job under its new name; ``None`` where there is none."""
        row = self._row_of.get(job_id)
        if row is None:
            return None
        job = {**json.loads(self._row(row)), "display_name": name}
        self.changed[row] = json.dumps(job, ensure_ascii=False, separators=(",", ":")).encode()
        return self.changed[row]

    def names(self) -> dict[int, str]:
        """The new name of each job that was renamed."""
        return {
            self.ids[row]: json.loads(text)["display_name"] for row, text in self.changed.items()
        }

    def number(self, job_id: int) -> int | None:
        return self._row_of.get(job_id)

    def _row(self, row: int) -> bytes:
        if row in self.changed:
            return self.changed[row]
        return self._maps[self.epoch][self._offsets[row] : self._offsets[row + 1] - 1]


class Server:
    """Both origins, and what was asked of them."""

    def __init__(self, folder: Path, delay: float) -> None:
        index = json.loads((folder / "index.json").read_text())
        self.rows = Rows(folder, index)
        self.asked: Counter[str] = Counter()
        self.last_patch = 0.0
        self._delay = delay
        self._answers = {path: text.encode() for path, text in index["answers"].items()}
        self._files = [(folder / f"{n}.mp3").open("rb") for n in range(len(index["sizes"]))]
        cover = folder / "cover.jpg"
        self._cover = cover.open("rb") if cover.exists() else None
        # rclone's http remote reads its names from a page of links.
        links = "".join(f'<a href="{job_id}.mp3">{job_id}.mp3</a>\n' for job_id in self.rows.ids)
        self._listing = f"<!DOCTYPE html><title>files</title><body>\n{links}</body>".encode()

    async def serve(
        self, origin: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One connection to ``api`` or ``media``, until it is closed."""
        wait, window = 2 * self._delay, Window(self._delay)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                pairs = (line.split(":", 1) for line in head[1:] if line)
                headers = {name.lower(): value.strip() for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if wait:
                    await asyncio.sleep(wait)
                    wait = self._delay
                url = urlsplit(target)
                if origin == "api":
                    self._api(method, url.path, dict(parse_qsl(url.query)), body, writer)
                else:
                    await self._media(method, url.path, headers, writer, window)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _api(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: bytes,
        writer: asyncio.StreamWriter,
    ) -> None:
        path = path.removeprefix(_PREFIX)
        self.asked[f"{method} {'/jobs' if path == '/jobs' else path.rpartition('/')[2]}"] += 1
        parts = path.strip("/").split("/")
        total, answer = None, self._answers.get(path) if method == "GET" else None
        if path == "/jobs" and method == "GET":
            answer, total = self.rows.page(query)
        elif len(parts) == 3 and parts[2] == "status" and method == "GET":
            answer = self.rows.job(int(parts[1]))
        elif len(parts) == 2 and method == "PATCH":
            answer = self.rows.rename(int(parts[1]), json.loads(body)["display_name"])
            self.last_patch = time.monotonic()
        more = "" if total is None else f"X-Total-Count: {total}\r\n"
        status = "200 OK" if answer is not None else "404 Not Found"
        answer = answer if answer is not None else b'{"detail":"Job not found"}'
        writer.write(_head(status, "application/json", len(answer), more) + answer)

    async def _media(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        writer: asyncio.StreamWriter,
        window: Window,
    ) -> None:
        self.asked[f"{method} media"] += 1
        _, folder, name = path.split("/", 2) if path.count("/") > 1 else ("", path, "")
        if folder == "files" and not name:
            head = _head("200 OK", "text/html", len(self._listing))
            writer.write(head if method == "HEAD" else head + self._listing)
            return
        stem, _, kind = name.partition(".")
        row = self.rows.number(int(stem)) if stem.isdigit() else None
        file: BinaryIO | None = None
        if row is not None and (folder, kind) == ("files", "mp3"):
            file = self._files[row % len(self._files)]
        elif row is not None and (folder, kind) == ("covers", "jpg"):
            file = self._cover
        if file is None:
            writer.write(_head("404 Not Found", "text/plain", 0))
            return
        size = os.fstat(file.fileno()).st_size
        first, last = _span(headers.get("range", ""), size)
        more = f'ETag: "{stem}-{size}"\r\nLast-Modified: {_MODIFIED}\r\nAccept-Ranges: bytes\r\n'
        status = "200 OK"
        if (first, last) != (0, size - 1):
            status, more = (
                "206 Partial Content",
                f"{more}Content-Range: bytes {first}-{last}/{size}\r\n",
            )
        length = last - first + 1
        writer.write(_head(status, _MEDIA_TYPES[kind], length, more))
        if method == "HEAD":
            return
        loop = asyncio.get_running_loop()
        for offset, count in window.parts(first, length):
            if offset != first:
                await asyncio.sleep(window.delay)
            await loop.sendfile(writer.transport, file, offset, count, fallback=False)

    def told(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a command of the process that started this one; the answer to it."""
        if command["do"] == "epoch":
            self.rows.epoch = command["number"]
        elif command["do"] == "clear":
            self.asked.clear()
        elif command["do"] == "names":
            return {str(job_id): name for job_id, name in self.rows.names().items()}
        renamed = len(self.rows.changed)
        return {"asked": dict(self.asked), "last_patch": self.last_patch, "renamed": renamed}


def _mapped(path: Path) -> mmap.mmap | bytes:
    if not path.stat().st_size:
        return b""  # which cannot be mapped
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _span(asked: str, size: int) -> tuple[int, int]:
    """First and last byte of what is asked for; all where that is no plain range."""
    start, _, stop = asked.removeprefix("bytes=").partition("-")
    if not start.isdigit() or int(start) >= size:
        return 0, size - 1
    return int(start), min(int(stop), size - 1) if stop.isdigit() else size - 1


def _head(status: str, content_type: str, length: int, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {length}\r\n{more}\r\n"
    ).encode("ascii")


async def run(folder: Path, ports: tuple[int, int], delay: float) -> None:
    """Serve until standard input ends."""
    server = Server(folder, delay)
    loop = asyncio.get_running_loop()

    def serving(origin: str) -> Callable[..., Any]:
        return lambda reader, writer: server.serve(origin, reader, writer)

    for origin, port in zip(("api", "media"), ports, strict=True):
        await asyncio.start_server(serving(origin), "127.0.0.1", port, backlog=512)
    print("{}", flush=True)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(json.dumps(server.told(json.loads(line))), flush=True)


if __name__ == "__main__":
    place, api, media, delayed = sys.argv[1:]
    asyncio.run(run(Path(place), (int(api), int(media)), float(delayed)))
