"""The exports of the settings, kept up to date whenever the daemon comes to rest."""

from __future__ import annotations

import structlog

from syncd.daemon.live import Live
from syncd.daemon.wakes import Wakes
from syncd.library import Library
from syncd.rest import refresh_exports

_log = structlog.get_logger("syncd.daemon")


class Exporting:
    """Of one open library. They are brought up to date once after it was opened, as the settings
    may be others, and again after ``stale``."""

    def __init__(self, library: Library, wakes: Wakes, live: Live) -> None:
        self._library = library
        self._wakes = wakes
        self._live = live
        self._is_stale = True

    def stale(self) -> None:
        """Something was looked at, or done, that may stand in them."""
        self._is_stale = True

    async def refresh(self) -> None:
        """Bring them up to date; what waits for its turn is not kept waiting by it."""
        if not self._is_stale:
            return
        done = await refresh_exports(self._library, give_way=self._gives_way)
        if not done.is_whole:
            return
        self._is_stale = False
        known = {trouble.message for trouble in self._live.troubles}
        self._live.settle("exports")
        for trouble in done.troubles:
            if trouble.message not in known:
                _log.warning(trouble.message, hint=trouble.hint)
            self._live.trouble(("exports", trouble.message), trouble)

    def _gives_way(self) -> bool:
        self._live.stir()
        return self._wakes.is_asked or self._wakes.is_woken
