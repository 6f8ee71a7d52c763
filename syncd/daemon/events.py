"""What happened, as those want to know it who are not this program: hooks and notifications.

Pure. Events are made once a run has come to rest, so that a hundred new files are one event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from syncd.core.operations import (
    DeleteRemote,
    Download,
    MoveLocal,
    Operation,
    Redownload,
    RenameLocal,
    RenameRemote,
    TrashLocal,
)
from syncd.core.words import words
from syncd.cycle import Report
from syncd.executor import Outcome, Result
from syncd.secret import redact

Name = Literal["added", "removed", "renamed", "pending", "held", "error"]

_DONE: Mapping[Name, tuple[type[Operation], ...]] = {
    "added": (Download, Redownload),
    "removed": (TrashLocal, DeleteRemote),
    "renamed": (RenameLocal, RenameRemote, MoveLocal),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of thing that happened. ``facts``: an object for each track, with ``job_id``,
    ``path`` (absolute), ``verb`` and ``reason``; for an error that is no track's, with ``reason``.
    """

    name: Name
    facts: tuple[Mapping[str, Any], ...]


class Events:
    """Makes events of reports; what is held, pending or in trouble is told once, while it lasts."""

    def __init__(self) -> None:
        self._pending: frozenset[int] = frozenset()
        self._held: frozenset[tuple[int, str]] = frozenset()
        self._error: str | None = None

    def of(self, reports: Sequence[Report], root: Path) -> tuple[Event, ...]:
        """What is new in ``reports``, of a library at ``root``."""
        found: dict[Name, list[Mapping[str, Any]]] = {}
        outcomes = [outcome for report in reports for outcome in report.outcomes]
        for name, kinds in _DONE.items():
            for outcome in outcomes:
                if outcome.result is Result.DONE and isinstance(outcome.operation, kinds):
                    found.setdefault(name, []).append(_fact(outcome.operation, root))
        for outcome in outcomes:
            if outcome.result is Result.FAILED:
                found.setdefault("error", []).append(_failure(outcome, root))
        found |= self._standing(reports[-1], root)
        error = reports[-1].error
        said = redact(str(error)) if error else None
        if said is not None and said != self._error:
            found.setdefault("error", []).append({"reason": said})
        self._error = said
        return tuple(Event(name, tuple(facts)) for name, facts in found.items())

    def _standing(self, report: Report, root: Path) -> dict[Name, list[Mapping[str, Any]]]:
        """What is held or pending now and was not before."""
        if report.error or report.quiet:
            return {}
        told_pending, told_held = self._pending, self._held
        plan = report.plan
        self._pending = frozenset(one.job_id for one in plan.pending)
        self._held = frozenset((one.job_id, one.held) for one in plan.holds)
        pending = [
            {"job_id": one.job_id, "path": str(root / one.path), "reason": one.reason,
             "until": one.until}
            for one in plan.pending
            if one.job_id not in told_pending
        ]  # fmt: skip
        held = [
            {
                **_fact(one, root),
                "verb": one.held,
                "batch": report.batches.get((one.job_id, one.held)),
            }
            for one in plan.holds
            if (one.job_id, one.held) not in told_held
        ]
        found: dict[Name, list[Mapping[str, Any]]] = {"pending": [*pending], "held": [*held]}
        return {name: facts for name, facts in found.items() if facts}


def _fact(operation: Operation, root: Path) -> dict[str, Any]:
    path = getattr(operation, "new_path", None) or getattr(operation, "path", None)
    return {
        "job_id": operation.job_id,
        "path": str(root / path) if path else None,
        "verb": operation.verb,
        "reason": operation.reason,
    }


def _failure(outcome: Outcome, root: Path) -> dict[str, Any]:
    what = words(outcome.operation.verb).do
    return {**_fact(outcome.operation, root), "reason": redact(f"{what}: {outcome.detail}")}
