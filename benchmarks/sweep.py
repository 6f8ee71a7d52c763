"""Sweeps: a whole account into the catalog, search index included, beside what is least.

The least is curl fetching the same pages (100 jobs, one row of overlap, 8 at once), then
``sqlite3.executemany`` of their rows (``raw_rows``). The pages are served ready-made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import TINY, Bench
from benchmarks.library import Library
from benchmarks.pairs import Figures, Row, Sample, Trouble, in_turn, peaks, run_child, told, walls

PAGE = 100
_MOST_MEMORY = 200.0


def measure(bench: Bench) -> Iterator[Row]:
    jobs = bench.scale.of(100_000, 1_000)
    first, again, floor = sweeps(bench, jobs, bench.scale.times(3))
    work, beside = f"sweep of {jobs:,} jobs, empty catalog", "curl, then executemany"
    if floor is None:
        yield Row(work=work, beside=beside, most=2.5, missing=bench.rivals.absent["curl"])
    else:
        ours = told(first, "seconds")
        note = (
            f"{jobs / ours.median:,.0f} jobs/s; the whole process {walls(first).median:.2f} s; "
            f"the rival's rows alone {told(floor, 'seconds').median:.2f} s"
        )
        total = [one.wall + float(one.said["seconds"]) for one in floor]
        yield Row(
            work=work,
            beside=beside,
            ours=ours,
            theirs=Figures.of(total),
            most=2.5,
            note=note,
        )
    yield Row(work=f"{work}: peak memory", unit="MB", ours=peaks(first), most=_MOST_MEMORY)
    yield Row(
        work=f"sweep of {jobs:,} jobs, only the signatures changed",
        beside="the first sweep",
        ours=told(again, "seconds"),
        theirs=told(first, "seconds"),
        most=0.3,
        note=f"the whole process {walls(again).median:.2f} s, {peaks(again).median:.0f} MB",
    )


def sweeps(
    bench: Bench, jobs: int, rounds: int
) -> tuple[list[Sample], list[Sample], list[Sample] | None]:
    """First sweeps, sweeps of the same jobs under other signatures, and the least (``None``
    without curl), in turn. The catalog of the last round stays in the folder ``sweep``."""
    spec = bench.account(jobs, TINY, facets=True)
    with ExitStack() as stack:
        service = bench.serve(stack, spec)

        def first() -> Sample:
            service.show_signatures(0)
            library = Library.made(bench.fresh("sweep"), bench.api_url)
            bench.settle()
            return _counted(library.inside("sweep"), jobs)

        def again() -> Sample:
            service.show_signatures(1)
            return _counted(Library(bench.folder / "sweep").inside("sweep"), jobs)

        def least() -> Sample:
            service.show_signatures(0)
            return _least(bench, jobs)

        contestants = {"first": first, "again": again}
        if "curl" in bench.rivals:
            contestants["least"] = least
        taken = in_turn(rounds, contestants)
        return taken["first"], taken["again"], taken.get("least")


def _counted(sample: Sample, jobs: int) -> Sample:
    if not sample.said["found"]:
        raise Trouble("a sweep left no search index: a word of many jobs is not found")
    if sample.said["jobs"] != jobs:
        raise Trouble(f"a sweep saw {sample.said['jobs']} of {jobs} jobs")
    return sample


def _least(bench: Bench, jobs: int) -> Sample:
    """Wall time of curl, and as ``seconds`` that of the rows."""
    folder = bench.fresh("pages")
    pages, config = folder / "pages", folder / "curl.txt"
    pages.mkdir()
    with config.open("w") as stream:
        for skip in range(0, max(1, jobs - 1), PAGE - 1):
            query = f"skip={skip}&limit={PAGE}&sort_by=created_at&sort_order=asc"
            stream.write(f'url = "{bench.api_url}/api/v1/music/jobs?{query}"\n')
            stream.write(f'output = "{pages}/{skip:08}"\n')
    bench.settle()
    options = ["--disable", "--silent", "--show-error", "--fail", "--parallel", "--parallel-max"]
    fetched = run_child(["curl", *options, "8", "--config", config])
    insert = ["-m", "benchmarks.raw_rows", str(pages), str(folder / "rows.sqlite3")]
    rows = run_child([sys.executable, *insert], cwd=bench.source, speaks=True)
    if rows.said["jobs"] != jobs:
        raise Trouble(f"curl fetched {rows.said['jobs']} of {jobs} jobs")
    return Sample(fetched.wall, fetched.processor, fetched.peak, rows.said)
