"""The pause, which outlives a restart: a file in the state folder that says until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

_NAME = "paused"
_FOREVER = "until resumed"

_log = structlog.get_logger("syncd.daemon")


class Pause:
    """``is_on``: nothing is looked at unasked; ``until`` when, ``None`` for until it is resumed."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._file = folder / _NAME
        self._now = now
        self._on, self.until = _read(self._file)
        if self.is_on:
            until = self.until.isoformat() if self.until else _FOREVER
            _log.info("still paused: syncd resume ends that", until=until)

    @property
    def is_on(self) -> bool:
        if self._on and self.until is not None and self.until <= self._now():
            self.end("the pause is over")
        return self._on

    @property
    def words(self) -> str:
        """The state of a daemon that rests, in a line."""
        return f"paused until {f'{self.until:%F %R} UTC' if self.until else 'syncd resume'}"

    def begin(self, until: datetime | None) -> None:
        self._on, self.until = True, until
        _log.info("paused", until=until.isoformat() if until else _FOREVER)
        try:
            self._file.write_text(until.isoformat() if until else _FOREVER, encoding="utf-8")
        except OSError as error:
            _log.warning("the pause ends with the daemon", why=error.strerror)

    def end(self, why: str = "resumed") -> None:
        if self._on:
            _log.info(why)
        self._on, self.until = False, None
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("the pause begins anew with the daemon", why=error.strerror)


def pause_left(folder: Path, now: datetime) -> tuple[bool, datetime | None]:
    """Whether a daemon that starts now begins paused, and until when; changes nothing."""
    is_on, until = _read(folder / _NAME)
    return (is_on, until) if until is None or until > now else (False, None)


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
