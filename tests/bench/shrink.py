"""Makes a failing history shorter, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from .setup import Setup
from .story import Run, Story


def shortened(tale: Story, fails: Callable[[Story], bool], *, tries: int = 400) -> Story:
    """The shortest found with so many tries; ``fails`` says whether a story still does."""
    left = tries
    found = True
    while found and left > 0:
        found = False
        for shorter in _shorter(tale):
            left -= 1
            if fails(shorter):
                tale, found = shorter, True
                break
            if left <= 0:
                break
    return tale


def _shorter(tale: Story) -> Iterator[Story]:
    """Every story that is one bit simpler, the greatest bits first."""
    if len(tale.setups) > 1:
        yield replace(tale, setups=tale.setups[:1])
    size = len(tale.steps) // 2
    while size:
        for start in range(0, len(tale.steps), size):
            yield replace(tale, steps=tale.steps[:start] + tale.steps[start + size :])
        size //= 2
    if tale.jobs > 1:
        yield replace(tale, jobs=tale.jobs - 1)
    for index, step in enumerate(tale.steps):
        for simpler in _simpler(step) if isinstance(step, Run) else ():
            steps = (*tale.steps[:index], simpler, *tale.steps[index + 1 :])
            yield replace(tale, steps=steps)
    for index, setup in enumerate(tale.setups):
        for field in fields(Setup):
            if getattr(setup, field.name) != field.default:
                plain = replace(setup, **{field.name: field.default})
                setups = (*tale.setups[:index], plain, *tale.setups[index + 1 :])
                yield replace(tale, setups=setups)


def _simpler(run: Run) -> Iterator[Run]:
    for index in range(len(run.meanwhile)):
        yield replace(run, meanwhile=run.meanwhile[:index] + run.meanwhile[index + 1 :])
    for index in range(len(run.faults)):
        yield replace(run, faults=run.faults[:index] + run.faults[index + 1 :])
    if run.restart:
        yield replace(run, restart=False)
