"""Logs: structlog over the standard library, to standard error, redacted in one place.

Text on a terminal, one JSON object a line elsewhere (``log.format`` says otherwise). Every record,
of this program or of a library, and tracebacks too, passes ``redact`` before it is written.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Literal, TextIO

import structlog

from syncd.secret import redact

__all__ = ["configure", "redact"]


class _Redacted(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _Stream(logging.StreamHandler[TextIO]):
    """Writes to whatever ``sys.stderr`` is at that moment: progress bars take its place."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure(level: str, style: Literal["auto", "text", "json"]) -> None:
    """Set up logging for this process; replaces what was set up before."""
    terminal = sys.stderr.isatty()
    as_text = style == "text" or (style == "auto" and terminal)
    renderer: structlog.typing.Processor
    if as_text:
        renderer = structlog.dev.ConsoleRenderer(
            colors=terminal and not os.environ.get("NO_COLOR"),
            pad_event_to=0,
            # Plain: the pretty one shows local variables, and with them whatever they hold.
            exception_formatter=structlog.dev.plain_traceback,
        )
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = _Stream()
    handler.setFormatter(
        _Redacted(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([] if as_text else [structlog.processors.format_exc_info]),
                renderer,
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    # At INFO these log whole signed addresses; their events are of no use to the user.
    for name in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
