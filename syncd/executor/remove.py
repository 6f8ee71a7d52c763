"""TrashLocal, Evict, Free, DeleteRemote: what takes away, each after its last look; Forget."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

from syncd.catalog.outcomes import Done
from syncd.core.baseline import Absence, Placed, State
from syncd.core.model import Job, Origin
from syncd.core.operations import DeleteRemote, Evict, Forget, Free, TrashLocal
from syncd.core.time import agreed_elapsed, rearmed
from syncd.errors import Changed, KeyRevoked, NoSuchJob
from syncd.executor.audio import fetch_cover, fetch_sound, write_tags
from syncd.executor.context import Context
from syncd.executor.look import confirm_gone, look, refused, sending
from syncd.executor.obtainable import check_obtainable
from syncd.executor.threads import to_its_end
from syncd.local import files
from syncd.local.scan import file_stat
from syncd.local.trash import Entry, Facts, Why

_COPIES = (Why.DELETED_HERE, Why.DELETED_THERE, Why.REMOVED)
"""Why an entry is the copy of a track as it was when it went."""


async def trash_local(context: Context, op: TrashLocal, entry: int) -> None:
    """Confirm that the job is gone, then move its file to the trash, sidecars and all."""
    await confirm_gone(context, op)
    await to_its_end(_to_trash, context, op, entry)


def _to_trash(context: Context, op: TrashLocal, entry: int) -> None:
    placed = context.placed(op.job_id, State.PLACED, State.TRASHING)
    context.root.verify(context.marker)
    context.check_file(op.job_id, op.path)
    context.check_unedited(placed, op.path)
    ours = context.is_as_placed(placed, op.path)
    facts = _facts(context, op, Why.DELETED_THERE, placed, ours=ours)
    # It counts now: after a stop the file may be in the trash, and no record tells of it. Then it
    # is known by what it is now: a copy of it is another file.
    very = replace(placed, path=op.path, stat=file_stat(context.root.path / op.path))
    spends = (op.verb, context.now())
    context.catalog.outcomes.commit(op.job_id, State.TRASHING, very, spends=spends)
    kept = context.trash.put(op.path, **facts)
    done = Done(
        job_id=op.job_id,
        verb=op.verb,
        state=State.GONE,
        left=op.path,
        counted=True,
        job_gone=True,
    )
    context.record(done, entry, after=kept.name)


async def resume_eviction(context: Context, op: Evict, entry: int) -> None:
    """Go on with an eviction that was stopped, if the account still has what is removed here."""
    placed = await asyncio.to_thread(context.placed, op.job_id, State.EVICTED)
    await check_obtainable(context, op, placed)
    await to_its_end(evict, context, op, entry)


def evict(context: Context, op: Evict, entry: int) -> Entry | None:
    """Remove the file that the user gave up; its job keeps the audio.

    For who has just seen that it does. A file that is not known to hold what was placed goes to the
    trash; its entry is given. Raises ``Changed`` for a file that is not the one given up.
    """
    return _give_up(context, op, entry, State.EVICTED)


async def free(context: Context, op: Free, entry: int) -> None:
    """Remove the file that the selection leaves out, if the account still has what it holds."""
    states = (State.PLACED, State.UNSELECTED)
    placed = await asyncio.to_thread(context.placed, op.job_id, *states)
    await check_obtainable(context, op, placed)
    await to_its_end(_free, context, op, entry)


def _free(context: Context, op: Free, entry: int) -> None:
    placed = context.placed(op.job_id, State.PLACED, State.UNSELECTED)
    path = context.root.path / op.path
    context.root.verify(context.marker)
    if op.path != placed.path:
        raise Changed(f"{op.path} was moved meanwhile")
    # A file that went away meanwhile was deleted by the user.
    context.check_file(op.job_id, op.path)
    stat = file_stat(path)
    context.check_unedited(placed, op.path)
    # With how it stands now: what is stopped goes on with this very file alone.
    context.catalog.outcomes.commit(op.job_id, State.UNSELECTED, replace(placed, stat=stat))
    _give_up(context, op, entry, State.UNSELECTED)


def _give_up(context: Context, op: Evict | Free, entry: int, state: State) -> Entry | None:
    placed = context.placed(op.job_id, state)
    path = context.root.path / op.path
    context.root.verify(context.marker)
    kept = None
    if os.path.lexists(path):
        if file_stat(path) != placed.stat:
            raise Changed(f"{op.path} was changed in the folder meanwhile")
        # Here, so that what goes on after a stop does it, too.
        context.remove_lyrics(context.job(op.job_id), op.path)
        ours = context.is_as_placed(placed, op.path)
        facts = _facts(context, op, Why.EVICTED, placed, ours=ours)
        if ours:
            context.trash.discard(op.path, expected=placed.stat, sha256=placed.sha256, **facts)
        else:
            kept = context.trash.put(op.path, beside=False, **facts)
    done = Done(job_id=op.job_id, verb=op.verb, state=state, left=op.path)
    after = kept.name if kept else None
    context.record(done, entry, after=after)
    return kept


async def delete_remote(context: Context, op: DeleteRemote, entry: int, origin: Origin) -> None:
    """Look, keep a recovery copy, look once more, delete.

    The copy takes time, so both the folder and the account are looked at again after it, and both
    clocks, with the time that the account tells in this moment.
    """
    job = await look(context, op)
    kept = await recovery_copy(context, op, job, origin)
    await to_its_end(context.last_look.check_missed, context, op.job_id, origin)
    await asyncio.to_thread(check_kept, context, kept)
    seen = await look(context, op)
    await asyncio.to_thread(_check_still_absent, context, op)
    # Before it is sent: what was done of it may never be known.
    await asyncio.to_thread(context.catalog.outcomes.spend, op.job_id, op.verb, context.now())
    try:
        async with sending(context, op.job_id, "the deletion"):
            await context.client.delete(seen)
    except NoSuchJob:
        pass  # it answered a moment ago: somebody was quicker, or this was
    except KeyRevoked as error:
        raise refused(error, "delete jobs", held=op.job_id) from None
    await to_its_end(_record_deletion, context, op, kept, entry)


def _record_deletion(context: Context, op: DeleteRemote, kept: Entry, entry: int) -> None:
    context.trash.gather(kept)
    done = Done(job_id=op.job_id, verb=op.verb, state=State.GONE, counted=True, job_gone=True)
    context.record(done, entry, after=kept.name)


def forget(context: Context, op: Forget, entry: int) -> None:
    """Both sides are gone: what stopped between the two may have left sidecars in the folder.

    They follow the copy of what stood there last, never an older file of the track. Where it was
    evicted, what was left of that may be the last copy. Lyrics that were placed beside a file which
    the user deleted by hand go, too.
    """
    known = context.catalog.baseline_of(op.job_id)
    place = known.placed.path if known and known.placed else None
    entries = context.trash.of_job(op.job_id)
    copies = [kept for kept in entries if kept.why in _COPIES]
    for kept in [kept for kept in copies if kept.path == place][-1:]:
        context.trash.gather(renewed(context, kept, kept.why))
    if not copies:
        for kept in entries:
            if kept.why is Why.EVICTED:
                renewed(context, kept, Why.DELETED_THERE)
    job = context.catalog.job(op.job_id)
    if job and place and not os.path.lexists(context.root.path / place):
        context.remove_lyrics(job, place)
    done = Done(job_id=op.job_id, verb=op.verb, state=State.GONE)
    context.record(done, entry)


async def recovery_copy(
    context: Context,
    op: DeleteRemote,
    job: Job,
    origin: Origin,
    *,
    why: Why = Why.DELETED_HERE,
) -> Entry:
    """The copy of an earlier try, if it is whole and of this audio and place; else a new one.

    Raises what fetching raises (``executor.audio``), and ``RootUnusable``.
    """
    if (kept := await asyncio.to_thread(_earlier_copy, context, op, why)) is not None:
        return await asyncio.to_thread(renewed, context, kept, why)
    await asyncio.to_thread(context.check_space)
    context.progress.started(op)
    sound = await fetch_sound(context, job, op.format, what="the recovery copy", gives_way=False)
    cover = await fetch_cover(context, sound.job)
    known = await asyncio.to_thread(context.catalog.baseline_of, op.job_id)
    album, number = (known.album, known.number) if known else (None, None)

    def keep() -> Entry:
        write_tags(context, sound, cover, origin, album=album or "", number=number)
        try:
            title, audio = sound.job.display_name, sound.audio
            facts = context.facts(op.job_id, why, title=title, audio=audio, job=sound.job)
            return context.trash.keep(sound.part, op.path, **facts)
        finally:
            files.discard_part(sound.part)

    return await to_its_end(keep)


def _earlier_copy(context: Context, op: DeleteRemote, why: Why) -> Entry | None:
    """One that was made for this alone: what else lies in the trash is a file of the user's.

    And for this place: from another its sidecars could be those of the track that is there by now.
    """
    for kept in reversed(context.trash.of_job(op.job_id)):
        same = (kept.why, kept.path, kept.audio) == (why, op.path, op.audio)
        if same and context.trash.verify(kept):
            return kept
    return None


def renewed(context: Context, kept: Entry, why: Why) -> Entry:
    """A recovery copy of an earlier try, kept from now on: its old date must not end it soon."""
    return context.trash.renew(kept, why=why, now=context.clock(), server_time=context.now().server)


def check_kept(context: Context, kept: Entry) -> None:
    """Raise ``Changed`` unless the recovery copy is on disk, byte for byte."""
    if not context.trash.verify(kept):
        raise Changed(f"the recovery copy {kept.name} is not what it was a moment ago")


def _check_still_absent(context: Context, op: DeleteRemote) -> None:
    """Raise ``Changed`` where the file is back, ``RootUnusable`` where the root is not itself."""
    context.root.verify(context.marker)
    known = context.catalog.baseline_of(op.job_id)
    if known is None or known.absence is None or known.state is not State.PLACED:
        raise Changed(f"{op.path} is no longer known to be absent")
    if os.path.lexists(context.root.path / op.path):
        raise Changed(f"{op.path} is back")
    _check_grace(context, op, known.absence)


def _check_grace(context: Context, op: DeleteRemote, absence: Absence) -> None:
    """Raise ``Changed`` unless the grace is over by two clocks that agree, or the user said so."""
    grace = timedelta(seconds=context.settings.deletion_grace)
    if not grace or context.catalog.holds.is_approved(op.job_id, op.verb):
        return
    now = context.now()
    elapsed = agreed_elapsed(absence.armed_at, absence.armed_server, now)
    if elapsed is None or elapsed < grace or rearmed(absence, now) != absence:
        raise Changed(f"the grace of job {op.job_id} is not over by both clocks")


def _facts(
    context: Context, op: TrashLocal | Evict | Free, why: Why, placed: Placed, *, ours: bool
) -> Facts:
    job = context.catalog.job(op.job_id)
    audio = placed.audio if ours else None
    return context.facts(op.job_id, why, title=placed.title, audio=audio, job=job)
