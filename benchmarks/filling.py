"""A library brought in step without fetching: ``python -m benchmarks.filling``, for 100,000 files.

The program itself lists the account and plans; what carries the plan out is done here in one go:
the bytes of each file are written straight to where the plan wants them, and the catalog gets the
rows that ``executor.download`` would have written, its journal included. The files carry no tags:
nothing that is measured on such a library opens one. ``Bench.in_step`` has ``syncd sync`` confirm
that nothing is left to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, update

from syncd import config
from syncd.catalog import rows
from syncd.catalog.schema import BASELINE, FILE, JOURNAL
from syncd.core.baseline import Placed, State
from syncd.core.model import Identity, LocalFile, Origin, address_path
from syncd.core.operations import Download
from syncd.core.tagging import told
from syncd.cycle import make_plan, policy_for
from syncd.engine import Engine, open_engine
from syncd.executor.lyrics import lyrics_digest
from syncd.generation import enter_next_generation
from syncd.learning import learn
from syncd.local.scan import file_stat
from syncd.observation import observe, sweep_account

Rows = dict[str, list[dict[str, Any]]]


async def fill(audio: Path) -> int:
    """Place ``audio`` as the file of every job; how many they are."""
    settings = config.load()
    async with open_engine(settings, config.load_key(settings)) as engine:
        library = engine.library
        await sweep_account(library)
        await learn(library, swept=True, changed=True)
        policy = policy_for(library, engine.policy)
        trees = await observe(library, policy)
        plan = make_plan(trees, policy, library.now())
        enter_next_generation(library)
        assert policy.origin is not None, "policy_for names it"
        wanted = [op for op in plan if isinstance(op, Download)]
        found = await asyncio.to_thread(_place, engine, wanted, policy.origin, audio)
    await asyncio.to_thread(_record, settings.catalog, found)
    return len(wanted)


def _place(engine: Engine, plan: list[Download], origin: Origin, source: Path) -> Rows:
    found: Rows = {"baseline": [], "file": [], "journal": []}
    audio, now = source.read_bytes(), engine.library.clock()
    for op, placed in _placed(engine, plan, origin, audio):
        given = {"state": State.PLACED, "attempts": 0, "album": op.album, "number": op.number}
        found["baseline"].append(
            {"job_id": op.job_id, **given, **rows.placed_to_row(replace(placed, placed_at=now))}
        )
        file = LocalFile(op.path, placed.stat, Identity(op.job_id, origin))
        found["file"].append(rows.file_to_row(file))
        done = {"started_at": now, "finished_at": now, "outcome": "done", "evidence": []}
        about = {"job_id": op.job_id, "verb": op.verb, "path": op.path, "reason": op.reason}
        found["journal"].append({"cycle": "filled", "after": op.path, **about, **done})
    return found


def _placed(
    engine: Engine, plan: list[Download], origin: Origin, audio: bytes
) -> Iterator[tuple[Download, Placed]]:
    context, digest = engine.context, hashlib.sha256(audio).hexdigest()
    for op in plan:
        job, path = context.job(op.job_id), context.root.path / op.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(audio)
        if job.created_at is not None:
            moment = job.created_at.timestamp()
            os.utime(path, (moment, moment))
        yield (
            op,
            Placed(
                path=op.path,
                title=op.title,
                stem=op.stem,
                template=context.settings.template,
                format=op.format,
                audio=address_path(job.audio[op.format]),
                etag=None,
                sha256=digest,
                stat=file_stat(path),
                source=digest,
                tags=context.desired(job, origin, album=op.album, number=op.number),
                told=told(job.track()),
                lyrics=lyrics_digest(job),
            ),
        )


def _record(catalog: Path, found: Rows) -> None:
    engine = create_engine(f"sqlite:///{catalog}")
    with engine.begin() as connection:
        for table, name in ((BASELINE, "baseline"), (FILE, "file"), (JOURNAL, "journal")):
            if found[name]:
                connection.execute(insert(table), found[name])
        # As a scan leaves it where it saw them for the first time.
        connection.execute(update(FILE).values(since=1))
    engine.dispose()


if __name__ == "__main__":
    print(f'{{"placed": {asyncio.run(fill(Path(sys.argv[1])))}}}')
