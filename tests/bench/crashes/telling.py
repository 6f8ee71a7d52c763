"""One scenario told once: to its end, or with the program's death on the way, once or twice, and
what people do before it is started again."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from syncd.errors import SyncdError
from syncd.local import exchange, rename, scan

from . import killed
from .census import Census, census, unwhole
from .power import Disk, Loss
from .scenarios import Scenario
from .seams import Steps
from .stage import Databases, Stage, ended_here, to_rest

LOSSES = tuple(Loss)


@dataclass(frozen=True)
class Death:
    """``kills``: by the system, in a process of its own. ``loss``: what goes with the power."""

    at: int
    kills: bool = False
    loss: Loss | None = None


@dataclass
class Told:
    """What a telling came to. ``steps``: of its first program; ``deaths``: how many there were;
    ``before``: what stood when that began; ``after``: once people had done something."""

    stage: Stage
    steps: Steps
    before: Census
    after: Census
    deaths: int = 0
    lived: bool = False
    troubles: list[str] = field(default_factory=list)


def tell(
    scenario: Scenario,
    base: Path,
    deaths: tuple[Death, ...] = (),
    *,
    syncs: bool = False,
    life: Callable[[Stage], bool] | None = None,
) -> Told:
    """``syncs`` are steps, too (they are where the power fails). ``life``: something that happens
    while the program is dead; whether it did."""
    stage = Stage(base, scenario.setup)
    stage.furnish()
    with _file_system(scenario.system), stage.house.lives() as loop:
        loop.set_exception_handler(lambda *_: None)
        return loop.run_until_complete(_tell(scenario, stage, deaths, syncs, life))


async def _tell(
    scenario: Scenario,
    stage: Stage,
    deaths: tuple[Death, ...],
    syncs: bool,
    life: Callable[[Stage], bool] | None,
) -> Told:
    await scenario.before(stage)
    before = census(stage)
    told = Told(stage, Steps(stage.base, syncs=syncs), before, before)
    again = scenario.again or scenario.act

    async def anew() -> None:
        with suppress(SyncdError):
            await again(stage)

    async def begin() -> None:
        await scenario.act(stage)

    act: Callable[[], Awaitable[None]] = begin
    dates: dict[tuple[int, int], int] = {}
    with ExitStack() as disks:
        for number, death in enumerate(deaths):
            steps = Steps(stage.base, death.at, syncs=syncs)
            told.steps = told.steps if number else steps
            limbo = stage.base / f"limbo {number}"
            if not await _dies(stage, steps, death, act, limbo, dates, disks):
                break
            told.deaths += 1
            stage.house.trace.append(f"  died {f'before {steps.told[-1]}' if steps.told else ''}")
            wrong = unwhole(stage, told.after, system=scenario.system)
            told.troubles += [f"where it died: {text}" for text in wrong]
            stage.forget()
            stage.house.moment.pass_(5)
            if life is not None and not number:
                told.lived = life(stage)
                told.after = census(stage)
            stage.house.trace.append("  started again")
            act = anew
        else:
            await (anew() if deaths else ended_here(stage, told.steps, begin))
        stage.member.seam = lambda _: None
        told.troubles += await to_rest(stage)
        await stage.end()
    return told


async def _dies(
    stage: Stage,
    steps: Steps,
    death: Death,
    act: Callable[[], Awaitable[None]],
    limbo: Path,
    dates: dict[tuple[int, int], int],
    disks: ExitStack,
) -> bool:
    """Whether it did, in ``act``; what is left is what is left then."""
    folder = stage.member.base
    disk = None
    if death.loss is not None:
        steps.watcher = disk = Disk(folder, apart=folder / "state", limbo=limbo, dates=dates)
        disks.enter_context(_dates_of(disk))
    steps.logs.begun(folder)
    moment: list[Databases] = []

    def die() -> None:
        moment.append(Databases(folder))
        asyncio.get_running_loop().call_soon(steps.ended)

    steps.die = die
    ended = killed.killed if death.kills else ended_here
    if not await ended(stage, steps, act):
        return False
    for databases in moment:
        databases.back()
    if disk is not None and death.loss is not None:
        _power_fails(disk, death.loss, moment[0], steps)
    return True


@contextmanager
def _file_system(system: str) -> Iterator[None]:
    """This one, or one that offers less of what renames without replacing."""

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with ExitStack() as stack:
        if system != "native":
            for owner in (rename, exchange):
                stack.enter_context(patch.object(owner, "native_rename", lambda *_, **__: False))
        if system == "bare":
            stack.enter_context(patch.object(os, "link", refused))
        yield


def _power_fails(disk: Disk, loss: Loss, databases: Databases, steps: Steps) -> None:
    disk.fail(loss)
    if loss in (Loss.ALL, Loss.CATALOG):
        databases.lose(steps.logs.lengths)
    elif loss is Loss.COMMITS:
        databases.lose(steps.logs.lengths, some=steps.made)


def _dates_of(disk: Disk) -> Any:
    """A program that sees files as ``disk`` has them: no other can set when one was changed."""
    looked = scan._stat
    return patch.object(scan, "_stat", lambda found: disk.as_it_was(looked(found)))
