"""Compare and Redownload: audio that was changed in the account under a known id."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress

from syncd.catalog.outcomes import Done
from syncd.core.baseline import Placed, State
from syncd.core.model import FileStat, Identity, LocalFile, Origin
from syncd.core.operations import Compare, Redownload
from syncd.errors import Changed
from syncd.executor.audio import Sound, fetch_cover, fetch_sound, write_tags
from syncd.executor.context import Context
from syncd.executor.lyrics import renew_lyrics
from syncd.executor.stand_in import NO_FILE
from syncd.executor.threads import to_its_end
from syncd.local import files, tags
from syncd.local.audio.untagged import untagged_sha256
from syncd.local.mounts import is_mounted
from syncd.local.retag import put_in_place
from syncd.local.scan import file_stat
from syncd.local.trash import Why


async def compare(context: Context, op: Compare, entry: int) -> None:
    """Learn whether the new address serves other audio than was placed; its bytes decide."""
    job = await asyncio.to_thread(context.job, op.job_id)
    await asyncio.to_thread(context.check_space)
    context.progress.started(op)
    sound = await fetch_sound(context, job, op.format, again=True)
    await to_its_end(_note, context, op, sound, entry)


def _note(context: Context, op: Compare, sound: Sound, entry: int) -> None:
    placed = context.placed(op.job_id)
    if placed.source == sound.source or (
        placed.source is None and _sounds_alike(context, placed, sound)
    ):
        files.discard_part(sound.part)
        same = dataclasses.replace(placed, audio=sound.audio)
        if not placed.as_found:
            # Else its tags and cues may be the user's: the audio alone does not make it ours.
            same = dataclasses.replace(same, etag=sound.etag, source=sound.source)
        done = Done(job_id=op.job_id, verb=op.verb, state=State.PLACED, placed=same)
        context.record(done, entry)
        return
    # The file stays in ``incoming``: of what follows it is asked for its last byte alone.
    done = Done(job_id=op.job_id, verb=op.verb, state=State.PLACED, replaced_by=sound.audio)
    context.record(done, entry)


def _sounds_alike(context: Context, placed: Placed, sound: Sound) -> bool:
    """Whether the file, of which nobody saw what was served, holds this audio under its tags.

    Where that cannot be told it does not.
    """
    try:
        held = untagged_sha256(context.root.path / placed.path, placed.format)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return held is not None and held == untagged_sha256(sound.part, sound.format)


async def redownload(context: Context, op: Redownload, entry: int, origin: Origin) -> None:
    """Put the changed audio in the place of the file, or beside it where the user changed that."""
    job = await asyncio.to_thread(context.job, op.job_id)
    await asyncio.to_thread(context.check_space)
    context.progress.started(op)
    sound = await fetch_sound(context, job, op.format)
    cover = await fetch_cover(context, sound.job)
    act = _place_beside if op.copy else _put_in_place
    await to_its_end(act, context, op, sound, cover, entry, origin)


def _put_in_place(
    context: Context,
    op: Redownload,
    sound: Sound,
    cover: tags.Cover | None,
    entry: int,
    origin: Origin,
) -> None:
    placed = context.placed(op.job_id)
    context.check_file(op.job_id, op.path)
    mounted = is_mounted(context.root, op.path)
    context.check_unedited(placed, op.path)
    path = context.root.path / op.path
    written = write_tags(context, sound, cover, origin, album=op.album, number=op.number)
    digest = files.sha256(sound.part)
    if digest == files.sha256(path):
        # It came to a stop before it was recorded: the file is the new one already.
        stat = file_stat(path)
    else:
        stat = _exchange(context, op, sound, placed, digest)
    files.discard_part(sound.part)
    fresh = dataclasses.replace(
        placed,
        path=op.path,
        format=sound.format,
        audio=sound.audio,
        etag=sound.etag,
        sha256=digest,
        stat=stat,
        source=sound.source,
        tags=written.tags,
        told=written.told,
        placed_at=context.clock(),
        mounted=mounted,
    )
    fresh = renew_lyrics(context, sound.job, fresh)
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.PLACED,
        placed=fresh,
        file=LocalFile(op.path, stat, Identity(op.job_id, origin)),
        counted=True,
    )
    context.record(done, entry)


def _exchange(
    context: Context, op: Redownload, sound: Sound, placed: Placed, digest: str
) -> FileStat:
    """Put the new file, whose SHA-256 is ``digest``, in the place of the old one, which is kept."""
    audio = placed.audio if context.is_as_placed(placed, op.path) else None
    facts = context.facts(op.job_id, Why.REPLACED, title=placed.title, audio=audio, job=sound.job)
    old = context.trash.secure(op.path, **facts)
    # After a stop both are as they were placed: the old one by its stat, the new one by its bytes.
    # Neither is taken for an edit by the user, and the replacement is planned once more.
    stat = file_stat(context.root.path / op.path)
    awaited = dataclasses.replace(placed, sha256=digest, stat=stat)
    context.catalog.outcomes.commit(op.job_id, State.PLACED, awaited)
    try:
        return put_in_place(context.root, sound.part, op.path, kept=old.sha256)
    except Changed:
        # Where the library itself went this says nothing of the file: it may be the new one.
        context.root.verify(context.marker)
        files.discard_part(sound.part)
        context.catalog.outcomes.commit(op.job_id, State.PLACED, placed)
        context.trash.empty([old])
        raise


def _place_beside(
    context: Context,
    op: Redownload,
    sound: Sound,
    cover: tags.Cover | None,
    entry: int,
    origin: Origin,
) -> None:
    """The user's file stays the track's; the audio of the account becomes a copy beside it."""
    assert op.copy is not None, "the plan names the copy"
    placed = context.placed(op.job_id)
    write_tags(context, sound, cover, origin, album=op.album, number=op.number)
    try:
        digest = files.sha256(sound.part)
        copy = _copy_before(context, op, digest) or op.copy
        if copy == op.copy:
            stat = files.place(
                context.root,
                sound.part,
                op.copy,
                mode=context.settings.file_mode,
                modified=None,
            )
        else:
            stat = file_stat(context.root.path / copy)
    finally:
        files.discard_part(sound.part)
    # From now on the file counts as the user's, also one that was taken in as it was found: what
    # was placed of this audio is the copy, and no file of it stands under the track's name.
    seen = dataclasses.replace(
        placed,
        audio=sound.audio,
        etag=sound.etag,
        source=sound.source,
        sha256=digest,
        stat=NO_FILE,
    )
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.PLACED,
        placed=seen,
        file=LocalFile(copy, stat, Identity(op.job_id, origin)),
    )
    context.record(done, entry, after=copy)


def _copy_before(context: Context, op: Redownload, digest: str) -> str | None:
    """The copy that an earlier try placed, and was stopped before it was recorded."""
    for path, file in context.catalog.scans.known_files().items():
        if file.identity is None or file.identity.job_id != op.job_id or path == op.path:
            continue
        with suppress(OSError):
            if files.sha256(context.root.path / path) == digest:
                return path
    return None
