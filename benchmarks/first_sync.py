"""First syncs: ``syncd sync`` from nothing, beside what only fetches the same files.

The program lists the account, looks up what its jobs do not say, fetches and verifies each file and
its cover, tags it, syncs it to disk, places it and writes the catalog. What each rival leaves out
stands in ``LEFT_OUT``. All have 8 transfers, the same server, and an empty folder each round.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from mutagen.id3 import ID3

from benchmarks.account import Spec
from benchmarks.bench import Bench
from benchmarks.library import Library, audio_in
from benchmarks.pairs import Figures, Row, Sample, Trouble, in_turn, peaks, run_child, walls
from benchmarks.rivals import CLIENT
from benchmarks.serving import Service

TRANSFERS = 8

LEFT_OUT = {
    "curl": "no list, no check but of the length, no cover, no tags, no fsync, no catalog",
    "rclone": "asks for size and date of each file first; the same, but it places atomically",
    "aria2c": "the same as curl, with a control file while it runs",
    CLIENT: "one file after another; no check, no cover, no fsync, no catalog; it lists and tags",
}

Command = Callable[[Bench, Spec, Path], list[str | Path]]

_LONGEST_STALL = 50.0
"""Milliseconds."""

_ONE_FILE = 400_000_000
_MOST_MEMORY = 120.0
"""MB that the program may take at the most, whatever the number and size of files."""


def measure(bench: Bench) -> Iterator[Row]:
    """With 15 ms each way, then on bare loopback, then one large file."""
    full, small = bench.scale.of((100, 4_000_000), (6, 500_000)), bench.scale.of(400, 12)
    yield from _delayed(bench, *full, most_rclone=1.0)
    yield from _delayed(bench, small, 200_000, most_rclone=0.8)
    yield _stalls(bench, small)
    yield from _bare(bench)


def _stalls(bench: Bench, jobs: int) -> Row:
    """While the event loop stands still nothing is received, and no timer and no signal heeded."""
    spec = bench.account(jobs, 200_000, covers=True)
    with ExitStack() as stack:
        bench.serve(stack, spec)
        taken = []
        for _ in range(bench.scale.times(3)):
            library = Library.made(bench.fresh("first sync"), bench.api_url, parallel=TRANSFERS)
            bench.settle()
            taken.append(1000 * float(library.inside("stalls").said["stall"]))
    work = f"first sync, {jobs} × 200 kB, loopback: longest stall of the event loop"
    return Row(work=work, unit="ms", ours=Figures.of(taken), most=_LONGEST_STALL)


def _delayed(bench: Bench, jobs: int, size: int, *, most_rclone: float) -> Iterator[Row]:
    spec = bench.account(jobs, size, covers=True)
    work = f"first sync, {jobs} × {_words(size)}, 15 ms each way"
    taken = compare(bench, spec, ("curl", "rclone", "aria2c", CLIENT), delayed=True)
    targets = {"curl": 1.15, "rclone": most_rclone, CLIENT: 0.25}
    yield from _rows(bench, work, taken, targets)
    # What a service whose jobs say all of themselves would make of it: no look-ups by filter.
    told = bench.account(jobs, size, covers=True, facets=True)
    taken = compare(bench, told, ("curl",), delayed=True)
    yield from _rows(bench, f"{work}, jobs that say their facets", taken, {})


def _bare(bench: Bench) -> Iterator[Row]:
    many, few = bench.scale.of((500, 50), (12, 4))
    size = bench.scale.of(4_000_000, 500_000)
    spec = bench.account(many, size, covers=True)
    taken = compare(bench, spec, ("curl",), delayed=False)
    work = f"first sync, {many} × {_words(size)}, loopback"
    yield from _rows(bench, work, taken, {"curl": 2.5})
    yield _memory(work, taken["syncd"])
    one = bench.scale.of(_ONE_FILE, 5_000_000)
    for jobs, bytes_ in ((few, size), (1, one)):
        spec = bench.account(jobs, bytes_, covers=True)
        taken = compare(bench, spec, (), delayed=False)
        yield _memory(f"first sync, {jobs} × {_words(bytes_)}, loopback", taken["syncd"])


def _memory(work: str, samples: list[Sample]) -> Row:
    return Row(work=f"{work}: peak memory", unit="MB", ours=peaks(samples), most=_MOST_MEMORY)


def _rows(
    bench: Bench, work: str, taken: dict[str, list[Sample]], targets: dict[str, float]
) -> Iterator[Row]:
    ours = taken["syncd"]
    processor = statistics.median(sample.processor for sample in ours)
    served = statistics.median(float(sample.said["served"]) for sample in ours)
    note = (
        f"{processor:.2f} s of processor (and {served:.2f} s of what serves), "
        f"{peaks(ours).median:.0f} MB, {ours[0].said['requests']} requests to the API"
    )
    for name in dict.fromkeys((*taken, *targets)):
        if name == "syncd":
            continue
        most = targets.get(name)
        if name not in taken:
            yield Row(work=work, beside=name, most=most, missing=bench.rivals.absent[name])
            continue
        theirs = walls(taken[name])
        yield Row(work=work, beside=name, ours=walls(ours), theirs=theirs, most=most, note=note)
        note = ""  # told once


def compare(
    bench: Bench, spec: Spec, names: tuple[str, ...], *, delayed: bool
) -> dict[str, list[Sample]]:
    """The program and the named rivals, those that are there, in turn."""
    with ExitStack() as stack:
        service = bench.serve(stack, spec, delayed=delayed)
        contestants = {"syncd": partial(_ours, bench, spec, service)}
        for name in names:
            if name in bench.rivals:
                contestants[name] = partial(_theirs, bench, spec, service, name)
        return in_turn(bench.scale.times(5), contestants)


def _ours(bench: Bench, spec: Spec, service: Service) -> Sample:
    library = Library.made(
        bench.fresh("first sync"), bench.api_url, prefix=service.prefix, parallel=TRANSFERS
    )
    bench.settle()
    service.clear()
    before = service.processor()
    sample = library.run("sync", "--quiet")
    said = {"requests": service.requests(), "served": service.processor() - before}
    _check(audio_in(library.root), spec)
    shutil.rmtree(library.folder)
    return Sample(sample.wall, sample.processor, sample.peak, said)


def _check(files: list[Path], spec: Spec) -> None:
    """Raise ``Trouble`` where a file is missing, or the first one is not what it is to be."""
    if len(files) != spec.jobs:
        raise Trouble(f"syncd sync placed {len(files)} of {spec.jobs} files")
    tags = ID3(files[0])
    if "TIT2" not in tags or (spec.covers and not tags.getall("APIC")):
        raise Trouble("syncd sync placed a file without its title or its cover")


def _theirs(bench: Bench, spec: Spec, service: Service, name: str) -> Sample:
    folder = bench.fresh("rival")
    command = _COMMANDS[name](bench, spec, folder)
    bench.settle()
    sample = run_child([*service.prefix, *command], cwd=bench.source)
    found = sum(path.suffix == ".mp3" for path in folder.rglob("*"))
    if found != spec.jobs:
        raise Trouble(f"{name} fetched {found} of {spec.jobs} files")
    shutil.rmtree(folder)
    return sample


def _curl(bench: Bench, spec: Spec, folder: Path) -> list[str | Path]:
    config = bench.folder / "curl.txt"
    lines = [
        f'url = "{url}"\noutput = "{folder / name}"\n' for url, name in bench.addresses_of(spec)
    ]
    config.write_text("".join(lines))
    options = ["--disable", "--silent", "--show-error", "--fail"]
    return ["curl", *options, "--parallel", "--parallel-max", str(TRANSFERS), "--config", config]


def _rclone(bench: Bench, spec: Spec, folder: Path) -> list[str | Path]:
    own = bench.folder / "rclone.conf"
    own.touch()
    options: list[str | Path] = ["--config", own, "--transfers", str(TRANSFERS)]
    return ["rclone", "copy", *options, "--http-url", f"{bench.media_url}/files/", ":http:", folder]


def _aria2c(bench: Bench, spec: Spec, folder: Path) -> list[str | Path]:
    wanted = bench.folder / "aria2c.txt"
    lines = [f"{url}\n  out={name}\n" for url, name in bench.addresses_of(spec)]
    wanted.write_text("".join(lines))
    options = ["--no-conf", "--quiet", "--file-allocation=none", f"-j{TRANSFERS}"]
    return ["aria2c", *options, "-d", folder, "-i", wanted]


def _official(bench: Bench, _spec: Spec, folder: Path) -> list[str | Path]:
    return [sys.executable, "-m", "benchmarks.official", bench.api_url, folder]


_COMMANDS: dict[str, Command] = {
    "curl": _curl,
    "rclone": _rclone,
    "aria2c": _aria2c,
    CLIENT: _official,
}


def _words(size: int) -> str:
    return f"{size / 1e6:g} MB" if size >= 1_000_000 else f"{size / 1e3:g} kB"
