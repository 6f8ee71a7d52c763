"""Logs: structlog over the standard library, to standard error, redacted in one place.

Text on a terminal, lines with a priority for the journal of systemd, one JSON object a line
elsewhere (``log.format`` says otherwise). Every record, of this program or of a library, and every
traceback, also of what nobody caught, passes ``redact`` before it is written or kept. What is bound
with ``structlog.contextvars.bound_contextvars(cycle=…)`` stands in every line written meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import Literal, TextIO

import structlog

from syncd.secret import redact

__all__ = ["Recent", "Style", "configure", "in_journal", "recent", "redact"]

Style = Literal["auto", "text", "json", "journald"]

KEPT = 1000
"""Records that ``Recent`` keeps."""


def configure(level: str, style: Style, *, keep: bool = False) -> None:
    """Set up logging for this process; replaces what was set up before.

    ``keep``: ``recent`` gets every record too.
    """
    terminal = sys.stderr.isatty()
    if style == "auto":
        style = "text" if terminal else "journald" if in_journal(os.environ) else "json"
    handler = _Stream()
    if style == "text":
        handler.setFormatter(_text(colors=terminal and not os.environ.get("NO_COLOR")))
    elif style == "journald":
        handler.setFormatter(_journal())
    else:
        handler.setFormatter(_json())
    logging.root.handlers[:] = [handler, recent()] if keep else [handler]
    logging.root.setLevel(level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    # At INFO these log whole signed addresses; their events are of no use to the user.
    for name in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def in_journal(environ: Mapping[str, str]) -> bool:
    """Whether standard error is the stream that systemd's ``JOURNAL_STREAM`` names.

    See systemd.exec(5): the variable is inherited by whatever a service starts, so device and inode
    must be compared.
    """
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class Recent(logging.Handler):
    """The last records as text, redacted, for ``syncd logs``; may be asked from any thread.

    One text a record; that of a record with a traceback has several lines.
    """

    def __init__(self, size: int = KEPT) -> None:
        super().__init__()
        self.setFormatter(_text(colors=False))
        self._texts: deque[str] = deque(maxlen=size)
        self._count = 0
        self._followers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._mutex = threading.RLock()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            # The handler that writes meets the same, and complains.
            return
        with self._mutex:
            self._texts.append(text)
            self._count += 1
            followers = tuple(self._followers)
        for loop, news in followers:
            with suppress(RuntimeError):  # its loop is closed
                loop.call_soon_threadsafe(news.set)

    def lines(self, n: int) -> list[str]:
        """The last ``n`` records, the oldest first."""
        with self._mutex:
            return list(self._texts)[max(0, len(self._texts) - n) :]

    async def follow(self, last: int = 0) -> AsyncIterator[str]:
        """The last ``last`` records, then each new one, without a gap, for ever.

        Who reads too slowly is told how many were left out.
        """
        news = asyncio.Event()
        follower = (asyncio.get_running_loop(), news)
        with self._mutex:
            self._followers.add(follower)
            texts, seen = self.lines(last), self._count
        try:
            while True:
                for text in texts:
                    yield text
                await news.wait()
                news.clear()
                with self._mutex:
                    texts, missed = self.lines(self._count - seen), self._count - seen
                    seen = self._count
                if missed > len(texts):
                    texts.insert(0, f"… {missed - len(texts)} lines left out …")
        finally:
            with self._mutex:
                self._followers.discard(follower)


@cache
def recent() -> Recent:
    """The records of this process, kept from ``configure(…, keep=True)`` on."""
    return Recent()


class _Redacted(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _Prioritised(_Redacted):
    """The priority before every line, as sd-daemon(3) has it: the journal splits at each of them.

    Also before those of a text that itself holds line ends, so that none can claim another one.
    """

    def format(self, record: logging.LogRecord) -> str:
        priority = next(p for level, p in _PRIORITIES if record.levelno >= level)
        lines = re.split(r"[\n\0]", super().format(record))
        return "\n".join(f"<{priority}>{line}" for line in lines)


_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
"""Levels, and the priorities of syslog(3) that they are."""

_LONGEST = 4_096
"""Characters of a text that are logged, as many as a path can have: a title can have any number."""

# Those of ``core.words.printable``; line ends, NUL and tabs are left to the styles.
_COMMANDS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _shortened(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {
        key: f"{value[:_LONGEST]}…" if isinstance(value, str) and len(value) > _LONGEST else value
        for key, value in event.items()
    }


def _escaped(text: str) -> str:
    """``text`` without what commands a terminal, as JSON and Python write such characters."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _harmless(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {
        key: _escaped(value) if isinstance(value, str) else value for key, value in event.items()
    }


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    _shortened,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _text(*, colors: bool) -> logging.Formatter:
    return _Redacted(
        foreign_pre_chain=_SHARED, processors=[_bare, _harmless, _console(colors=colors)]
    )


def _journal() -> logging.Formatter:
    return _Prioritised(
        foreign_pre_chain=_SHARED,
        processors=[_bare, _harmless, _without_time_and_level, _console(colors=False)],
    )


def _json() -> logging.Formatter:
    def rendered(logger: object, method: str, event: structlog.typing.EventDict) -> str:
        # What JSON lets stand: DEL, C1 and bidi characters; the others are escaped already.
        return _escaped(str(renderer(logger, method, event)))

    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    return _Redacted(
        foreign_pre_chain=_SHARED,
        processors=[_bare, structlog.processors.format_exc_info, rendered],
    )


_bare = structlog.stdlib.ProcessorFormatter.remove_processors_meta


def _console(*, colors: bool) -> structlog.typing.Processor:
    return structlog.dev.ConsoleRenderer(
        colors=colors,
        pad_event_to=0,
        # Plain: the pretty one shows local variables, and with them whatever they hold.
        exception_formatter=structlog.dev.plain_traceback,
    )


def _without_time_and_level(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    # The journal has both of its own.
    return {key: value for key, value in event.items() if key not in ("timestamp", "level")}


class _Stream(logging.StreamHandler[TextIO]):
    """Writes to whatever ``sys.stderr`` is at that moment: progress bars take its place."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        # The standard library would show the record as it came, with all that is hidden in it.
        text = f"syncd: a line of {record.name} could not be logged: {sys.exception()!r}"
        with suppress(OSError, ValueError):
            sys.stderr.write(redact(text) + "\n")


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    structlog.get_logger("syncd").critical(
        "an error that nobody expected; this is a bug of syncd", exc_info=(kind, error, traceback)
    )


def _log_uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None and not isinstance(failure.exc_value, SystemExit):
        _log_uncaught(failure.exc_type, failure.exc_value, failure.exc_traceback)
