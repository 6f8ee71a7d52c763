"""How anything is measured: children of this process, taken in turn (A B A B …), and compared.

Wall time is CLOCK_MONOTONIC around the child; processor time and peak memory are what the kernel
counted for it (``wait4(2)``, ``VmHWM`` in ``proc(5)``), also of what it waited for itself.
"""

from __future__ import annotations

import json
import os
import select
import shlex
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

_LOOKS_APART = 20
"""Milliseconds between two looks at the peak memory of a child."""

_OF_SCHEDULER = 2
"""``CPUCLOCK_SCHED`` in Linux's ``posix-timers_types.h``: what the scheduler counted."""


commands_run: dict[str, None] = {}
"""Every command that was measured, as a shell takes it, each once: for the report."""


class Trouble(Exception):
    """What keeps a benchmark from running, in one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds of wall time, seconds of the processor (user and system), peak bytes in
    memory, and the figures that the child printed itself, as JSON."""

    wall: float
    processor: float
    peak: int
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """The same figure of several runs."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Figures:
        return cls(tuple(values))

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """From the least to the most, as a part of the median; 0 where that is 0."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the report: a figure of the program, beside the rival's where it has one.

    ``most``: the target. Of a pair, how many times the rival's median it may be; else an amount in
    ``unit``. ``None``: told for what it is. ``missing`` says why nothing was measured.
    """

    work: str
    beside: str = "–"
    unit: str = "s"
    ours: Figures | None = None
    theirs: Figures | None = None
    most: float | None = None
    missing: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Median to median."""
        if self.ours is None or self.theirs is None or not self.theirs.median:
            return None
        return self.ours.median / self.theirs.median

    @property
    def met(self) -> bool | None:
        """Whether the target was met; ``None`` where there is none, or nothing was measured."""
        if self.most is None or self.ours is None or self.missing:
            return None
        found = self.ours.median if self.theirs is None else self.ratio
        return None if found is None else found <= self.most


def short(value: float) -> str:
    """A figure with three digits, or all of those before the point."""
    whole = abs(value) >= 100 or value == int(value)
    return f"{value:,.0f}" if whole else f"{value:.3g}"


def in_turn(
    rounds: int, contestants: Mapping[str, Callable[[], Sample]], *, warm: bool = False
) -> dict[str, list[Sample]]:
    """Run each contestant once a round, in their order: what else the machine does meets all.

    ``warm``: each is run once before, uncounted, so that all find their files in memory.
    """
    if warm:
        for run in contestants.values():
            run()
    taken: dict[str, list[Sample]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            taken[name].append(run())
    return taken


def walls(samples: Sequence[Sample]) -> Figures:
    return Figures.of([sample.wall for sample in samples])


def peaks(samples: Sequence[Sample]) -> Figures:
    """In MB (10**6 bytes)."""
    return Figures.of([sample.peak / 1e6 for sample in samples])


def told(samples: Sequence[Sample], name: str) -> Figures:
    """A figure that the children printed themselves."""
    return Figures.of([float(sample.said[name]) for sample in samples])


def run_child(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    speaks: bool = False,
    measured: bool = True,
) -> Sample:
    """Run ``command`` to its end. ``speaks``: the last line of its output is a JSON object.

    ``measured``: it is one that the report names. Raises ``Trouble`` where it does not end with 0.
    """
    if measured:
        commands_run[shlex.join(str(part) for part in command)] = None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out if speaks else subprocess.DEVNULL,
            stderr=errors,
            process_group=0,  # Ctrl-C is for this process alone, which ends that one
        )
        try:
            processor, peak = _awaited(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.monotonic() - began
        if process.returncode:
            name = Path(str(command[0])).name
            raise Trouble(f"{name} ended with {process.returncode}: {_last_line(errors)}")
        said = json.loads(_last_line(out)) if speaks else {}
    return Sample(wall, processor, peak, said)


def _awaited(process: subprocess.Popen[bytes]) -> tuple[float, int]:
    """Seconds of the processor and peak bytes of a child, once it has ended."""
    seen = 0
    descriptor = os.pidfd_open(process.pid)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        while not poller.poll(_LOOKS_APART):
            seen = max(seen, peak_of(process.pid))
    finally:
        os.close(descriptor)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # A child begins as a copy of its parent, which Linux counts as a peak of the child's: only
    # what goes beyond that is certainly its own. Else what was seen on the way is all there is.
    counted = usage.ru_maxrss * 1024
    peak = counted if counted > peak_of(os.getpid()) or not seen else seen
    return usage.ru_utime + usage.ru_stime, peak


def peak_of(process: int) -> int:
    """Bytes that a process had in memory at the most (``VmHWM``); 0 where it has ended."""
    return _amount(Path(f"/proc/{process}/status"), "VmHWM")


def proportional_of(process: int) -> int:
    """Bytes in memory now, what is shared divided among those that share it (``Pss``)."""
    return _amount(Path(f"/proc/{process}/smaps_rollup"), "Pss")


def processor_of(process: int) -> float:
    """Seconds of the processor that all threads of a process have taken so far, also ended ones.

    Its own clock has nanoseconds (``clock_getcpuclockid(3)``, which Python does not have; this is
    how Linux numbers those clocks), where ``/proc/PID/stat`` counts in ticks of 10 ms.
    """
    return time.clock_gettime(~process << 3 | _OF_SCHEDULER)


def resident_of(process: int) -> int:
    """Bytes in memory now (``VmRSS``)."""
    return _amount(Path(f"/proc/{process}/status"), "VmRSS")


def _amount(table: Path, name: str) -> int:
    try:
        lines = table.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = (line.split() for line in lines if line.startswith(f"{name}:"))
    return next((int(parts[1]) * 1024 for parts in found), 0)


def _last_line(stream: BinaryIO) -> str:
    stream.seek(0)
    lines = stream.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
