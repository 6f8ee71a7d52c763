"""What is kept out of the library by patterns of the user's, and what follows from that.

Nothing is placed there, and what stands there is left as it is. It is looked at all the same: a
track whose file was moved there, or that a pattern came to cover, is no track without a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from syncd.core.operations import Hold, Operation, Plan, Wait

if TYPE_CHECKING:
    from syncd.core.model import LocalTree

LET_IN = "its file went while it was kept out, so nothing follows from that unasked"
"""Why an absence is held, of which nobody knows what was meant by it."""


class KeptOut(Protocol):
    """Which paths are kept out."""

    def by(self, path: str) -> str | None:
        """The file whose pattern keeps ``path`` out, or ``library.ignore``; ``None``: it is in."""


def leave_alone(plan: Plan, local: LocalTree) -> Plan:
    """``plan`` without what touches, or gives, a name that is kept out: such a track waits."""
    kept = {op: said for op in plan if (said := _kept_out(op, local)) is not None}
    if not kept:
        return plan
    waits = (Wait(job_id=op.job_id, reason=said, kept_out=True) for op, said in kept.items())
    return replace(
        plan,
        operations=tuple(op for op in plan if op not in kept),
        waits=(*plan.waits, *waits),
    )


def _kept_out(op: Operation, local: LocalTree) -> str | None:
    if isinstance(op, Hold):
        return None
    return next((said for path in paths_of(op) if (said := said_kept_out(path, local))), None)


def paths_of(op: Operation) -> Iterator[str]:
    """Each name that ``op`` touches or gives."""
    for name in ("path", "new_path", "copy"):
        if path := getattr(op, name, None):
            yield path


def said_kept_out(path: str, local: LocalTree) -> str | None:
    """That ``path`` is kept out, and by what, if it is."""
    by = local.kept_out_by(path)
    return None if by is None else f"{path} is kept out by {by}"
