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
    Evict,
    Free,
    MoveLocal,
    Operation,
    Redownload,
    RenameLocal,
    RenameRemote,
    Restore,
    TrashLocal,
)
from syncd.core.verbs import words
from syncd.cycle import Report
from syncd.errors import SyncdError
from syncd.executor import Outcome, Result
from syncd.secret import redact

Name = Literal["added", "removed", "renamed", "pending", "held", "error"]

LED_ELSEWHERE = (MoveLocal.verb, "trash-restore")
"""What leads a file to another path, which the journal has as the name that was given."""

NAMED_ANEW = (RenameLocal.verb, RenameRemote.verb)
"""What leaves a track with another path than the journal has for it."""

_DONE: Mapping[str, Name] = {
    Download.verb: "added",
    Restore.verb: "added",
    Redownload.verb: "added",
    "trash-restore": "added",
    TrashLocal.verb: "removed",
    DeleteRemote.verb: "removed",
    Evict.verb: "removed",
    Free.verb: "removed",
    RenameLocal.verb: "renamed",
    RenameRemote.verb: "renamed",
    MoveLocal.verb: "renamed",
}
"""What is told of what was done, by its verb."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done: an entry of the journal. ``path`` is relative to the root."""

    job_id: int
    verb: str
    path: str | None
    reason: str


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

    def of(
        self, reports: Sequence[Report], root: Path, deeds: Sequence[Deed] = ()
    ) -> tuple[Event, ...]:
        """What is new in ``reports``, of a library at ``root``, and what was done in it."""
        done: dict[Name, dict[int, Mapping[str, Any]]] = {}
        for deed in deeds:
            if name := _DONE.get(deed.verb):
                # One fact for a track, also where its job and its file were renamed.
                done.setdefault(name, {})[deed.job_id] = {
                    "job_id": deed.job_id,
                    "path": str(root / deed.path) if deed.path else None,
                    "verb": deed.verb,
                    "reason": deed.reason,
                }
        found: dict[Name, list[Mapping[str, Any]]] = {
            name: [*facts.values()] for name, facts in done.items()
        }
        for outcome in (outcome for report in reports for outcome in report.outcomes):
            if outcome.result is Result.FAILED:
                found.setdefault("error", []).append(_failure(outcome, root))
        if reports:
            found |= self._standing(reports[-1], root)
            if reports[-1].error is None:
                self._error = None
            elif lasting := self._if_new(reports[-1].error):
                found.setdefault("error", []).append(lasting)
        return tuple(Event(name, tuple(facts)) for name, facts in found.items())

    def lasting(self, error: SyncdError) -> tuple[Event, ...]:
        """An error that lasts until a report has none: told once."""
        fact = self._if_new(error)
        return (Event("error", (fact,)),) if fact else ()

    def _if_new(self, error: SyncdError) -> Mapping[str, Any] | None:
        # Not by its hint: what is advised grows with what else is known.
        is_new, self._error = error.message != self._error, error.message
        return {"reason": redact(str(error))} if is_new else None

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


def of_error(error: SyncdError) -> Event:
    """An error that is no track's."""
    return Event("error", ({"reason": redact(str(error))},))


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
