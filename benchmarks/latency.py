# ruff: noqa: T201
"""How soon the daemon reacts, with its default settings: ``latency.py [TIMES]``.

Prints, for an idle daemon over a simulated service on this machine, how long it takes from the
rename of a file until the account is asked to rename the job, and from a new job until its file is
in place. The latter is a poll interval at most, and the transfer. Asks nothing of the network.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import Library, audio_in, daemon

from syncd.simulator import Simulator, World

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 20
NEW_JOBS = 3
PATIENCE = 180.0


def measured(condition: Callable[[], object]) -> float:
    """Seconds until ``condition`` holds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > PATIENCE:
            raise SystemExit("it never came about")
        time.sleep(0.005)
    return time.monotonic() - began


def until_patched(library: Library, number: int) -> float:
    """From the rename of a file to the PATCH."""
    file = audio_in(library.root)[number % 10]
    sent = library.sim.requests.count(method="PATCH")
    file.rename(file.with_name(f"Renamed {number}{file.suffix}"))
    taken = measured(lambda: library.sim.requests.count(method="PATCH") > sent)
    # The daemon rests again before the next one.
    measured(lambda: library.status()["state"] == "idle")
    time.sleep(2.5)
    return taken


def until_placed(library: Library) -> float:
    """From a new job to its file, tagged and in place."""
    files = len(audio_in(library.root))
    library.sim.world.add(display_name="New")
    return measured(lambda: len(audio_in(library.root)) > files)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Simulator(World.synthetic(50)) as sim:
        library = Library.made(Path(folder), sim)
        with daemon(library):
            measured(lambda: len(audio_in(library.root)) == 50)
            measured(lambda: library.status()["state"] == "idle")
            time.sleep(3)
            renames = [until_patched(library, number) for number in range(TIMES)]
            show("rename to PATCH", renames)
            show("new job to file", [until_placed(library) for _ in range(NEW_JOBS)])


def show(what: str, seconds: list[float]) -> None:
    median, most = statistics.median(seconds), max(seconds)
    print(f"{what}: median {median:.2f} s, most {most:.2f} s of {len(seconds)}")


if __name__ == "__main__":
    main()
