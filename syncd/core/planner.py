"""The decision: three trees in, a plan out. No I/O, no clock, no logging.

Each track is one case of a table (``RULES``): its state, what the folder shows of it and what the
account shows of it. The first rule that fits decides. Tracks are decided in the order in which the
jobs were created, so that the first of two equal names keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from syncd.core.baseline import Baseline, State
from syncd.core.cases import Case, Here, There, classify
from syncd.core.decisions import audio, deletions, presence, renames, retries
from syncd.core.decisions.planning import Decision, Planning
from syncd.core.evidence import match
from syncd.core.model import LocalTree, RemoteTree
from syncd.core.operations import Compare, Download, Operation, Pending, Plan, Redownload, Wait
from syncd.core.policy import Now, Policy
from syncd.core.relocation import Relocating, Relocation, awaits_user, settle

_EPOCH = datetime.fromtimestamp(0, UTC)
_FETCHING = (Download, Redownload, Compare)


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table: which cases it is for, and what decides them."""

    name: str
    states: frozenset[State]
    here: frozenset[Here]
    there: frozenset[There]
    decide: Callable[[Planning, Case], Decision]

    def fits(self, state: State, here: Here, there: There) -> bool:
        return state in self.states and here in self.here and there in self.there


def _row(
    name: str,
    states: Iterable[State],
    here: Iterable[Here],
    there: Iterable[There],
    decide: Callable[[Planning, Case], Decision],
) -> Rule:
    return Rule(name, frozenset(states), frozenset(here), frozenset(there), decide)


WITHOUT = (State.WANTED, State.UNAVAILABLE)
UNEXPECTED = (*WITHOUT, State.IGNORED, State.GONE)
GIVEN_UP = (State.EVICTED, State.UNSELECTED)
FILE = (Here.IN_PLACE, Here.MOVED, Here.RENAMED, Here.UNSENDABLE)
LISTED = tuple(set(There) - {There.GONE, There.UNSEEN})
QUIET = (There.AS_KNOWN, There.UNREADY, There.FAILED, There.SILENT)
AUDIBLE = (There.AS_KNOWN, There.RENAMED, There.READDRESSED, There.REPLACED)

RULES: tuple[Rule, ...] = (
    # What cannot be judged is left alone.
    _row("out of sight", State, [Here.HIDDEN], There, presence.out_of_sight),
    _row("not listed in full yet", State, Here, [There.UNSEEN], presence.not_listed_yet),
    _row("kept out", State, [Here.KEPT_OUT], There, presence.kept_out),
    _row("an id in another's file", State, [Here.PASTED], There, presence.pasted),
    _row("detached, then made his own", [State.DETACHED], [Here.STRANGER], [There.GONE],
         presence.nothing),
    _row("a stranger at its path", State, [Here.STRANGER], There, presence.stranger),
    _row("missed once", State, [Here.MISSED], There, presence.missed),
    # The job is gone.
    _row("placed, deleted there", [State.PLACED, State.TRASHING], [Here.IN_PLACE, Here.MOVED],
         [There.GONE], deletions.deleted_there),
    _row("renamed here, deleted there", [State.PLACED, State.TRASHING],
         [Here.RENAMED, Here.UNSENDABLE], [There.GONE], deletions.renamed_and_deleted),
    _row("detached, in step", [State.DETACHED], FILE, [There.GONE], deletions.still_detached),
    _row("evicted or freed, then deleted there", GIVEN_UP, FILE, [There.GONE],
         deletions.evicted_and_deleted),
    _row("a file of a job that is gone", [*UNEXPECTED, *GIVEN_UP], [Here.FOUND], [There.GONE],
         deletions.found_without_job),
    _row("nothing left, and known", [State.GONE], [Here.NOTHING], [There.GONE], presence.nothing),
    _row("nothing left", State, [Here.NOTHING, Here.ABSENT], [There.GONE], deletions.nothing_left),
    # Its file is there although none was expected, or no more.
    _row("a file is found", [*UNEXPECTED, *GIVEN_UP], [Here.FOUND], LISTED, presence.found),
    _row("the job of a detached file is back", [State.DETACHED, State.TRASHING], FILE, LISTED,
         presence.job_is_back),
    _row("evicted, not yet removed", [State.EVICTED], [Here.IN_PLACE], LISTED, presence.evicting),
    _row("freed, not yet removed", [State.UNSELECTED], [Here.IN_PLACE], LISTED, presence.freeing),
    _row("given up, and brought back", GIVEN_UP, FILE, LISTED, presence.found),
    # No file, and none to be.
    _row("evicted, ignored or not selected", [*GIVEN_UP, State.IGNORED], [Here.NOTHING], LISTED,
         presence.nothing),
    # No file yet.
    _row("wanted, failed", WITHOUT, [Here.NOTHING], [There.FAILED], retries.failed),
    _row("its file went, failed since", [State.GONE, State.TRASHING, State.DETACHED],
         [Here.NOTHING, Here.ABSENT], [There.FAILED], presence.nothing),
    _row("wanted, not ready", [*WITHOUT, State.GONE, State.TRASHING, State.DETACHED],
         [Here.NOTHING, Here.ABSENT], [There.UNREADY], presence.not_ready),
    _row("wanted, without audio", [*WITHOUT, State.GONE, State.TRASHING, State.DETACHED],
         [Here.NOTHING, Here.ABSENT], [There.SILENT], presence.without_audio),
    _row("wanted", [*WITHOUT, State.GONE, State.TRASHING, State.DETACHED],
         [Here.NOTHING, Here.ABSENT], AUDIBLE, presence.fetch),
    # Its file is in the folder.
    _row("in step", [State.PLACED], [Here.IN_PLACE], QUIET, presence.in_step),
    _row("moved here", [State.PLACED], [Here.MOVED], LISTED, presence.moved),
    _row("renamed there", [State.PLACED], [Here.IN_PLACE], [There.RENAMED],
         renames.renamed_there),
    _row("renamed here", [State.PLACED], [Here.RENAMED],
         [*QUIET, There.READDRESSED, There.REPLACED], renames.renamed_here),
    _row("renamed on both sides", [State.PLACED], [Here.RENAMED], [There.RENAMED],
         renames.renamed_twice),
    _row("renamed to what is no text", [State.PLACED], [Here.UNSENDABLE], LISTED,
         renames.unsendable),
    _row("its audio may be another", [State.PLACED], [Here.IN_PLACE, Here.ABSENT],
         [There.READDRESSED], audio.readdressed),
    _row("its audio is another", [State.PLACED], [Here.IN_PLACE], [There.REPLACED],
         audio.replaced),
    # Its file was deleted.
    _row("deleted here", [State.PLACED], [Here.ABSENT], [There.AS_KNOWN], deletions.deleted_here),
    _row("deleted here, changed there", [State.PLACED], [Here.ABSENT],
         [There.RENAMED, There.REPLACED], deletions.deleted_and_changed),
    _row("deleted here, nothing to keep a copy of", [State.PLACED], [Here.ABSENT],
         [There.UNREADY, There.FAILED, There.SILENT], deletions.deleted_without_audio),
)  # fmt: skip
"""The table. ``tests/core/test_table.py`` finds every possible case decided by one of its rows."""


