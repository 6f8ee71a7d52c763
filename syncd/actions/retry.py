"""Retry: failed jobs are sent to be made again, and followed until they settle.

Sending needs the library and is over within seconds: as many as the service takes at once
(``core.pacing``). Following needs the service alone, so that nobody waits for the library.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from syncd.account import check_account, confirm_key
from syncd.actions.asked import check_sending, journalled, look_up
from syncd.core import pacing
from syncd.core.model import FAILED, PENDING, PROCESSING, Job
from syncd.core.policy import Policy
from syncd.errors import (
    ContractBroken,
    CreditsExhausted,
    KeyRefused,
    KeyRevoked,
    NoSuchJob,
    Offline,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
    SyncdError,
)
from syncd.executor.context import Context
from syncd.executor.look import refused
from syncd.executor.threads import to_its_end
from syncd.library import Library
from syncd.remote.client import AudioPod
from syncd.remote.query import LARGEST_LIMIT, JobQuery

VERB = "retry-remote"

FIRST_LOOK = 2.0
LONGEST_WAIT = 30.0
"""Seconds between two looks at a job that is being made, at first and at most."""

LONGEST_PAUSE = 120.0
"""Seconds: a longer one that the service asks for ends the sending."""

MOST_UNKNOWN = 3
"""How many in a row may be sent without a telling answer: one alone may be that job's fault."""

_FOR_ALL = (CreditsExhausted, KeyRefused, Offline)
"""What ends the sending: the next one would fare no better."""

_PASSING = (Offline, RateLimited, ContractBroken)
"""What the following waits out: a job is made whether it is looked at or not."""


@dataclass(slots=True)
class Turn:
    """What one turn with the library came to.

    ``sent`` are the jobs as the service answered, ``refused`` why others were not, ``left`` those
    whose turn comes in ``wait`` seconds. ``error`` ended the sending; then none of ``left``, which
    were not tried, is to be sent. ``limited``: it was the service that asked to wait. ``vain``:
    when others were sent that count as no try; the turns of one command share it, for the pace.
    """

    sent: list[Job] = field(default_factory=list)
    refused: dict[int, SyncdError] = field(default_factory=dict)
    vain: list[datetime] = field(default_factory=list)
    left: tuple[int, ...] = ()
    wait: float = 0.0
    limited: bool = False
    error: SyncdError | None = None


async def failed_jobs(library: Library) -> list[int]:
    """The failed jobs of the account as it is now, the oldest first."""
    await confirm_key(library.client, library.catalog, library.key_fingerprint)
    query = JobQuery(limit=LARGEST_LIMIT, status=FAILED, sort_by="created_at", sort_order="asc")
    found: dict[int, None] = {}
    while True:
        page = await library.client.page(query)
        await asyncio.to_thread(check_account, library.catalog, page.jobs)
        # The status is read as well: a service may ignore a filter.
        found.update((job.id, None) for job in page.jobs if job.status == FAILED)
        query = replace(query, skip=query.skip + len(page.rows))
        if not page.rows or (page.total is not None and query.skip >= page.total):
            return list(found)


async def send(
    library: Library,
    context: Context,
    policy: Policy,
    job_ids: Sequence[int],
    *,
    turn: Turn,
    patient: bool = True,
) -> None:
    """Have the service make as many of these jobs again as it takes at once, each after a look.

    ``turn`` is told as it goes, and so is true when this is cancelled. Not ``patient``: a service
    that asks to wait ends the sending.
    Raises ``ConfigError`` for a direction that sends nothing, ``Doubtful`` before the first clean
    cycle of the catalog, ``WrongAccount``.
    """
    turn.left = tuple(job_ids)
    unknown = 0
    await check_sending(library, policy)
    while turn.left and turn.error is None:
        now = context.clock()
        sent = await asyncio.to_thread(context.catalog.retries.lately, now, pacing.WINDOW)
        # One in the future, by a clock that was set since, says nothing.
        vain = [moment for moment in turn.vain if moment <= now]
        turn.wait = pacing.wait([*sent, *vain], now)
        if turn.wait:
            break
        job_id, *others = turn.left
        try:
            turn.sent.append(await _send(library, context, job_id, turn.vain))
            unknown = 0
        except RateLimited as error:
            # Not sat through here: meanwhile the library is free.
            turn.wait, turn.limited = error.retry_after, True
            if error.retry_after > LONGEST_PAUSE or not patient:
                turn.error = error
            break
        except SyncdError as error:
            turn.refused[job_id] = error
            unknown = unknown + 1 if isinstance(error, OutcomeUnknown) else 0
            if isinstance(error, _FOR_ALL) or unknown == MOST_UNKNOWN:
                turn.error = error
        turn.left = tuple(others)


async def _send(library: Library, context: Context, job_id: int, vain: list[datetime]) -> Job:
    """Send one, after a look. It counts as a try unless it certainly was not done."""
    job = await look_up(library, job_id)
    if job.status != FAILED:
        raise SyncdError(
            f"job {job_id} is {job.status}: only a failed one can be retried",
            hint="syncd sync fetches it once it is finished",
        )
    reason = f"retried by command; it had failed: {job.error_message or 'no reason was given'}"
    async with journalled(context, job_id, VERB, reason=reason) as entry:
        note = await to_its_end(context.catalog.retries.note, job_id, context.now())
        try:
            job = await library.client.retry(job_id)
        except (OutcomeUnknown, ContractBroken):
            raise  # it may be in the making
        except SyncdError as error:
            await to_its_end(context.catalog.retries.take_back, note)
            vain.append(context.clock())
            if isinstance(error, KeyRevoked):
                raise refused(error, "retry jobs") from None
            raise
        await to_its_end(library.catalog.observe, [job], library.clock())
        finish = partial(context.catalog.journal.finish, outcome="done")
        await to_its_end(finish, entry, context.clock())
    return job


async def follow(
    client: AudioPod,
    jobs: Sequence[Job],
    told: Callable[[Job], None],
    *,
    settled: dict[int, Job | NoSuchJob],
    waits: Callable[[RemoteError], None] = lambda _: None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Put each job into ``settled`` once it is neither waiting nor in the making, or why it cannot
    be known.

    ``told`` gets every state that is new. The looks become rarer the longer it takes. While the
    service cannot be asked this waits, and says so to ``waits`` once each time. Raises what else
    asking the service raises, such as ``KeyRefused``.
    """
    pending = {job.id: job for job in jobs}
    elapsed = asked_for = 0.0
    is_away = False
    while pending:
        wait = max(asked_for, min(LONGEST_WAIT, max(FIRST_LOOK, elapsed / 4)))
        await sleep(wait)
        elapsed, asked_for = elapsed + wait, 0.0
        for job_id, before in list(pending.items()):
            try:
                job = await client.job(job_id)
            except NoSuchJob as error:
                settled[job_id] = error
                del pending[job_id]
                continue
            except _PASSING as error:
                if not is_away:
                    waits(error)
                is_away = True
                asked_for = error.retry_after if isinstance(error, RateLimited) else 0.0
                break
            is_away = False
            if (job.status, job.progress) != (before.status, before.progress):
                told(job)
            pending[job_id] = job
            if job.status not in (PENDING, PROCESSING):
                settled[job_id] = pending.pop(job_id)
