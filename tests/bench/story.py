"""What befalls a library: values that can be drawn, written down, and made shorter."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace

from . import acts_account, acts_folder
from .setup import Setup

_ANY = ("status", "reset", "close", "hang", "truncate", "wrong-length", "latency")
FAULTS = {
    "list": (*_ANY, "portal", "cut-json", "object", "short", "short", "duplicate", "duplicate"),
    "look": (*_ANY, "portal", "cut-json"),
    "media": (*_ANY, "truncate", "expired"),
    "send": (*_ANY, "portal", "cut-json"),
}
"""Of the simulator's, by the requests that they strike: those that strike one and are over. Not
``corrupt`` and ``truncate-silent``: of an mp3 whose bytes were flipped on the way, or that ends
early where nobody said how long it is, nobody can tell; what can be told is in the part
``faults``."""
_STRUCK = ("list", "list", "list", "list", "media", "media", "look", "send")

MOMENTS = (
    "planned 0", "planned 0", "planned 1", "list 0", "list 1", "list 1", "list 2", "list 3",
    "look 0", "look 1", "media 0", "media 0", "send 0", "fsync 0", "fsync 1", "fsync 3",
)  # fmt: skip
"""Of those that a run may have: from before the first page of the listing to a file that has its
bytes and not yet its name. One that a run does not have is met in a later one, if at all."""

SOON = 9
"""Of all moments of a run, however quiet, about the number of the last."""

BUSY = (0, 0, 1, 2, 4)

LARGEST = 100
PAGES = (2, 2, 3, 3, 4, LARGEST)
"""Rows of a page: as many as there are jobs at most, or so few that the listing has seams."""

STARTED, DURABLE = 20, 80
"""Of the steps at which a run is broken off, about the number of the first after the program has
started, and of the last."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody does: to the folder ``who``, to the account, to the clocks."""

    name: str
    who: int = 0
    one: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the program of ``who``. ``meanwhile``: at which of its moments what is done; a
    number is of all, ``list 1`` the second page of the listing (``runs``).

    ``sweep``: it lists the account; ``poll``: it asks for a few pages of it; else it looks at the
    folder, and asks for what it needs. ``restart``: the program is ended and started before.
    ``faults``: at which request what goes wrong with the service, once. ``beside``: at the same
    time as the run before it, which is another member's; ``lag``: tenths of a second that each
    answer takes. ``stop``: the program dies before so many durable steps and one.
    """

    who: int = 0
    sweep: bool = True
    restart: bool = False
    meanwhile: tuple[tuple[int | str, Act], ...] = ()
    faults: tuple[tuple[int | str, str], ...] = ()
    poll: bool = False
    beside: bool = False
    lag: int = 0
    stop: int | None = None

    def __repr__(self) -> str:
        return _plainly(self)


@dataclass(frozen=True, slots=True)
class Story:
    seed: int
    """Of the account: what its jobs sound like."""
    setups: tuple[Setup, ...]
    """One for each folder."""
    jobs: int
    """How many there are at first."""
    steps: tuple[Act | Run, ...]
    page: int = LARGEST
    """How many rows the program asks for at once."""


def story(seed: int) -> Story:
    """That of this seed, always."""
    rng = random.Random(seed)
    members = rng.choice((1, 1, 2))
    steps: list[Act | Run] = []
    for _ in range(rng.randint(2, 6)):
        steps += [_act(rng, members) for _ in range(rng.randint(0, 5))]
        steps.append(run := _run(rng, members))
        if members > 1 and run.stop is None and rng.random() < 0.5:
            other = _run(rng, members)
            steps.append(replace(other, who=1 - run.who, beside=True, stop=None))
    setups = tuple(Setup.drawn(rng) for _ in range(members))
    return Story(seed, setups, rng.randint(1, 6), tuple(steps), rng.choice(PAGES))


def _act(rng: random.Random, members: int) -> Act:
    acts = rng.choice((acts_folder.ACTS, acts_folder.ACTS, acts_account.ACTS))
    name = rng.choice(acts).__name__
    return Act(name, rng.randrange(members), rng.randrange(50), rng.randrange(50))


def _run(rng: random.Random, members: int) -> Run:
    look = rng.random()
    return Run(
        rng.randrange(members),
        sweep=look < 0.7,
        poll=look >= 0.85,
        restart=rng.random() < 0.3,
        meanwhile=tuple((_moment(rng), _act(rng, members)) for _ in range(rng.choice(BUSY))),
        faults=tuple(_fault(rng) for _ in range(rng.choice((0, 0, 0, 1, 3)))),
        lag=rng.choice((0, 0, 3, 20)),
        stop=_stop(rng) if rng.random() < 0.15 else None,
    )


def _stop(rng: random.Random) -> int:
    return rng.randrange(STARTED) if rng.random() < 0.2 else rng.randrange(STARTED, DURABLE)


def _moment(rng: random.Random) -> int | str:
    return rng.choice(MOMENTS) if rng.random() < 0.6 else rng.randrange(SOON)


def _fault(rng: random.Random) -> tuple[str, str]:
    where = rng.choice(_STRUCK)
    number = rng.choice((0, 0, 1, 2) if where == "list" else (0, 0, 1))
    return f"{where} {number}", rng.choice(FAULTS[where])


def _plainly(one: Run) -> str:
    """What is not as usual alone: a failing history is read by people."""
    told = (
        f"{field.name}={value!r}"
        for field in fields(one)
        if (value := getattr(one, field.name)) != field.default
    )
    return f"Run({', '.join(told)})"
