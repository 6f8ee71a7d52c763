"""Parts of the program by themselves, each in a process of its own: ``inside PART [WORD …]``.

The same functions that a cycle calls, with the same catalog and folder, named by ``SYNCD_CONFIG``.
Prints one line of JSON; seconds are of CLOCK_MONOTONIC, ``processor`` is user and system time of
all threads.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from syncd import config
from syncd.cli.sync import run_sync
from syncd.cycle import Look, run_cycle
from syncd.engine import open_client, open_engine
from syncd.local.scan import scan
from syncd.local.tags import read_identity
from syncd.observation import sweep_account

_WAIT_BETWEEN = 0.2
"""Seconds between two polls, so that none pays for what the one before left to threads."""


_TICK = 0.005
"""Seconds after which the event loop is to come back to whoever waits for that."""

_LOOKS = 3
"""How often the folder is looked at; the median counts. A collection of garbage, of all that was
imported, falls into one of them and takes longer than a small scan."""


@contextmanager
def files_opened(opened: list[str]) -> Iterator[None]:
    """Note what Python opens meanwhile, folders left out (audit event ``open``, PEP 578).

    What SQLite opens in C is not seen; ``strace`` sees it (``poll``).
    """
    is_on = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not is_on or event != "open" or not isinstance(arguments[0], str | bytes):
            return
        if not (arguments[2] or 0) & os.O_DIRECTORY:
            opened.append(os.fsdecode(arguments[0]))

    sys.addaudithook(hook)
    try:
        yield
    finally:
        is_on = False


async def sweep() -> dict[str, Any]:
    """Take the whole account into the catalog, search index included."""
    settings = config.load()
    async with open_engine(settings, config.load_key(settings)) as engine:
        began, library = time.monotonic(), engine.library
        await sweep_account(library)
        taken = time.monotonic() - began
    with closing(sqlite3.connect(settings.catalog)) as connection:
        (jobs,) = connection.execute("SELECT count(*) FROM job").fetchone()
        found = connection.execute("SELECT count(*) FROM words WHERE words MATCH 'lantern'")
        return {"seconds": taken, "jobs": jobs, "found": found.fetchone()[0]}


async def poll(count: str) -> dict[str, Any]:
    """Look at the account ``count`` times as a quiet daemon does; the first time is not counted."""
    settings = config.load()
    processor, requests, opened = [], [], list[str]()
    async with open_engine(settings, config.load_key(settings)) as engine:
        cycle = partial(run_cycle, engine.library, engine.executor, engine.policy, Look(poll=True))
        report = await cycle()
        for _ in range(int(count)):
            await asyncio.sleep(_WAIT_BETWEEN)
            sent, began = engine.library.client.requests, time.process_time()
            with files_opened(opened):
                report = await cycle()
            processor.append(time.process_time() - began)
            requests.append(engine.library.client.requests - sent)
            if report.error or not report.quiet:
                why = report.error or report.needs_sweep or "something was new"
                raise SystemExit(f"a poll was not quiet: {why}")
    return {
        "processor": sorted(processor)[len(processor) // 2],
        "requests": max(requests),
        "opened": len(opened) / int(count),
        "audio_opened": len(_audio_of(settings.library.root, opened)),
        "names": sorted({Path(path).name for path in opened}),
    }


async def look() -> dict[str, Any]:
    """The folder as a cycle looks at it: what is known of the files, the marker, the scan."""
    settings = config.load()
    opened: list[str] = []
    async with open_engine(settings, config.load_key(settings)) as engine:
        library = engine.library

        def looked() -> tuple[float, float, int]:
            began = time.monotonic()
            known = library.catalog.scans.known_files()
            library.root.verify(library.marker)
            scanning = time.monotonic()
            tree = scan(library.root.path, known, read_identity=read_identity)
            ended = time.monotonic()
            library.root.verify(library.marker)
            return time.monotonic() - began, ended - scanning, len(tree.files)

        times = [await asyncio.to_thread(looked) for _ in range(_LOOKS)]
        with files_opened(opened):
            await asyncio.to_thread(looked)
    whole, alone, files = sorted(times)[_LOOKS // 2]
    audio = _audio_of(settings.library.root, opened)
    return {"seconds": whole, "scan": alone, "files": files, "audio_opened": len(audio)}


async def stalls() -> dict[str, Any]:
    """A whole ``syncd sync``; by how many seconds at the most the event loop was late."""
    settings = config.load()
    latest = 0.0

    async def tick() -> None:
        nonlocal latest
        while True:
            began = time.monotonic()
            await asyncio.sleep(_TICK)
            latest = max(latest, time.monotonic() - began - _TICK)

    ticking = asyncio.create_task(tick())
    run, _ = await run_sync(settings, config.load_key(settings), None)
    ticking.cancel()
    if run.error or run.failed:
        raise SystemExit(f"the sync did not bring all in step: {run.error or run.failed[0]}")
    return {"stall": latest}


async def renames(parallel: str, names: str) -> dict[str, Any]:
    """Ask for the status of each job and send its name, by the client alone.

    ``names`` is a file of JSON, job id -> name.
    """
    settings = config.load()
    text = await asyncio.to_thread(Path(names).read_text)
    wanted = {int(job): name for job, name in json.loads(text).items()}
    async with open_client(settings, config.load_key(settings)) as client:
        left = iter(wanted.items())

        async def work() -> None:
            for job_id, name in left:
                seen = await client.job(job_id)
                await client.update(seen, display_name=name)

        began = time.monotonic()
        async with asyncio.TaskGroup() as workers:
            for _ in range(int(parallel)):
                workers.create_task(work())
        return {"seconds": time.monotonic() - began}


def _audio_of(root: Path, opened: Sequence[str]) -> list[str]:
    """What lies in the library, the program's own folder left out."""
    own = f"{root}/.syncd/"
    return [path for path in opened if path.startswith(f"{root}/") and not path.startswith(own)]


PARTS: dict[str, Callable[..., Any]] = {
    "sweep": sweep,
    "poll": poll,
    "look": look,
    "stalls": stalls,
    "renames": renames,
}

if __name__ == "__main__":
    print(json.dumps(asyncio.run(PARTS[sys.argv[1]](*sys.argv[2:]))))
