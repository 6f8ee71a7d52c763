"""RetryRemote: a failed job is sent to be made again. What becomes of it, later looks show."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from syncd.catalog.outcomes import Done
from syncd.core.baseline import State
from syncd.core.model import FAILED, Job
from syncd.core.operations import RetryRemote
from syncd.core.pacing import LONGEST_REST
from syncd.errors import (
    Changed,
    ContractBroken,
    CreditsExhausted,
    Doubtful,
    KeyRefused,
    KeyRevoked,
    NoSuchJob,
    Offline,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    StatusUnknown,
)
from syncd.executor.context import Context
from syncd.executor.look import fresh, refused
from syncd.executor.threads import to_its_end


async def retry_remote(context: Context, op: RetryRemote, entry: int) -> None:
    """Send it, after a look whether it still has failed.

    What is certainly not done does not count as a try. Raises ``Changed`` where the service takes
    no other one now, or will not make this one again; ``Doubtful`` where the key or the credits
    keep it from being done; ``StatusUnknown`` where what became of it is not known, which counts.
    """
    job = await fresh(context, op.job_id)
    if job.status != FAILED:
        raise Changed(f"job {op.job_id} is {job.status} by now")
    await asyncio.to_thread(context.root.verify, context.marker)
    retries = context.catalog.retries
    # Before it is sent: what was done of it may never be known.
    note = await to_its_end(retries.note_if_allowed, op.job_id, context.now())
    if note is None:
        raise Changed("the service takes 10 retries in a minute")
    try:
        job = await context.client.retry(op.job_id)
    except RateLimited as error:
        rest = min(timedelta(seconds=error.retry_after), LONGEST_REST)
        await to_its_end(_take_back, context, note, rest)
        raise Changed(f"the service asks to wait before a retry: {error.message}") from None
    except (CreditsExhausted, KeyRevoked) as error:
        # The others would fare no better.
        await to_its_end(_take_back, context, note, LONGEST_REST)
        why = refused(error, "retry jobs") if isinstance(error, KeyRevoked) else error
        raise Doubtful(why.message, hint=why.hint) from None
    except (KeyRefused, Offline):
        await to_its_end(retries.take_back, note)
        raise
    except (OutcomeUnknown, ContractBroken) as error:
        raise StatusUnknown(
            f"the retry came to nothing certain: {error.message}", error=error
        ) from None
    except NoSuchJob:
        raise Changed(f"job {op.job_id} is no longer in the account", sweep=True) from None
    except RequestRefused as error:
        await to_its_end(retries.refuse, note, error.message)
        raise Changed(f"the service will not make it again: {error.message}") from None
    await to_its_end(_record, context, op, job, entry)


def _take_back(context: Context, note: int, rest: timedelta) -> None:
    context.catalog.retries.take_back(note, rest=context.clock() + rest)


def _record(context: Context, op: RetryRemote, job: Job, entry: int) -> None:
    with context.catalog.together():
        context.catalog.observe([job], context.clock())
        done = Done(job_id=op.job_id, verb=op.verb, state=State.WANTED)
        context.catalog.outcomes.record(done, entry=entry, now=context.now())
