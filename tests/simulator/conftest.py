"""A running simulator, and clients for it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from syncd.simulator import Simulator, World


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_775_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(clock: HandClock) -> World:
    return World(clock=clock)


@pytest.fixture
def sim(world: World) -> Iterator[Simulator]:
    with Simulator(world) as simulator:
        yield simulator


@pytest.fixture
def api(sim: Simulator) -> Iterator[httpx.Client]:
    """Speaks to the API with the key; paths are relative to /api/v1/music."""
    with httpx.Client(
        base_url=f"{sim.api_url}/api/v1/music", headers={"X-API-Key": sim.key}
    ) as client:
        yield client


@pytest.fixture
def media(sim: Simulator) -> Iterator[httpx.Client]:
    """Speaks to the media origin without any key; follows no redirect."""
    with httpx.Client(base_url=sim.media_url) as client:
        yield client
