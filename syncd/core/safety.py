"""Guards: pure checks over a whole plan. What a guard doubts becomes a hold, never an exception.

``guard`` is the only way from a plan to the executor. It doubts single operations (a path that
leaves the root), whole kinds (nothing is removed before a new catalog has seen a clean cycle), and
sums (more deletions in a day than the budget allows are somebody's accident).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import accumulate

from syncd.core.baseline import Baseline, State
from syncd.core.keeping import LET_IN, leave_alone
from syncd.core.model import LocalTree
from syncd.core.naming import fold
from syncd.core.operations import (
    Adopt,
    DeleteRemote,
    Detach,
    Download,
    Evict,
    Free,
    Hold,
    Ignore,
    MakeWay,
    MoveLocal,
    Operation,
    Pending,
    Placing,
    Plan,
    Redownload,
    RenameLocal,
    RenameRemote,
    Restore,
    Retag,
    RetryRemote,
    TrashLocal,
    Wait,
)
from syncd.core.policy import Policy
from syncd.core.relocation import awaits_user
from syncd.core.verbs import counted, words

PRIVATE_FOLDER = ".syncd"
"""The folder under the root that belongs to the program: marker, unfinished files, trash."""

HALF_FROM = 4
"""From how many placed files on more than half of them is held, whatever the budget."""

_REMOVING = (DeleteRemote, RenameRemote, TrashLocal)
_EARLY = (*_REMOVING, RetryRemote)
"""What a new, adopted or rebuilt catalog must not do before one complete clean cycle."""

_OnPaths = Placing | Adopt | Detach | TrashLocal | Free | Retag | RenameRemote | DeleteRemote
"""What touches, or gives, a name in the folder."""

_MOVED = (
    "the library is in another folder or on another disk than before, and this file is not there: "
    "it may have been left behind"
)

_LEFT_OUT = "these files are outside library.only, which leaves their jobs as they are"

_UNASKED = (*_REMOVING, Download, Redownload, Evict, Ignore)
"""What is not done unasked while a catalog is bound anew."""


def guard(plan: Plan, local: LocalTree, baseline: Baseline, policy: Policy) -> Plan:
    """``plan`` with everything that a guard doubts turned into a hold, or into a wait."""
    # First: a file that stays where it stands gives its name to no other.
    plan = leave_alone(plan, local)
    plan = _keep_still(plan, local, baseline, policy)
    plan = _check_paths(plan, local)
    plan = _doubt_absences(plan, baseline)
    plan = _await_clean_cycle(plan, local, baseline)
    for verb, budget, wholesale in (
        (DeleteRemote.verb, policy.deletion_budget, True),
        (TrashLocal.verb, policy.deletion_budget, True),
        (Redownload.verb, policy.deletion_budget, True),
        (RenameRemote.verb, policy.rename_budget, False),
    ):
        plan = _check_budget(plan, baseline, verb, budget, wholesale=wholesale)
    return _keep_holds(plan, baseline)


# --- single operations ---


def _check_paths(plan: Plan, local: LocalTree) -> Plan:
    """The names come from titles, which anyone may have chosen: that none of them leaves the root,
    enters the program's own folder, or falls on something that stands there, is checked here once
    more, independently of how the names were made.
    """
    relocating = (op for op in plan if isinstance(op, RenameLocal | MoveLocal | MakeWay))
    leaving = {fold(op.path) for op in relocating if _target(op) is not None}
    targets = [target for op in plan if (target := _target(op)) is not None]
    checks = _Paths(
        jobs=Counter(op.job_id for op in plan),
        targets=Counter(fold(path) for path in targets),
        taken={fold(path) for path in local.names} - leaving,
        blocked=local.names - local.folders,
    )
    return replace(plan, operations=tuple(checks.checked(op) for op in plan))


def _target(op: Operation) -> str | None:
    """The name that an operation gives to a file, if it gives one."""
    if isinstance(op, RenameLocal | MoveLocal | MakeWay):
        return op.new_path if op.new_path != op.path else None  # it stands there already
    if isinstance(op, Redownload):
        return op.copy
    return op.path if isinstance(op, Download) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paths:
    """What the plan asks for in all, and what stands in the folder."""

    jobs: Counter[int]
    targets: Counter[str]
    taken: Collection[str]
    blocked: frozenset[str]

    def checked(self, op: Operation) -> Operation:
        """``op``, or the hold that it becomes."""
        if not isinstance(op, _OnPaths):
            return op
        if (reason := self._doubt(op)) is None:
            return op
        return Hold(job_id=op.job_id, path=_target(op) or op.path, held=op.verb, reason=reason)

    def _doubt(self, op: _OnPaths) -> str | None:
        if self.jobs[op.job_id] > 1:
            return "planned twice in one plan"
        target = _target(op)
        for path in (op.path, target):
            if path is not None and not is_inside(path):
                return "the path leaves the library"
        if target is None:
            return None  # what it names stands there already
        if self.targets[fold(target)] > 1:
            return "two tracks want this path"
        if fold(target) in self.taken:
            return "something stands at this path"
        if self.blocked and (obstacle := self._obstacle(target)):
            return (
                f"{obstacle} is a link or a file, where a folder is needed "
                "(replace it by a real folder, or change library.template)"
            )
        return None

    def _obstacle(self, path: str) -> str | None:
        """What stands where a folder of ``path`` should be; a link could lead out of the root."""
        folders = accumulate(path.split("/")[:-1], "{}/{}".format)
        return next((folder for folder in folders if folder in self.blocked), None)


def is_inside(path: str) -> bool:
    """Whether a relative path stays under the root and out of the program's own folder."""
    parts = path.split("/")
    return (
        all(part not in ("", ".", "..") for part in parts)
        and "\0" not in path
        and fold(parts[0]) != PRIVATE_FOLDER
    )


