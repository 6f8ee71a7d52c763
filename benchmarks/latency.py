"""How soon the daemon reacts, with its default settings.

From the rename of a file until the account has the new name, and from a new job until its file is
in place: the latter is a poll interval at most, and the transfer. It runs over the simulator, in
whose account jobs can be made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.account import KEY
from benchmarks.bench import Bench
from benchmarks.library import Library, audio_in, daemon, until, until_at_rest
from benchmarks.pairs import Figures, Row
from syncd.simulator import Simulator, World

_PATIENCE = 180.0
_BETWEEN = 2.5
"""Seconds after which the daemon has settled what a rename left."""


def measure(bench: Bench) -> Iterator[Row]:
    count, times, jobs = bench.scale.of((50, 20, 3), (10, 2, 0))
    with Simulator(World.synthetic(count), key=KEY) as sim:
        library = Library.made(bench.fresh("latency"), sim.api_url)
        with daemon(library) as running:
            until_at_rest(library, running, count)
            time.sleep(_BETWEEN)
            renamed = []
            for number in range(times):
                file = audio_in(library.root)[number % 10]
                sent = sim.requests.count(method="PATCH")
                file.rename(file.with_name(f"Renamed {number}{file.suffix}"))
                renamed.append(_until_patched(sim, sent))
                until(lambda: library.status()["state"] == "idle", patience=_PATIENCE)
                time.sleep(_BETWEEN)
            placed = []
            for _ in range(jobs):
                files = len(audio_in(library.root))
                sim.world.add(display_name="New")
                placed.append(_until_more(library, files))
    work = "daemon at rest: from a file's rename to the PATCH"
    yield Row(work=work, ours=Figures.of(renamed), note=f"at most {max(renamed):.2f} s")
    work = "daemon at rest: from a new job to its file"
    if placed:
        yield Row(work=work, ours=Figures.of(placed), note=f"at most {max(placed):.2f} s")
    else:
        yield Row(work=work, missing="left out of a quick run: it waits for polls, a minute apart")


def _until_patched(sim: Simulator, sent: int) -> float:
    return until(lambda: sim.requests.count(method="PATCH") > sent, patience=_PATIENCE)


def _until_more(library: Library, files: int) -> float:
    return until(lambda: len(audio_in(library.root)) > files, patience=_PATIENCE)
