"""Histories of the pure planner: its model world, a million times over.

A history is a ``Story`` of ``tests/core``: a library, what people do to both sides of it and to the
program's holds and settings, and rounds in which the program looks, plans, guards and carries out,
with faults, crashes, clocks that are set, and people who are quicker. Some have a second program
on the same account, with its own folder and its own settings. It must come to rest, and is judged
on the way by the world itself, and by an oracle that shares nothing with the planner.

What the model does not have, and which part of the bench has it:

- the real executor, catalog, file system and service, and people who act at any of their steps, or
  between the pages of a listing: ``histories``;
- a stop between two durable steps of one operation, and what was not written to the disk:
  ``crashes`` (here an operation is done and recorded, or done and not recorded);
- every fault of a request and of a file operation, a missing or foreign root, a catalog that is
  busy, full or broken: ``faults`` (here one operation fails, or is put off);
- hostile titles, answers and folders: ``abuse``, and ``tests/core/test_round_trip.py``;
- the daemon, its socket and its clocks over weeks: ``soak``;
- trees of a second format (``tests/scenarios``, and ``tests/core/test_planner_elsewhere.py`` for
  what the planner knows of them), a catalog that is bound anew or rebuilt
  (``tests/scenarios/test_adopt*``, ``test_rebuild*``), facets that are still to be learnt
  (``tests/scenarios/test_facets.py``), sidecars, and undo.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ...core.world import World
from ...core.world_story import Story
from ...core.world_story import play as tell
from ..part import Size, Verdict
from .oracle import Oracle
from .stories import as_test, shortened, story

NAME = "planner"
UNIT = "histories"
SOURCES = ("syncd/core", "tests/core", "tests/bench/planner", "tests/bench/part.py")
"""All that is in play here: what else changes of the program takes back nothing of it."""

BATCH = UNITS_A_CASE = 1_000
BATCHES = {Size.CI: 20, Size.FULL: 1_000}

_SHRUNK = 3
"""How many failing histories of a batch are made shorter; the others are named."""

ONE = "seed-"


def cases(size: Size) -> Iterable[str]:
    """A batch each; ``seed-N`` is a case as well, of that one history."""
    return (f"batch-{number:04}" for number in range(BATCHES[size]))


def play(case: str, base: Path) -> Verdict:
    if case.startswith(ONE):
        seeds: Iterable[int] = [int(case.removeprefix(ONE))]
    else:
        first = BATCH * int(case.removeprefix("batch-"))
        seeds = range(first, first + BATCH)
    counts: Counter[str] = Counter()
    troubles, trace = [], []
    for seed in seeds:
        oracles, trouble = told(story(seed), tells=case.startswith(ONE))
        counts["histories"] += 1
        for oracle in oracles:
            counts.update(oracle.counts)
        if trouble is not None:
            troubles.append(f"{ONE}{seed}: {trouble}")
            if len(troubles) <= _SHRUNK:
                trace += [f"--- {ONE}{seed}", *shrunk(f"{ONE}{seed}").splitlines()]
    if case.startswith(ONE):
        trace = [line for oracle in oracles for line in oracle.trace] + trace
    return Verdict(tuple(troubles), tuple(trace), dict(counts))


def told(tale: Story, *, tells: bool = False) -> tuple[list[Oracle], str | None]:
    """What was seen of each of its worlds, and what should not have been."""
    oracles: list[Oracle] = []

    def watch(world: World) -> None:
        world.witness = oracle = Oracle(world, tells=tells)
        oracles.append(oracle)

    try:
        tell(tale, watch)
    except Exception as error:  # the planner may raise anything
        return oracles, f"{type(error).__name__}: {error}"
    return oracles, None


def shrunk(case: str) -> str:
    """A failing history as a test, as short as it gets."""
    seed = int(case.removeprefix(ONE))

    def fails(tale: Story) -> bool:
        return told(tale)[1] is not None

    return as_test(shortened(story(seed), fails), f"seed_{seed}")
