"""Runs of the program in a history: one, or two at the same time; what happens in them meanwhile,
and where one of them is broken off.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import patch

from syncd.remote.poll import Poller
from syncd.remote.sweep import Sweep
from syncd.simulator import Fault
from syncd.simulator.requests import RequestRecord

from .crashes.seams import Steps
from .crashes.stage import Databases
from .story import LARGEST, Act, Run

if TYPE_CHECKING:
    from .house import Home, House

_KINDS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("planned", r"^planned$"),
        ("fsync", r"^fsync$"),
        ("list", r"^GET \S+/jobs\?skip="),
        ("look", r"^GET \S+/status$"),
        ("media", r"^GET /\d+/"),
        ("send", r"^(PATCH|DELETE|POST) "),
    )
)
"""The moments that a story can name, by what is about to happen."""

_MET = {
    "list": {"origin": "api", "method": "GET", "path": r"/jobs$", "query": {"sort_order": "asc"}},
    "look": {"origin": "api", "method": "GET", "path": r"/jobs/\d+/status$"},
    "media": {"origin": "media"},
    "send": {"origin": "api", "when": lambda record: record.method not in ("GET", "HEAD")},
}
"""The requests that a fault can name."""


class Runs:
    """All of a history. ``counts``: what happened in them, for the report.

    What is to happen at a moment that a run does not have waits for the next run that has it.
    """

    def __init__(self, house: House) -> None:
        self.counts: Counter[str] = Counter()
        self.taken: list[str] = []
        """Files that went though their job stayed; told after what else was wrong at the end."""
        self._house = house
        self._waiting: dict[str, list[tuple[int | str, Act]]] = {}
        self._faults: list[Fault] = []

    async def play(self, *runs: Run) -> None:
        """These, at the same time. A member that two are for has the first."""
        house = self._house
        found: dict[str, tuple[Home, Run]] = {}
        for run in runs:
            home = house.homes[run.who % len(house.homes)]
            found.setdefault(home.member.name, (home, run))
        for home, run in found.values():
            if run.restart or run.stop is not None:
                await home.member.close()
            how = " with a sweep" if run.sweep else " with a poll" if run.poll else ""
            beside = " meanwhile" if len(found) > 1 else ""
            house.trace.append(f"{home.member.name} syncs{how}{beside}")
            self.counts["runs"] += 1
        self.counts["runs at the same time"] += len(found) if len(found) > 1 else 0
        house.running = [home for home, _ in found.values()]
        stood = [(tree, tree.ledger.bearers()) for home in house.running for tree in home.trees]
        with self._go_wrong(found), self._synced(), ExitStack() as stack:
            for home, run in found.values():
                stack.enter_context(self._meanwhile(home, run))
            if len(found) > 1:
                await asyncio.gather(*(self._sync(*one) for one in found.values()))
            else:
                await self._alone(*next(iter(found.values())))
        house.running = []
        if all(run.stop is None for run in runs):
            self.taken += _taken_away(house, stood)
        for home, _ in found.values():
            if home.member.reports and home.member.reports[-1].error:
                house.trace.append(
                    f"  {home.member.name} ended by: {home.member.reports[-1].error}"
                )
            for at, act in tuple(self._waiting[home.member.name]):
                if isinstance(at, int):
                    self._late(home, at, act)

    def what_is_left(self) -> None:
        """Do what found no moment, and let everything go well from now on."""
        for home in self._house.homes:
            for at, act in tuple(self._waiting.get(home.member.name, ())):
                self._late(home, at, act)
        self._faults.clear()

    def _late(self, home: Home, at: int | str, act: Act) -> None:
        self._waiting[home.member.name].remove((at, act))
        self.counts["acts after runs"] += 1
        self._house.act(act)

    # --- what happens meanwhile ---

    @contextmanager
    def _meanwhile(self, home: Home, run: Run) -> Iterator[None]:
        """While this lasts, what is to happen during ``run`` does at its moments."""
        waiting = self._waiting.setdefault(home.member.name, [])
        waiting += run.meanwhile
        moments: Counter[str] = Counter()

        def seam(what: str) -> None:
            kind = next((name for name, pattern in _KINDS if pattern.search(what)), "")
            names = (moments["all"], f"{kind} {moments[kind]}")
            moments["all"] += 1
            moments[kind] += 1
            self.counts["second pages"] += kind == "list" and not what.endswith("=0")
            for at, act in [one for one in waiting if one[0] in names]:
                waiting.remove((at, act))
                self.counts["acts during runs"] += 1
                self._house.trace.append(f"  at {what}:")
                self._house.act(act)

        home.member.seam = seam
        yield
        home.member.seam = lambda _: None

    @contextmanager
    def _synced(self) -> Iterator[None]:
        """A moment is where a file has its bytes and not yet its name, or just got it."""
        fsync = os.fsync

        def made_durable(descriptor: int) -> None:
            path = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
            fsync(descriptor)
            for home in self._house.running:
                if path.startswith(f"{home.member.base}/"):
                    home.member.seam("fsync")

        with patch.object(os, "fsync", made_durable):
            yield

    @contextmanager
    def _go_wrong(self, found: dict[str, tuple[Home, Run]]) -> Iterator[None]:
        """While this lasts, the faults of these runs, and those that still wait, lie in wait."""
        faults = self._house.account.sim.faults
        fresh = [fault_of(at, kind) for _, run in found.values() for at, kind in run.faults]
        self._faults += fresh
        slow = [_lag(home.member.key, run.lag) for home, run in found.values() if run.lag]
        faults.add(*self._faults, *slow)
        yield
        pending = {id(fault) for fault in faults.pending()}
        faults.clear()
        left = [fault for fault in self._faults if id(fault) in pending]
        self.counts["faults that struck"] += len(self._faults) - len(left)
        self._faults = [fault for fault in left if fault.origin is not None]

    # --- the runs themselves ---

    async def _sync(self, home: Home, run: Run) -> None:
        await home.member.sync(sweep=run.sweep, poll=run.poll)

    async def _alone(self, home: Home, run: Run) -> None:
        if run.stop is None:
            await self._sync(home, run)
            return
        steps = Steps(home.member.base, run.stop + 1)
        stood = {tree.name: tree.ledger.bearers() for tree in home.trees}
        if not await self._broken_off(home, run, steps):
            return
        for tree in home.trees:
            before = stood[tree.name]
            tree.ledger.unrecorded |= {
                job
                for job, paths in tree.ledger.bearers().items()
                if not paths <= before.get(job, set())
            }
        self.counts["runs broken off"] += 1
        self._house.trace.append(f"  {home.member.name} dies at {_what(steps.told[-1])}")
        member = replace(home.member, seam=lambda _: None, _opened=None, _engine=None)
        for tree in home.trees:
            tree.member = member
            tree.told.dies()
        self._house.moment.pass_(5)

    async def _broken_off(self, home: Home, run: Run, steps: Steps) -> bool:
        """Whether it died on the way; then nothing of it is left in this process."""
        meanwhile, held = home.member.seam, []

        def seam(what: str) -> None:
            if not steps.dead:
                # What people do takes no step of the program's.
                made, steps.made, at, steps.at = steps.made, 0, steps.at, None
                told = len(steps.told)
                meanwhile(what)
                steps.made, steps.at = made, at
                del steps.told[told:]
            if what != "fsync":
                steps.arriving(what)

        def die() -> None:
            held.append(Databases(home.member.base))
            asyncio.get_running_loop().call_soon(main.cancel)

        home.member.seam, steps.die = seam, die
        loop = asyncio.get_running_loop()
        with steps.counted():
            main = asyncio.ensure_future(self._sync(home, run))
            loop.set_exception_handler(lambda *_: None)
            (ended,) = await asyncio.gather(main, return_exceptions=True)
            if steps.dead:
                await _bury(home, steps)
            elif isinstance(ended, BaseException):
                raise ended
        loop.set_exception_handler(None)
        steps.at = None  # its catalogs, if they are still open, are counted as long as they are
        for databases in held:
            databases.back()
        return steps.dead


def _taken_away(house: House, stood: list[tuple[Home, dict[int, set[str]]]]) -> Iterator[str]:
    """Of which jobs the program left no file, though the account has them, and people did."""
    jobs = {job.id for job in house.world.jobs()}
    for tree, before in stood:
        gone = before.keys() - tree.ledger.bearers().keys() - tree.ledger.removed.keys()
        for job in sorted(gone & jobs):
            yield f"{tree.name}: {sorted(before[job])} went, and job {job} is in the account"


async def _bury(home: Home, steps: Steps) -> None:
    """End all that a dead program left in this process."""
    opened = home.member._opened
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if opened is not None:
        closing = asyncio.ensure_future(opened.aclose())
        await asyncio.gather(closing, return_exceptions=True)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    steps.bury()


def _what(step: str) -> str:
    """A step without what is drawn anew in each process, such as the name of a temporary file."""
    return step.split(" ")[0]


def fault_of(at: int | str, kind: str) -> Fault:
    """What strikes the ``at``-th request, or the first, second, … of those that ``at`` names."""
    seconds = {"hang": None, "latency": 40.0}.get(kind)
    if isinstance(at, int):
        return Fault(kind, after=at, seconds=seconds)
    where, number = at.split(" ")
    return Fault(kind, after=int(number), seconds=seconds, **{"origin": "api", **_MET[where]})


def _lag(key: str, tenths: int) -> Fault:
    """Each answer to who has this key comes so much later."""

    def theirs(record: RequestRecord) -> bool:
        return any(key in value for _, value in record.headers)

    return Fault("latency", origin="api", when=theirs, times=None, seconds=tenths / 10)


@contextmanager
def pages_of(rows: int) -> Iterator[None]:
    """While this lasts, the program asks for pages of so many rows."""
    with ExitStack() as stack:
        if rows != LARGEST:
            for asks, names in ((Sweep, ("limit",)), (Poller, ("newest", "rolling"))):
                defaults = asks.__init__.__kwdefaults__
                stack.enter_context(patch.dict(defaults, dict.fromkeys(names, rows)))
        yield
