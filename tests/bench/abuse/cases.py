"""Abuse: a service that turns hostile, and a disk that is a mess.

Each case is one abuse, named in words; ``cases`` is the list of what is covered. What must hold of
each is in ``stage``: time, memory and disk are bounded, no host is asked that nobody named,
the key goes to the API alone, nothing is written outside the library and the state folder or read
through a link, there is no traceback and nothing that commands a terminal, the other tracks are
served, and once it is over the library comes into step again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..part import Size, Verdict
from . import (
    answers,
    config,
    folder,
    hosts,
    media,
    names,
    private,
    values,
)
from .stage import Stage, stage

NAME, UNIT = "abuse", "abuses"
LIMIT = 300
AT_ONCE = 3
"""Most of the time of an abuse is waiting for what does not come."""


class Kind(NamedTuple):
    """``jobs``: how many tracks are in step before; ``is_fine``: its abuses are also played by
    others, all at once."""

    name: str
    plays: Mapping[str, Callable[[Stage], None]]
    jobs: int = 2
    is_fine: bool = False


@cache
def kinds() -> tuple[Kind, ...]:
    return (
        Kind("values", values.together(), jobs=1),
        Kind("value", values.cases(), jobs=0, is_fine=True),
        Kind("answer", answers.cases()),
        Kind("media", media.cases(), jobs=0),
        Kind("folder", {**folder.CASES, **names.CASES}),
        Kind("private", private.cases()),
        Kind("config", config.cases(), jobs=1),
    )


def abuses() -> dict[str, tuple[Callable[[Stage], None], Kind]]:
    """Every abuse by its key: where it comes from, and what it is."""
    return {
        f"{kind.name}: {name}": (kind.plays[name], kind) for kind in kinds() for name in kind.plays
    }


@cache
def _hosts() -> dict[str, Callable[[Path], Verdict]]:
    return {f"host: {name}": play for name, play in hosts.cases().items()}


def cases(size: Size) -> Iterator[str]:
    """Where all of a table is played at once, each alone as well in the full size alone."""
    for key, (_, kind) in abuses().items():
        if size is Size.FULL or not kind.is_fine:
            yield key
    yield from _hosts()


def play(case: str, base: Path) -> Verdict:
    if case in _hosts():
        return _hosts()[case](base)
    run, kind = abuses()[case]
    with stage(base, jobs=kind.jobs) as it:
        run(it)
    counts = {"abuses": 1} | dict.fromkeys((f"left out: {what}" for what in it.left_out), 1)
    return Verdict(tuple(it.troubles), (*it.trace, f"{it.memory} MB"), counts)
