"""Whether the account would give back what is about to be removed here: asked, not believed."""

from __future__ import annotations

import asyncio
import os

from syncd.core.baseline import Placed
from syncd.core.model import COMPLETED, Job, address_path
from syncd.core.operations import Evict, Free
from syncd.errors import Changed, CorruptMedia, MediaError
from syncd.executor.audio import fetch_sound
from syncd.executor.context import Context
from syncd.executor.look import fresh
from syncd.local import files
from syncd.local.audio.untagged import untagged_size
from syncd.local.carry import translated
from syncd.remote.media_glance import Served, glance


async def check_obtainable(context: Context, op: Evict | Free, placed: Placed) -> None:
    """Raise ``Changed`` unless the account has what the file of ``op`` was made from.

    ``StatusUnknown`` where it does not say, and ``MediaError`` where that audio is not served.
    """
    job = await fresh(context, op.job_id)
    offered = address_path(job.audio.get(placed.format, ""))
    if job.status != COMPLETED or offered != placed.audio:
        raise Changed(f"job {op.job_id} no longer offers the audio of {op.path}", sweep=True)
    await check_served(context, job, placed)


async def check_served(
    context: Context, job: Job, placed: Placed, *, at: str | None = None
) -> None:
    """Raise ``MediaError`` unless the audio of ``placed`` is served at the address of ``job``.

    An address alone is no audio. One byte is asked for; all of it where the validator is another
    than it was, so that its bytes can tell. Nothing where the file is gone already. ``at``: where
    that is, relative to the root, unless it stands where it was placed.
    """
    at = at or placed.path
    path = context.root.path / at
    if not await asyncio.to_thread(os.path.lexists, path):
        return
    policy = context.http.media_policy
    try:
        served = await glance(context.http, job.audio[placed.format], policy=policy)
        least = await asyncio.to_thread(_least, context, placed, at)
        if served.size is not None and served.size < least:
            raise CorruptMedia(f"{placed.audio} gives {served.size} bytes, of {least} or more")
        if _is_another(served, placed):
            await _compare(context, job, placed)
    except MediaError as error:
        error.message = (
            f"{placed.path} was left alone, as perhaps the only copy of its audio: that cannot be "
            f"fetched again now: {error.message}"
        )
        error.hint = "it is given up once its audio is served again"
        raise


def _least(context: Context, placed: Placed, at: str) -> int:
    """How many bytes what was placed has at least; nothing of a file that the user changed."""
    with translated(context.root):
        if context.is_edited(placed, at):
            return 0
        return untagged_size(context.root.path / at, placed.format)


def _is_another(served: Served, placed: Placed) -> bool:
    """Whether the validator says that it was changed since; weak ones say as much here."""
    return (
        placed.source is not None
        and None not in (served.etag, placed.etag)
        and (served.etag != placed.etag)
    )


async def _compare(context: Context, job: Job, placed: Placed) -> None:
    sound = await fetch_sound(context, job, placed.format, gives_way=False)
    await asyncio.to_thread(files.discard_part, sound.part)
    if sound.source != placed.source:
        raise CorruptMedia(f"{placed.audio} gives other audio by now")
