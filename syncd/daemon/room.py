"""Whether there is room on the disk for another file; says so where that changes."""

from __future__ import annotations

import time
from contextlib import suppress

import structlog

from syncd.daemon.live import Live
from syncd.errors import DiskFull, SyncdError
from syncd.local import files
from syncd.local.root import Root

_FULL, _LONGEST_FULL = 60.0, 3_600.0
"""Seconds for which nothing is downloaded after the disk turned out to be full, the first time and
the longest: whatever is said to be free, a quota or one large file may leave no room."""

_LEAST = 1_000_000
"""Bytes that are no room for a track, even where no limit is set."""

_log = structlog.get_logger("syncd.daemon")


class Room:
    """``there_is``: downloads go on; ``least`` bytes are to stay free on the disk of ``root``."""

    def __init__(self, root: Root, least: int, live: Live) -> None:
        self.there_is = True
        self._root = root
        self._least = least
        self._live = live
        self._full_for = 0.0
        self._full_until = 0.0
        self._was_scarce = False
        """Less was free than is needed, when that was looked at last."""
        self._is_said_full = False

    def look(self) -> bool:
        """Look anew."""
        try:
            free = files.free_bytes(self._root)
        except SyncdError:
            return self.there_is  # the cycle finds out why it cannot be told, and says it
        if self._was_scarce and not self._is_scarce(free):
            # Room was made: that is worth a try at once, however long it was full.
            self._full_for = self._full_until = 0.0
        self._was_scarce = self._is_scarce(free)
        there_is = free >= self._least and time.monotonic() >= self._full_until
        if there_is and not self.there_is:
            self._is_said_full = False
            self._live.settle("disk")
            _log.info("there is room on the disk again; downloads go on")
        elif self.there_is and not there_is:
            error = DiskFull(
                f"less than limits.min_free_space is free under {self._root.path}",
                hint="make room, or lower the limit; downloads wait, nothing was removed",
            )
            self._live.trouble(("disk",), error)
            _log.warning("downloads wait", why=error.message)
        self.there_is = there_is
        return there_is

    def failed(self, error: DiskFull) -> None:
        """The disk turned out to be full, once more."""
        self._full_for = min(max(_FULL, 2 * self._full_for), _LONGEST_FULL)
        self._full_until = time.monotonic() + self._full_for
        with suppress(SyncdError):
            self._was_scarce = self._is_scarce(files.free_bytes(self._root))
        self._live.trouble(("disk",), error)
        if not self._is_said_full:
            event = "downloads wait" if self.there_is else "the disk is full"
            _log.warning(event, why=error.message, hint=error.hint)
        self.there_is, self._is_said_full = False, True

    def sufficed(self) -> None:
        """What was to be written was."""
        self._full_for = 0.0

    def _is_scarce(self, free: int) -> bool:
        return free < max(self._least, _LEAST)
