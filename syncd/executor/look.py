"""The fresh look at the account before anything that cannot be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from syncd.core.holding import KEY_MAY_NOT
from syncd.core.model import COMPLETED, Job, address_path
from syncd.core.naming import same_text
from syncd.core.operations import DeleteRemote, RenameRemote, TrashLocal
from syncd.errors import (
    Changed,
    ContractBroken,
    CreditsExhausted,
    Doubtful,
    KeyRevoked,
    NoSuchJob,
    Offline,
    OutcomeUnknown,
    RemoteError,
    RequestRefused,
    StatusUnknown,
)
from syncd.executor.context import Context

PROBES = 3
"""How many known jobs are asked for before a 404 counts as "gone" and not as "nothing is there"."""


async def look(context: Context, op: RenameRemote | DeleteRemote) -> Job:
    """The job as it is now; raises ``Changed`` where it is other than the plan believed.

    ``StatusUnknown`` where the account does not say.
    """
    job = await fresh(context, op.job_id)
    if not same_text(job.display_name, op.title):
        raise Changed(f"job {op.job_id} is called “{job.display_name or ''}” by now")
    if isinstance(op, DeleteRemote):
        if job.status != COMPLETED:
            raise Changed(f"job {op.job_id} is now {job.status}")
        if address_path(job.audio.get(op.format, "")) != op.audio:
            raise Changed(f"the audio of job {op.job_id} is at another address by now")
    return job


async def ask(context: Context, job_id: int) -> Job:
    """The job as the status call shows it now, taken into the catalog.

    Raises ``NoSuchJob``, and ``StatusUnknown`` for an answer that settles nothing: it may be this
    job's alone, for 403 for one job is no revoked key, and 500 no absent service.
    """
    try:
        job = await context.client.job(job_id)
    except (ContractBroken, RequestRefused, CreditsExhausted, KeyRevoked, Offline) as error:
        raise StatusUnknown(f"the status call failed: {error.message}", error=error) from None
    await asyncio.to_thread(context.catalog.observe, [job], context.clock())
    return job


async def fresh(context: Context, job_id: int) -> Job:
    """The same; raises ``Changed`` for a job that is not there, and ``StatusUnknown``."""
    try:
        return await ask(context, job_id)
    except NoSuchJob:
        # Only a complete sweep can add an absence.
        raise Changed(f"job {job_id} is no longer in the account", sweep=True) from None


async def confirm_gone(context: Context, op: TrashLocal) -> None:
    """Two 404 answers, while a known job still answers: the job is gone.

    Where none does, the account may have been emptied, or be another one: then only the user can
    say so, who has approved ``op``.
    Raises ``Changed`` where it is there after all, ``Doubtful`` where nobody vouches for it, and
    ``StatusUnknown``.
    """
    job_id = op.job_id
    for _ in range(2):
        try:
            await ask(context, job_id)
        except NoSuchJob:
            continue
        raise Changed(f"job {job_id} is in the account after all")
    known = await asyncio.to_thread(context.catalog.some_jobs, PROBES)
    unknown: StatusUnknown | None = None
    for other in known:
        try:
            await ask(context, other)
        except NoSuchJob:
            continue
        except StatusUnknown as error:
            unknown = error
            continue
        return
    if await asyncio.to_thread(context.catalog.holds.is_approved, job_id, op.verb):
        return
    if unknown is not None:
        raise unknown
    others = "any other that it listed a moment ago" if known else "another one to ask for"
    raise Doubtful(
        f"the service knows neither job {job_id} nor {others}, so nothing was removed",
        hint='it is tried again later; sync.remote_deletions = "keep" keeps such files as detached',
    )


@asynccontextmanager
async def sending(context: Context, job_id: int, what: str) -> AsyncIterator[None]:
    """Where a change is sent. An answer that says nothing of it is this job's alone, if its status
    is still told: a filter in front of the service may not like a name, and have no word for it.

    Raises ``StatusUnknown`` for that, and ``NoSuchJob`` where the look finds no job any more.
    """
    try:
        yield
    except (ContractBroken, CreditsExhausted, OutcomeUnknown) as error:
        failure: RemoteError = error
    else:
        return
    try:
        await ask(context, job_id)
    except StatusUnknown:
        raise failure from None
    raise StatusUnknown(
        f"{what} was sent, and nothing certain came of it: {failure.message}",
        error=failure,
        hint=failure.hint,
    )


def refused(error: KeyRevoked, what: str, *, held: int | None = None) -> RequestRefused:
    """403 for a change right after a status call was answered: the key may read and not write.

    ``held``: the job that it is held for, until there is another key or the user says so.
    """
    again = f"syncd approve {held} tries it again with this one; " if held else ""
    return RequestRefused(
        f"{KEY_MAY_NOT} {what}",
        status=403,
        hint=f'use a key with that scope, or set sync.direction = "down"; {again}{error.message}',
    )
