"""A suspend and a step of the clock, as the three clocks of a machine show them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from syncd.daemon.clocks import TOLERANCE, Clocks


@dataclass
class Machine:
    wall: float = 1_000_000.0
    awake: float = 50.0
    up: float = 80.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.awake, lambda: self.up)

    def runs(self, seconds: float) -> None:
        self.wall += seconds
        self.awake += seconds
        self.up += seconds

    def sleeps(self, seconds: float) -> None:
        self.wall += seconds
        self.up += seconds


def test_nothing_is_noticed_where_nothing_happened() -> None:
    machine = Machine()
    clocks = machine.clocks()
    assert clocks.look() is None
    machine.runs(3_600)
    assert clocks.look() is None


def test_a_machine_that_slept_is_no_clock_that_was_set() -> None:
    machine = Machine()
    clocks = machine.clocks()
    clocks.look()
    machine.runs(30)
    machine.sleeps(7_200)
    assert clocks.look() == ("slept", 7_200)
    machine.runs(30)
    assert clocks.look() is None


@pytest.mark.parametrize("step", [3_600.0, -3_600.0, TOLERANCE + 1])
def test_a_clock_that_was_set_is_noticed_either_way(step: float) -> None:
    machine = Machine()
    clocks = machine.clocks()
    clocks.look()
    machine.runs(30)
    machine.wall += step
    assert clocks.look() == ("stepped", step)


def test_a_clock_that_drifts_is_not_one_that_was_set() -> None:
    machine = Machine()
    clocks = machine.clocks()
    clocks.look()
    machine.runs(30)
    machine.wall += TOLERANCE / 2
    assert clocks.look() is None
