"""What befalls a library: values that can be drawn, written down, and made shorter."""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import acts_account, acts_folder
from .setup import Setup

FAULTS = (
    "status", "reset", "close", "hang", "truncate", "truncate", "wrong-length", "expired",
    "portal", "cut-json", "object", "short", "duplicate", "status", "latency",
)  # fmt: skip
"""Of the simulator's: those that strike one request and are over. Not ``corrupt`` and
``truncate-silent``: of an mp3 whose bytes were flipped on the way, or that ends early where nobody
said how long it is, nobody can tell; what can be told is in the part ``faults``."""

SEAMS = 60
"""Of the moments of a run at which something may happen, the number of the last."""

BUSY = (0, 0, 1, 2, 4)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody does: to the folder ``who``, to the account, to the clocks."""

    name: str
    who: int = 0
    one: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the program of ``who``. ``meanwhile``: at which of its moments what is done.

    ``sweep``: it lists the account; else it looks at the folder, and asks for what it needs.
    ``restart``: the program is ended and started before. ``faults``: from which request on what
    goes wrong with the service, once.
    """

    who: int = 0
    sweep: bool = True
    restart: bool = False
    meanwhile: tuple[tuple[int, Act], ...] = ()
    faults: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    seed: int
    """Of the account: what its jobs sound like."""
    setups: tuple[Setup, ...]
    """One for each folder."""
    jobs: int
    """How many there are at first."""
    steps: tuple[Act | Run, ...]


def story(seed: int) -> Story:
    """That of this seed, always."""
    rng = random.Random(seed)
    members = rng.choice((1, 1, 2))
    steps: list[Act | Run] = []
    for _ in range(rng.randint(2, 6)):
        steps += [_act(rng, members) for _ in range(rng.randint(0, 5))]
        steps.append(_run(rng, members))
    setups = tuple(Setup.drawn(rng) for _ in range(members))
    return Story(seed, setups, rng.randint(1, 6), tuple(steps))


def _act(rng: random.Random, members: int) -> Act:
    acts = rng.choice((acts_folder.ACTS, acts_folder.ACTS, acts_account.ACTS))
    name = rng.choice(acts).__name__
    return Act(name, rng.randrange(members), rng.randrange(50), rng.randrange(50))


def _run(rng: random.Random, members: int) -> Run:
    return Run(
        rng.randrange(members),
        sweep=rng.random() < 0.8,
        restart=rng.random() < 0.3,
        meanwhile=tuple(
            (rng.randrange(SEAMS), _act(rng, members)) for _ in range(rng.choice(BUSY))
        ),
        faults=tuple(
            (rng.randrange(SEAMS // 2), rng.choice(FAULTS))
            for _ in range(rng.choice((0, 0, 0, 1, 3)))
        ),
    )
