"""A library whose time can be moved, and runs of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syncd.engine import Engine
from syncd.outcome import Run
from syncd.rest import run_until_rest
from syncd.simulator import Simulator


class Clocks:
    """Both clocks, which can be moved."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def go_on(self, by: timedelta) -> None:
        self._ahead += by
        self._sim.switches.date_skew += by.total_seconds()


async def sync(engine: Engine, **policy: object) -> Run:
    changed = replace(engine.policy, **policy)  # type: ignore[arg-type]
    return Run(await run_until_rest(engine.library, engine.executor, changed))
