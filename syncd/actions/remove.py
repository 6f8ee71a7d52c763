"""Remove: delete a job that the user named, with a recovery copy of it in the trash."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from syncd.actions.asked import check_sending, journalled, look_up
from syncd.catalog.outcomes import Done
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.evidence import match
from syncd.core.model import FAILED, PENDING, PROCESSING, Job, LocalFile
from syncd.core.naming import album_of, name_track
from syncd.core.operations import DeleteRemote
from syncd.core.policy import Policy
from syncd.cycle import Library, enter_next_generation, observe, policy_for
from syncd.errors import Changed, ConfigError, Doubtful, KeyRevoked, NoSuchJob, SyncdError
from syncd.executor.context import Context
from syncd.executor.look import refused
from syncd.executor.remove import check_kept, recovery_copy, renewed
from syncd.executor.threads import to_its_end
from syncd.local import files
from syncd.local.trash import Entry, Facts, Why

_ASKED = "named by command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What ``remove`` would delete, as it was a moment ago: shown before it is confirmed.

    ``path``, relative to the root, and ``size``, in bytes, are those of its file, where there is
    one. ``copy`` says what the recovery copy is made of: the file, the audio in the account, or
    nothing, since there is none. ``format`` and ``audio`` (the address without its signature) are
    what the account offers.
    """

    job_id: int
    title: str | None
    status: str
    path: str | None
    size: int | None
    copy: Literal["file", "account", "none"]
    format: str | None
    audio: str | None
    place: str
    """Where its file stands, or would: the path that its recovery copy is kept for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A job that is deleted. ``kept`` is the name of its recovery copy in the trash.

    ``left`` is its file where that was changed while the job was deleted: it stays, as the user's.
    """

    job_id: int
    title: str | None
    kept: str | None
    left: str | None = None


async def removals(library: Library, policy: Policy, job_ids: Sequence[int]) -> list[Removal]:
    """What ``remove`` would delete of each job. Changes nothing in the account or the folder.

    Raises ``ConfigError`` for a direction that sends nothing, ``Doubtful`` before the first clean
    cycle of the catalog and for a job without audio that did not fail, ``NoSuchJob``, and
    ``SyncdError`` for a job that is still being made.
    """
    await check_sending(library, policy)
    jobs = []
    for job_id in job_ids:
        job = await look_up(library, job_id)
        if job.status in (PENDING, PROCESSING):
            raise SyncdError(
                f"job {job_id} is {job.status}", hint="wait until it has ended, then remove it"
            )
        jobs.append(job)
    policy = policy_for(library, policy)
    trees = await observe(library, policy)
    found = match(trees.local, trees.baseline, policy).files
    meant = [
        await asyncio.to_thread(
            _removal, library, policy, job, trees.baseline.tracks.get(job.id), found.get(job.id)
        )
        for job in jobs
    ]
    for removal in meant:
        _check_copy(removal)
    return meant


async def remove(
    library: Library,
    context: Context,
    policy: Policy,
    removal: Removal,
    *,
    without_copy: bool = False,
) -> Removed:
    """Delete a job for good (``DELETE /jobs/{id}``), and take its file to the trash.

    A recovery copy first, verified, and a look at the account before and after it; so a stop at
    any moment loses nothing. ``without_copy``: also a failed job, which has no audio to make one
    of. Raises ``Changed`` where the job is no longer what ``removal`` says, ``ConfigError``,
    ``MediaError`` where its audio cannot be had, ``RequestRefused``, and what ``removals`` does.
    """
    await check_sending(library, policy)
    _check_copy(removal)
    if removal.copy == "none" and not without_copy:
        raise ConfigError(
            f"job {removal.job_id} has no audio, so no copy of it can be kept",
            hint="syncd rm --yes --without-copy deletes it nevertheless",
        )
    op = DeleteRemote(
        job_id=removal.job_id,
        path=removal.place,
        format=removal.format or "",
        title=removal.title,
        audio=removal.audio or "",
        reason=_ASKED,
    )
    async with journalled(
        context, removal.job_id, op.verb, reason=_ASKED, path=removal.path
    ) as entry:
        job = await _look(library, removal)
        await asyncio.to_thread(enter_next_generation, library)
        kept: Entry | None = None
        if removal.copy == "file":
            kept = await to_its_end(_secure, context, removal, job)
        elif removal.copy == "account":
            origin = policy_for(library, policy).origin
            kept = await recovery_copy(context, op, job, origin, why=Why.REMOVED)
            context.progress.finished(op, done=True, detail=None)
        await _look(library, removal)
        await asyncio.to_thread(context.root.verify, context.marker)
        if kept is not None:
            await asyncio.to_thread(check_kept, context, kept)
        try:
            await context.client.delete(removal.job_id)
        except NoSuchJob:
            pass  # it answered a moment ago: somebody was quicker
        except KeyRevoked as error:
            raise refused(error, "delete jobs") from None
        return await to_its_end(_settle, context, removal, job, kept, entry)


