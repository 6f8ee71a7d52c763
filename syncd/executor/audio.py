"""Audio from the service as a file that passed every check, with or without its tags."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import structlog

from syncd.core.model import COMPLETED, Job, Origin, address_path
from syncd.core.tagging import ID3_VERSION, OLDER, told
from syncd.errors import (
    AddressExpired,
    Changed,
    CorruptMedia,
    MediaError,
    MediaUnavailable,
    StatusUnknown,
)
from syncd.executor.context import Context
from syncd.executor.look import ask
from syncd.local import files, tags
from syncd.local.audio import check
from syncd.remote.media import fetch, fetch_bytes

CORRUPT_TRIES = 3
"""How often a file that arrives corrupt is fetched anew before the track is put off."""

_log = structlog.get_logger("syncd.executor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A whole, sound body in ``part``, as it was served; ``job`` as last seen.

    ``source`` is its SHA-256, ``seconds`` its measured length.
    """

    job: Job
    part: Path
    format: str
    etag: str | None
    seconds: float
    source: str

    @property
    def audio(self) -> str:
        """The address that it came from, without the signature."""
        return address_path(self.job.audio[self.format])


@dataclass(frozen=True, slots=True)
class Written:
    """The managed fields as written, and what the account said then (``Placed.told``)."""

    tags: dict[str, tuple[str, ...]]
    told: str


async def fetch_sound(
    context: Context,
    job: Job,
    format_: str,
    *,
    again: bool = False,
    what: str = "the audio",
    gives_way: bool = True,
) -> Sound:
    """Fetch the audio of ``job`` into its unfinished file, and check it from end to end.

    ``again``: it is only looked at, and what fetches it next takes up what is there. ``what`` it is
    called where it cannot be had. ``gives_way``: it is broken off where its turn is over.
    Raises ``MediaError`` of every kind, ``Changed``, ``DiskFull``, ``GaveWay``.
    """
    try:
        return await _fetch_sound(context, job, format_, again=again, gives_way=gives_way)
    except StatusUnknown:
        raise  # of another call
    except MediaError as error:
        error.message = f"{what}: {error.message}"
        raise


async def _fetch_sound(
    context: Context, job: Job, format_: str, *, again: bool, gives_way: bool
) -> Sound:
    part = files.part_path(context.root, job.id, format_)
    asked_again = False
    tries = 0
    while True:
        address = job.audio.get(format_)
        if address is None:
            raise Changed(f"job {job.id} no longer offers {format_}")
        try:
            fetched = await fetch(
                context.http,
                address,
                part,
                policy=context.http.media_policy,
                max_size=context.settings.max_file_size,
                again=again,
                on_bytes=partial(context.progress.advanced, job.id),
                give_way=context.turn.is_over if gives_way else lambda: False,
            )
            seconds, source = await asyncio.to_thread(_checked, part, format_, job)
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
            return Sound(
                job=job,
                part=part,
                format=format_,
                etag=fetched.etag,
                seconds=seconds,
                source=source,
            )


def _checked(part: Path, format_: str, job: Job) -> tuple[float, str]:
    """Length and SHA-256 of what is in ``part``; what is not sound is not gone on with."""
    try:
        return check(part, format_, expected_duration=job.audio_duration).duration, files.sha256(
            part
        )
    except CorruptMedia:
        files.discard_part(part)
        raise


async def _look_again(context: Context, job_id: int) -> Job:
    try:
        await ask(context, job_id)
    except StatusUnknown as error:
        raise StatusUnknown(
            f"its address ran out, and {error.message}", error=error.error
        ) from None
    # With what was learnt of it, which no answer shows.
    job = await asyncio.to_thread(context.job, job_id)
    if job.status != COMPLETED:
        raise Changed(f"job {job_id} is now {job.status}")
    return job


async def fetch_cover(context: Context, job: Job) -> tags.Cover | None:
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


def write_tags(
    context: Context,
    sound: Sound,
    cover: tags.Cover | None,
    origin: Origin,
    *,
    album: str,
    number: int | None,
) -> Written:
    """Tag the unfinished file of ``sound`` with all that is known of its job, and check it again.

    Where that fails the file is discarded: it no longer is what the service sends, so a later
    range would not fit it.
    """
    # As the catalog has it: what the service says of a job need not be all that was learnt of it.
    job = context.job(sound.job.id)
    desired = context.desired(job, origin, album=album, number=number)
    version = context.settings.style.id3_version
    try:
        written = dict(
            tags.write_fields(
                sound.part,
                sound.format,
                desired,
                cover=cover,
                duration=sound.seconds,
                id3_version=version,
            )
        )
        # Tags are written by a library that moves audio about: what is placed was walked as it is.
        check(sound.part, sound.format, expected_duration=None)
    except BaseException:
        files.discard_part(sound.part)
        raise
    if version == OLDER and sound.format in ("mp3", "wav"):
        written[ID3_VERSION] = (str(version),)
    if cover:
        written["cover"] = (sha256(cover.data).hexdigest(),)
    return Written(written, told(job.track()))
