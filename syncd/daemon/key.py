"""The key in use, and whether its file holds another one by now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from syncd.daemon.waiting import Stamp, key_stamp
from syncd.errors import ConfigError, KeyRefused, SyncdError
from syncd.secret import Secret
from syncd.settings import Settings

_log = structlog.get_logger("syncd.daemon")


class KeyInUse:
    """``stamp`` is that of the key file from before the key was read last, if there is one."""

    def __init__(self, load: Callable[[Settings], Secret]) -> None:
        self.stamp: Stamp | None = None
        self._load = load
        self._key: Secret | None = None
        self._is_of_file = False
        self._looked_at: Stamp | None = None

    def take(self, settings: Settings) -> Secret:
        """The key, to be used from now on; raises ``ConfigError``."""
        self.stamp = self._looked_at = key_stamp(settings)
        self._key = self._load(settings)
        self._is_of_file = self._key.source == str(settings.api.key_file)
        return self._key

    def advised(self, error: SyncdError) -> SyncdError:
        """``error``; of a key that no file holds, with what it takes to use another one."""
        source = self._key.source if self._key else ""
        if not isinstance(error, KeyRefused) or self._is_of_file or not source:
            return error
        more = f"it is of {source}: restart the daemon with another one"
        return type(error)(error.message, hint=f"{error.hint}; {more}" if error.hint else more)

    async def is_another(self, settings: Settings) -> bool:
        """Whether there is another key now; one that is no key is left until it is one."""
        stamp = await asyncio.to_thread(key_stamp, settings)
        if stamp == self._looked_at or self._key is None:
            return False
        self._looked_at = stamp
        try:
            key = await asyncio.to_thread(self._load, settings)
        except ConfigError as error:
            _log.warning("the key file changed; the key in use stays", why=error.message)
            return False
        if key.reveal() == self._key.reveal():
            return False
        _log.info("the key file holds another key")
        return True
