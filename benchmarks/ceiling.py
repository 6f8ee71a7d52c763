"""The ceiling: what the server gives to curl, so that it is seen not to be what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import TINY, Bench
from benchmarks.pairs import Figures, Row, Sample, run_child


def measure(bench: Bench) -> Iterator[Row]:
    """With ``curl --parallel`` 8, on bare loopback, everything thrown away."""
    if "curl" not in bench.rivals:
        yield Row(work="what serves", missing=bench.rivals.absent["curl"])
        return
    files, size = bench.scale.of((500, 4_000_000), (24, 500_000))
    spec = bench.account(files, size, covers=True)
    addresses = [url for url, _ in bench.addresses_of(spec)]
    with ExitStack() as stack:
        bench.serve(stack, spec)
        rate = [files * size / 1e6 / _fetched(bench, addresses).wall for _ in _rounds(bench)]
    yield Row(work=f"what serves: {files} × {size / 1e6:g} MB", unit="MB/s", ours=Figures.of(rate))
    jobs = bench.scale.of(100_000, 1_000)
    spec = bench.account(jobs, TINY, facets=True)
    base = f"{bench.api_url}/api/v1/music/jobs?sort_by=created_at&sort_order=asc&limit=100&skip="
    pages = [f"{base}{skip}" for skip in range(0, jobs, 99)]
    with ExitStack() as stack:
        bench.serve(stack, spec)
        rate = [jobs / _fetched(bench, pages).wall for _ in _rounds(bench)]
    yield Row(work=f"what serves: pages of {jobs:,} jobs", unit="jobs/s", ours=Figures.of(rate))
    files = bench.scale.of(5_000, 1_000)
    spec = bench.account(files, TINY, facets=True)
    tiny = [url for url, _ in bench.addresses_of(spec)]
    with ExitStack() as stack:
        bench.serve(stack, spec)
        rate = [files / _fetched(bench, tiny).wall for _ in _rounds(bench)]
    yield Row(work=f"what serves: {files:,} × 4 kB", unit="files/s", ours=Figures.of(rate))


def _rounds(bench: Bench) -> range:
    return range(bench.scale.times(3))


def _fetched(bench: Bench, addresses: list[str]) -> Sample:
    config = bench.folder / "curl-ceiling.txt"
    config.write_text("".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in addresses))
    options = ["--disable", "--silent", "--show-error", "--fail", "--parallel", "--parallel-max"]
    return run_child(["curl", *options, "8", "--config", config])
