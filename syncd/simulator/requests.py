"""The log of every request that reached either origin."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, overload

Origin = Literal["api", "media"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request; ``status`` is None until the answer is decided, and if none was given."""

    index: int
    origin: Origin
    method: str
    path: str
    query: Mapping[str, str]
    headers: tuple[tuple[str, str], ...]
    """Raw headers, names in lower case."""
    has_key: bool
    """Whether any header or the query carried a credential."""
    user_agent: str | None
    range: str | None
    body: bytes
    status: int | None = None


class RequestLog:
    """Requests in the order of their arrival; safe to read from any thread."""

    def __init__(self) -> None:
        self._records: list[RequestRecord] = []
        self._lock = threading.Lock()
        self._next = 0

    def arrived(
        self,
        origin: Origin,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: tuple[tuple[str, str], ...],
        body: bytes,
    ) -> RequestRecord:
        """Write a request down; returns its record."""
        named = dict(headers)
        credential = "x-api-key" in named or "authorization" in named
        with self._lock:
            record = RequestRecord(
                index=self._next,
                origin=origin,
                method=method,
                path=path,
                query=query,
                headers=headers,
                has_key=credential or any(value.startswith("ap_") for value in query.values()),
                user_agent=named.get("user-agent"),
                range=named.get("range"),
                body=body,
            )
            self._next += 1
            self._records.append(record)
        return record

    def answered(self, record: RequestRecord, status: int) -> None:
        """Note the status with which a request was answered."""
        with self._lock:
            offset = record.index - (self._records[0].index if self._records else 0)
            if 0 <= offset < len(self._records):
                self._records[offset] = replace(record, status=status)

    def clear(self) -> None:
        """Forget what was logged; indices go on."""
        with self._lock:
            self._records.clear()

    def select(
        self,
        *,
        origin: Origin | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> list[RequestRecord]:
        """The records that fit; ``path`` is a regular expression searched in the path."""
        with self._lock:
            records = list(self._records)
        return [
            record
            for record in records
            if (origin is None or record.origin == origin)
            and (method is None or record.method == method.upper())
            and (path is None or re.search(path, record.path) is not None)
            and (status is None or record.status == status)
        ]

    def count(
        self,
        *,
        origin: Origin | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> int:
        """How many records fit."""
        return len(self.select(origin=origin, method=method, path=path, status=status))

    def mutating(self) -> list[RequestRecord]:
        """Requests to the API that change something there."""
        return [record for record in self if record.method not in ("GET", "HEAD", "OPTIONS")]

    @overload
    def __getitem__(self, index: int) -> RequestRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[RequestRecord]: ...
    def __getitem__(self, index: int | slice) -> RequestRecord | list[RequestRecord]:
        with self._lock:
            return self._records[index]

    def __len__(self) -> int:
        with self._lock:
            return len(self._records)

    def __iter__(self) -> Iterator[RequestRecord]:
        with self._lock:
            return iter(list(self._records))
