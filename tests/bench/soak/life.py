"""All that befalls two folders and their account in a soak, drawn for a whole month, day by day."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import people, weather
from .weather import DAY, Act

if TYPE_CHECKING:
    from .home import Home
    from .house import House

Local = Callable[["House", "Home", random.Random], "str | None"]


@dataclass(frozen=True, slots=True)
class Due:
    """``act`` happens ``at`` so many seconds after the beginning."""

    at: float
    act: Act


def life(rng: random.Random, days: int) -> Iterator[Due]:
    """All of it in the order of its happening: in bursts, as people do things."""
    found: list[Due] = []
    for day in range(days):
        for act, often in RATES:
            for _ in range(int(often) + (rng.random() < often % 1)):
                at = (day + rng.random()) * DAY
                for _ in range(rng.choice((1, 1, 1, 2, 3))):
                    found.append(Due(at, act))
                    at += rng.choice((0.02, 0.2, 1.0, 60.0))
        found += [Due((day + 0.99) * DAY + who, weather.answering(who)) for who in (0, 1)]
        if day % 7 == 6:
            found += [Due((day + 0.5) * DAY + who, weather.emptying(who)) for who in (0, 1)]
    yield from sorted(found, key=lambda due: due.at)


def _somewhere(act: Local) -> Act:
    """In one of the folders, unless its machine sleeps."""

    def done(house: House, rng: random.Random) -> str | None:
        home = rng.choice(house.homes)
        if not home.is_up:
            return None
        try:
            with house.lock:
                told = act(house, home, rng)
        except (FileNotFoundError, NotADirectoryError) as error:
            # The program was quicker; it happens to people as well.
            return f"{home.name}: {act.__name__}: {error}"
        return told and f"{home.name}: {told}"

    return done


_IN_A_FOLDER: tuple[tuple[Local, float], ...] = (
    (people.rename, 3),
    (people.move, 2),
    (people.move_folder, 0.2),
    (people.copy, 1),
    (people.delete, 1.6),
    (people.put_back, 0.7),
    (people.tidy, 1.5),
    (people.edit, 3),
    (people.own_file, 1),
)

RATES: tuple[tuple[Act, float], ...] = (
    (people.job_new, 5),
    (people.job_delete, 1.5),
    (people.job_rename, 2),
    (people.job_retry, 0.7),
    (people.job_audio, 0.7),
    (people.job_words, 2),
    *((_somewhere(act), often) for act, often in _IN_A_FOLDER),
    (weather.outage, 0.5),
    (weather.burst, 1.5),
    (weather.hang, 0.3),
    (weather.restart, 0.4),
    (weather.suspend, 0.4),
    (weather.clock, 0.15),
)
"""How often a day each begins; two in five come twice or three times in a row."""
