"""What waits for the user, or for a grace to end: shown with its evidence, from the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from syncd.catalog import queries
from syncd.catalog.queries import HistoryEntry, HoldEntry, MissedEntry, PendingEntry
from syncd.catalog.store import Catalog
from syncd.core.cases import scans_apart
from syncd.core.model import COMPLETED
from syncd.core.operations import (
    Adopt,
    DeleteRemote,
    Download,
    Free,
    Ignore,
    MakeWay,
    MoveLocal,
    Redownload,
    RenameLocal,
    RenameRemote,
    Restore,
    TrashLocal,
)
from syncd.core.policy import Policy

FOLLOWS = {
    DeleteRemote.verb: "its job stays, and its file is fetched again by the next sync",
    TrashLocal.verb: "its file is kept, detached from the account",
    Download.verb: "it is ignored: not fetched",
    Restore.verb: "it is ignored: not fetched again",
    Ignore.verb: "its file is fetched again by the next sync",
    Redownload.verb: "its file stays as it is",
    RenameRemote.verb: "the new name stays in the folder; the account keeps its own",
    RenameLocal.verb: "its file keeps its name; the account keeps its own",
    MakeWay.verb: "its file keeps its name; the account keeps its own",
    MoveLocal.verb: "its file stays where it is",
    Free.verb: "its file is kept, until library.only is changed",
}
"""What follows from not doing an operation, by its verb; no other can be rejected."""

_RELOCATING = (RenameRemote.verb, RenameLocal.verb, MoveLocal.verb, MakeWay.verb, Adopt.verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeletion:
    """A pending deletion, as the catalog knows it.

    ``until`` is when it is due by the local clock; ``None`` where the service has not told its
    time, without which nothing becomes due. ``approved``: released before that, and not done yet.
    ``blocked`` is why its job is not deleted whatever is decided, where no copy could be kept.
    ``meanwhile`` is what was renamed, moved or found elsewhere since its file was seen last.
    """

    entry: PendingEntry
    until: datetime | None
    approved: bool
    meanwhile: tuple[HistoryEntry, ...]
    blocked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is held together: approved and rejected by its number. ``verb`` is what is held."""

    number: int
    verb: str
    reason: str
    since: datetime
    holds: tuple[HoldEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Everything that waits for the user, or for a grace to end; each hold stands once.

    ``single`` are the holds without a batch: what the service refused, and what no approval
    settles, because its cause must end. ``unseen``: the jobs whose files the last scan could not
    look for, so that nothing is decided of them. ``missed`` are those whose file it did not find,
    until another one, from ``missed_until`` on, decides.
    """

    deletions: tuple[PendingDeletion, ...]
    batches: tuple[Batch, ...]
    single: tuple[HoldEntry, ...]
    unseen: tuple[int, ...] = ()
    missed: tuple[MissedEntry, ...] = ()
    missed_until: datetime | None = None


def waiting(catalog: Catalog, policy: Policy) -> Waiting:
    """What waits, from the catalog alone. Raises ``CatalogUnusable``.

    Where ``policy`` mirrors no deletion upwards, or another tree has the file, an absence is no
    pending deletion.
    """
    held = queries.holds(catalog)
    apart = scans_apart(policy)
    deletions = _deletions(catalog, policy, held, apart)
    shown = {(one.entry.job_id, DeleteRemote.verb) for one in deletions}
    held = [hold for hold in held if (hold.job_id, hold.verb) not in shown]
    missed = queries.missed(catalog, apart=apart)
    batched = groupby((h for h in held if h.batch is not None), key=lambda hold: hold.batch)
    return Waiting(
        deletions=tuple(deletions),
        batches=tuple(_batch(number or 0, tuple(found)) for number, found in batched),
        single=tuple(hold for hold in held if hold.batch is None),
        unseen=tuple(sorted(catalog.scans.unseen() - catalog.scans.kept_out().keys())),
        missed=tuple(missed),
        missed_until=max((one.first_at + timedelta(seconds=apart) for one in missed), default=None),
    )


def is_approvable(hold: HoldEntry) -> bool:
    """Whether an approval releases it; else only the end of its cause does."""
    return hold.batch is not None or hold.refused or hold.approved


def is_rejectable(hold: HoldEntry) -> bool:
    """Whether a rejection settles it."""
    return hold.verb in FOLLOWS


def _deletions(
    catalog: Catalog, policy: Policy, held: Sequence[HoldEntry], apart: float
) -> list[PendingDeletion]:
    if policy.direction == "down" or policy.deletions != "mirror":
        return []
    of_job = {hold.job_id: hold for hold in held if hold.verb == DeleteRemote.verb}
    entries = [
        entry
        for entry in queries.pending(catalog, apart=apart)
        if entry.job_id not in policy.elsewhere
        and ((hold := of_job.get(entry.job_id)) is None or hold.approved)
    ]
    if not entries:
        return []
    relocated = _relocated_since(catalog, min(_last_seen(entry) for entry in entries))
    grace = timedelta(seconds=policy.deletion_grace)
    return [
        PendingDeletion(
            entry=entry,
            until=entry.armed_at + grace if entry.armed_server or not grace else None,
            approved=entry.job_id in of_job,
            meanwhile=tuple(one for one in relocated if one.started_at >= _last_seen(entry)),
            blocked=_without_audio(catalog, entry.job_id),
        )
        for entry in entries
    ]


def _without_audio(catalog: Catalog, job_id: int) -> str | None:
    """Why no recovery copy can be had, as far as the catalog knows (``decisions.deletions``)."""
    job, known = catalog.job(job_id), catalog.baseline_of(job_id)
    if job is None or known is None or known.placed is None:
        return None
    if job.status != COMPLETED:
        return f"the job is {job.status}: without audio no copy of it can be kept"
    if known.placed.format not in job.audio:
        offered = f"the service no longer offers {known.placed.format} of it"
        return f"{offered}: no copy of what was deleted can be kept"
    return None


def _last_seen(entry: PendingEntry) -> datetime:
    return entry.seen_at or entry.first_at


def _relocated_since(catalog: Catalog, since: datetime) -> list[HistoryEntry]:
    """What was renamed, moved or found elsewhere since; read no further back than needed."""
    limit = 200
    found = queries.history(catalog, limit=limit)
    while len(found) == limit and found[0].started_at >= since:
        limit *= 4
        found = queries.history(catalog, limit=limit)
    return [
        one
        for one in found
        if one.verb in _RELOCATING and one.outcome == "done" and one.started_at >= since
    ]


def _batch(number: int, holds: tuple[HoldEntry, ...]) -> Batch:
    newest = max(holds, key=lambda hold: hold.since)
    return Batch(
        number=number,
        verb=newest.verb,
        reason=newest.reason,
        since=min(hold.since for hold in holds),
        holds=holds,
    )