def plan(
    remote: RemoteTree, local: LocalTree, baseline: Baseline, policy: Policy, now: Now
) -> Plan:
    """What brings the three trees into step, as of ``now``."""
    found = match(local, baseline, policy, remote)
    is_emptied = remote.swept and not remote.tracks
    planning = Planning(local, baseline, found, policy, now, remote.unlearnt, is_emptied=is_emptied)
    decisions: list[Decision] = []
    missed, unselected = set(), set()
    for job_id in _in_order(remote, baseline, found.files):
        case = classify(
            job_id,
            remote=remote,
            local=local,
            baseline=baseline,
            policy=policy,
            file=found.files.get(job_id),
            owner=found.bereft_owner(job_id) if job_id in found.files else None,
            disks=found.disks,
        )
        if case.here is Here.MISSED:
            missed.add(job_id)
        if (case.state, case.here) == (State.UNSELECTED, Here.NOTHING) and case.track:
            unselected.add(job_id)
        decisions.append(planning.in_time(case, rule_for(case).decide(planning, case)))

    def stays(op: Relocation) -> bool:
        return awaits_user(op, baseline, policy) or local.kept_out_by(op.new_path) is not None

    decisions = settle(decisions, planning.names, stays)
    decisions = [*retries.paced(decisions, baseline, now.local)]
    operations: list[Operation] = [
        d for d in decisions if d is not None and not isinstance(d, Wait | Pending)
    ]
    # What failed before goes last: it must not keep the others from their turn. Nor does a long
    # queue of downloads keep what the user changed, and was judged by this look, from its turn.
    # Relocations keep their order, since each waits for the name that the one before it gives up.
    operations.sort(
        key=lambda op: (
            not isinstance(op, Relocating) and planning.has_failed(op.job_id),
            isinstance(op, _FETCHING),
        )
    )
    return Plan(
        operations=tuple(operations),
        waits=tuple(d for d in decisions if isinstance(d, Wait)),
        pending=tuple(d for d in decisions if isinstance(d, Pending)),
        missed=frozenset(missed),
        unselected=frozenset(unselected),
    )


def rule_for(case: Case) -> Rule:
    """The first rule that fits; there always is one (``cases.POSSIBLE``, and a test)."""
    state, here, there = case.state, case.here, case.there
    return next(rule for rule in RULES if rule.fits(state, here, there))


def _in_order(remote: RemoteTree, baseline: Baseline, files: Iterable[int]) -> list[int]:
    """Every job that is known of, those of the account by creation, then the others by id."""
    listed = sorted(remote.tracks.values(), key=lambda t: (t.created_at or _EPOCH, t.id))
    others = {*baseline.tracks, *files} - remote.tracks.keys()
    return [*(track.id for track in listed), *sorted(others)]