# --- whole kinds ---


def _keep_still(plan: Plan, local: LocalTree, baseline: Baseline, policy: Policy) -> Plan:
    """While a catalog is bound anew, differences are listed and wait for a decision.

    Also, at any time, files that the user wants to be asked about before they get another name,
    and those that a narrower selection leaves out.
    """

    def checked(op: Operation) -> Operation | Wait:
        if isinstance(op, RenameLocal | MoveLocal) and awaits_user(op, baseline, policy):
            return _batched(op, _standing(baseline, op.job_id, op.verb) or op.reason)
        if isinstance(op, Free) and not (_is_approved(baseline, op) or _is_begun(baseline, op)):
            return _batched(op, _LEFT_OUT)
        if policy.cautious and isinstance(op, RetryRemote):
            return Wait(job_id=op.job_id, reason=_anew(op.reason))
        if not policy.cautious or not isinstance(op, _UNASKED) or _is_approved(baseline, op):
            return op
        if not isinstance(op, Download):
            return _batched(op, _anew(op.reason))
        if policy.rebuilding or isinstance(op, Restore):
            # It may be new, or its file may have been deleted: only the user knows.
            return _batched(op, "no file in the folder carries its id")
        when = (
            f"a sync that can read {local.said_unreadable()}"
            if local.unreadable
            else "the next sync"
        )
        return Wait(job_id=op.job_id, reason=f"new in the account; {when} fetches it")

    checks = [checked(op) for op in plan]
    plan = replace(
        plan,
        operations=tuple(op for op in checks if not isinstance(op, Wait)),
        waits=(*plan.waits, *(wait for wait in checks if isinstance(wait, Wait))),
    )
    if not policy.cautious:
        return plan
    pending = tuple(_held_pending(one, _anew("its file is gone")) for one in plan.pending)
    return replace(plan, operations=(*plan.operations, *pending), pending=())


def _anew(reason: str) -> str:
    return f"{reason}; catalog and folder were bound anew, so nothing follows from that unasked"


def _doubt_absences(plan: Plan, baseline: Baseline) -> Plan:
    """What is missing since the root is another one, or since it was kept out, is asked about, not
    deleted.
    """

    def doubt(job_id: int) -> str | None:
        known = baseline.tracks.get(job_id)
        if known is None or known.absence is None:
            return None
        if job_id in baseline.kept_out:
            return LET_IN
        return _MOVED if job_id in baseline.left_behind else None

    def checked(op: Operation) -> Operation:
        if not isinstance(op, DeleteRemote | Ignore) or _is_approved(baseline, op):
            return op
        return _batched(op, why) if (why := doubt(op.job_id)) else op

    held = tuple(_held_pending(one, why) for one in plan.pending if (why := doubt(one.job_id)))
    return replace(
        plan,
        operations=(*(checked(op) for op in plan), *held),
        pending=tuple(one for one in plan.pending if doubt(one.job_id) is None),
    )


def _await_clean_cycle(plan: Plan, local: LocalTree, baseline: Baseline) -> Plan:
    if baseline.settled:
        return plan
    missing = f", and {local.said_unreadable()} could not be read" if local.unreadable else ""
    early = [op for op in plan if isinstance(op, _EARLY)]
    waits = (
        Wait(
            job_id=op.job_id,
            reason=f"the {words(op.verb).one} waits for one complete clean cycle{missing}",
        )
        for op in early
    )
    return replace(
        plan,
        operations=tuple(op for op in plan if not isinstance(op, _EARLY)),
        waits=(*plan.waits, *waits),
    )


