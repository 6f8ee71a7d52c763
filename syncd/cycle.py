"""One cycle: observe, plan, guard, execute. READ THIS FIRST.

Observing takes what the service and the folder show into the catalog and three trees
(``observation``), and looks up what the jobs do not say (``learning``). Planning and guarding are
pure (``core``). Executing is ``executor``. Whatever woke the cycle is not looked at, but for what
there is to look at: it sees for itself.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from structlog.contextvars import bound_contextvars

from syncd.core.model import Origin, RemoteTree
from syncd.core.operations import Compare, Defer, DeleteRemote, Hold, Plan, RetryRemote
from syncd.core.planner import plan
from syncd.core.policy import Now, Policy
from syncd.core.safety import guard
from syncd.core.selection import unmatched
from syncd.errors import Changed, SyncdError
from syncd.executor import Executor, Outcome, Result
from syncd.executor.threads import to_its_end
from syncd.generation import enter_next_generation, keep_notes, settle
from syncd.learning import Learnt, learn
from syncd.library import Library, Trees
from syncd.local import files
from syncd.observation import (
    News,
    ask_for_figures,
    ask_unfinished,
    follow_first,
    look_elsewhere,
    observe,
    poll_account,
    sweep_account,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a cycle looks at. ``sweep``: all of the account; ``poll``: what a few requests show of
    it; ``flight``: its unfinished jobs alone; ``learn``: what its jobs do not say of themselves, as
    after each of those; ``scan``: the folder, which is looked at as well where the account shows
    something new.
    """

    sweep: bool = False
    poll: bool = False
    flight: bool = False
    learn: bool = False
    scan: bool = False

    @property
    def account(self) -> bool:
        """Whether the service is asked for anything."""
        return self.sweep or self.poll or self.flight or self.learn

    def __or__(self, other: Look) -> Look:
        mine, theirs = asdict(self), asdict(other)
        return Look(**{name: mine[name] or theirs[name] for name in mine})


@dataclass(slots=True)
class Report:
    """What a cycle saw and did. ``error`` is what ended it early, if anything did.

    ``quiet``: it looked at the account alone, found nothing new, and made no plan. ``doubts`` are
    those of a sweep. ``unreadable`` names the folders and files, relative to the root, that could
    not be looked at: nothing is decided about what lies there; ``broken`` says why of those where a
    ``.syncdignore`` is the cause. ``settled``: this cycle was the first complete clean one of a new
    catalog. ``gave_way``: downloads, or what is to be looked up before them, were left for the next
    one. ``unlearnt``: so many tracks of the first tree wait for the latter.
    ``batches`` are the numbers of what is held, by job and verb.
    """

    cycle: str
    look: Look = field(default_factory=Look)
    plan: Plan = field(default_factory=Plan)
    remote: RemoteTree = field(default_factory=lambda: RemoteTree({}))
    outcomes: list[Outcome] = field(default_factory=list)
    quiet: bool = False
    doubts: tuple[str, ...] = ()
    needs_sweep: tuple[str, ...] = ()
    """Why a cheap look at the account was not enough, in plain words."""
    unreadable: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    settled: bool = False
    gave_way: bool = False
    unlearnt: int = 0
    batches: Mapping[tuple[int, str], int] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    """What ``library.only`` asks for and no job has, in plain words."""
    error: SyncdError | None = None

    def count(self, result: Result) -> int:
        return sum(outcome.result is result for outcome in self.outcomes)

    @property
    def wants_sweep(self) -> bool:
        """Whether something was met that only a new listing of the account can explain."""
        errors = (outcome.error for outcome in self.outcomes)
        return bool(self.needs_sweep) or any(
            isinstance(error, Changed) and error.sweep for error in errors
        )


async def run_cycle(
    library: Library,
    executor: Executor,
    policy: Policy,
    look: Look,
    *,
    give_way: Callable[[], bool] = lambda: False,
) -> Report:
    """One cycle. Never raises ``SyncdError``: what ended it early stands in the report.

    Once ``give_way()`` is true no further download begins, and one that can be taken up again is
    broken off: something else waits for its turn.
    """
    report = Report(cycle=secrets.token_hex(4), look=look)
    with bound_contextvars(cycle=report.cycle):
        try:
            await _run(library, executor, policy, report, give_way)
        except SyncdError as error:
            report.error = error
    return report


