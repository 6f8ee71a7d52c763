"""Download: fetch a job's audio, check it, tag it, place it, record it."""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256
from pathlib import Path

import structlog

from syncd.core.model import COMPLETED, Identity, Job, LocalFile, Origin, Placed, address_path
from syncd.core.operations import Download
from syncd.errors import (
    AddressExpired,
    Changed,
    ContractBroken,
    CorruptMedia,
    CreditsExhausted,
    DiskFull,
    KeyRevoked,
    MediaError,
    MediaUnavailable,
    Offline,
    RequestRefused,
    StatusUnknown,
)
from syncd.executor.context import Context
from syncd.executor.threads import to_its_end
from syncd.local import files, tags
from syncd.local.audio import check
from syncd.remote.media import Fetched, fetch, fetch_bytes

CORRUPT_TRIES = 3
"""How often a file that arrives corrupt is fetched anew before the track is put off."""

_log = structlog.get_logger("syncd.executor")


async def download(context: Context, op: Download, entry: int, origin: Origin) -> None:
    """Fetch, check, tag, place, commit: after a stop anywhere, the next plan goes on."""
    job = await asyncio.to_thread(_begin, context, op)
    context.progress.started(op)
    part = files.part_path(context.root, op.job_id, op.format)
    job, fetched, seconds = await _fetch_sound(context, op, job, part)
    cover = await _cover(context, job)
    await to_its_end(_place, context, op, job, part, fetched, seconds, cover, entry, origin)


def _begin(context: Context, op: Download) -> Job:
    free = files.free_bytes(context.root)
    if free < context.settings.min_free_space:
        raise DiskFull(
            f"{free // 1_000_000} MB are free under {context.root.path}, less than "
            f"limits.min_free_space ({context.settings.min_free_space // 1_000_000} MB)",
            hint="make room, or lower the limit; nothing was removed",
        )
    job = context.catalog.job(op.job_id)
    if job is None:
        raise Changed(f"job {op.job_id} is no longer in the catalog")
    context.catalog.give_number(op.job_id, album=op.album, number=op.number)
    return job


async def _fetch_sound(
    context: Context, op: Download, job: Job, part: Path
) -> tuple[Job, Fetched, float]:
    """The audio as a file that passed every check; the job as last seen; its seconds."""
    asked_again = False
    tries = 0
    while True:
        address = job.audio.get(op.format)
        if address is None:
            raise Changed(f"job {job.id} no longer offers {op.format}")
        try:
            fetched = await fetch(
                context.http,
                address,
                part,
                policy=context.http.media_policy,
                max_size=context.settings.max_file_size,
                on_bytes=partial(context.progress.advanced, op.job_id),
            )
            seconds = await asyncio.to_thread(_seconds_of, part, op, job)
        except AddressExpired:
            # Signed addresses run out; the status call gives a fresh one, once.
            if asked_again:
                raise
            asked_again = True
            job = await _look_again(context, job.id)
        except CorruptMedia:
            tries += 1
            if tries == CORRUPT_TRIES:
                raise
        else:
            return job, fetched, seconds


def _seconds_of(part: Path, op: Download, job: Job) -> float:
    """The length of the audio in ``part``; what is not sound is not gone on with."""
    try:
        return check(part, op.format, expected_duration=job.audio_duration).duration
    except CorruptMedia:
        files.discard_part(part)
        raise


async def _look_again(context: Context, job_id: int) -> Job:
    try:
        job = await context.client.job(job_id)
    except (ContractBroken, RequestRefused, CreditsExhausted, KeyRevoked, Offline) as error:
        # It may be this job alone: 403 for one job is no revoked key, 500 no absent service.
        raise StatusUnknown(
            f"its address ran out, and the status call failed: {error.message}", error=error
        ) from None
    await asyncio.to_thread(context.catalog.observe, [job], context.clock())
    if job.status != COMPLETED:
        raise Changed(f"job {job_id} is now {job.status}")
    return job


async def _cover(context: Context, job: Job) -> tags.Cover | None:
    """The cover as served, in one try. A track is not kept waiting for one that cannot be had."""
    host = address_path(job.thumbnail_url or "").partition("/")[0]
    if not job.thumbnail_url or host in context.deaf_hosts:
        return None
    try:
        data = await fetch_bytes(
            context.http,
            job.thumbnail_url,
            policy=context.http.media_policy,
            max_size=tags.MAX_COVER,
            attempts=1,
        )
    except MediaError as error:
        if isinstance(error, MediaUnavailable):
            context.deaf_hosts.add(host)
        _log.warning("placed without its cover", job=job.id, why=error.message)
        return None
    cover = tags.Cover.parse(data)
    if cover is None:
        _log.warning("placed without its cover", job=job.id, why="it is no JPEG or PNG")
    return cover


def _place(
    context: Context,
    op: Download,
    job: Job,
    part: Path,
    fetched: Fetched,
    seconds: float,
    cover: tags.Cover | None,
    entry: int,
    origin: Origin,
) -> None:
    desired = context.desired(op, job, origin)
    try:
        written = dict(tags.write_fields(part, op.format, desired, cover=cover, duration=seconds))
        # Tags are written by a library that moves audio about: what is placed was walked as it is.
        check(part, op.format, expected_duration=None)
        digest = files.sha256(part)
        stat = files.place(
            context.root,
            part,
            op.path,
            mode=context.settings.file_mode,
            modified=job.created_at,
        )
    except BaseException:
        # Tagged, it no longer is what the service sends: a later range would not fit it.
        files.discard_part(part)
        raise
    files.discard_part(part)
    context.place_lyrics(job, op.path)
    if cover:
        written["cover"] = (sha256(cover.data).hexdigest(),)
    placed = Placed(
        path=op.path,
        title=op.title,
        stem=op.stem,
        template=context.settings.template,
        format=op.format,
        audio=address_path(job.audio[op.format]),
        etag=fetched.etag,
        sha256=digest,
        stat=stat,
        tags=written,
        placed_at=context.clock(),
    )
    # What was written was read back; opening the file anew would find it gone if the user is quick.
    file = LocalFile(op.path, stat, Identity(op.job_id, origin))
    context.catalog.record_placed(op.job_id, placed, file, entry=entry, now=context.clock())
