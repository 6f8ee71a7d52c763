"""Guards: pure checks over a whole plan. What a guard doubts becomes a hold, never an exception."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate

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
    guarding = _Guarding(
        jobs=Counter(op.job_id for op in plan),
        paths=Counter(fold(op.path) for op in plan if isinstance(op, Download)),
        taken={fold(path) for path in local.names},
        blocked=local.names - local.folders,
    )
    return Plan(operations=tuple(guarding.checked(op) for op in plan), waits=plan.waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guarding:
    """What the plan asks for in all, and what stands in the folder."""

    jobs: Counter[int]
    paths: Counter[str]
    taken: set[str]
    blocked: frozenset[str]

    def checked(self, op: Operation) -> Operation:
        """``op``, or the hold that it becomes."""
        if not isinstance(op, Download | Adopt) or (reason := self._doubt(op)) is None:
            return op
        return Hold(job_id=op.job_id, path=op.path, reason=reason)

    def _doubt(self, op: Download | Adopt) -> str | None:
        if self.jobs[op.job_id] > 1:
            return "planned twice in one plan"
        if not is_inside(op.path):
            return "the path leaves the library"
        if not isinstance(op, Download):
            return None  # what it names stands there already, and stays
        if self.paths[fold(op.path)] > 1:
            return "two tracks want this path"
        if fold(op.path) in self.taken:
            return "something stands at this path"
        if self.blocked and (obstacle := self._obstacle(op.path)):
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
