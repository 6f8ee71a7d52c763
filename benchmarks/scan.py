"""The scan: the folder as a cycle looks at it, beside ``find -printf`` with size, inode and date.

The scan part of ``syncd sync`` by itself: the same calls as in ``observation``, in a process that
has the program loaded and the catalog open. It counts reading what is known of the files from the
catalog, the marker before and after, and the comparison. ``find`` is counted from its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.library import Library
from benchmarks.pairs import Row, Sample, in_turn, peaks, run_child, told, walls


def measure(bench: Bench) -> Iterator[Row]:
    files = bench.scale.of(100_000, 300)
    spec, library = bench.in_step(files)
    taken = scans(bench, library, bench.scale.times(5))
    work, ours, theirs = f"scan of {files:,} files in step", taken["syncd"], taken.get("find")
    if theirs is None:
        yield Row(work=work, beside="find -printf", most=4, missing=bench.rivals.absent["find"])
    else:
        found, least = told(ours, "seconds"), walls(theirs)
        yield Row(work=work, beside="find -printf", ours=found, theirs=least, most=4)
        alone = told(ours, "scan")
        work_alone = f"{work}, without what is read from the catalog"
        yield Row(work=work_alone, beside="find -printf", ours=alone, theirs=least)
    opened = told(ours, "audio_opened")
    yield Row(work=f"{work}: audio files opened", unit="", ours=opened, most=0)
    with ExitStack() as stack:
        bench.serve(stack, spec)
        whole = [library.run("sync", "--quiet") for _ in range(bench.scale.times(3))]
    note = f"{peaks(whole).median:.0f} MB; a sweep, a scan and a plan, nothing to do"
    yield Row(work=f"syncd sync, {files:,} files in step", ours=walls(whole), note=note)


def scans(bench: Bench, library: Library, rounds: int) -> dict[str, list[Sample]]:
    """The program's scan and, where it is there, find's, in turn."""
    contestants = {"syncd": lambda: library.inside("look")}
    if "find" in bench.rivals:
        shown = ["-type", "f", "-printf", "%s %i %T@ %p\\n"]
        contestants["find"] = lambda: run_child(["find", library.root, *shown])
    return in_turn(rounds, contestants, warm=True)
