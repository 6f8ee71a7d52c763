"""Guards: pure checks over a whole plan. What a guard doubts becomes a hold, never an exception."""

from __future__ import annotations

from collections import Counter

from syncd.core.model import LocalTree
from syncd.core.naming import fold
from syncd.core.operations import Adopt, Download, Hold, Operation, Plan

PRIVATE_FOLDER = ".syncd"
"""The folder under the root that belongs to the program: marker, unfinished files, trash."""


def guard(plan: Plan, local: LocalTree) -> Plan:
    """``plan`` with every operation that a guard doubts turned into a hold.

    The names come from titles, which anyone may have chosen: that none of them leaves the root,
    enters the program's own folder, or falls on something that stands there, is checked here once
    more, independently of how the names were made.
    """
    jobs = Counter(op.job_id for op in plan)
    paths = Counter(fold(op.path) for op in plan if isinstance(op, Download))
    taken = {fold(path) for path in local.names}
    return Plan(operations=tuple(_checked(op, jobs, paths, taken) for op in plan), waits=plan.waits)


def _checked(op: Operation, jobs: Counter[int], paths: Counter[str], taken: set[str]) -> Operation:
    if not isinstance(op, Download | Adopt):
        return op
    if jobs[op.job_id] > 1:
        return Hold(job_id=op.job_id, path=op.path, reason="planned twice in one plan")
    if not is_inside(op.path):
        return Hold(job_id=op.job_id, path=op.path, reason="the path leaves the library")
    if isinstance(op, Download) and paths[fold(op.path)] > 1:
        return Hold(job_id=op.job_id, path=op.path, reason="two tracks want this path")
    if isinstance(op, Download) and fold(op.path) in taken:
        return Hold(job_id=op.job_id, path=op.path, reason="something stands at this path")
    return op


def is_inside(path: str) -> bool:
    """Whether a relative path stays under the root and out of the program's own folder."""
    parts = path.split("/")
    return (
        all(part not in ("", ".", "..") for part in parts)
        and "\0" not in path
        and fold(parts[0]) != PRIVATE_FOLDER
    )
