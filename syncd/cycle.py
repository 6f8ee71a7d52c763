"""One cycle: observe, plan, guard, execute. READ THIS FIRST.

Observing takes what the service and the folder show into the catalog and three trees. Planning and
guarding are pure (``core``). Executing is ``executor``. Whatever woke the cycle is not looked at:
it sees for itself.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from syncd.account import check_account, confirm_key
from syncd.catalog.store import Catalog
from syncd.core.baseline import Baseline, State
from syncd.core.cases import scans_apart
from syncd.core.evidence import match, sight, to_hash
from syncd.core.model import LocalFile, LocalTree, Origin, RemoteTree
from syncd.core.operations import Compare, Defer, Hold, Plan
from syncd.core.planner import plan
from syncd.core.policy import Now, Policy
from syncd.core.safety import guard
from syncd.errors import Changed, RootUnusable, SyncdError
from syncd.executor import Executor, Outcome, Result
from syncd.executor.threads import to_its_end
from syncd.local import files
from syncd.local.notes import Notes, write_notes
from syncd.local.root import Marker, Root, prepare, read_marker, write_marker
from syncd.local.scan import scan
from syncd.local.tags import read_identity
from syncd.local.trash import Trash
from syncd.progress import Progress
from syncd.remote.client import AudioPod
from syncd.remote.sweep import Sweep

_log = structlog.get_logger("syncd.cycle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What a cycle works on: the service, the catalog and the folder that belong together.

    ``key_fingerprint`` is a keyed hash of the API key in use (``account.fingerprint``);
    ``retention`` is seconds in the trash.
    """

    client: AudioPod
    catalog: Catalog
    root: Root
    marker: Marker
    trash: Trash
    retention: float
    base_url: str
    key_fingerprint: str
    progress: Progress
    clock: Callable[[], datetime]

    def now(self) -> Now:
        """Both clocks."""
        return Now(self.clock(), self.client.server_time)


class Trees(NamedTuple):
    """The three trees as of one moment."""

    remote: RemoteTree
    local: LocalTree
    baseline: Baseline


@dataclass(slots=True)
class Report:
    """What a cycle saw and did. ``error`` is what ended it early, if anything did.

    ``unreadable`` names the folders and files, relative to the root, that could not be looked at:
    nothing is decided about what lies there. ``settled``: this cycle was the first complete clean
    one of a new catalog. ``batches`` are the numbers of what is held, by job and verb.
    """

    cycle: str
    plan: Plan = field(default_factory=Plan)
    remote: RemoteTree = field(default_factory=lambda: RemoteTree({}))
    outcomes: list[Outcome] = field(default_factory=list)
    doubts: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    settled: bool = False
    batches: Mapping[tuple[int, str], int] = field(default_factory=dict)
    error: SyncdError | None = None

    def count(self, result: Result) -> int:
        return sum(outcome.result is result for outcome in self.outcomes)

    @property
    def wants_sweep(self) -> bool:
        """Whether something was met that only a new listing of the account can explain."""
        errors = (outcome.error for outcome in self.outcomes)
        return any(isinstance(error, Changed) and error.sweep for error in errors)


async def run_cycle(library: Library, executor: Executor, policy: Policy, *, sweep: bool) -> Report:
    """One cycle. Never raises ``SyncdError``: what ended it early stands in the report."""
    report = Report(cycle=secrets.token_hex(4))
    try:
        if sweep:
            report.doubts = await observe_remote(library)
        policy = await asyncio.to_thread(policy_for, library, policy)
        trees = await observe(library, policy)
        report.remote = trees.remote
        report.unreadable = tuple(sorted(trees.local.unreadable))
        report.plan = await asyncio.to_thread(make_plan, trees, policy, library.now())
        library.progress.planned(report.plan)
        if not all(isinstance(op, _IDLE) for op in report.plan):
            await asyncio.to_thread(enter_next_generation, library)
        await executor.run(
            report.plan, cycle=report.cycle, origin=policy.origin, outcomes=report.outcomes
        )
        if sweep and not report.doubts and not report.unreadable:
            report.settled = await asyncio.to_thread(_settle, library)
        await asyncio.to_thread(_tidy, library, report)
        held = await asyncio.to_thread(library.catalog.holds.all)
        report.batches = {(one.job_id, one.verb): one.batch for one in held if one.batch}
    except SyncdError as error:
        report.error = error
    return report


async def run_until_rest(
    library: Library, executor: Executor, policy: Policy, *, sweep: bool = True
) -> list[Report]:
    """Cycles until nothing is left to do now; each operation on a track is done once in a run.

    The first cycle sweeps (unless ``sweep`` is false), and each that follows a surprise about the
    account; what is observed while acting is taken into the catalog at once. What a scan missed is
    looked for once more.
    """
    reports: list[Report] = []
    dealt_with: set[tuple[int, str]] = set()
    looked_for: set[int] = set()
    listed = False
    while True:
        now_policy = replace(policy, attempted=frozenset(dealt_with))
        report = await run_cycle(library, executor, now_policy, sweep=sweep)
        reports.append(report)
        if report.error:
            return reports
        listed = (listed or sweep) and not report.doubts
        sweep = report.wants_sweep
        # Also what was done: a program that takes each file away would keep us at it for ever.
        settled = (o for o in report.outcomes if o.result in (Result.DONE, Result.FAILED))
        dealt_with |= {(o.operation.job_id, o.operation.verb) for o in settled}
        if report.count(Result.DONE) or report.count(Result.REPLAN) or report.settled:
            continue
        if not report.plan.missed - looked_for:
            if listed and not report.unreadable:
                await asyncio.to_thread(_end_caution, library)
            return reports
        looked_for |= report.plan.missed
        apart = scans_apart(policy)
        library.progress.looking_again(len(report.plan.missed), apart)
        _log.info(_looking_again(len(report.plan.missed), apart))
        await asyncio.sleep(apart)


