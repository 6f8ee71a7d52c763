"""The pause, which outlives a restart: a file in the state folder that says until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

_FOREVER = "until resumed"

_log = structlog.get_logger("syncd.daemon")


class Pause:
    """``is_on``: nothing is looked at unasked; ``until`` when, ``None`` for until it is resumed."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._file = folder / "paused"
        self._now = now
        self._on, self.until = _read(self._file)

    @property
    def is_on(self) -> bool:
        if self._on and self.until is not None and self.until <= self._now():
            _log.info("the pause is over")
            self.end()
        return self._on

    def begin(self, until: datetime | None) -> None:
        self._on, self.until = True, until
        try:
            self._file.write_text(until.isoformat() if until else _FOREVER, encoding="utf-8")
        except OSError as error:
            _log.warning("the pause ends with the daemon", why=error.strerror)

    def end(self) -> None:
        self._on, self.until = False, None
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("the pause begins anew with the daemon", why=error.strerror)


def _read(file: Path) -> tuple[bool, datetime | None]:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return False, None
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        return True, None
    return True, until if until.tzinfo else None
