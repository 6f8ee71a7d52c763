"""The program stopped at every step of everything that it does, and started again.

Each scenario is told once to its end, which must be the one that README and safety.md promise
(``ends``), and once for each of its steps, where the program dies (``seams``). Then everything
under a final name is whole (``census``); and once it is started on what that left it must come to
the same: nothing lost, nothing sent that was not sent without the stop, nothing left over.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zlib import crc32

from ..part import Size, Verdict
from . import lives, process
from .ends import end_of, wrong
from .power import Loss
from .scenarios import Scenario
from .scenarios_commands import ALL as SCENARIOS
from .state import State, state
from .telling import LOSSES, Death, Told, tell

NAME, UNIT = "crashes", "crash points"
LIMIT = 1_800
"""Seconds: processes of their own wait by the clock."""
POWER = ("power", "power-twice", *(loss.value for loss in LOSSES))
TWICE = ("twice", "power-twice")
KINDS = {"stop": "stops", "kill": "kills", "twice": "stops", "life": "stops"}

STATED: dict[str, tuple[str, ...]] = {}
"""What may be otherwise after a stop, of a case or a scenario and its texts."""

LONG = ("also-first", "also-rename", "also-deletion")
"""Scenarios of two trees, each with as many steps as four others."""
IN_CI = {"stop": 4, "power": 12, "twice": 36, "life": 36, "power-twice": 36}
"""In CI, of how many steps one is stopped at, in every scenario, from another one on in each; none
of these has a factor in common with the number of losses, so that the power fails in all ways. On
an ordinary file system with one tree, every step is stopped at once."""


def cases(size: Size) -> Iterator[str]:
    """``scenario/how``. ``how`` is ``stop``, ``kill`` (a process of its own), ``power`` (the power
    fails at each step, with the next ``Loss``), or one ``Loss`` for each step; ``twice`` (stopped
    once more on the way back, somewhere), ``power-twice``, ``life`` (something is done by people,
    or in the account, before it is started again), each ``/every-`` so many of the steps, or at
    all; and ``process`` (``process``)."""
    if size is Size.FULL:
        for how in ("stop", "kill", *POWER[2:], "twice", "power-twice", "life"):
            yield from (f"{name}/{how}" for name in SCENARIOS)
        yield from (f"{name}/process" for name in process.SCENARIOS)
        return
    for how, every in IN_CI.items():
        for name, told in SCENARIOS.items():
            whole = how == "stop" and told.system == "native" and name not in LONG
            yield f"{name}/{how}" if whole else f"{name}/{how}/every-{every}"


def play(case: str, base: Path) -> Verdict:
    """``scenario/how``, or ``scenario/how/step`` for one step alone."""
    name, how, *only = case.split("/")
    scenario = SCENARIOS[name]
    if how == "process":
        return process.play(scenario, base, *only)
    whole = tell(scenario, base / "whole", syncs=how in POWER)
    troubles = whole.troubles + list(wrong(whole.stage, end_of(name), whole.before))
    if troubles:
        told = tuple(f"{name}, never stopped: {text}" for text in troubles)
        return Verdict(told, tuple(whole.stage.house.trace))
    reference, steps = state(whole.stage), whole.steps
    points = [at for at in range(1, steps.made + 1) if how in POWER or at - 1 not in steps.vain]
    if only:
        points = _chosen(points, name, only[0])
    trace: list[str] = []
    counts = Counter(points=len(points))
    for at in points:
        one = _told(scenario, base / f"{at}", how, at)
        counts[KINDS.get(how, "power failures")] += 1
        counts["second stops"] += one.deaths == 2
        counts["lives"] += one.lived
        found = _wrong(one, scenario, reference)
        if found:
            what = f"{name}/{how}/{at} ({steps.told[at - 1]})"
            trace += [f"{what}:", *one.stage.house.trace]
            troubles += [f"{what}: {text}" for text in found]
    return Verdict(tuple(troubles), tuple(trace), {what: n for what, n in counts.items() if n})


def _chosen(points: list[int], name: str, only: str) -> list[int]:
    """One of them, or every so many, from one on that differs by scenario; one at least."""
    every = only.removeprefix("every-")
    if every == only:
        return [int(only)]
    return points[crc32(name.encode()) % min(int(every), len(points)) :: int(every)]


def _told(scenario: Scenario, base: Path, how: str, at: int) -> Told:
    rng = random.Random(f"{scenario.name}/{how}/{at}")
    syncs = how in POWER
    first = Death(at, kills=how == "kill", loss=_loss(how, at) if syncs else None)
    if how in TWICE:
        # As often as not where a stop is mended, which comes right after the locks.
        once_more = Death(rng.choice((rng.randint(7, 16), rng.randint(1, 60))), loss=first.loss)
        return tell(scenario, base, (first, once_more), syncs=syncs)
    life = partial(lives.act, seed=f"{scenario.name}/{at}") if how == "life" else None
    return tell(scenario, base, (first,), syncs=syncs, life=life)


def _loss(how: str, at: int) -> Loss:
    return LOSSES[at % len(LOSSES)] if how in ("power", "power-twice") else Loss(how)


def _wrong(told: Told, scenario: Scenario, reference: State) -> list[str]:
    end = end_of(scenario.name)
    if told.lived:
        return told.troubles + list(lives.wrong(told, scenario.name, end))
    differs = state(told.stage).differs(reference)
    stated = STATED.get(scenario.name, ())
    differs = [text for text in differs if not any(one in text for one in stated)]
    return told.troubles + list(wrong(told.stage, end, told.before)) + differs