# --- sums ---


def _check_budget(
    plan: Plan, baseline: Baseline, verb: str, budget: int, *, wholesale: bool
) -> Plan:
    """Hold every operation of ``verb``, and every one pending, where they are too many in a day.

    Counted by distinct track: what is pending, what is due, and what was done within the day.
    ``wholesale``: also where it concerns more than half of the placed files, or all of them.
    What the user has approved counts, and passes.
    """
    pending = plan.pending if verb == DeleteRemote.verb else ()
    due = {
        op.job_id
        for op in plan
        if op.verb == verb or (isinstance(op, Hold) and op.batched and op.held == verb)
    }
    open_ = due | {one.job_id for one in pending}
    if not open_:
        return plan
    done = baseline.spent.get(verb, frozenset())
    placed = {t.job_id for t in baseline.tracks.values() if t.state is State.PLACED}
    # One that was stopped on its way to the trash stands there still.
    placed |= done | due
    counts = (len(open_), len(done - open_))
    reason = _excess(*counts, budget, len(placed) if wholesale else None, verb)
    if reason is None:
        return plan

    def checked(op: Operation) -> Operation:
        if op.verb != verb or _is_approved(baseline, op):
            return op
        return _batched(op, reason)

    held = tuple(_held_pending(one, reason) for one in pending)
    return replace(
        plan,
        operations=(*(checked(op) for op in plan), *held),
        pending=() if pending else plan.pending,
    )


def _excess(number: int, done: int, budget: int, placed: int | None, verb: str) -> str | None:
    """Why ``number`` are too many in a day in which ``done`` went before, if they are."""
    count = number + done
    what = f"{counted(verb, number)} within a day"
    if done:
        what = f"{counted(verb, number)} now and {done} within the last day"
    more = "is more" if count == 1 else "are more"
    if placed is not None and count >= placed and verb != Redownload.verb:
        return f"{what} would empty the library"
    if placed is not None and placed >= HALF_FROM and 2 * count > placed:
        return f"{what} {more} than half of the library ({placed} files)"
    if count > budget:
        return f"{what} {more} than the budget of {budget}"
    return None


# --- what was held before ---


def _keep_holds(plan: Plan, baseline: Baseline) -> Plan:
    """What was held stays held until the user has decided, even if the sum shrank meanwhile.

    What the service refused is not sent again as long as it is the same.
    """

    def checked(op: Operation) -> Operation:
        if (reason := _standing(baseline, op.job_id, op.verb)) is not None:
            return _batched(op, reason)
        held = baseline.holds.get((op.job_id, op.verb))
        if held and held.refused and not held.approved and held.path == getattr(op, "path", None):
            return replace(_batched(op, held.reason), batched=False, refused=True)
        return op

    kept, pending = [], []
    for one in plan.pending:
        reason = _standing(baseline, one.job_id, DeleteRemote.verb)
        if reason is None:
            pending.append(one)
        else:
            kept.append(_held_pending(one, reason))
    operations = (*(checked(op) for op in plan), *kept)
    return replace(plan, operations=operations, pending=tuple(pending))


def _standing(baseline: Baseline, job_id: int, verb: str) -> str | None:
    """Why it was held, where the user has not decided yet."""
    held = baseline.holds.get((job_id, verb))
    return held.reason if held and held.batch is not None and not held.approved else None


def _is_approved(baseline: Baseline, op: Operation) -> bool:
    held = baseline.holds.get((op.job_id, op.verb))
    return held is not None and held.approved


def _is_begun(baseline: Baseline, op: Free) -> bool:
    """Whether the user released it before, and the program stopped on the way."""
    known = baseline.tracks.get(op.job_id)
    return known is not None and known.state is State.UNSELECTED


def _batched(op: Operation, reason: str) -> Hold:
    evidence = getattr(op, "evidence", ())
    stands_at = None
    if isinstance(op, RenameLocal | MoveLocal):
        stands_at = op.path
        evidence = (f"{stands_at} → {op.new_path}", *evidence)
    return Hold(
        job_id=op.job_id,
        path=getattr(op, "new_path", None) or getattr(op, "path", None) or "",
        held=op.verb,
        batched=True,
        reason=reason,
        evidence=(op.reason, *evidence) if op.reason != reason else evidence,
        stands_at=stands_at,
    )


def _held_pending(one: Pending, reason: str) -> Hold:
    return Hold(
        job_id=one.job_id,
        path=one.path,
        held=DeleteRemote.verb,
        batched=True,
        reason=reason,
        evidence=one.evidence,
    )
