"""The catalog as the cycle uses it: observations in, trees out, and outcomes.

``scans`` keeps what the folder showed, ``outcomes`` what was done, ``holds`` what waits for the
user, ``selected`` what the selection leaves out, ``facets`` what is learnt of the jobs, ``answers``
what the service said of the account as a whole, ``retries`` what was asked to be made again,
``journal`` the history, ``further`` what concerns the other trees; ``upkeep`` backs it up and
relieves it of what is old.
Every method is one transaction, blocks on the disk, and may be called from any thread.
All raise ``CatalogUnusable``, and ``SyncdError`` for an integer of more than 64 bits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import local
from typing import Self

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, text, update

from syncd.catalog import rows
from syncd.catalog.answers import Answers, forget_answers
from syncd.catalog.baselines import read_again, read_baseline
from syncd.catalog.database import copy_in_memory, open_database, open_for_reading, transaction
from syncd.catalog.facets import Facets
from syncd.catalog.further import Further
from syncd.catalog.holds import Holds
from syncd.catalog.journal import Journal
from syncd.catalog.news import InFlight, News, take_in
from syncd.catalog.outcomes import Outcomes, read_track
from syncd.catalog.replica import follow
from syncd.catalog.retries import Retries
from syncd.catalog.scans import Scans
from syncd.catalog.schema import BASELINE, JOB, KNOWN, META, SWEEP
from syncd.catalog.selected import Selected
from syncd.catalog.sounds import Sounds
from syncd.catalog.statements import all_noted, change, put, remove
from syncd.catalog.unlearnt import read_unlearnt
from syncd.catalog.upkeep import Upkeep
from syncd.core.baseline import Baseline, BaselineTrack
from syncd.core.model import PENDING, PROCESSING, Job, RemoteTree
from syncd.core.operations import RenameRemote
from syncd.core.policy import Now
from syncd.errors import CatalogDamaged, CatalogUnusable

KEPT_SWEEPS = 100
"""How many sweeps are remembered: enough to see when a doubt began."""


_TRACKS = select(*(KNOWN.c[name] for name in rows.TRACK_COLUMNS)).where(
    KNOWN.c.absent_since.is_(None)
)
_JOB = select(KNOWN).where(KNOWN.c.id == bindparam("id"))
_COMPLETE = select(SWEEP.c.id).where(SWEEP.c.complete).limit(1)
_OLD_SWEEPS = delete(SWEEP).where(SWEEP.c.id <= bindparam("last"))
_NOT_SEEN = update(JOB).where(
    func.coalesce(JOB.c.last_sweep, 0) != bindparam("sweep"), JOB.c.absent_since.is_(None)
)


@dataclass(frozen=True, slots=True)
class Binding:
    """What the catalog belongs to: library (the marker's id), service, account, key.

    ``generation`` counts changes to the set of placed files; ``marker_generation`` is the one that
    the marker is known to hold. ``key_fingerprint`` is a keyed hash: it tells whether the key
    changed, and cannot be turned back into it. ``first_key`` is that of the first of several keys,
    where each after it was found to be of the account of the one before. ``settled``: a complete
    clean cycle has ended since.
    ``bound_anew`` says by which command, until all that differs since is listed and held.
    ``root_id`` is what the root was known by last (``local.root.root_id``); ``root_moved``: it is
    another one than before, and was not looked through since.
    """

    library_id: str
    base_url: str
    account: str | None = None
    key_fingerprint: str | None = None
    generation: int = 0
    marker_generation: int = 0
    settled: bool = False
    bound_anew: str | None = None
    root_id: str | None = None
    root_moved: bool = False
    first_key: str | None = None

    @property
    def line_of_keys(self) -> str | None:
        """The same for all keys that are known to be of one account."""
        return self.first_key or self.key_fingerprint


class Catalog:
    """An open catalog. Make one with ``open``, ``read`` or ``copy``; close it after use."""

    def __init__(self, engine: Engine, path: Path | None = None) -> None:
        self._engine = engine
        self._path = path
        self._file = _file(path)
        self._open = local()
        self.journal = Journal(self._begin)
        self.outcomes = Outcomes(self._begin, self.journal)
        self.holds = Holds(self._begin)
        self.scans = Scans(self._begin)
        self.facets = Facets(self._begin)
        self.selected = Selected(self._begin)
        self.answers = Answers(self._begin)
        self.retries = Retries(self._begin)
        self.sounds = Sounds(self._begin)
        self.further = Further(self._begin)
        self.source: Catalog | None = None
        """That of the first tree, where this is a further one's: what is known of the account
        comes from there (``follow``)."""
        self.upkeep = Upkeep(engine, self._begin)

    @classmethod
    def open(cls, path: Path) -> Self:
        """For a writer: made and migrated where needed."""
        return cls(open_database(path), path)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """For queries alone; ``None`` where there is no catalog yet."""
        engine = open_for_reading(path)
        return cls(engine, path) if engine else None

    @classmethod
    def copy(cls, path: Path) -> Self:
        """A copy in memory, to plan on: nothing that is written to it lasts."""
        return cls(copy_in_memory(path))

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread writes in here is one transaction: all of it, or nothing."""
        with self._begin() as connection:
            self._open.connection = connection
            try:
                yield
            finally:
                self._open.connection = None

    def _begin(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        connection: Connection | None = getattr(self._open, "connection", None)
        if connection is not None:
            return nullcontext(connection)
        return transaction(self._engine, durable=durable)

    def verify(self) -> None:
        """Raise ``CatalogUnusable`` where its file is gone, or another one stands in its place.

        What would be written then is written to nowhere.
        """
        if self._file != _file(self._path):
            raise CatalogUnusable(
                f"the catalog {self._path} vanished or was exchanged while it was in use",
                hint="bring the state folder back, then start again; syncd rebuild makes a lost "
                "catalog anew",
            )

    # --- what it is bound to ---

    def binding(self) -> Binding | None:
        """``None`` for a blank catalog."""
        with self._begin() as connection:
            values = all_noted(connection)
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
            root_id=values.get("root_id"),
            root_moved=values.get("root_moved") == "1",
            first_key=values.get("first_key"),
        )

    def is_empty(self) -> bool:
        """Whether it has neither seen a job nor placed a track."""
        with self._begin() as connection:
            found = (
                connection.execute(select(table).limit(1)).first() for table in (JOB, BASELINE)
            )
            return not any(found)

    def bind(self, binding: Binding) -> None:
        """Durably: the marker, which follows, must never be ahead of the catalog."""
        values = {
            "library_id": binding.library_id,
            "base_url": binding.base_url,
            "account": binding.account,
            "key_fingerprint": binding.key_fingerprint,
            "generation": str(binding.generation),
            "marker_generation": str(binding.marker_generation),
            "settled": "1" if binding.settled else "0",
            "bound_anew": binding.bound_anew,
            "root_id": binding.root_id,
            "root_moved": "1" if binding.root_moved else "0",
            "first_key": binding.first_key,
        }
        rows_ = [{"key": key, "value": value} for key, value in values.items() if value is not None]
        with self._begin(durable=True) as connection:
            forget_answers(connection, binding.base_url, binding.key_fingerprint)
            put(connection, META, ("key",), rows_)
            for key in [key for key, value in values.items() if value is None]:
                remove(connection, META, key=key)

    # --- the remote tree ---

    def begin_sweep(self, now: datetime) -> int:
        with self._begin() as connection:
            row = {"started_at": now, "complete": False, "seen": 0, "doubts": []}
            result = connection.execute(insert(SWEEP), row)
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def observe(self, jobs: Sequence[Job], now: datetime, *, sweep: int | None = None) -> News:
        """Take in what the API showed of ``jobs``; presence ends an absence.

        A sweep writes every job, in one statement. Otherwise a job that the service shows as it
        stands here, its signatures aside, is not written, and its ``last_seen`` stays.
        """
        if self.source is not None:
            # First there: what is told from there must not take it back.
            self.source.observe(jobs, now)
        seen = {job.id: rows.job_to_row(job, now, sweep) for job in jobs}
        if not seen:
            return News()
        with self._begin() as connection:
            return take_in(connection, seen, all_of_them=sweep is not None)

    def follow(self) -> bool:
        """Take over what the first tree's catalog says else of the account; whether it did."""
        assert self.source is not None, "a first tree's catalog follows no other"
        assert self.source._path is not None, "it is in a file"
        return follow(self._engine, self.source._path)

    def doubts(self) -> tuple[str, ...]:
        """Those of the last sweep that came to its end."""
        last = select(SWEEP.c.doubts).where(SWEEP.c.finished_at.is_not(None))
        with self._begin() as connection:
            found = connection.execute(last.order_by(SWEEP.c.id.desc()).limit(1)).scalar()
        return tuple(found or ())

    def in_flight(self) -> dict[int, InFlight]:
        """The jobs that are present and not finished, by id."""
        columns = (JOB.c.id, JOB.c.status, JOB.c.created_at)
        statement = (
            select(*columns)
            .where(JOB.c.status.in_((PENDING, PROCESSING)))
            .where(JOB.c.absent_since.is_(None))
        )
        with self._begin() as connection:
            found = connection.execute(statement)
            return {row.id: InFlight(row.status, row.created_at) for row in found}

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
            connection.execute(_OLD_SWEEPS, {"last": sweep - KEPT_SWEEPS})
            ended = {"finished_at": now, "complete": complete, "total": total, "seen": seen}
            change(connection, SWEEP, {**ended, "doubts": list(doubts)}, id=sweep)
            if complete:
                connection.execute(_NOT_SEEN, {"sweep": sweep, "absent_since": now})

    def remote_tree(self) -> RemoteTree:
        """Every job observed, but for those that a complete sweep lacked since."""
        with self._begin() as connection:
            tracks = (rows.track_from_row(row._asdict()) for row in connection.execute(_TRACKS))
            swept = connection.execute(_COMPLETE).first()
            return RemoteTree(
                {track.id: track for track in tracks}, swept is not None, read_unlearnt(connection)
            )

    def job(self, job_id: int) -> Job | None:
        with self._begin() as connection:
            row = connection.execute(_JOB, {"id": job_id}).one_or_none()
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
        """The baseline, with what the guards must know as of ``now``.

        What was sent from any tree counts in the first one's catalog as well, and so in each.
        """
        sent = self.source.outcomes.spent(now) if self.source else {}
        renamed = {RenameRemote.verb: sent.get(RenameRemote.verb, frozenset())}
        with self._begin() as connection:
            return read_baseline(connection, now, renamed)

    def baseline_after(self, before: Baseline, touched: Collection[int]) -> Baseline:
        """``before``, after a scan was noted, and the tracks ``touched`` were changed."""
        with self._begin() as connection:
            return read_again(connection, before, touched)

    def baseline_of(self, job_id: int) -> BaselineTrack | None:
        with self._begin() as connection:
            return read_track(connection, job_id)

    def check(self) -> str:
        """SQLite's own verdict on the file: ``"ok"``, or what is wrong, in one line."""
        try:
            with self._begin() as connection:
                # What stands in memory is not asked: the file may have lost it since.
                connection.execute(text("PRAGMA shrink_memory"))
                verdict = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
        except CatalogDamaged as error:
            verdict = error.message.rpartition(": ")[2]
        return " ".join(verdict.split())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction for ``catalog.queries``: whatever is asked in it is of one moment."""
        with self._begin() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            if not raw.in_transaction:
                # Python's own begins one only before it writes.
                connection.exec_driver_sql("BEGIN")
            yield connection


def _file(path: Path | None) -> tuple[int, int] | None:
    """What the file at ``path`` is known by: its device and inode."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None
