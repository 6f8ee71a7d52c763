"""Remove: delete a job that the user named, with a recovery copy of it in the trash."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from syncd.actions.asked import check_sending, journalled, look_up
from syncd.actions.removal import Removal, check_copy
from syncd.catalog.outcomes import Done
from syncd.core.baseline import State
from syncd.core.model import Job
from syncd.core.operations import DeleteRemote
from syncd.core.policy import Policy
from syncd.cycle import policy_for
from syncd.errors import (
    Changed,
    ConfigError,
    ContractBroken,
    KeyRevoked,
    NoSuchJob,
    OutcomeUnknown,
    SyncdError,
)
from syncd.executor.context import Context
from syncd.executor.look import refused
from syncd.executor.remove import check_kept, recovery_copy, renewed
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation
from syncd.library import Library
from syncd.local import files
from syncd.local.trash import Entry, Facts, Why

_ASKED = "named by command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A job that is deleted. ``kept`` is the name of its recovery copy in the trash.

    ``left`` is its file where that was changed while the job was deleted: it stays, as the user's.
    ``others`` are its files in further trees, which the next sync moves to the trash there.
    """

    job_id: int
    title: str | None
    kept: str | None
    left: str | None = None
    others: tuple[Path, ...] = ()


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
    check_copy(removal)
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
        try:
            seen = await _look(library, removal)
            await asyncio.to_thread(context.root.verify, context.marker)
            if kept is not None:
                await asyncio.to_thread(check_kept, context, kept)
            await _delete(context, seen)
        except (OutcomeUnknown, ContractBroken):
            raise  # it may be gone
        except SyncdError:
            if kept is not None and removal.copy == "file":
                await to_its_end(_drop, context, kept)
            raise
        return await to_its_end(_settle, context, removal, job, kept, entry)


async def _delete(context: Context, seen: Job) -> None:
    try:
        await context.client.delete(seen)
    except NoSuchJob:
        pass  # it answered a moment ago: somebody was quicker
    except KeyRevoked as error:
        raise refused(error, "delete jobs") from None


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
    # Of a file that is no copy of it, nobody knows what it holds.
    audio = removal.audio if removal.copy == "file" else None
    return context.facts(removal.job_id, Why.REMOVED, title=removal.title, audio=audio, job=job)


def _secure(context: Context, removal: Removal, job: Job) -> Entry:
    """A recovery copy of the file where it stands; that of an earlier try, if it is one still.

    Raises ``Changed`` where the file is not the one that was confirmed.
    """
    assert removal.path is not None, "it is the file that is to be copied"
    context.check_file(removal.job_id, removal.path)
    _check_same(removal, files.sha256(context.root.path / removal.path))
    for kept in reversed(context.trash.of_job(removal.job_id)):
        same = (kept.path, kept.sha256, kept.why) == (removal.path, removal.sha256, Why.REMOVED)
        if same and context.trash.verify(kept):
            return renewed(context, kept, Why.REMOVED)
    kept = context.trash.secure(removal.path, link=False, **_facts(context, removal, job))
    try:
        _check_same(removal, kept.sha256)
    except Changed:
        _drop(context, kept)
        raise
    return kept


def _check_same(removal: Removal, digest: str) -> None:
    if digest != removal.sha256:
        raise Changed(
            f"{removal.path} was changed in the folder meanwhile", hint="look at it, and try again"
        )


def _drop(context: Context, kept: Entry) -> None:
    """Remove a recovery copy that nothing came of, as long as its file holds the same."""
    try:
        same = files.sha256(context.root.path / kept.path) == kept.sha256
    except OSError:
        return
    if same:
        context.trash.empty([kept])


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
    return Removed(
        job_id=removal.job_id,
        title=removal.title,
        kept=name,
        left=left,
        others=tuple(_elsewhere(context, removal.job_id)),
    )


def _elsewhere(context: Context, job_id: int) -> Iterator[Path]:
    """Its files in the further trees that can be looked at."""
    for other in context.others:
        with suppress(SyncdError):
            yield from other.files([job_id]).values()
