"""RenameRemote, RenameLocal, MoveLocal, MakeWay: names and places given anew."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace

import structlog

from syncd.catalog.outcomes import Done
from syncd.core.baseline import Named, Placed, State
from syncd.core.model import Job, LocalFile
from syncd.core.naming import effective_title, same_text, stem_of
from syncd.core.operations import MakeWay, MoveLocal, RenameLocal, RenameRemote
from syncd.errors import (
    AnotherDisk,
    Changed,
    CorruptMedia,
    KeyRevoked,
    LocalError,
    NoSuchJob,
    Occupied,
)
from syncd.executor.context import Context
from syncd.executor.look import ask, look, refused, sending
from syncd.executor.lyrics import make_room, move_lyrics
from syncd.executor.retag import rewrite
from syncd.executor.stand_in import as_far_as_known
from syncd.executor.threads import to_its_end
from syncd.local.mounts import is_mounted
from syncd.local.moves import follow, move
from syncd.local.scan import file_stat

_log = structlog.get_logger("syncd.executor")


async def rename_remote(context: Context, op: RenameRemote, entry: int) -> None:
    """Send the new name; what the service answers becomes the baseline, whatever it made of it."""
    seen = await look(context, op)
    await asyncio.to_thread(context.check_file, op.job_id, op.path)
    await asyncio.to_thread(context.root.verify, context.marker)
    # Before it is sent: what was done of it may never be known.
    await asyncio.to_thread(_spend, context, op)
    try:
        async with sending(context, op.job_id, "the name"):
            job = await context.client.update(seen, display_name=op.new_title)
    except NoSuchJob:
        raise Changed(f"job {op.job_id} is no longer in the account", sweep=True) from None
    except KeyRevoked as error:
        raise refused(error, "rename jobs", held=op.job_id) from None
    if job is None:
        job = await ask(context, op.job_id)
    await to_its_end(_record_name, context, op, job, entry)


def _spend(context: Context, op: RenameRemote) -> None:
    """Count it. The trees have one budget of names: the first one's catalog has those of all."""
    for catalog in (context.catalog.source, context.catalog):
        if catalog is not None:
            catalog.outcomes.spend(op.job_id, op.verb, context.now())


def _record_name(context: Context, op: RenameRemote, job: Job, entry: int) -> None:
    context.catalog.observe([job], context.clock())
    placed = context.placed(op.job_id)
    mounted = is_mounted(context.root, op.path)
    move_lyrics(context, job, placed.path, op.path)
    if op.path != placed.path:
        with suppress(FileNotFoundError, NotADirectoryError):
            placed = as_far_as_known(placed, context.root.path / op.path)
    placed = replace(
        placed,
        path=op.path,
        title=job.display_name,
        stem=op.stem,
        moved=op.moved,
        mounted=mounted,
    )
    placed = retitle(context, op.job_id, placed, job)
    file = _file(context, op.job_id, op.path)
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.PLACED,
        placed=placed,
        file=file,
        counted=True,
    )
    context.record(done, entry, after=job.display_name)
    if file is None:
        raise Changed(f"{op.path} has another name by now; the one that was sent is recorded")


def rename_local(context: Context, op: RenameLocal, entry: int) -> None:
    """Rename the file where it stands, and the title in its tags if that is still ours."""
    job = context.job(op.job_id)
    _record_earlier(context, op)
    context.catalog.outcomes.intend(op.job_id, Named(op.title, op.stem))
    try:
        placed = _moved(context, op)
    except (Changed, Occupied):
        if op.path != op.new_path and os.path.lexists(context.root.path / op.path):
            context.catalog.outcomes.intend(op.job_id, None)
        raise
    placed = replace(placed, title=op.title, stem=op.stem)
    _record(context, op, retitle(context, op.job_id, placed, job), entry)


def _record_earlier(context: Context, op: RenameLocal) -> None:
    """Commit an earlier rename that came to a stop before its record, where this one gives another
    name: the file is known by the name that it has, and by the next one. Its title may still be the
    old one, so its tags are looked at again should this one come to a stop, too."""
    known = context.catalog.baseline_of(op.job_id)
    placed = known.placed if known else None
    if known is None or placed is None or known.intended is None or op.path == placed.path:
        return
    names = known.intended
    if not same_text(stem_of(op.path), names.stem) or same_text(op.stem, names.stem):
        return
    mounted = is_mounted(context.root, op.path)
    context.check_file(op.job_id, op.path)
    follow(context.root, placed.path, op.path)
    placed = as_far_as_known(placed, context.root.path / op.path)
    placed = replace(placed, path=op.path, title=names.title, stem=names.stem, mounted=mounted)
    told = placed.told and ""
    context.catalog.outcomes.commit(op.job_id, known.state, replace(placed, told=told))


def move_local(context: Context, op: MoveLocal, entry: int) -> None:
    """Move the file to where the template puts it now; folders left empty are removed."""
    template = context.settings.template
    placed = replace(_moved(context, op, prune=True), stem=op.stem, template=template)
    _record(context, op, placed, entry)


def make_way(context: Context, op: MakeWay, entry: int) -> None:
    """Give the file a name for now; its pair of names follows, so that this is no rename."""
    placed = replace(_moved(context, op), stem=stem_of(op.new_path))
    _record(context, op, placed, entry)


def _moved(
    context: Context, op: RenameLocal | MoveLocal | MakeWay, *, prune: bool = False
) -> Placed:
    """Move the file, after a look whether it is still the track's; how it stands by then."""
    placed = context.placed(op.job_id)
    context.check_file(op.job_id, op.path)
    mounted = is_mounted(context.root, op.new_path)
    before = file_stat(context.root.path / op.path)
    if op.path != placed.path:
        # It was moved before, and stopped before that was recorded.
        follow(context.root, placed.path, op.path, prune=prune)
        placed = as_far_as_known(placed, context.root.path / op.path)
    make_room(context, op.new_path)
    after = move(context.root, op.path, op.new_path, expected=before, prune=prune)
    # The stat of a file that was edited stays that of the file as it was placed.
    stat = after if before == placed.stat else placed.stat
    return replace(placed, path=op.new_path, stat=stat, mounted=mounted)


def _record(
    context: Context,
    op: RenameLocal | MoveLocal | MakeWay,
    placed: Placed,
    entry: int,
) -> None:
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.PLACED,
        placed=placed,
        file=_file(context, op.job_id, placed.path),
        left=op.path,
    )
    context.record(done, entry)


def _file(context: Context, job_id: int, path: str) -> LocalFile | None:
    """The track's file at ``path``, to be remembered; ``None`` where it is elsewhere by now: what
    was done stands nevertheless, and the next scan finds the file."""
    try:
        file = context.file_at(path)
    except Changed:
        return None
    return file if file.identity and file.identity.job_id == job_id else None


def retitle(context: Context, job_id: int, placed: Placed, job: Job) -> Placed:
    """Write the new title into the tags, where it still is what this program wrote there.

    The name is the account's and the file's by now: a tag that cannot be written is no reason to
    take that back. What may go well another time is tried again, as a change of tags.
    """
    wanted = {"title": (effective_title(job.track()),)}
    try:
        return rewrite(context, job_id, placed, wanted)
    except (AnotherDisk, CorruptMedia) as error:
        failure: Exception = error
        told = placed.told
    except (Changed, LocalError, OSError) as error:
        failure, told = error, placed.told and ""
    _log.warning("the title in the tags stays", job=job_id, why=str(failure))
    return replace(placed, told=told)
