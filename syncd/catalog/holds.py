"""What waits for the user: held, approved, rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, not_, or_, select, update

from syncd.catalog import rows
from syncd.catalog.outcomes import read_track, write_track
from syncd.catalog.scans import read_absences, read_unseen
from syncd.catalog.schema import ABSENCE, HOLD, JOB
from syncd.catalog.selected import read_digest
from syncd.catalog.statements import change, find, note, noted, put, remove
from syncd.core.baseline import Held, State
from syncd.core.holding import KEY_MAY_NOT, leaves_open
from syncd.core.naming import stem_of
from syncd.core.operations import (
    DeleteRemote,
    Download,
    Free,
    Ignore,
    MoveLocal,
    Operation,
    Plan,
    Redownload,
    RenameLocal,
    RenameRemote,
    Restore,
    TrashLocal,
)
from syncd.core.selection import BY_NAME

_BATCHES = "batches"

_ALL = select(HOLD).order_by(HOLD.c.batch, HOLD.c.job_id, HOLD.c.verb)


class Holds:
    """The holds of an open catalog (``Catalog.holds``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def all(self) -> list[Held]:
        """What is held, and what was released and not yet done, by batch and job."""
        with self._begin() as connection:
            found = connection.execute(_ALL)
            return [rows.held_from_row(row) for row in found]  # type: ignore[arg-type]

    def keep(self, plan: Plan, now: datetime) -> None:
        """Replace what is held by the holds of ``plan``.

        What was held before keeps its batch. What is new and batched makes a batch for each verb,
        so that an approval releases what was shown and nothing that came later. A hold whose cause
        is over ends, and so does an approval; not where the plan only waits for that track, or does
        what leaves the question open (``core.holding``). That of a deletion is over as soon as its
        file was seen, whatever is planned: if it goes again, that is asked about again.
        """
        wanted = {(op.job_id, op.held): op for op in plan.holds}
        going_on = {(op.job_id, op.verb) for op in plan}
        waiting = {wait.job_id for wait in plan.waits}
        staying = {wait.job_id for wait in plan.waits if wait.stays}
        planned = {op.job_id: op for op in plan}

        def is_over(held: Held) -> bool:
            key = (held.job_id, held.verb)
            if held.verb == DeleteRemote.verb and held.job_id not in absent:
                return key not in wanted
            if held.verb == Free.verb and held.job_id in staying:
                return True
            if key in wanted or key in going_on or held.job_id in waiting:
                return False
            op = planned.get(held.job_id)
            return op is None or not leaves_open(op, held)

        with self._begin() as connection:
            known = read_holds(connection)
            absent = read_absences(connection).keys() | read_unseen(connection)
            for held in known.values():
                if is_over(held):
                    remove(connection, HOLD, job_id=held.job_id, verb=held.verb)
            batches: dict[str, int] = {}
            for key, op in wanted.items():
                before = known.get(key)
                if before is not None and (before.batch is not None) == op.batched:
                    if before.reason != op.reason or before.path != op.path:
                        evidence = list(op.evidence)
                        said = {"reason": op.reason, "path": op.path, "evidence": evidence}
                        change(connection, HOLD, said, job_id=op.job_id, verb=op.held)
                    continue
                if op.batched and op.held not in batches:
                    batches[op.held] = _next_batch(connection)
                row = {
                    "job_id": op.job_id,
                    "verb": op.held,
                    "reason": op.reason,
                    "since": now,
                    "path": op.path,
                    "batch": batches[op.held] if op.batched else None,
                    "approved": False,
                    "refused": op.refused,
                    "evidence": list(op.evidence),
                }
                put(connection, HOLD, ("job_id", "verb"), [row])

    def refuse(self, op: Operation, reason: str, now: datetime) -> None:
        """Hold ``op``, which was refused: not tried again as long as it is the same."""
        row = {
            "job_id": op.job_id,
            "verb": op.verb,
            "reason": reason,
            "since": now,
            "path": getattr(op, "path", None),
            "batch": None,
            "approved": False,
            "refused": True,
            "evidence": [op.reason],
        }
        with self._begin() as connection:
            put(connection, HOLD, ("job_id", "verb"), [row])

    def end_refusals_to_key(self) -> None:
        """Hold no longer what the API key was refused: there is another one by now."""
        to_key = HOLD.c.reason.startswith(KEY_MAY_NOT, autoescape=True)
        with self._begin() as connection:
            connection.execute(delete(HOLD).where(HOLD.c.refused, to_key))

    def is_approved(self, job_id: int, verb: str) -> bool:
        """Whether the user has released this very operation, and it is not done yet."""
        with self._begin() as connection:
            approved = connection.execute(
                select(HOLD.c.approved).where(HOLD.c.job_id == job_id, HOLD.c.verb == verb)
            ).scalar_one_or_none()
        return bool(approved)

    def approve(self, held: Sequence[Held]) -> None:
        """Release exactly these; the next cycle carries them out.

        One that ended meanwhile, or was held anew in another batch, is not released.
        """
        with self._begin() as connection:
            for one in held:
                connection.execute(
                    update(HOLD)
                    .where(HOLD.c.job_id == one.job_id, HOLD.c.verb == one.verb)
                    .where(HOLD.c.batch.is_not_distinct_from(one.batch))
                    .values(approved=True)
                )

    def approve_pending(self, job_id: int, now: datetime) -> None:
        """Release a pending deletion before its grace is over."""
        row = {
            "job_id": job_id,
            "verb": DeleteRemote.verb,
            "reason": "approved before its grace was over",
            "since": now,
            "approved": True,
            "refused": False,
            "evidence": [],
        }
        with self._begin() as connection:
            put(connection, HOLD, ("job_id", "verb"), [row])

    def take_back_approvals(self) -> None:
        """Hold again all that was released and is not done yet: it was released for what was.

        A pending deletion that was released before its grace was over waits it out.
        """
        stands = or_(HOLD.c.batch.is_not(None), HOLD.c.refused)
        with self._begin() as connection:
            connection.execute(delete(HOLD).where(HOLD.c.approved, not_(stands)))
            connection.execute(update(HOLD).where(HOLD.c.approved).values(approved=False))

    def hold_again(self, held: Iterable[tuple[int, str]], reason: str, now: datetime) -> None:
        """Hold these, by job and verb, as one batch for each verb; what is held already stays."""
        with self._begin() as connection:
            known = read_holds(connection)
            batches: dict[str, int] = {}
            for job_id, verb in held:
                if (job_id, verb) in known:
                    continue
                if verb not in batches:
                    batches[verb] = _next_batch(connection)
                values = {
                    "reason": reason,
                    "since": now,
                    "path": None,
                    "batch": batches[verb],
                    "approved": False,
                    "refused": False,
                    "evidence": [],
                }
                connection.execute(insert(HOLD).values(job_id=job_id, verb=verb, **values))

    def reject(self, job_id: int, verb: str) -> None:
        """Settle a held operation by not doing it, so that it is not planned again.

        A deleted file is wanted again, a file whose job is gone is kept, a name stays on its side.
        """
        with self._begin() as connection:
            values = _without(connection, job_id, verb)
            if values:
                write_track(connection, job_id, values)
            if verb in (DeleteRemote.verb, Ignore.verb, Restore.verb):
                connection.execute(delete(ABSENCE).where(ABSENCE.c.job_id == job_id))
            connection.execute(delete(HOLD).where(HOLD.c.job_id == job_id, HOLD.c.verb == verb))


def _without(connection: Connection, job_id: int, verb: str) -> dict[str, object]:
    """What of a track's baseline makes ``verb`` superfluous."""
    track = read_track(connection, job_id)
    placed = track.placed if track else None
    if verb in (DeleteRemote.verb, Ignore.verb):
        # Whatever the selection says: it was asked for.
        return {"state": State.WANTED, "kept": BY_NAME}
    if verb == Free.verb:
        return {"kept": read_digest(connection)}
    if verb == TrashLocal.verb:
        return {"state": State.DETACHED}
    if verb in (Download.verb, Restore.verb):
        return {"state": State.IGNORED}
    if placed is None or track is None:
        return {}
    if verb == Redownload.verb:
        # What the file holds is not what is there: its own address stays that of what was placed.
        return {"declined": track.replaced_by or track.declined, "replaced_by": None}
    if verb == RenameRemote.verb:
        # Also the title: where it was renamed on both sides, the account's own is no news either.
        stem = stem_of(placed.path if not (h := _path(connection, job_id, verb)) else h)
        return {"stem": stem, "title": _title(connection, job_id)}
    if verb == RenameLocal.verb:
        return {"title": _title(connection, job_id)}
    if verb == MoveLocal.verb:
        return {"moved": True}
    return {}


def _title(connection: Connection, job_id: int) -> str | None:
    found = connection.execute(select(JOB.c.display_name).where(JOB.c.id == job_id))
    return found.scalar_one_or_none()


def _path(connection: Connection, job_id: int, verb: str) -> str | None:
    found = connection.execute(
        select(HOLD.c.path).where(HOLD.c.job_id == job_id, HOLD.c.verb == verb)
    ).scalar_one_or_none()
    return None if found is None else str(found)


def read_holds(connection: Connection) -> dict[tuple[int, str], Held]:
    found = find(connection, HOLD)
    return {(row.job_id, row.verb): rows.held_from_row(row) for row in found}  # type: ignore[arg-type]


def _next_batch(connection: Connection) -> int:
    known = noted(connection, _BATCHES)
    highest = connection.execute(select(func.max(HOLD.c.batch))).scalar_one_or_none()
    number = max(int(known or 0), int(highest or 0)) + 1
    note(connection, _BATCHES, str(number))
    return number
