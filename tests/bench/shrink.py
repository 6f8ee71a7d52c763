"""Makes a failing history shorter, as long as it still fails in the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from .setup import Setup
from .story import LARGEST, Run, Story

_CHANGING = re.compile(r"^[a-d]( \w+)?: |'[^']*'|\"[^\"]*\"|[\[({].*?[\])}]|\d+")
"""What differs in a trouble from one history to the next: names, numbers, lists of both."""

Wrong = Callable[[Story], tuple[str, ...]]


def trouble_of(wrong: Wrong, tale: Story) -> str:
    """The first trouble of ``tale``, or what was raised meanwhile; empty where all is well."""
    try:
        return next(iter(wrong(tale)), "")
    except Exception as error:  # the program may raise anything
        return f"{type(error).__name__} was raised: {error}"


def sort_of(trouble: str) -> str:
    raised, was_raised, _ = trouble.partition(" was raised: ")
    return raised + was_raised if was_raised else " ".join(_CHANGING.sub(" ", trouble).split())


def alike(wrong: Wrong, tale: Story) -> Callable[[Story], bool]:
    """Whether another story goes wrong as ``tale`` does: it may hide what another mistake does."""
    sort = sort_of(trouble_of(wrong, tale))
    return lambda other: bool(sort) and sort_of(trouble_of(wrong, other)) == sort


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
    if tale.page != LARGEST:
        yield replace(tale, page=LARGEST)
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
    for field in fields(Run):
        plain = field.name not in ("who", "meanwhile", "faults", "sweep")
        if plain and getattr(run, field.name) != field.default:
            yield replace(run, **{field.name: field.default})
