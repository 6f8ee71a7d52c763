"""How long downloads go on while something else waits for its turn."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from syncd.daemon.wakes import Wakes

_TURN = 5.0
"""Seconds for which they do so at least."""

_TIMES = 10.0
"""How many times as long as it took to look and plan they do so: looking anew must not cost more
than what is done in between."""


@dataclass(slots=True)
class Patience:
    """That of one cycle, which begins now."""

    wakes: Wakes
    _began: float = field(default_factory=time.monotonic, init=False)
    _planned: float | None = field(default=None, init=False)

    def is_over(self) -> bool:
        """Whether the cycle is to give way; asked for the first time when its plan is made."""
        now = time.monotonic()
        if self._planned is None:
            self._planned = now
        longest = max(_TURN, _TIMES * (self._planned - self._began))
        return self.wakes.is_asked or (self.wakes.is_woken and now - self._planned > longest)
