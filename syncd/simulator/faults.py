"""What goes wrong, scripted: a fault says which requests it meets and what it does to them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .requests import Origin, RequestRecord

if TYPE_CHECKING:
    from .world import World

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "status": "answers `status`, with `retry_after`, `body` and `location` if given",
        "portal": "answers 200 and an HTML page, as a captive portal does",
        "expired": "answers 403 as a media host does for an address that has run out",
        "redirect": "answers 302 to `location`",
        "reset": "resets the connection: unanswered, or after `at` bytes of the body",
        "close": "closes the connection in the ordinary way: unanswered, or after `at` bytes",
        "hang": "stays silent for `seconds` (None: for good), at once or after `at` bytes",
        "truncate": "closes after `at` bytes of the body that Content-Length promised",
        "truncate-silent": "the same without any length, so that nothing shows it",
        "wrong-length": "sends a Content-Length that is off by `by`",
        "throttle": "sends `rate` bytes a second",
        "latency": "waits `seconds` first",
        "run": "calls `call(world)` first: a job deleted between two pages, say",
        "corrupt": "flips `count` bytes of the body from `at` on",
        "object": "puts a JSON object where the array should be",
        "cut-json": "ends the JSON after `at` bytes, with a Content-Length to match",
        "deep-json": "answers arrays within arrays, `count` deep",
        "stuck": "ignores `skip`, so that no page is ever the next",
        "short": "leaves the last `count` rows of a list out (1 unless told)",
        "duplicate": "repeats the first row of a list at its end",
    }
)

# Of these only the first that fits takes effect on a request; the others join in.
ENDINGS = frozenset(
    {"status", "portal", "expired", "redirect", "reset", "close", "hang", "truncate"}
    | {"truncate-silent", "wrong-length"}
)


@dataclass(frozen=True, slots=True, kw_only=False)
class Fault:
    """One thing that goes wrong; ``KINDS`` says what each kind does with which argument.

    A request is met when it fits ``origin``, ``method``, ``path`` (a regular expression searched
    in the path, or a predicate), ``query`` and ``when``; the first ``after`` that do are let pass,
    then ``times`` are met (None: all that follow). Seconds, bytes and bytes per second throughout.

    Raises:
        ValueError: unknown kind, or an argument that the kind needs is missing.
    """

    kind: str
    origin: Origin | None = None
    method: str | None = None
    path: str | Callable[[str], bool] | None = None
    query: Mapping[str, str] | None = None
    when: Callable[[RequestRecord], bool] | None = None
    times: int | None = 1
    after: int = 0

    status: int = 500
    retry_after: float | None = None
    retry_after_date: bool = False
    """Send Retry-After as an HTTP date instead of a number of seconds."""
    body: str | None = None
    """Body of a ``status`` fault; None: the service's own JSON."""
    content_type: str = "application/json"
    location: str | None = None
    at: int | None = None
    count: int | None = None
    by: int = 10
    seconds: float | None = None
    rate: float = 16_384.0
    call: Callable[[World], object] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(KINDS)}")
        needed = {"run": "call", "redirect": "location", "latency": "seconds"}.get(self.kind)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"a {self.kind} fault needs {needed}")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault from ``KIND[:NAME=VALUE[,NAME=VALUE…]]``, as the command line gives it.

        ``times=forever`` stands for None; a ``query`` is written ``NAME:VALUE``.

        Raises:
            ValueError: no such kind or argument, or no such value for it.
        """
        kind, _, rest = text.partition(":")
        given: dict[str, Any] = {}
        for part in filter(None, rest.split(",")):
            name, equals, value = part.partition("=")
            if not equals or name not in _TEXT_ARGUMENTS:
                known = ", ".join(_TEXT_ARGUMENTS)
                raise ValueError(f"{part!r} is no argument of a fault; these are: {known}")
            try:
                given[name] = _TEXT_ARGUMENTS[name](value)
            except ValueError:
                raise ValueError(f"{name} cannot be {value!r}") from None
        return cls(kind=kind, **given)

    def fits(self, record: RequestRecord) -> bool:
        """Whether a request is of the sort that this fault meets."""
        if self.origin is not None and self.origin != record.origin:
            return False
        if self.method is not None and self.method.upper() != record.method:
            return False
        if isinstance(self.path, str) and re.search(self.path, record.path) is None:
            return False
        if callable(self.path) and not self.path(record.path):
            return False
        wanted = (self.query or {}).items()
        if any(record.query.get(name) != value for name, value in wanted):
            return False
        return self.when is None or self.when(record)

    def offset(self, length: int) -> int:
        """At which byte of a body of ``length`` it happens; the middle unless ``at`` says."""
        return length // 2 if self.at is None else min(self.at, length)


class Faults:
    """The script: faults in the order in which they were added; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[_Line] = []

    def add(self, *faults: Fault) -> None:
        """Add faults to the end of the script."""
        with self._lock:
            self._script.extend(_Line(fault) for fault in faults)

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._script.clear()

    def meet(self, record: RequestRecord) -> list[Fault]:
        """The faults that meet this request; each of them is used up by one.

        Of those that decide how the answer ends, only the first is taken, so that
        ``[503 twice, reset once]`` reads as a sequence.
        """
        met: list[Fault] = []
        ended = False
        with self._lock:
            for line in self._script:
                fault = line.fault
                if (fault.kind in ENDINGS and ended) or not fault.fits(record):
                    continue
                line.seen += 1
                if line.seen <= fault.after:
                    continue
                if fault.times is not None and line.met >= fault.times:
                    continue
                line.met += 1
                met.append(fault)
                ended = ended or fault.kind in ENDINGS
        return met

    def pending(self) -> list[Fault]:
        """The faults that still have requests to meet."""
        with self._lock:
            lines = list(self._script)
        return [
            line.fault for line in lines if line.fault.times is None or line.met < line.fault.times
        ]

    def __len__(self) -> int:
        return len(self.pending())

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.pending())


@dataclass(slots=True)
class _Line:
    fault: Fault
    seen: int = 0
    met: int = 0


def _times(text: str) -> int | None:
    return None if text == "forever" else int(text)


def _query(text: str) -> dict[str, str]:
    name, _, value = text.partition(":")
    return {name: value}


def _origin(text: str) -> str:
    if text not in ("api", "media"):
        raise ValueError(text)
    return text


_TEXT_ARGUMENTS: Mapping[str, Callable[[str], object]] = {
    "origin": _origin,
    "method": str,
    "path": str,
    "query": _query,
    "times": _times,
    "after": int,
    "status": int,
    "retry_after": float,
    "body": str,
    "location": str,
    "at": int,
    "count": int,
    "by": int,
    "seconds": float,
    "rate": float,
}