def _check_copy(removal: Removal) -> None:
    """Raise ``Doubtful`` where there has to be audio to make a recovery copy of, and is none."""
    if removal.copy == "none" and removal.status != FAILED:
        raise Doubtful(
            f"job {removal.job_id} is {removal.status} and offers no audio now, so no copy of it "
            "can be kept: only a failed job is deleted without one",
            hint="nothing was deleted; try again later",
        )


def _removal(
    library: Library,
    policy: Policy,
    job: Job,
    known: BaselineTrack | None,
    file: LocalFile | None,
) -> Removal:
    placed = known.placed if known else None
    track = job.track()
    formats = (*([placed.format] if placed else []), *policy.formats, *sorted(track.audio))
    chosen = next((name for name in formats if name in track.audio), None)
    copy: Literal["file", "account", "none"] = "account" if chosen else "none"
    if file is not None and (chosen is None or _is_copy(library, placed, file, track.audio)):
        copy = "file"
    return Removal(
        job_id=job.id,
        title=job.display_name,
        status=job.status,
        path=file.path if file else None,
        size=file.stat.size if file else None,
        copy=copy,
        format=chosen,
        audio=track.audio[chosen] if chosen else None,
        place=file.path if file else placed.path if placed else _would_stand(job, policy, known),
    )


def _is_copy(
    library: Library, placed: Placed | None, file: LocalFile, audio: Mapping[str, str]
) -> bool:
    """Whether the file holds what the account offers: its bytes are those that were placed."""
    if placed is None or audio.get(placed.format) != placed.audio:
        return False
    try:
        return files.sha256(library.root.path / file.path) == placed.sha256
    except OSError:
        return False


def _would_stand(job: Job, policy: Policy, known: BaselineTrack | None) -> str:
    track = job.track()
    album = (known and known.album) or album_of(track, policy)
    ext = next(iter(track.audio), policy.formats[0])
    return name_track(
        track, policy, album=album, number=(known and known.number) or 0, ext=ext
    ).path


async def _look(library: Library, removal: Removal) -> Job:
    """The job as it is now; raises ``Changed`` where it is other than what was confirmed."""
    job = await look_up(library, removal.job_id)
    track = job.track()
    audio = track.audio.get(removal.format) if removal.format else None
    now = (job.display_name, job.status, audio, bool(track.audio))
    if now != (removal.title, removal.status, removal.audio, removal.format is not None):
        raise Changed(
            f"job {job.id} was changed in the account meanwhile", hint="look at it, and try again"
        )
    return job


def _facts(context: Context, removal: Removal, job: Job) -> Facts:
    return context.facts(
        removal.job_id, Why.REMOVED, title=removal.title, audio=removal.audio, job=job
    )


def _secure(context: Context, removal: Removal, job: Job) -> Entry:
    """A recovery copy of the file where it stands; that of an earlier try, if it is one still."""
    assert removal.path is not None, "it is the file that is to be copied"
    context.check_file(removal.job_id, removal.path)
    digest = files.sha256(context.root.path / removal.path)
    for kept in reversed(context.trash.of_job(removal.job_id)):
        same = (kept.path, kept.sha256, kept.why) == (removal.path, digest, Why.REMOVED)
        if same and context.trash.verify(kept):
            return renewed(context, kept, Why.REMOVED)
    return context.trash.secure(removal.path, **_facts(context, removal, job))


def _settle(
    context: Context, removal: Removal, job: Job, kept: Entry | None, entry: int
) -> Removed:
    """The job is gone: its file follows into the trash, and the baseline says so."""
    known = context.catalog.baseline_of(removal.job_id)
    placed = known.placed if known else None
    state, left = State.GONE, None
    if removal.path is not None:
        if placed is not None:
            context.catalog.outcomes.commit(removal.job_id, State.TRASHING)
        try:
            if removal.copy == "file" and kept is not None:
                context.trash.finish(kept)
            else:
                context.trash.put(removal.path, **_facts(context, removal, job))
        except Changed:
            # What the user wrote in this moment is theirs; the next scan finds it by its id.
            if os.path.lexists(context.root.path / removal.path):
                left = removal.path
                state = State.DETACHED if placed is not None else State.GONE
    elif placed is not None and kept is not None:
        context.trash.gather(kept)
    done = Done(
        job_id=removal.job_id,
        verb=DeleteRemote.verb,
        state=state,
        left=removal.path if left is None else None,
        job_gone=True,
    )
    name = kept.name if kept else None
    context.catalog.outcomes.record(done, entry=entry, now=context.now(), after=name)
    return Removed(job_id=removal.job_id, title=removal.title, kept=name, left=left)
