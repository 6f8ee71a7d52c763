"""What the user decides about what waits: approved, or rejected."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from syncd.actions.asked import check_direction
from syncd.actions.waiting import FOLLOWS, PendingDeletion, Waiting, is_approvable, waiting
from syncd.catalog import queries
from syncd.catalog.queries import HoldEntry
from syncd.catalog.store import Catalog
from syncd.core.operations import DeleteRemote, MakeWay, RenameLocal, RenameRemote
from syncd.core.policy import Policy
from syncd.core.verbs import words
from syncd.cycle import Report
from syncd.errors import SyncdError
from syncd.executor import Executor, Result
from syncd.executor.threads import to_its_end
from syncd.generation import keep_notes
from syncd.library import Library
from syncd.rest import run_until_rest

_SENT = (DeleteRemote.verb, RenameRemote.verb)
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One held operation, or pending deletion (``reason`` says which), that the user decided on.

    ``blocked``: its job cannot be deleted, for the ``reason``.
    """

    job_id: int
    display_name: str | None
    verb: str
    path: str | None
    batch: int | None
    reason: str
    evidence: tuple[str, ...]
    pending: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What was released, and the cycles that followed."""

    released: tuple[Choice, ...]
    reports: tuple[Report, ...]


async def approve(
    library: Library,
    executor: Executor,
    policy: Policy,
    *,
    batches: Sequence[int] = (),
    jobs: Sequence[int] = (),
    leaves_downloads: bool = False,
) -> Approval:
    """Release exactly these and carry them out at once, in cycles until nothing is left to do.

    ``leaves_downloads``: the downloads that remain then are left to whoever comes next.
    All or none is released: raises ``SyncdError`` where one is not held or cannot be approved,
    ``ConfigError`` where ``sync.direction`` is ``down`` and it would be sent.
    """
    released = await to_its_end(_release, library, policy, batches, jobs)
    run = partial(run_until_rest, library, executor, replace(policy, retry_now=True))
    reports = await run(give_way=lambda: leaves_downloads)
    if reports[-1].gave_way and not _are_settled(released, reports):
        # Some of them are downloads, or stand behind those.
        reports += await run(sweep=False)
    return Approval(released=released, reports=tuple(reports))


def _are_settled(released: Sequence[Choice], reports: Sequence[Report]) -> bool:
    settled = {
        (one.operation.job_id, one.operation.verb)
        for report in reports
        for one in report.outcomes
        if one.result is not Result.REPLAN
    }
    return {(choice.job_id, choice.verb) for choice in released} <= settled


def reject(
    library: Library, policy: Policy, *, batches: Sequence[int] = (), jobs: Sequence[int] = ()
) -> tuple[Choice, ...]:
    """Settle exactly these by not doing them (``FOLLOWS``). Asks the service for nothing.

    All or none: raises ``SyncdError`` where one is not held, or cannot be rejected.
    """

    def rejectable(choice: Choice) -> bool:
        return choice.verb in FOLLOWS

    chosen = _choose(library.catalog, policy, batches, jobs, rejectable, "rejected")
    holds = library.catalog.holds

    def settle(choice: Choice) -> None:
        if choice.verb == MakeWay.verb:
            # It only prepares its own rename.
            holds.reject(choice.job_id, RenameLocal.verb)
        holds.reject(choice.job_id, choice.verb)

    _each(library, chosen, "reject", settle)
    keep_notes(library)
    return chosen


def _release(
    library: Library, policy: Policy, batches: Sequence[int], jobs: Sequence[int]
) -> tuple[Choice, ...]:
    catalog = library.catalog
    held = {(one.job_id, one.verb): one for one in catalog.holds.all()}
    approvable = {(h.job_id, h.verb) for h in queries.holds(catalog) if is_approvable(h)}

    def fits(choice: Choice) -> bool:
        if choice.pending:
            return not choice.blocked
        return (choice.job_id, choice.verb) in approvable

    def settle(choice: Choice) -> None:
        if choice.pending:
            catalog.holds.approve_pending(choice.job_id, library.clock())
        else:
            catalog.holds.approve([held[choice.job_id, choice.verb]])

    chosen = _choose(catalog, policy, batches, jobs, fits, "approved")
    if any(choice.verb in _SENT for choice in chosen):
        check_direction(policy)
    _each(library, chosen, "approve", settle)
    return chosen


def _choose(
    catalog: Catalog,
    policy: Policy,
    batches: Sequence[int],
    jobs: Sequence[int],
    fits: Callable[[Choice], bool],
    decision: str,
) -> tuple[Choice, ...]:
    """What is named by batch and job, each once; raises ``SyncdError`` unless all of it fits."""
    found = waiting(catalog, policy)
    choices = [
        *(_of_pending(one) for one in found.deletions),
        *(_of_hold(hold) for batch in found.batches for hold in batch.holds),
        *(_of_hold(hold) for hold in found.single),
    ]
    approved = {f"batch {one.batch}" for one in catalog.holds.all() if one.approved and one.batch}
    chosen: dict[tuple[int, str], Choice] = {}
    for what, named in [
        *((f"batch {n}", [c for c in choices if c.batch == n]) for n in batches),
        *((f"job {n}", [c for c in choices if c.job_id == n]) for n in jobs),
    ]:
        if not named and what in approved:
            raise SyncdError(
                f"{what} was approved already, and is not done yet: nothing was {decision}",
                hint="the next sync goes on with it; syncd pending shows what it waits for, and "
                "syncd reject --job ID takes one back",
            )
        if not named:
            raise SyncdError(
                f"{what} is neither held nor a pending deletion: nothing was {decision}",
                hint=_words(found),
            )
        fitting = [choice for choice in named if fits(choice)]
        if not fitting:
            raise SyncdError(
                f"{what} cannot be {decision}: {named[0].reason}", hint=f"nothing was {decision}"
            )
        chosen |= {(choice.job_id, choice.verb): choice for choice in fitting}
    return tuple(chosen.values())


def _of_pending(one: PendingDeletion) -> Choice:
    entry = one.entry
    return Choice(
        job_id=entry.job_id,
        display_name=entry.display_name,
        verb=DeleteRemote.verb,
        path=entry.path,
        batch=None,
        reason=one.blocked or "pending deletion",
        evidence=entry.evidence,
        pending=True,
        blocked=one.blocked is not None,
    )


def _of_hold(hold: HoldEntry) -> Choice:
    return Choice(
        job_id=hold.job_id,
        display_name=hold.display_name,
        verb=hold.verb,
        path=hold.path,
        batch=hold.batch,
        reason=hold.reason,
        evidence=hold.evidence,
        pending=False,
    )


def _words(found: Waiting) -> str:
    """What is held, as it can be named."""
    jobs = sorted(
        {one.entry.job_id for one in found.deletions} | {hold.job_id for hold in found.single}
    )
    named = [f"batch {batch.number}" for batch in found.batches] + [f"job {n}" for n in jobs]
    if not named:
        return "nothing waits for a decision"
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"waiting are: {', '.join(named[:_NAMED])}{more}; syncd pending shows them"


def _each(
    library: Library, chosen: Sequence[Choice], verb: str, settle: Callable[[Choice], None]
) -> None:
    """Settle all of them, each with its entry in the journal, or none."""
    journal, cycle = library.catalog.journal, secrets.token_hex(4)
    with library.catalog.together():
        for choice in chosen:
            where = "" if choice.batch is None else f"batch {choice.batch}, "
            entry = journal.start(
                cycle=cycle,
                job_id=choice.job_id,
                verb=verb,
                path=choice.path,
                reason=f"{where}{words(choice.verb).do}: {choice.reason}",
                now=library.clock(),
                evidence=choice.evidence,
            )
            settle(choice)
            journal.finish(entry, library.clock(), outcome="done")
