"""The two daemons of a soak, their account, and the time that passes for them."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from syncd.simulator import Simulator, World
from syncd.simulator.job import Clip
from syncd.simulator.requests import RequestRecord
from syncd.simulator.sound import tone

from .. import oracle
from ..chronicle import Chronicle
from ..house import heard
from ..setup import Setup
from .clock import Clock
from .home import PATIENCE, Home, Sections
from .life import Due
from .people import title
from .weather import DAY, Act

_JOBS = 66
_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What the oracle asks of the time."""

    clock: Clock

    @property
    def uptime(self) -> float:
        return self.clock.uptime


class House:
    """To be used with ``with``: the service answers, the daemons run.

    ``troubles`` is what went wrong, and ``trace`` what happened, in words.
    """

    def __init__(
        self, base: Path, seed: int, *, tell: Callable[[str], None], sections: Sections
    ) -> None:
        self.clock = Clock(time.time())
        self.moment = Moment(self.clock)
        self.rng = random.Random(seed)
        self.world = World(clock=self.clock.truth, seed=seed)
        self.sim = Simulator(self.world, key="ap_nobody")
        self.trace: list[str] = []
        self.troubles: list[str] = []
        self.homes: list[Home] = []
        self.looking: list[Callable[[], None]] = []
        """What is to be done each hour."""
        self._base = base
        self._sections = sections
        self._tell = tell
        self._clips = itertools.count(seed * 10_000)
        self.numbers = itertools.count(1)
        self.sent = 0
        self._later: list[Due] = []
        self.lock = threading.RLock()
        self.chronicle = Chronicle(self, lambda: self.clock.uptime)
        self._day = 0

    def __enter__(self) -> House:
        self.sim.__enter__()
        self._arrived = self.sim.requests.arrived
        self.sim.requests.arrived = self._arriving  # type: ignore[method-assign]
        for name, retries in (("a", 2), ("b", 0)):
            setup = Setup(grace=6 * 3_600, budget=12, retries=retries)
            home = Home(
                name, self._base, self.sim, self.clock, self.chronicle, setup, self._sections
            )
            setup.furnish(self.sim.switches)
            self.homes.append(home)
        for _ in range(_JOBS):
            kinds = self.rng.choice((("flac", "mp3"), ("mp3",), ("flac",)))
            audio = {kind: self.audio(kind) for kind in kinds}
            self.world.add(display_name=title(self.rng), audio=audio)
        for home in self.homes:
            home.start()
        return self

    def __exit__(self, *_: object) -> None:
        for home in self.homes:
            home.close()
        self.sim.__exit__(None, None, None)

    def audio(self, kind: str) -> bytes:
        """A sound that no other job has."""
        return tone(kind, next(self._clips), 0.2)

    def heard(self, clip: Clip) -> str:
        return heard(clip)

    def later(self, seconds: float, act: Act) -> None:
        self._later.append(Due(self.clock.elapsed + seconds, act))

    def calm(self, _: object = None) -> str:
        """Whatever is wrong with the service passes."""
        self.sim.faults.clear()
        return "the service is as it should be"

    def say(self, text: str) -> None:
        day, rest = divmod(self.clock.elapsed, DAY)
        self.trace.append(f"{day:.0f}d {rest / _HOUR:05.2f}h {text}")

    def live(self, life: list[Due], until: float) -> None:
        """Let it all happen, and the time pass, until ``until`` seconds after the beginning."""
        due = sorted(life, key=lambda one: one.at)
        hour = (self.clock.elapsed // _HOUR + 1) * _HOUR
        while self.clock.elapsed < until and len(self.troubles) < 20:
            if self.clock.elapsed >= hour:
                hour += _HOUR
                self._look()
                continue
            now = self.clock.elapsed
            ripe = [one for one in (*self._later, *due[:1]) if one.at <= now]
            for one in ripe:
                self._later.remove(one) if one in self._later else due.remove(one)
                self._do(one.act)
            if ripe:
                # What the kernel tells of it takes a moment; it is to be heard before time leaps.
                time.sleep(0.04)
                continue
            self._pass_until(min(until, hour, *(one.at for one in (*self._later, *due[:1]))))

    def _do(self, act: Act) -> None:
        with self.lock:
            self.chronicle.look()  # so that it is known what was before it, and what after
        if told := act(self, self.rng):
            self.say(told)

    def _pass_until(self, elapsed: float) -> None:
        """Leap once, when all are at rest; or let it pass by itself while they are not."""
        began = time.monotonic()
        while not self.clock.rests():
            time.sleep(0.0004)
            if self.clock.elapsed >= elapsed:
                return
            if time.monotonic() - began > PATIENCE:
                self.troubles.append("somebody works, and does not come to rest")
                return
            self._see_that_they_run()
        self.clock.leap(self.clock.uptime + elapsed - self.clock.elapsed)

    def _see_that_they_run(self) -> None:
        for home in self.homes:
            code = home.ended()
            if code is not None:
                self.troubles.append(f"{home.name}: it ended by itself with {code}")
                home.start()

    def _look(self) -> None:
        """Each hour."""
        with self.lock:
            for home in self.homes:
                home.ledger.looks()
                self.look_for_losses(home)
        self.sim.requests.clear()
        for look in self.looking:
            look()
        if self.clock.elapsed // DAY > self._day:
            self._day = int(self.clock.elapsed // DAY)
            for home in self.homes:
                home.read.forget()
            self._tell(f"day {self._day}: {len(self.world.jobs())} jobs, {len(self.trace)} lines")

    def look_for_losses(self, home: Home) -> None:
        self.troubles += [
            f"{home.name}: {text}" for text in home.ledger.lost(self.clock.uptime, 3 * DAY)
        ]

    def _arriving(
        self,
        origin: str,
        method: str,
        path: str,
        query: dict[str, str],
        headers: tuple[tuple[str, str], ...],
        body: bytes,
    ) -> RequestRecord:
        key = dict(headers).get("x-api-key")
        for home in self.homes:
            if home.key == key:
                home.requests += 1
                if method not in ("GET", "HEAD"):
                    self.sent += 1
                    self._judge(home, method, path, body)
                with self.lock:
                    self.chronicle.look()
                    home.told.asks(method, path, self.clock.uptime)
        return self._arrived(origin, method, path, query, headers, body)

    def _judge(self, home: Home, method: str, path: str, body: bytes) -> None:
        with self.lock:
            self.chronicle.look()
            self.say(f"  {home.name} > {method} {path} {body.decode(errors='replace')}")
            try:
                trouble = oracle.of_request(self, home, method, path, body)
            except Exception as error:
                # The service answers in any case.
                trouble = f"{method} {path} could not be judged: {error!r}"
            if trouble:
                self.say(f"  TROUBLE {trouble}")
                self.troubles.append(f"{home.name}: {trouble}")