async def _run(
    library: Library,
    executor: Executor,
    policy: Policy,
    report: Report,
    give_way: Callable[[], bool],
) -> None:
    look = report.look
    await asyncio.to_thread(library.catalog.verify)
    news = await _observe_account(library, look)
    is_further = library.catalog.source is not None
    if look.sweep or is_further:
        report.doubts = news.doubts
    else:
        report.needs_sweep = news.doubts
    learnt = Learnt()
    if look.account and not is_further:
        swept = look.sweep and not news.doubts
        changed = look.learn or news.changed
        likes = policy.only.liked is not None
        learnt = await learn(library, swept=swept, changed=changed, likes=likes, give_way=give_way)
        report.gave_way = learnt.gave_way
    if look.sweep and not is_further:
        # After what was learnt, which may have asked for some of them.
        await ask_for_figures(library)
    if not (look.sweep or look.scan or news.changed or learnt.changed):
        report.quiet = True
        return
    policy = await asyncio.to_thread(policy_for, library, policy)
    trees = await observe(library, policy)
    elsewhere = await asyncio.to_thread(look_elsewhere, library, trees)
    policy = replace(policy, elsewhere=elsewhere)
    report.remote = trees.remote
    # A further tree looks nothing up itself: it would wait for what the first one does.
    report.unlearnt = 0 if is_further else len(trees.remote.unlearnt)
    report.unmatched = await asyncio.to_thread(unmatched, trees.remote, policy.only)
    report.unreadable = tuple(sorted(trees.local.unreadable))
    report.broken = trees.local.broken
    report.plan = await asyncio.to_thread(make_plan, trees, policy, library.now())
    library.progress.planned(report.plan)
    await asyncio.to_thread(library.catalog.verify)
    if not all(isinstance(op, _IDLE) for op in report.plan):
        # To its end, as all that writes: the locks are held until it has.
        await to_its_end(enter_next_generation, library)
    report.gave_way |= not await executor.run(
        report.plan,
        cycle=report.cycle,
        origin=policy.origin,
        outcomes=report.outcomes,
        give_way=give_way,
    )
    # What was deleted from here is no surprise to the next poll.
    library.poller.deleted(
        sum(
            isinstance(o.operation, DeleteRemote) and o.result is Result.DONE
            for o in report.outcomes
        )
    )
    if look.sweep and not (report.doubts or report.unreadable or report.gave_way):
        report.settled = await to_its_end(settle, library)
    await to_its_end(_tidy, library, report)
    held = await asyncio.to_thread(library.catalog.holds.all)
    report.batches = {(one.job_id, one.verb): one.batch for one in held if one.batch}


async def _observe_account(library: Library, look: Look) -> News:
    if library.catalog.source is not None:
        # A further tree: what the account shows was asked for once, on behalf of the first.
        return await follow_first(library)
    if look.sweep:
        return await sweep_account(library)
    if look.poll:
        # Nothing is asked on behalf of a folder that is not there.
        await asyncio.to_thread(library.root.verify, library.marker)
        return await poll_account(library)
    if look.flight:
        return await ask_unfinished(library)
    return News()


def make_plan(trees: Trees, policy: Policy, now: Now) -> Plan:
    """The guarded plan for ``trees``: pure, so that ``syncd plan`` shows what a cycle would do."""
    planned = plan(trees.remote, trees.local, trees.baseline, policy, now)
    return guard(planned, trees.local, trees.baseline, policy)


def policy_for(library: Library, policy: Policy) -> Policy:
    """``policy`` with the origins that this library's files come from, as known by now.

    Cautious as long as what differs since the catalog was bound anew is not all listed and held.
    """
    binding = library.catalog.binding()
    origin = Origin(library.base_url, binding.account if binding else None)
    aliases = tuple(Origin.parse(text) for text in library.marker.aliases)
    policy = replace(policy, origin=origin, aliases=aliases)
    if binding is None or binding.bound_anew is None:
        return policy
    return replace(policy, cautious=True, rebuilding=binding.bound_anew == "rebuild")


_IDLE = (Hold, Defer, Compare, RetryRemote)
"""The operations that leave the set of placed files as it is."""


def _tidy(library: Library, report: Report) -> None:
    """Remove unfinished files that nobody needs; keep beside the marker what must survive a lost
    catalog."""
    done = {o.operation.job_id for o in report.outcomes if o.result is Result.DONE}
    going_on = {op.job_id for op in report.plan if not isinstance(op, Compare)}
    waiting = {wait.job_id for wait in report.plan.waits}
    compared = {op.job_id for op in report.plan if isinstance(op, Compare)}
    files.tidy_incoming(library.root, waiting | compared | going_on - done)
    keep_notes(library)
