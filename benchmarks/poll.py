"""The quiet poll: what a daemon asks of the account each minute when nothing happens."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.library import Library
from benchmarks.pairs import Figures, Row, Sample, run_child, told

POLLS = 10


def measure(bench: Bench) -> Iterator[Row]:
    jobs = bench.scale.of(100_000, 300)
    sample = polls(bench, jobs)
    work = f"quiet poll at {jobs:,} jobs"
    yield Row(work=f"{work}: requests", unit="", ours=told([sample], "requests"), most=3)
    processor = Figures.of([1000 * float(sample.said["processor"])])
    yield Row(work=f"{work}: processor", unit="ms", ours=processor, most=40)
    note = f"beside them, each time: {', '.join(sample.said['names']) or 'nothing'}"
    audio = told([sample], "audio_opened")
    yield Row(work=f"{work}: audio files opened", unit="", ours=audio, most=0, note=note)
    yield _system_calls(bench, jobs, work)


def polls(bench: Bench, jobs: int) -> Sample:
    """Several polls of a library in step; the figures of one."""
    spec, library = bench.in_step(jobs)
    with ExitStack() as stack:
        service = bench.serve(stack, spec)
        service.clear()
        sample = library.inside("poll", str(POLLS))
        # The one before the first that counts is asked the same.
        counted = service.requests() / (POLLS + 1)
    return Sample(sample.wall, sample.processor, sample.peak, {**sample.said, "requests": counted})


def _system_calls(bench: Bench, jobs: int, work: str) -> Row:
    """What of the library the kernel was asked to open, SQLite's own files included."""
    work = f"{work}: files of the library opened, as strace sees it"
    if "strace" not in bench.rivals:
        return Row(work=work, unit="", missing=bench.rivals.absent["strace"])
    spec, library = bench.in_step(jobs)
    calls = bench.fresh("trace") / "calls"
    with ExitStack() as stack:
        bench.serve(stack, spec)
        # What opening and closing the library takes is the same in both.
        fewer, more = (_traced(library, calls, polled) for polled in (1, POLLS + 1))
    more -= fewer
    audio = sum(count for name, count in more.items() if name.endswith(".mp3"))
    each = {name: count / POLLS for name, count in more.items()}
    note = ", ".join(f"{name} {count:g}" for name, count in sorted(each.items())) or "nothing else"
    return Row(
        work=work, unit="", ours=Figures.of([audio / POLLS]), most=0, note=f"of each poll: {note}"
    )


def _traced(library: Library, calls: Path, polled: int) -> Counter[str]:
    """How often each file was opened by a process that polls so many times."""
    command = ["strace", "-f", "-qq", "-e", "trace=open,openat", "-o", str(calls)]
    inside = [sys.executable, "-m", "benchmarks.inside", "poll", str(polled)]
    run_child([*command, *inside], env=library.environ, speaks=True)
    found: Counter[str] = Counter()
    for line in calls.read_text(errors="replace").splitlines():
        parts = line.split('"')
        if len(parts) < 3 or str(library.folder) not in parts[1]:
            continue
        if "O_DIRECTORY" not in parts[2] and "ENOENT" not in parts[2]:
            found[Path(parts[1]).name] += 1
    return found
