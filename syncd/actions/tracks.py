"""Rename and cover: what is asked of one track by its id."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from syncd.actions.asked import check_let_in, check_sending, journalled, look_up
from syncd.core.baseline import Named, State
from syncd.core.cases import Here, classify
from syncd.core.decisions.planning import Planning, is_moved
from syncd.core.evidence import match
from syncd.core.model import Job
from syncd.core.naming import stem_of
from syncd.core.operations import Adopt, RenameRemote
from syncd.core.policy import Policy
from syncd.cycle import Report, policy_for
from syncd.errors import (
    AddressRefused,
    ConfigError,
    ContractBroken,
    KeyRevoked,
    NoSuchJob,
    OutcomeUnknown,
    SyncdError,
)
from syncd.executor import Executor
from syncd.executor.adopt import adopt
from syncd.executor.context import Context
from syncd.executor.look import refused
from syncd.executor.threads import to_its_end
from syncd.library import Library, Trees
from syncd.observation import observe
from syncd.rest import run_until_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A display name as it was, as it was asked for, and as the service has it now.

    ``reports`` are those of the cycles that let the file follow.
    """

    job_id: int
    before: str | None
    asked: str
    after: str | None
    reports: Sequence[Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The address of a cover as it was, and as the service has it now."""

    job_id: int
    before: str | None
    after: str | None


async def rename(
    library: Library, executor: Executor, context: Context, policy: Policy, job_id: int, name: str
) -> Renamed:
    """Give a job another display name (``PATCH /jobs/{id}``), then let its file follow.

    What its file is called by the user does not count any more: this name was given last. That is
    settled before it is sent, so that after a stop the file's name is not sent over it; where it is
    refused, the file's name counts again. Raises ``ConfigError`` for no name and for a direction
    that sends nothing, ``Doubtful`` before the first clean cycle of the catalog, ``NoSuchJob``,
    ``RequestRefused``.
    """
    await check_sending(library, policy)
    if not name.strip():
        raise ConfigError("a track cannot be renamed to nothing", hint="give it a name")
    if not _is_text(name):
        raise ConfigError("the name is not valid UTF-8, so it cannot be sent")
    await asyncio.to_thread(check_let_in, context, job_id)
    job = await look_up(library, job_id)
    before = job.display_name
    settled = await _settle_name(library, context, policy, job_id)
    if name != before:
        async with journalled(
            context,
            job_id,
            RenameRemote.verb,
            reason="renamed by command",
            before=before,
            after=name,
        ) as entry:
            try:
                job = await _change(library, job, "rename jobs", display_name=name)
            except (OutcomeUnknown, ContractBroken):
                raise  # it may be called so by now
            except SyncdError:
                if settled is not None:
                    await to_its_end(_unsettle, context, job_id, settled)
                raise
            finish = context.catalog.journal.finish
            now = context.clock()
            done = partial(finish, entry, now, outcome="done", after=job.display_name)
            await to_its_end(done)
    reports = await run_until_rest(library, executor, policy, sweep=False)
    return Renamed(
        job_id=job_id, before=before, asked=name, after=job.display_name, reports=reports
    )


async def cover(
    library: Library, context: Context, policy: Policy, job_id: int, url: str
) -> Covered:
    """Give a job another cover (``PATCH /jobs/{id}``); the one in its file stays.

    ``url`` must be https, and what a media address of the service may be (``remote.addresses``).
    Raises ``ConfigError``, ``Doubtful`` before the first clean cycle of the catalog, ``NoSuchJob``,
    ``RequestRefused``.
    """
    await check_sending(library, policy)
    hint = "give an https address of an image"
    if not url.lower().startswith("https://"):
        raise ConfigError("the address of a cover must begin with https://", hint=hint)
    try:
        context.http.media_policy.read(url)
    except AddressRefused as error:
        raise ConfigError(error.message, hint=hint) from None
    job = await look_up(library, job_id)
    before = job.thumbnail_url
    if url != before:
        async with journalled(
            context, job_id, "cover", reason="given by command", before=before, after=url
        ) as entry:
            job = await _change(library, job, "change covers", thumbnail_url=url)
            finish = context.catalog.journal.finish
            await to_its_end(partial(finish, entry, context.clock(), outcome="done"))
    return Covered(job_id=job_id, before=before, after=job.thumbnail_url)


async def _change(library: Library, seen: Job, what: str, **values: str) -> Job:
    """Send a change; the job as the service has it then, taken into the catalog."""
    job_id = seen.id
    try:
        job = await library.client.update(seen, **values)
        if job is None:
            job = await library.client.job(job_id)
    except KeyRevoked as error:
        raise refused(error, what) from None
    except NoSuchJob:
        raise NoSuchJob(f"job {job_id} is no longer in the account", job_id=job_id) from None
    await to_its_end(library.catalog.observe, [job], library.clock())
    return job


async def _settle_name(
    library: Library, context: Context, policy: Policy, job_id: int
) -> Named | None:
    """Take the name that the user gave the file as known, so that it is not sent after this one.

    The names that were known before, where they were others.
    """
    policy = policy_for(library, policy)
    trees = await observe(library, policy)
    op = _taken_as_known(trees, policy, library, job_id)
    if op is None:
        return None
    placed = await asyncio.to_thread(context.placed, job_id)
    async with journalled(
        context, job_id, op.verb, reason=op.reason, path=op.path, after=op.path
    ) as entry:
        await to_its_end(adopt, context, op, entry, policy.origin)
    return Named(placed.title, placed.stem)


def _unsettle(context: Context, job_id: int, names: Named) -> None:
    placed = replace(context.placed(job_id), title=names.title, stem=names.stem)
    context.catalog.outcomes.commit(job_id, State.PLACED, placed)


def _taken_as_known(trees: Trees, policy: Policy, library: Library, job_id: int) -> Adopt | None:
    found = match(trees.local, trees.baseline, policy)
    file = found.files.get(job_id)
    if file is None or job_id not in trees.remote.tracks:
        return None
    case = classify(
        job_id,
        remote=trees.remote,
        local=trees.local,
        baseline=trees.baseline,
        policy=policy,
        file=file,
        owner=found.bereft_owner(job_id),
    )
    if case.here is not Here.RENAMED or case.state is not State.PLACED:
        return None
    planning = Planning(trees.local, trees.baseline, found, policy, library.now())
    reason = f"the folder said “{case.new_title}”; the name given by command counts"
    return planning.adopt(case, case.new_title, stem_of(file.path), reason, moved=is_moved(case))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
