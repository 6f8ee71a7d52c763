"""One cycle: observe, plan, guard, execute. READ THIS FIRST.

Observing takes what the service and the folder show into the catalog and two trees. Planning and
guarding are pure (``core``). Executing is ``executor``. Whatever woke the cycle is not looked at:
it sees for itself.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import structlog

from syncd.account import check_account, confirm_key
from syncd.catalog.store import Catalog
from syncd.core.model import Baseline, LocalTree, Origin, Policy, RemoteTree
from syncd.core.operations import Adopt, Download, Plan
from syncd.core.planner import plan
from syncd.core.safety import guard
from syncd.errors import RootUnusable, SyncdError
from syncd.executor import Executor, Outcome, Result
from syncd.executor.threads import to_its_end
from syncd.local import files
from syncd.local.root import Marker, Root, prepare, write_marker
from syncd.local.scan import scan
from syncd.local.tags import read_identity
from syncd.progress import Progress
from syncd.remote.client import AudioPod
from syncd.remote.sweep import Sweep

_log = structlog.get_logger("syncd.cycle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What a cycle works on: the service, the catalog and the folder that belong together.

    ``key_fingerprint`` is a keyed hash of the API key in use (``account.fingerprint``).
    """

    client: AudioPod
    catalog: Catalog
    root: Root
    marker: Marker
    base_url: str
    key_fingerprint: str
    progress: Progress
    clock: Callable[[], datetime]


class Trees(NamedTuple):
    """The three trees as of one moment."""

    remote: RemoteTree
    local: LocalTree
    baseline: Baseline


@dataclass(slots=True)
class Report:
    """What a cycle saw and did. ``error`` is what ended it early, if anything did.

    ``unreadable`` names the folders and files, relative to the root, that could not be looked at:
    nothing is decided about what lies there.
    """

    cycle: str
    plan: Plan = field(default_factory=Plan)
    remote: RemoteTree = field(default_factory=lambda: RemoteTree({}))
    outcomes: list[Outcome] = field(default_factory=list)
    doubts: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    error: SyncdError | None = None

    def count(self, result: Result) -> int:
        return sum(outcome.result is result for outcome in self.outcomes)


async def run_cycle(library: Library, executor: Executor, policy: Policy, *, sweep: bool) -> Report:
    """One cycle. Never raises ``SyncdError``: what ended it early stands in the report."""
    report = Report(cycle=secrets.token_hex(4))
    try:
        if sweep:
            report.doubts = await observe_remote(library)
        trees = await observe(library)
        report.remote = trees.remote
        report.unreadable = tuple(sorted(trees.local.unreadable))
        policy = replace(policy, origin=await asyncio.to_thread(origin_of, library))
        report.plan = await asyncio.to_thread(make_plan, trees, policy, library.clock())
        library.progress.planned(report.plan)
        if any(isinstance(op, Download | Adopt) for op in report.plan):
            await asyncio.to_thread(_enter_next_generation, library)
        await executor.run(
            report.plan, cycle=report.cycle, origin=policy.origin, outcomes=report.outcomes
        )
        await asyncio.to_thread(files.tidy_incoming, library.root, _still_wanted(report))
    except SyncdError as error:
        report.error = error
    return report


async def run_until_rest(library: Library, executor: Executor, policy: Policy) -> list[Report]:
    """Cycles until nothing is left to do now; a track is dealt with once in a run, well or badly.

    Only the first cycle sweeps: what is observed while acting is taken into the catalog at once.
    """
    reports: list[Report] = []
    dealt_with: set[int] = set()
    while True:
        now_policy = replace(policy, attempted=frozenset(dealt_with))
        report = await run_cycle(library, executor, now_policy, sweep=not reports)
        reports.append(report)
        # Also what was done: a program that takes each file away would keep us at it for ever.
        settled = (o for o in report.outcomes if o.result in (Result.DONE, Result.FAILED))
        dealt_with |= {outcome.operation.job_id for outcome in settled}
        if report.error or not (report.count(Result.DONE) or report.count(Result.REPLAN)):
            return reports


async def observe_remote(library: Library) -> tuple[str, ...]:
    """Sweep the account into the catalog; what is doubtful about the sweep, in plain words."""
    await confirm_key(library.client, library.catalog, library.key_fingerprint)
    sweep = Sweep(library.client)
    number = await asyncio.to_thread(library.catalog.begin_sweep, library.clock())
    async for jobs in sweep.pages():
        await asyncio.to_thread(check_account, library.catalog, jobs)
        await asyncio.to_thread(library.catalog.observe, jobs, library.clock(), sweep=number)
        library.progress.swept(sweep.count, sweep.total)
    await asyncio.to_thread(
        library.catalog.finish_sweep,
        number,
        library.clock(),
        complete=sweep.complete,
        total=sweep.total,
        seen=sweep.count,
        doubts=sweep.doubts,
    )
    for doubt in sweep.doubts:
        _log.warning("the listing is doubtful", why=doubt)
    return sweep.doubts


async def observe(library: Library) -> Trees:
    """The three trees: a scan of a root that is valid before and after it, and the catalog."""
    # Waited for where the run is stopped: the locks are held while the folder is looked at.
    return await to_its_end(_observe, library)


def _observe(library: Library) -> Trees:
    known = library.catalog.known_files()
    library.root.verify(library.marker)
    local = scan(library.root.path, known, read_identity=read_identity)
    library.root.verify(library.marker)
    if "." in local.unreadable:
        raise RootUnusable(
            f"the library folder {library.root.path} cannot be read",
            hint="give the user that runs syncd the right to read it",
        )
    library.catalog.remember_scan(known, local.files)
    return Trees(library.catalog.remote_tree(), local, library.catalog.baseline())


def make_plan(trees: Trees, policy: Policy, now: datetime) -> Plan:
    """The guarded plan for ``trees``: pure, so that ``syncd plan`` shows what a cycle would do."""
    return guard(plan(trees.remote, trees.local, trees.baseline, policy, now), trees.local)


def origin_of(library: Library) -> Origin:
    binding = library.catalog.binding()
    return Origin(library.base_url, binding.account if binding else None)


def _still_wanted(report: Report) -> set[int]:
    """The jobs whose unfinished files the next cycle may go on with."""
    done = {o.operation.job_id for o in report.outcomes if o.result is Result.DONE}
    waiting = {wait.job_id for wait in report.plan.waits}
    return waiting | {op.job_id for op in report.plan} - done


def _enter_next_generation(library: Library) -> None:
    """Count a change to the set of placed files: in the catalog first, then in the marker.

    So a catalog or a folder that comes back from a backup can be told from the current one, which
    matters as soon as anything is deleted; this version, which only adds, does not compare them.
    """
    binding = library.catalog.binding()
    assert binding is not None, "a library is bound when it is opened"
    following = replace(binding, generation=binding.generation + 1)
    library.catalog.bind(following)
    prepare(library.root)
    write_marker(
        library.root,
        replace(library.marker, generation=following.generation, account=following.account),
    )
