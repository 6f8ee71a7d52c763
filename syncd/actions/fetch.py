"""Fetch: want tracks again, and their files anew where they rotted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from syncd.actions.asked import check_let_in, journalled, look_up, unknown
from syncd.actions.verify import Checked, Verdict, read_again, secured
from syncd.catalog import queries
from syncd.catalog.outcomes import Done
from syncd.core.baseline import State
from syncd.core.cases import WITHOUT_FILE
from syncd.core.model import COMPLETED, Job
from syncd.core.policy import Policy
from syncd.core.selection import misfit
from syncd.cycle import Report
from syncd.errors import Changed, SyncdError
from syncd.executor import Executor
from syncd.executor.context import Context
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation
from syncd.library import Library
from syncd.local.scan import file_stat
from syncd.local.tags import read_identity
from syncd.local.trash import Why
from syncd.rest import run_until_rest

_VERB = "fetch"


async def fetch(
    library: Library,
    executor: Executor,
    context: Context,
    policy: Policy,
    job_ids: Sequence[int],
) -> list[Report]:
    """Want tracks without a file again, then run cycles until nothing is left to do.

    Those that the selection leaves out are fetched all the same, and kept whatever it says then.
    Also those whose file holds what nobody wrote into it (``verify``): it goes to the trash.
    Raises ``SyncdError``, before anything is changed, for a track that cannot be wanted, and where
    the account cannot be asked for each.
    """
    job_ids = list(dict.fromkeys(job_ids))
    broken: dict[int, Checked] = {}
    for job_id in job_ids:
        await asyncio.to_thread(check_let_in, context, job_id)
        if (found := await asyncio.to_thread(_broken, context, job_id)) is not None:
            broken[job_id] = found
    outside: set[int] = set()
    for job_id in job_ids:
        job = await look_up(library, job_id)
        if job_id in broken:
            _check_offered(job, policy)
        if misfit(job.track(), policy.only) is not None:
            outside.add(job_id)
    for job_id in job_ids:
        async with journalled(context, job_id, _VERB, reason="wanted by command") as entry:
            if job_id in outside:
                await to_its_end(context.catalog.selected.keep, job_id)
            if job_id in broken:
                await to_its_end(_put_away, library, context, broken[job_id], entry)
                continue
            done = Done(job_id=job_id, verb=_VERB, state=State.WANTED)
            record = context.catalog.outcomes.record
            await to_its_end(partial(record, done, entry=entry, now=context.now()))
    again = replace(policy, retry_now=True)
    return await run_until_rest(library, executor, again, sweep=False)


def _broken(context: Context, job_id: int) -> Checked | None:
    """The file of a track, where it is to be fetched anew; raises ``SyncdError`` for a sound one.

    ``None`` for a track without a file.
    """
    entry = queries.job(context.catalog, job_id)
    if entry is None:
        raise unknown(job_id)
    if entry.absent_since:
        raise SyncdError(
            f"job {job_id} is gone from the account: there is nothing to fetch",
            hint="syncd trash ls lists what was kept",
        )
    known = context.catalog.baseline_of(job_id)
    if known is None or known.state in WITHOUT_FILE:
        return None
    if known.absence is not None:
        raise SyncdError(
            f"the file of job {job_id} is missing, and its deletion is pending",
            hint=f"syncd reject --job {job_id} keeps the job and fetches the file again",
        )
    where = known.placed.path if known.placed else "the folder"
    has_it = f"job {job_id} has its file: {where}"
    if known.placed is None or known.state is not State.PLACED:
        raise SyncdError(has_it, hint="syncd verify reads it again")
    context.root.verify(context.marker)
    found = read_again(context.root, known, secured(context.trash.entries()))
    if found.fetchable and _is_its_own(found):
        return found
    match found.verdict:
        case Verdict.OK:
            raise SyncdError(has_it, hint="syncd verify reads it again")
        case Verdict.UNFINISHED:
            raise SyncdError(f"{has_it}, and {found.reason}", hint="run syncd sync")
        case Verdict.MISSING | Verdict.UNREADABLE:
            raise SyncdError(f"{where}: {found.reason}", hint="syncd sync looks where it is now")
    raise SyncdError(
        f"{has_it}, and {found.reason}",
        hint=f"syncd evict --force {job_id} moves it to the trash; it can be fetched then",
    )


def _is_its_own(found: Checked) -> bool:
    """Whether no other job's id is in what stands there."""
    identity = read_identity(found.path)
    return identity is None or identity.job_id == found.job_id


def _check_offered(job: Job, policy: Policy) -> None:
    if job.status != COMPLETED or not any(name in job.audio for name in policy.formats):
        raise SyncdError(
            f"job {job.id} is {job.status} and offers no audio that library.formats asks for",
            hint="its file was left alone: what is left of its audio may be all that there is",
        )


def _put_away(library: Library, context: Context, broken: Checked, entry: int) -> None:
    job_id = broken.job_id
    placed = context.placed(job_id)
    if broken.stat is None or file_stat(context.root.path / placed.path) != broken.stat:
        raise Changed(f"{placed.path} was changed in the folder meanwhile")
    enter_next_generation(library)
    # By how it stands now and what it should hold it is known for what it is, were this stopped.
    context.catalog.outcomes.commit(job_id, State.WANTED, replace(placed, stat=broken.stat))
    job = context.catalog.job(job_id)
    facts = context.facts(job_id, Why.ROTTEN, title=placed.title, audio=None, job=job)
    kept = context.trash.put(placed.path, beside=False, **facts)
    done = Done(job_id=job_id, verb=_VERB, state=State.WANTED, left=placed.path)
    context.catalog.outcomes.record(done, entry=entry, now=context.now(), after=kept.name)
