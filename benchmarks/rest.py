"""The daemon at rest: what it costs to stand still, with its default intervals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.account import Spec
from benchmarks.bench import TINY, Bench
from benchmarks.library import Library, daemon, until_at_rest
from benchmarks.pairs import Figures, Row, peak_of, processor_of, proportional_of, resident_of

_MOST_SHARE = 0.1
"""Percent of one core."""


def measure(bench: Bench) -> Iterator[Row]:
    seconds = bench.scale.of(300.0, 5.0)
    empty = bench.account(0, TINY)
    library = Library.made(bench.fresh("empty"), bench.api_url)
    yield from _resting(bench, empty, library, seconds, most=90)
    jobs = bench.scale.of(100_000, 300)
    yield from _resting(bench, *bench.in_step(jobs), seconds, most=130)


def _resting(
    bench: Bench, spec: Spec, library: Library, seconds: float, *, most: float
) -> Iterator[Row]:
    with ExitStack() as stack:
        service = bench.serve(stack, spec)
        running = stack.enter_context(daemon(library))
        until_at_rest(library, running, spec.jobs)
        # What the first look left to threads and timers is over by then.
        time.sleep(bench.scale.of(20, 1))
        service.clear()
        before, began = processor_of(running.pid), time.monotonic()
        time.sleep(seconds)
        spent, passed = processor_of(running.pid) - before, time.monotonic() - began
        memory, resident = proportional_of(running.pid), resident_of(running.pid)
        peak = peak_of(running.pid)
        asked = service.requests()
    work = f"daemon at rest for {seconds:g} s, {spec.jobs:,} jobs"
    note = f"PSS; RSS {resident / 1e6:.0f} MB, {peak / 1e6:.0f} MB at its peak"
    yield Row(
        work=f"{work}: memory", unit="MB", ours=Figures.of([memory / 1e6]), most=most, note=note
    )
    yield Row(
        work=f"{work}: processor",
        unit="%",
        ours=Figures.of([100 * spent / passed]),
        most=_MOST_SHARE,
        note=f"of one core, {asked} requests meanwhile",
    )
