"""A burst of renames: thousands of files at once, while the daemon runs.

Until the last PATCH is answered, beside the same status calls and PATCHes by the program's own
client alone, as many at once as the daemon has under way. The server has no rate limit.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import TINY, Bench
from benchmarks.library import Library, audio_in, daemon, until, until_at_rest
from benchmarks.pairs import Row, Sample, Trouble, in_turn, peak_of, told, walls

PARALLEL = 4
"""``limits.parallel_downloads`` by default: how many operations the daemon has under way."""

_LOOKS_APART = 0.05
_STATUS_APART = 5.0
"""Seconds between two looks at what was sent, and between two calls of ``syncd status``."""


def measure(bench: Bench) -> Iterator[Row]:
    jobs = bench.scale.of(5_000, 40)
    taken = in_turn(
        bench.scale.times(3),
        {"daemon": lambda: _burst(bench, jobs), "client": lambda: _alone(bench, jobs)},
    )
    ours = taken["daemon"]
    slowest = max(float(sample.said["status"]) for sample in ours)
    sent = max(int(sample.said["patches"]) for sample in ours)
    note = f"{sent} PATCHes; syncd status meanwhile {slowest:.2f} s; {ours[0].peak / 1e6:.0f} MB"
    yield Row(
        work=f"{jobs:,} renames at once",
        beside="the client alone",
        ours=walls(ours),
        theirs=told(taken["client"], "seconds"),
        most=2,
        note=note,
    )


def _burst(bench: Bench, jobs: int) -> Sample:
    spec = bench.account(jobs, TINY, facets=True)
    library = Library.made(bench.fresh("renames"), bench.api_url, rename_budget=100_000)
    with ExitStack() as stack:
        service = bench.serve(stack, spec)
        library.run("sync", "--quiet")
        running = stack.enter_context(daemon(library))
        until_at_rest(library, running, jobs)
        time.sleep(bench.scale.of(5, 3))
        service.clear()
        files = audio_in(library.root)
        began = time.monotonic()
        for number, file in enumerate(files):
            file.rename(file.with_name(f"Burst {number:05}{file.suffix}"))
        asked: list[float] = []

        def all_sent() -> bool:
            before = time.monotonic()
            if before - began > _STATUS_APART * len(asked):
                library.status()
                asked.append(time.monotonic() - before)
            return service.renamed() >= jobs

        until(all_sent, apart=_LOOKS_APART)
        wall = service.last_patch() - began
        until_at_rest(library, running, jobs)
        peak, patches = peak_of(running.pid), service.asked()
        lost = {f"Burst {number:05}" for number in range(jobs)} - set(service.names().values())
    if lost:
        raise Trouble(f"{len(lost)} of {jobs} renames were lost, such as {min(lost)}")
    sent = sum(count for name, count in patches.items() if name.startswith("PATCH"))
    return Sample(wall, 0.0, peak, {"status": statistics.median(asked), "patches": sent})


def _alone(bench: Bench, jobs: int) -> Sample:
    spec = bench.account(jobs, TINY, facets=True)
    library = Library.made(bench.fresh("alone"), bench.api_url, parallel=PARALLEL)
    ids = json.loads((bench.where(spec) / "index.json").read_text())["ids"]
    names = library.folder / "names.json"
    names.write_text(json.dumps({job: f"Alone {number:05}" for number, job in enumerate(ids)}))
    with ExitStack() as stack:
        service = bench.serve(stack, spec)
        sample = library.inside("renames", str(PARALLEL), str(names))
        if service.renamed() != jobs:
            raise Trouble(f"the client renamed {service.renamed()} of {jobs} jobs")
    return sample
