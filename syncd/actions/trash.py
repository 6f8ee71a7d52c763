"""The trash by command: what is in it, brought back from it, removed from it for good."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath

from syncd.actions.asked import journalled
from syncd.catalog import queries
from syncd.core.cases import EXPECTED
from syncd.core.operations import Detach
from syncd.core.safety import is_inside
from syncd.errors import CorruptMedia, SyncdError
from syncd.executor.adopt import detach
from syncd.executor.context import Context
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation
from syncd.library import Library
from syncd.local import tags
from syncd.local.audio import sniff
from syncd.local.sidecars import is_audio
from syncd.local.trash import Entry, Trash


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """An entry that is back, at ``path`` relative to the root.

    ``detached``: its job is gone, so it is kept as the user's own.
    """

    name: str
    job_id: int
    path: str
    detached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """The entries that were removed for good, and the bytes that this freed."""

    entries: tuple[Entry, ...]
    freed: int


def chosen(trash: Trash, names: Sequence[str]) -> list[Entry]:
    """The entries of these names, and all of the jobs whose ids are among them; oldest first.

    Raises ``SyncdError`` for what is not there.
    """
    entries = trash.entries()
    wanted: set[str] = set()
    for name in names:
        found = [e.name for e in entries if name in (e.name, str(e.job_id))]
        if not found:
            raise SyncdError(
                f"the trash holds nothing called {name}", hint="syncd trash ls lists what it holds"
            )
        wanted.update(found)
    return [entry for entry in entries if entry.name in wanted]


def older(entries: Sequence[Entry], *, now: datetime, age: float) -> list[Entry]:
    """Those of ``entries`` that are in the trash for ``age`` seconds or more at ``now``."""
    return [entry for entry in entries if now - entry.trashed_at >= timedelta(seconds=age)]


async def restore(
    library: Library, context: Context, name: str, *, path: str | None = None
) -> Restored:
    """Bring an entry back to where it stood, or to ``path`` relative to the root.

    ``name`` is that of the entry, or the id of a job: then its newest. Where something stands there
    it gets a free name. Raises ``SyncdError`` for what is not in the trash, for what is no audio
    any more where its job is gone, and for a ``path`` that is no audio file's in the library;
    ``RootUnusable``, ``Changed``, ``Occupied``.
    """
    entry = (await asyncio.to_thread(chosen, context.trash, [name]))[-1]
    if path is not None:
        _check_place(entry, path)
    await asyncio.to_thread(context.root.verify, context.marker)
    await asyncio.to_thread(enter_next_generation, library)
    async with journalled(
        context,
        entry.job_id,
        "trash-restore",
        reason="brought back by command",
        path=path or entry.path,
        before=entry.name,
    ) as row:
        return await to_its_end(_restore, context, entry, path, row)


async def empty(library: Library, context: Context, entries: Sequence[Entry]) -> Emptied:
    """Remove exactly these entries for good. Raises ``RootUnusable``."""
    await asyncio.to_thread(context.root.verify, context.marker)
    gone, freed = [], 0
    for entry in entries:
        async with journalled(
            context,
            entry.job_id,
            "trash-empty",
            reason=f"removed by command; it was here because: {entry.why}",
            path=entry.path,
            before=entry.name,
        ) as row:
            freed += await to_its_end(context.trash.empty, [entry])
            finish = context.catalog.journal.finish
            await to_its_end(partial(finish, row, library.clock(), outcome="done"))
            gone.append(entry)
    return Emptied(entries=tuple(gone), freed=freed)


def _restore(context: Context, entry: Entry, path: str | None, row: int) -> Restored:
    if _has_no_job(context, entry.job_id):
        _check_audio(context, entry)
    place = context.trash.restore(entry, path)
    detached = _is_detached(context, entry.job_id)
    if detached:
        op = Detach(job_id=entry.job_id, path=place, reason="its job is gone")
        detach(context, op, row)
    else:
        # The next scan finds it by its id: as the file of its track, or as a copy of that.
        context.catalog.journal.finish(row, context.clock(), outcome="done", after=place)
    return Restored(name=entry.name, job_id=entry.job_id, path=place, detached=detached)


def _is_detached(context: Context, job_id: int) -> bool:
    """Whether a file of this job is the user's own: its job is gone, and no other file is known."""
    if not _has_no_job(context, job_id):
        return False
    known = context.catalog.baseline_of(job_id)
    if known is None or known.placed is None or known.state not in EXPECTED:
        return True
    return not os.path.lexists(context.root.path / known.placed.path)


def _has_no_job(context: Context, job_id: int) -> bool:
    job = queries.job(context.catalog, job_id)
    return job is None or job.absent_since is not None


def _check_audio(context: Context, entry: Entry) -> None:
    """Raise ``SyncdError`` for what no library would take in: it stays here, with its note."""
    file = context.trash.folder / entry.name
    format_ = sniff(file)
    try:
        if format_ is not None:
            tags.read_fields(file, format_)
            return
    except CorruptMedia:
        pass
    raise SyncdError(
        f"{entry.name} is damaged: it is no audio file any more",
        hint=f"nothing was moved; {file} is what is left of it",
    )


def _check_place(entry: Entry, path: str) -> None:
    suffix = PurePosixPath(entry.name).suffix
    if not is_inside(path) or not is_audio(path):
        raise SyncdError(f"{path} is no place for a track in the library")
    if PurePosixPath(path).suffix.lower() != suffix.lower():
        raise SyncdError(f"{path} must end in {suffix}, as the file in the trash does")
