"""Growth: the same at 1,000, 10,000 and 100,000 jobs, one run each, as curves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench, Growth
from benchmarks.commands import SEARCH
from benchmarks.library import daemon, until_at_rest
from benchmarks.pairs import Row, proportional_of
from benchmarks.poll import polls
from benchmarks.scan import scans
from benchmarks.sweep import sweeps

CURVES = {
    "sweep": "s",
    "sweep, only signatures changed": "s",
    "quiet poll, processor": "ms",
    "scan": "s",
    "full-text search": "s",
    "memory of a sweep": "MB",
    "memory of the daemon": "MB",
    "catalog": "MB",
}
"""What is shown, and in which unit."""


def measure(bench: Bench) -> Iterator[Row]:
    """Nothing but curves: ``bench.growth`` has them."""
    for jobs in bench.scale.of((1_000, 10_000, 100_000), (100, 300)):
        bench.growth.append(grown(bench, jobs))
    yield from ()


def grown(bench: Bench, jobs: int) -> Growth:
    """Every figure at one size."""
    first, again, _ = sweeps(bench, jobs, 1)
    spec, library = bench.in_step(jobs)
    search = library.run(*SEARCH)
    with ExitStack() as stack:
        bench.serve(stack, spec)
        running = stack.enter_context(daemon(library))
        until_at_rest(library, running, jobs)
        memory = proportional_of(running.pid)
    figures = {
        "sweep": float(first[0].said["seconds"]),
        "sweep, only signatures changed": float(again[0].said["seconds"]),
        "quiet poll, processor": 1000 * float(polls(bench, jobs).said["processor"]),
        "scan": float(scans(bench, library, 1)["syncd"][0].said["seconds"]),
        "full-text search": search.wall,
        "memory of a sweep": first[0].peak / 1e6,
        "memory of the daemon": memory / 1e6,
        "catalog": library.catalog_bytes() / 1e6,
    }
    return Growth(jobs, figures)
