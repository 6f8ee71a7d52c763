"""A month with two daemons on one account, and with people in both folders.

The daemons are real processes, over the real simulator and on a clock that leaps over the time in
which nothing happens (``clock``). The seed fixes the life that is led there (``life``);
who is quicker, the program or people, is up to the machine, so that no two runs are the same.

Judged are, while it goes on: each request that changes the account, and whether what people made
is still there. At the end: whether both folders came to show the account, whether nothing more
happens then, and whether anything of the daemons grew (``figures``).

The first daemon runs through, so that what it takes can be seen to grow; the other is ended and
started, by SIGTERM and by SIGKILL.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import oracle
from ..part import Size, Verdict
from .figures import Figures, grown, table, taken
from .home import Home
from .house import House
from .life import Due, life
from .weather import DAY, answering

NAME = "soak"
UNIT = "simulated days"

LIMIT = 4 * 3_600
"""Real seconds; a month takes a small part of it."""

_QUIET = 1
"""Days more, in which it must stay so."""

_SECTIONS = {
    "api": {"timeout": "5s"},
    "sync": {"poll_interval": "10m", "scan_interval": "1h", "sweep_interval": "6h"},
    "trash": {"retention": "3d"},
    "state": {"history": "4d"},
    "log": {"format": "json"},
}
"""What lasts longer than a third of the time could not be seen to have an end."""


def cases(size: Size) -> Iterable[str]:
    return ["days-1-1"] if size is Size.CI else ["month-1"]


def play(case: str, base: Path) -> Verdict:
    """``month-SEED``, or ``days-NUMBER-SEED`` for less."""
    kind, *numbers = case.split("-")
    if kind == "month":
        return lived(base, 30, int(numbers[0]), settling=4)
    days, seed = map(int, numbers)
    return lived(base, days, seed, settling=2)


def lived(base: Path, days: int, seed: int, settling: int) -> Verdict:
    """``settling``: days without people at the end, after which all must have come to rest."""
    with House(base, seed, tell=_tell, sections=_SECTIONS) as house:
        figures = [Figures() for _ in house.homes]

        def look() -> None:
            for home, kept in zip(house.homes, figures, strict=True):
                if home.is_up:
                    kept.samples.append((house.clock.elapsed, taken(home)))

        house.looking.append(look)
        house.live(list(life(house.rng, days)), days * DAY)
        if not house.troubles:
            _end(house, days, settling)
        troubles, trace = house.troubles, house.trace
        if days >= 14:
            for home, kept in zip(house.homes, figures, strict=True):
                thirds = kept.thirds(7 * DAY, days * DAY)
                trace += [f"{home.name}: first and last third", *table(thirds)]
                troubles += [f"{home.name}: {text}" for text in grown(thirds)]
        for home in house.homes:
            trace.append(
                f"{home.name}: {home.requests} requests, started {home.restarts + 1} times"
            )
            troubles += [f"{home.name}: {text}" for text in _complaints(home)]
        trace.append(f"the time leapt {house.clock.leaps} times")
    return Verdict(
        tuple(troubles), tuple(trace), {"simulated days": days, "restarts": house.homes[1].restarts}
    )


def _tell(text: str) -> None:
    """A month takes a while; the runner listens to what is printed for the key alone."""
    print(f"  soak: {text}", file=sys.__stderr__, flush=True)


def _end(house: House, days: int, settling: int) -> None:
    """People leave it alone, and what is wrong passes: then all must come to rest, and stay so."""
    begin = days * DAY
    for home in house.homes:
        home.sleeper.page.set_by = 0.0
    acts = [Due(begin + DAY / 2, House.calm)]
    for day in range(settling):
        acts += [Due(begin + (day + 0.9) * DAY + who, answering(who)) for who in (0, 1)]
    house.live(acts, begin + settling * DAY)
    house.say("all is left alone")
    for home in house.homes:
        explained = _explained(house, home)
        house.troubles += [
            f"{home.name}: {text}" for text in oracle.at_rest(house, home, explained)
        ]
    stood, sent = _standing(house), house.sent
    house.live([], begin + (settling + _QUIET) * DAY)
    if house.sent != sent:
        house.troubles.append("at rest, it changes the account")
    if _standing(house) != stood:
        changed = sorted(_standing(house) ^ stood)
        house.troubles.append(f"at rest, it changes files: {changed[:10]}")


def _explained(house: House, home: Home) -> set[int]:
    """The jobs of which the program says itself that something waits, or is held."""
    asked = home.asks()
    found = {one["id"] for name in ("pending", "held", "missed") for one in asked[name]}
    found |= {track["id"] for batch in asked["batches"] for track in batch["tracks"]}
    house.say(f"{home.name}: of {sorted(found)} it says that they wait")
    return found


def _standing(house: House) -> set[tuple[str, int, int, int]]:
    return {
        (str(path), path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns)
        for home in house.homes
        for path in home.files()
    }


def _complaints(home: Home) -> Iterator[str]:
    """What its log says that no network, no service and no person can be blamed for."""
    for line in home.log.read_text(errors="replace").splitlines():
        try:
            level = json.loads(line)["level"]
        except (ValueError, KeyError, TypeError):
            level = "critical"
        if level in ("error", "critical"):
            yield line[:400]
