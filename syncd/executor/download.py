"""Download and Restore: fetch a job's audio, check it, tag it, place it, record it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from syncd.catalog.outcomes import Done
from syncd.core.baseline import Placed, State
from syncd.core.model import Identity, Job, LocalFile, Origin
from syncd.core.operations import Download, Restore
from syncd.errors import Occupied
from syncd.executor.audio import Sound, fetch_cover, fetch_sound, write_tags
from syncd.executor.context import Context
from syncd.executor.lyrics import lyrics_digest
from syncd.executor.threads import to_its_end
from syncd.local import files, tags
from syncd.local.mounts import is_mounted
from syncd.local.scan import file_stat


async def download(context: Context, op: Download, entry: int, origin: Origin) -> None:
    """Fetch, check, tag, place, commit: after a stop anywhere, the next plan goes on."""
    job = await asyncio.to_thread(_begin, context, op)
    context.progress.started(op)
    sound = await fetch_sound(context, job, op.format)
    cover = await fetch_cover(context, sound.job)
    await to_its_end(_place, context, op, sound, cover, entry, origin)


def _begin(context: Context, op: Download) -> Job:
    context.check_space()
    job = context.job(op.job_id)
    context.catalog.outcomes.give_number(op.job_id, album=op.album, number=op.number)
    return job


def _place(
    context: Context,
    op: Download,
    sound: Sound,
    cover: tags.Cover | None,
    entry: int,
    origin: Origin,
) -> None:
    written = write_tags(context, sound, cover, origin, album=op.album, number=op.number)
    mounted = is_mounted(context.root, op.path)
    placed = Placed(
        path=op.path,
        title=op.title,
        stem=op.stem,
        template=context.settings.template,
        format=op.format,
        audio=sound.audio,
        etag=sound.etag,
        sha256=files.sha256(sound.part),
        stat=file_stat(sound.part),
        source=sound.source,
        tags=written.tags,
        told=written.told,
        lyrics=lyrics_digest(sound.job),
        placed_at=context.clock(),
        moved=op.moved,
        mounted=mounted,
    )
    before = context.catalog.baseline_of(op.job_id) if isinstance(op, Restore) else None
    # After a stop neither this file nor its absence is the user's doing, and it is known which
    # audio it was made from: the account may have other by then.
    context.catalog.outcomes.commit(op.job_id, State.WANTED, placed)
    try:
        stat = files.place(
            context.root,
            sound.part,
            op.path,
            mode=context.settings.file_mode,
            modified=sound.job.created_at,
        )
    except Occupied:
        if before is not None:
            # What stands there may be the file of before, brought back.
            context.catalog.outcomes.commit(op.job_id, before.state, before.placed)
        raise
    finally:
        files.discard_part(sound.part)
    context.place_lyrics(sound.job, op.path)
    placed = replace(placed, stat=stat)
    # What was written was read back; opening the file anew would find it gone if the user is quick.
    file = LocalFile(op.path, stat, Identity(op.job_id, origin))
    done = Done(job_id=op.job_id, verb=op.verb, state=State.PLACED, placed=placed, file=file)
    context.catalog.outcomes.record(done, entry=entry, now=context.now())
