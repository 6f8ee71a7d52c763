"""The service in this process, and the way to it, which is made of memory alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from uvicorn.server import ServerState

import syncd.remote.transport as transport
from syncd.simulator import Simulator, World

from .canary import KEY
from .moment import Moment
from .wire import Wire

API, MEDIA = 8001, 8002


class Account:
    """A simulated service whose clock is right, at addresses where nothing listens."""

    def __init__(self, moment: Moment, seed: int = 0) -> None:
        self.moment = moment
        self.sim = Simulator(World(clock=moment.truth, seed=seed), key=KEY)
        self.sim.api_url = f"http://127.0.0.1:{API}"
        self.sim.media_url = f"http://127.0.0.1:{MEDIA}"

    @property
    def world(self) -> World:
        return self.sim.world

    @contextmanager
    def connected(self, loop: asyncio.AbstractEventLoop) -> Iterator[Wire]:
        """Every way out of this process leads here, in ``loop``."""
        protocols = self.sim.protocols(loop, ServerState())
        wire = Wire({API: protocols["api"], MEDIA: protocols["media"]})

        with patch.object(transport, "Network", lambda: wire):
            yield wire
