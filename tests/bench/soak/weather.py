"""What befalls the daemons of a soak: the network, the service, the machines, and their owners."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from syncd.simulator.faults import Fault

if TYPE_CHECKING:
    from .house import House

DAY, HOUR = 86_400.0, 3_600.0

Act = Callable[["House", random.Random], "str | None"]


def outage(house: House, rng: random.Random) -> str:
    """No way to the service, for one folder or for both."""
    house.later(rng.choice((60.0, HOUR, 5 * HOUR)), _calm)
    key = rng.choice((*(home.key for home in house.homes), None))
    kind = rng.choice(("reset", "close"))
    if key is None:
        house.sim.faults.add(Fault(kind, times=None))
        return f"no network: {kind}"
    house.sim.faults.add(
        Fault(kind, times=None, when=lambda record: (_KEYED, key) in record.headers)
    )
    return f"no network for {key[-1]}: {kind}"


def _calm(house: House, _: random.Random) -> str:
    return house.calm()


_KEYED = "x-api-key"


def burst(house: House, rng: random.Random) -> str:
    """The service is out of order for some requests."""
    kind = rng.choice(("status", "status", "rate", "truncate", "corrupt", "cut-json", "short"))
    times = rng.randint(2, 12)
    if kind == "rate":
        wait = float(rng.choice((2, 30, 300)))
        house.sim.faults.add(Fault("status", status=429, retry_after=wait, times=times))
    elif kind == "status":
        house.sim.faults.add(Fault("status", status=rng.choice((500, 502, 503)), times=times))
    else:
        origin = "api" if kind in ("cut-json", "short") else None
        house.sim.faults.add(Fault(kind, origin=origin, times=min(times, 3), count=1))
    return f"the service: {times} times {kind}"


def hang(house: House, rng: random.Random) -> str:
    house.sim.faults.add(Fault("hang", seconds=1.0))
    return "the service hangs once"


def restart(house: House, rng: random.Random) -> str | None:
    """Of the second daemon alone: what grows in the first one is to be seen."""
    home = house.homes[1]
    if not home.is_up:
        return None
    number = rng.choice((signal.SIGTERM, signal.SIGKILL))
    if trouble := home.restart(number):
        house.troubles.append(trouble)
    return f"{home.name}: ended by {number.name}, started again"


def suspend(house: House, rng: random.Random) -> str | None:
    """A machine sleeps, or is too busy to let its daemon do anything."""
    home = rng.choice(house.homes)
    if not home.is_up:
        return None
    seconds = rng.choice((120.0, HOUR, 9 * HOUR))
    slept = seconds if rng.random() < 0.7 else 0.0
    home.freeze()

    def goes_on(house: House, _: random.Random) -> str:
        home.thaw(slept)
        return f"{home.name}: goes on"

    house.later(seconds, goes_on)
    return f"{home.name}: {'sleeps' if slept else 'stands still'} for {seconds:.0f} s"


def clock(house: House, rng: random.Random) -> str:
    home = rng.choice(house.homes)
    home.sleeper.page.set_by = rng.choice((0.0, 0.0, HOUR, -2 * HOUR, DAY))
    return f"{home.name}: the clock is set to be off by {home.sleeper.page.set_by:.0f} s"


def answering(who: int) -> Act:
    """Somebody looks at what waits, and lets it be done; where it cannot be, leaves it."""

    def answers(house: House, rng: random.Random) -> str | None:
        home = house.homes[who]
        if not home.is_up:
            return None
        asked = home.asks()
        told = []
        released = [track["id"] for batch in asked["batches"] for track in batch["tracks"]]
        home.ledger.released(released)
        for batch in asked["batches"]:
            code, _ = home.tell("approve", str(batch["batch"]))
            told.append(f"batch {batch['batch']} of {batch['held']} approved ({code})")
        for held in asked["held"]:
            for answer in ("approve", "reject"):
                if held[answer] and not held["approved"]:
                    home.ledger.released([held["id"]])
                    code, _ = home.tell(answer, "--job", str(held["id"]))
                    told.append(f"{answer} {held['held']} {held['id']}: {code}")
                    break
        return f"{home.name}: {'; '.join(told)}" if told else None

    return answers


def emptying(who: int) -> Act:
    def empties(house: House, rng: random.Random) -> str | None:
        home = house.homes[who]
        if not home.is_up:
            return None
        with house.lock:
            house.look_for_losses(home)
        code, _ = home.tell("trash", "empty", "--yes")
        home.ledger.empties()
        return f"{home.name}: trash emptied ({code})"

    return empties
