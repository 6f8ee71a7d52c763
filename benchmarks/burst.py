# ruff: noqa: T201
"""What a burst of renames comes to: ``burst.py [COUNT]``.

Renames so many files at once while the daemon runs over a simulated service on this machine, and
prints how long it takes until all of them are sent, whether any is sent twice or lost, how soon
``syncd status`` answers meanwhile, and how much memory it takes. Asks nothing of the network.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import Library, audio_in, daemon, memory_of

from syncd.simulator import Simulator, World

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
PATIENCE = 1_800.0
MEBI = 1 << 20


def settle(library: Library, running: subprocess.Popen[bytes], count: int) -> None:
    """Wait until so many tracks are placed and the daemon rests."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        shown = library.status()
        if running.poll() is not None:
            raise SystemExit(f"the daemon ended:\n{library.log.read_text()}")
        if shown["state"] == "idle" and shown["counts"].get("placed") == count:
            time.sleep(3)
            return
        time.sleep(1)
    raise SystemExit(f"it never settled: {shown}")


def names_sent(sim: Simulator) -> list[str]:
    """The path of each PATCH, by job."""
    return [record.path for record in sim.requests.select(method="PATCH")]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Simulator(World.synthetic(COUNT)) as sim:
        library = Library.made(Path(folder), sim, rename_budget=100_000)
        with daemon(library) as running:
            began = time.monotonic()
            settle(library, running, COUNT)
            print(f"placed {COUNT} in {time.monotonic() - began:.0f} s")
            sim.requests.clear()
            began = time.monotonic()
            for number, file in enumerate(audio_in(library.root)):
                file.rename(file.with_name(f"Burst {number:05}{file.suffix}"))
            print(f"renamed in {time.monotonic() - began:.1f} s")
            asked: list[float] = []
            while len(set(names_sent(sim))) < COUNT and time.monotonic() - began < PATIENCE:
                before = time.monotonic()
                library.status()
                asked.append(time.monotonic() - before)
                time.sleep(0.5)
            print(f"all sent after {time.monotonic() - began:.0f} s")
            settle(library, running, COUNT)
            sent = Counter(names_sent(sim))
            named = {job.display_name for job in sim.world.jobs()}
            lost = {f"Burst {number:05}" for number in range(COUNT)} - named
            print(f"jobs renamed {len(sent)}, at most {max(sent.values())} times, lost {len(lost)}")
            print(f"status: median {statistics.median(asked):.2f} s, most {max(asked):.2f} s")
            now, most = memory_of(running.pid)
            print(f"memory: {now / MEBI:.0f} MiB, at most {most / MEBI:.0f} MiB")


if __name__ == "__main__":
    main()