def _looking_again(missed: int, seconds: float) -> str:
    files_ = "1 file is" if missed == 1 else f"{missed} files are"
    return f"{files_} missing; looking again in {seconds:.0f} s"


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


async def observe(library: Library, policy: Policy) -> Trees:
    """The three trees: a scan of a root that is valid before and after it, and the catalog."""
    # Waited for where the run is stopped: the locks are held while the folder is looked at.
    return await to_its_end(_observe, library, policy)


def _observe(library: Library, policy: Policy) -> Trees:
    catalog, now = library.catalog, library.now()
    known = catalog.scans.known_files()
    library.root.verify(library.marker)
    local = scan(library.root.path, known, read_identity=read_identity)
    library.root.verify(library.marker)
    if "." in local.unreadable:
        raise RootUnusable(
            f"the library folder {library.root.path} cannot be read",
            hint="give the user that runs syncd the right to read it",
        )
    remote, baseline = catalog.remote_tree(), catalog.baseline(now)
    found = match(local, baseline, policy)
    local = _with_digests(library, local, to_hash(remote, baseline, found))
    catalog.scans.remember(known, local.files)
    catalog.scans.note(sight(local, baseline, found), now)
    catalog.scans.note_mounted(_mounted(local, baseline, found.files))
    return Trees(remote, local, catalog.baseline(now))


def _with_digests(library: Library, local: LocalTree, wanted: Iterable[LocalFile]) -> LocalTree:
    """``local`` with the SHA-256 of those files whose bytes a decision turns on."""
    files_ = dict(local.files)
    for file in wanted:
        try:
            digest = files.sha256(library.root.path / file.path)
        except OSError:
            continue  # not known, so it counts as edited, and stays
        files_[file.path] = replace(file, sha256=digest)
    return replace(local, files=files_)


def _mounted(
    local: LocalTree, baseline: Baseline, found: Mapping[int, LocalFile]
) -> dict[int, bool]:
    """The tracks whose file is where it was, in what is mounted there and was not, or no more."""
    changed = {}
    for job_id, file in found.items():
        known = baseline.tracks.get(job_id)
        placed = known.placed if known else None
        if placed and placed.path == file.path:
            mounted = local.mount_of(file.path) is not None
            if mounted != placed.mounted:
                changed[job_id] = mounted
    return changed


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


_IDLE = (Hold, Defer, Compare)
"""The operations that leave the set of placed files as it is."""


def enter_next_generation(library: Library) -> None:
    """Count a change to the set of placed files: in the catalog first, then in the marker.

    So a catalog or a folder that comes back from a backup is told from the current one when it is
    opened (``engine``), and a stop between the two is told from either.
    Raises ``RootUnusable``, and counts nothing, where the root is not the library's by now.
    """
    library.root.verify(library.marker)
    binding = library.catalog.binding()
    assert binding is not None, "a library is bound when it is opened"
    following = replace(binding, generation=binding.generation + 1)
    library.catalog.bind(following)
    prepare(library.root)
    marker = read_marker(library.root) or library.marker
    fresh = replace(marker, generation=following.generation, account=following.account)
    write_marker(library.root, fresh)
    library.catalog.bind(replace(following, marker_generation=following.generation))


def _settle(library: Library) -> bool:
    """Note that a complete clean cycle has ended; whether it was the first.

    One that was held back, because the catalog was bound anew, does not show that all is well.
    """
    binding = library.catalog.binding()
    if binding is None or binding.settled or binding.bound_anew:
        return False
    library.catalog.bind(replace(binding, settled=True))
    return True


def _end_caution(library: Library) -> None:
    """All that differs since the catalog was bound anew is held by now, and stays so.

    Known after a listing without a doubt, and a scan that could read everything.
    """
    binding = library.catalog.binding()
    if binding is not None and binding.bound_anew:
        library.catalog.bind(replace(binding, bound_anew=None))


def _tidy(library: Library, report: Report) -> None:
    """Remove unfinished files that nobody needs, and what was in the trash for long enough; keep
    beside the marker what must survive a lost catalog."""
    done = {o.operation.job_id for o in report.outcomes if o.result is Result.DONE}
    going_on = {op.job_id for op in report.plan if not isinstance(op, Compare)}
    waiting = {wait.job_id for wait in report.plan.waits}
    compared = {op.job_id for op in report.plan if isinstance(op, Compare)}
    files.tidy_incoming(library.root, waiting | compared | going_on - done)
    now = library.now()
    retention = timedelta(seconds=library.retention)
    for entry in library.trash.purge(now=now.local, server_now=now.server, retention=retention):
        _log.info("removed from the trash", name=entry.name, job=entry.job_id)
    keep_notes(library)


def keep_notes(library: Library) -> None:
    """Keep beside the marker what a lost catalog could not tell anew."""
    baseline = library.catalog.baseline(library.now())
    write_notes(
        library.root,
        Notes(
            evicted=_in(baseline, State.EVICTED),
            ignored=_in(baseline, State.IGNORED),
            held=frozenset(job_id for job_id, _ in baseline.holds),
        ),
    )


def _in(baseline: Baseline, state: State) -> frozenset[int]:
    return frozenset(track.job_id for track in baseline.tracks.values() if track.state is state)
