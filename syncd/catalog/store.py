"""The catalog as the cycle uses it: observations in, trees out, and outcomes.

``scans`` keeps what the folder showed, ``outcomes`` what was done, ``holds`` what waits for the
user, ``journal`` the history.
Every method is one transaction, blocks on the disk, and may be called from any thread.
All raise ``CatalogUnusable``, and ``SyncdError`` for an integer of more than 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from syncd.catalog import rows
from syncd.catalog.database import copy_in_memory, open_database, open_for_reading, transaction
from syncd.catalog.holds import Holds, read_holds
from syncd.catalog.journal import Journal
from syncd.catalog.outcomes import Outcomes, read_spent, read_track
from syncd.catalog.scans import Scans
from syncd.catalog.schema import ABSENCE, BASELINE, JOB, META, SWEEP
from syncd.core.baseline import Baseline, BaselineTrack
from syncd.core.model import Job, RemoteTree
from syncd.core.policy import Now

KEPT_SWEEPS = 100
"""How many sweeps are remembered: enough to see when a doubt began."""

_FIRST = ("id", "first_seen")  # what a later observation of a job never changes


@dataclass(frozen=True, slots=True)
class Binding:
    """What the catalog belongs to: library (the marker's id), service, account, key.

    ``generation`` counts changes to the set of placed files; ``marker_generation`` is the one that
    the marker is known to hold. ``key_fingerprint`` is a keyed hash: it tells whether the key
    changed, and cannot be turned back into it. ``settled``: a complete clean cycle has ended since.
    ``bound_anew`` says by which command, until all that differs since is listed and held.
    """

    library_id: str
    base_url: str
    account: str | None = None
    key_fingerprint: str | None = None
    generation: int = 0
    marker_generation: int = 0
    settled: bool = False
    bound_anew: str | None = None


class Catalog:
    """An open catalog. Make one with ``open``, ``read`` or ``copy``; close it after use."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.journal = Journal(self._begin)
        self.outcomes = Outcomes(self._begin, self.journal)
        self.holds = Holds(self._begin)
        self.scans = Scans(self._begin)

    @classmethod
    def open(cls, path: Path) -> Self:
        """For a writer: made and migrated where needed."""
        return cls(open_database(path))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """For queries alone; ``None`` where there is no catalog yet."""
        engine = open_for_reading(path)
        return cls(engine) if engine else None

    @classmethod
    def copy(cls, path: Path) -> Self:
        """A copy in memory, to plan on: nothing that is written to it lasts."""
        return cls(copy_in_memory(path))

    def close(self) -> None:
        self._engine.dispose()

    def _begin(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine)

    # --- what it is bound to ---

    def binding(self) -> Binding | None:
        """``None`` for a blank catalog."""
        with self._begin() as connection:
            values = {row.key: row.value for row in connection.execute(select(META))}
        if "library_id" not in values:
            return None
        return Binding(
            library_id=values["library_id"],
            base_url=values["base_url"],
            account=values.get("account"),
            key_fingerprint=values.get("key_fingerprint"),
            generation=int(values.get("generation", 0)),
            marker_generation=int(values.get("marker_generation", 0)),
            settled=values.get("settled") == "1",
            bound_anew=values.get("bound_anew"),
        )

    def is_empty(self) -> bool:
        """Whether it has neither seen a job nor placed a track."""
        with self._begin() as connection:
            found = (
                connection.execute(select(table).limit(1)).first() for table in (JOB, BASELINE)
            )
            return not any(found)

    def bind(self, binding: Binding) -> None:
        values = {
            "library_id": binding.library_id,
            "base_url": binding.base_url,
            "account": binding.account,
            "key_fingerprint": binding.key_fingerprint,
            "generation": str(binding.generation),
            "marker_generation": str(binding.marker_generation),
            "settled": "1" if binding.settled else "0",
            "bound_anew": binding.bound_anew,
        }
        rows_ = [{"key": key, "value": value} for key, value in values.items() if value is not None]
        statement = upsert(META)
        with self._begin() as connection:
            connection.execute(delete(META).where(META.c.key.in_(values)))
            connection.execute(statement, rows_)

    # --- the remote tree ---

    def begin_sweep(self, now: datetime) -> int:
        with self._begin() as connection:
            result = connection.execute(
                insert(SWEEP).values(started_at=now, complete=False, seen=0, doubts=[])
            )
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def observe(self, jobs: Sequence[Job], now: datetime, *, sweep: int | None = None) -> None:
        """Take in what the API showed of ``jobs``, in one statement; presence ends an absence."""
        if not jobs:
            return
        statement = upsert(JOB)
        changed: dict[str, Any] = {
            column.name: statement.excluded[column.name]
            for column in JOB.columns
            if column.name not in _FIRST
        }
        changed["last_sweep"] = func.coalesce(statement.excluded.last_sweep, JOB.c.last_sweep)
        statement = statement.on_conflict_do_update(index_elements=["id"], set_=changed)
        with self._begin() as connection:
            connection.execute(statement, [rows.job_to_row(job, now, sweep) for job in jobs])

    def finish_sweep(
        self,
        sweep: int,
        now: datetime,
        *,
        complete: bool,
        total: int | None,
        seen: int,
        doubts: Sequence[str] = (),
    ) -> None:
        """End a sweep. Only a complete one adds absences: to the jobs that it did not see.

        The last ``KEPT_SWEEPS`` are kept.
        """
        with self._begin() as connection:
            connection.execute(delete(SWEEP).where(SWEEP.c.id <= sweep - KEPT_SWEEPS))
            connection.execute(
                update(SWEEP)
                .where(SWEEP.c.id == sweep)
                .values(
                    finished_at=now,
                    complete=complete,
                    total=total,
                    seen=seen,
                    doubts=list(doubts),
                )
            )
            if complete:
                connection.execute(
                    update(JOB)
                    .where(func.coalesce(JOB.c.last_sweep, 0) != sweep)
                    .where(JOB.c.absent_since.is_(None))
                    .values(absent_since=now)
                )

    def remote_tree(self) -> RemoteTree:
        """Every job observed, but for those that a complete sweep lacked since."""
        columns = [JOB.c[name] for name in rows.TRACK_COLUMNS]
        statement = select(*columns).where(JOB.c.absent_since.is_(None))
        with self._begin() as connection:
            tracks = (rows.track_from_row(row._asdict()) for row in connection.execute(statement))
            swept = connection.execute(select(SWEEP.c.id).where(SWEEP.c.complete).limit(1)).first()
            return RemoteTree({track.id: track for track in tracks}, swept is not None)

    def job(self, job_id: int) -> Job | None:
        with self._begin() as connection:
            row = connection.execute(select(JOB).where(JOB.c.id == job_id)).one_or_none()
        return rows.job_from_row(row._asdict()) if row else None

    def some_jobs(self, count: int) -> list[int]:
        """Up to ``count`` jobs that are not known to be gone, the newest and the oldest."""
        present = select(JOB.c.id).where(JOB.c.absent_since.is_(None))
        newest = present.order_by(JOB.c.id.desc()).limit(count - count // 2)
        oldest = present.order_by(JOB.c.id).limit(count // 2)
        with self._begin() as connection:
            found = [*connection.execute(newest).scalars(), *connection.execute(oldest).scalars()]
        return list(dict.fromkeys(int(job_id) for job_id in found))

    # --- the baseline ---

    def baseline(self, now: Now) -> Baseline:
        """The baseline, with what the guards must know as of ``now``."""
        with self._begin() as connection:
            absences = {
                row.job_id: rows.absence_from_row(row)  # type: ignore[arg-type]
                for row in connection.execute(select(ABSENCE))
            }
            found = connection.execute(select(BASELINE))
            tracks = (
                rows.baseline_from_row(row, absences.get(row.job_id))  # type: ignore[arg-type]
                for row in found
            )
            settled = connection.execute(
                select(META.c.value).where(META.c.key == "settled")
            ).scalar_one_or_none()
            return Baseline(
                {track.job_id: track for track in tracks},
                holds=read_holds(connection),
                spent=read_spent(connection, now),
                settled=settled == "1",
            )

    def baseline_of(self, job_id: int) -> BaselineTrack | None:
        with self._begin() as connection:
            return read_track(connection, job_id)

    def check(self) -> str:
        """SQLite's own verdict on the file: ``"ok"``, or what is wrong."""
        with self._begin() as connection:
            return str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction for ``catalog.queries``."""
        return self._begin()
