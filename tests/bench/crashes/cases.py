"""The program stopped at every step of everything that it does, and started again.

Each scenario is told once to its end, and once for each of its steps, where the program dies
(``seams``). Then it is started on what that left, and must come to the same: nothing lost, nothing
sent that was not sent without the stop, nothing left over.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from syncd.errors import SyncdError
from syncd.local import exchange, rename, scan

from ..part import Size, Verdict
from . import killed
from .power import Disk, Loss
from .scenarios import Scenario
from .scenarios_commands import ALL as SCENARIOS
from .seams import Steps
from .stage import Databases, Stage, ended_here, to_rest
from .state import State, state

NAME, UNIT = "crashes", "crash points"
LOSSES = tuple(Loss)
POWER = ("power", *(loss.value for loss in LOSSES))

STATED: dict[str, tuple[str, ...]] = {}
"""What may be otherwise after a stop, of a case or a scenario and its texts."""

POWER_IN_CI = (
    "first-flac", "rename-up", "rename-down", "swap-down", "template", "deletion-up",
    "deletion-down", "other-audio", "words", "evict", "restore",
)  # fmt: skip
BARE_IN_CI = ("swap-down-bare", "case-down-bare", "other-audio-bare", "swap-down-linking")


def cases(size: Size) -> Iterator[str]:
    """``scenario/how``; ``how`` is ``stop``, ``kill`` (a process of its own), ``power`` (the power
    fails at each step, with the next ``Loss``), or one ``Loss`` for each step."""
    if size is Size.FULL:
        for how in ("stop", "kill", *POWER[1:]):
            yield from (f"{name}/{how}" for name in SCENARIOS)
        return
    for name, told in SCENARIOS.items():
        if told.system == "native" or name in BARE_IN_CI:
            yield f"{name}/stop"
        if name in POWER_IN_CI:
            yield f"{name}/power"


def play(case: str, base: Path) -> Verdict:
    """``scenario/how``, or ``scenario/how/step`` for one step alone."""
    name, how, *only = case.split("/")
    told = SCENARIOS[name]
    reference, steps = _whole(told, base / "whole", how)
    points = [int(one) for one in only] or [
        at for at in range(1, steps.made + 1) if how in POWER or at - 1 not in steps.vain
    ]
    troubles: list[str] = []
    trace: list[str] = []
    for at in points:
        loss = _loss(how, at) if how in POWER else None
        stopped, wrong = _stopped(told, base / f"{at}", how, at, loss, reference)
        if wrong:
            what = f"{steps.told[at - 1]}{f', losing {loss.value}' if loss else ''}"
            trace += [f"{name}/{how}/{at} ({what}):", *stopped.house.trace]
            troubles += [f"{name}/{how}/{at} ({what}): {text}" for text in wrong]
    kind = "power failures" if how in POWER else f"{how}s"
    return Verdict(tuple(troubles), tuple(trace), {"points": len(points), kind: len(points)})


def _loss(how: str, at: int) -> Loss:
    return LOSSES[at % len(LOSSES)] if how == "power" else Loss(how)


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


def _whole(told: Scenario, base: Path, how: str = "stop") -> tuple[State, Steps]:
    steps = Steps(base, syncs=how in POWER)
    stage, troubles = _played(told, base, steps, how, None)
    if troubles:
        raise AssertionError(f"never stopped, and yet: {troubles}")
    return state(stage), steps


def _stopped(
    told: Scenario, base: Path, how: str, at: int, loss: Loss | None, reference: State
) -> tuple[Stage, list[str]]:
    steps = Steps(base, at, syncs=loss is not None)
    stage, troubles = _played(told, base, steps, how, loss)
    stated = STATED.get(told.name, ())
    differs = state(stage).differs(reference)
    return stage, troubles + [text for text in differs if not any(one in text for one in stated)]


def _played(
    told: Scenario, base: Path, steps: Steps, how: str, loss: Loss | None
) -> tuple[Stage, list[str]]:
    stage = Stage(base, told.setup)
    with _file_system(told.system), stage.house.lives() as loop:
        loop.set_exception_handler(lambda *_: None)
        troubles = loop.run_until_complete(_play(told, stage, steps, how, loss))
    return stage, troubles


async def _play(
    told: Scenario, stage: Stage, steps: Steps, how: str, loss: Loss | None
) -> list[str]:
    await told.before(stage)
    folder = stage.member.base
    disk = None
    if loss is not None:
        disk = Disk(folder, apart=folder / "state", limbo=stage.base / "limbo")
        steps.watcher = disk
    moment: list[Databases] = []

    def die() -> None:
        moment.append(Databases(folder))
        asyncio.get_running_loop().call_soon(steps.ended)

    steps.die = die
    ended = killed.killed if how == "kill" and steps.at else ended_here
    with ExitStack() as stack:
        if await ended(stage, steps, lambda: told.act(stage)):
            for databases in moment:
                databases.back()
            if disk is not None and loss is not None:
                _power_fails(disk, loss, moment[0], steps)
                stack.enter_context(_dates_of(disk))
            stage.forget()
            stage.house.moment.pass_(5)
            stage.house.trace.append("  started again")
            with suppress(SyncdError):
                await (told.again or told.act)(stage)
        found = await to_rest(stage)
        await stage.end()
    return found


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
