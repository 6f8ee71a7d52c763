"""What was done: the baseline changes together with the journal, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, update

from syncd.catalog import rows, told
from syncd.catalog.journal import Journal
from syncd.catalog.schema import ABSENCE, BASELINE, FILE, HOLD, JOB, SPENT
from syncd.catalog.statements import change, find, put, put_one, remove
from syncd.core.baseline import BaselineTrack, Named, Placed, State
from syncd.core.cases import WITHOUT_FILE
from syncd.core.model import LocalFile
from syncd.core.operations import Compare, Download, Redownload, Restore, Retag
from syncd.core.policy import Now
from syncd.core.time import DAY

_NAMELESS = (Compare.verb, Redownload.verb, Retag.verb)
"""What is done to a file whatever its name, and says nothing of that."""

_FETCHES = (Download.verb, Restore.verb, Redownload.verb)
"""What puts another file in place, of which nothing was declined yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a track by one operation.

    ``placed`` and ``file`` where its file is a new one or elsewhere now, ``left`` a path at which
    it no longer stands. ``counted``: the operation counts towards its budget. ``job_gone``: the
    account has no such job any more.
    """

    job_id: int
    verb: str
    state: State
    placed: Placed | None = None
    file: LocalFile | None = None
    left: str | None = None
    counted: bool = False
    job_gone: bool = False
    replaced_by: str | None = None


class Outcomes:
    """What changes the baseline of an open catalog (``Catalog.outcomes``)."""

    def __init__(
        self, begin: Callable[..., AbstractContextManager[Connection]], journal: Journal
    ) -> None:
        self._begin = begin
        self._journal = journal

    def give_number(self, job_id: int, *, album: str, number: int) -> None:
        """Commit the album and number of a track before its file exists, so that they stay."""
        with self._begin() as connection:
            write_track(connection, job_id, {"album": album, "number": number})

    def record(self, done: Done, *, entry: int, now: Now, after: str | None = None) -> None:
        """The operation is durably done: baseline, scan memory and journal in one transaction.

        ``entry`` is its entry in the journal; ``after`` the name or path that it gave.
        """
        values: dict[str, Any] = {
            "state": done.state,
            "attempts": 0,
            "reason": None,
            "next_try_at": None,
            "replaced_by": done.replaced_by,
        }
        if done.placed is not None:
            values |= rows.placed_to_row(done.placed)
        if done.verb not in _NAMELESS:
            values |= {"next_title": None, "next_stem": None}
        if done.verb in _FETCHES:
            values |= {"declined": None}
        with self._begin() as connection:
            write_track(connection, done.job_id, values)
            if done.left is not None:
                remove(connection, FILE, path=done.left)
            if done.file is not None:
                write_files(connection, [done.file])
            if done.state in WITHOUT_FILE or done.file is not None:
                remove(connection, ABSENCE, job_id=done.job_id)
            remove(connection, HOLD, job_id=done.job_id, verb=done.verb)
            if done.counted:
                _spend(connection, done.job_id, done.verb, now)
            if done.job_gone:
                connection.execute(
                    update(JOB)
                    .where(JOB.c.id == done.job_id, JOB.c.absent_since.is_(None))
                    .values(absent_since=now.local)
                )
            self._journal.finish(
                entry, now.local, outcome="done", after=after, connection=connection
            )

    def fill_in_told(self) -> None:
        """Record what an earlier version did not of what the account said (``catalog.told``)."""
        with self._begin() as connection:
            told.fill_in(connection)

    def commit(
        self,
        job_id: int,
        state: State,
        placed: Placed | None = None,
        *,
        spends: tuple[str, Now] | None = None,
    ) -> None:
        """Commit the state that the program is about to bring about, durably, before it acts.

        So a crash between the two, or a power failure, is never taken for something that the user
        did. ``placed`` is the file that it acts on, where that is not as the baseline has it.
        ``spends``: the operation counts from now on, whether it comes to a record or not.
        """
        values = {} if placed is None else rows.placed_to_row(placed)
        with self._begin(durable=True) as connection:
            write_track(connection, job_id, {**values, "state": state})
            if spends is not None:
                verb, now = spends
                _spend(connection, job_id, verb, now)

    def intend(self, job_id: int, names: Named | None) -> None:
        """Commit the pair of names that a file is about to get, durably, before it is renamed.

        So a file under either name is told from one that the user renamed. ``None``: it keeps its
        own. The record of what gave it a name ends this, too.
        """
        values = {
            "next_title": names.title if names else None,
            "next_stem": names.stem if names else None,
        }
        with self._begin(durable=True) as connection:
            change(connection, BASELINE, values, job_id=job_id)

    def spend(self, job_id: int, verb: str, now: Now) -> None:
        """Count an operation that is about to be sent: its outcome may stay unknown."""
        with self._begin() as connection:
            _spend(connection, job_id, verb, now)

    def spent(self, now: Now) -> dict[str, frozenset[int]]:
        """The jobs that each verb was carried out for within the last day (``read_spent``)."""
        with self._begin() as connection:
            return read_spent(connection, now)

    def fail(self, job_id: int, reason: str, *, attempts: int, next_try_at: datetime) -> None:
        """It could not be done now. A track without a file becomes unavailable; else it stays."""
        values = {"attempts": attempts, "reason": reason, "next_try_at": next_try_at}
        with self._begin() as connection:
            known = read_track(connection, job_id)
            if known is None or known.state is State.WANTED:
                values["state"] = State.UNAVAILABLE
            write_track(connection, job_id, values)

    def try_at_once(self, job_ids: Iterable[int], now: datetime) -> None:
        """What keeps these from being done is over: those that wait for another try are due."""
        with self._begin() as connection:
            for job_id in job_ids:
                connection.execute(
                    update(BASELINE)
                    .where(BASELINE.c.job_id == job_id, BASELINE.c.next_try_at > now)
                    .values(next_try_at=now)
                )


_NEW = {"state": State.WANTED, "attempts": 0, "moved": False, "mounted": False}


def write_track(connection: Connection, job_id: int, values: Mapping[str, Any]) -> None:
    made = {name: value for name, value in _NEW.items() if name not in values}
    put_one(connection, BASELINE, {"job_id": job_id}, values, **made)


def write_files(connection: Connection, files: Iterable[LocalFile]) -> None:
    put(connection, FILE, ("path",), [rows.file_to_row(file) for file in files])


def read_track(connection: Connection, job_id: int) -> BaselineTrack | None:
    row = find(connection, BASELINE, job_id=job_id).one_or_none()
    if row is None:
        return None
    found = find(connection, ABSENCE, job_id=job_id).one_or_none()
    absence = rows.absence_from_row(found) if found else None  # type: ignore[arg-type]
    return rows.baseline_from_row(row, absence)  # type: ignore[arg-type]


def read_spent(connection: Connection, now: Now) -> dict[str, frozenset[int]]:
    """The jobs that each verb was carried out for within the last day, by either clock.

    A clock that was set forward does not empty the budget of the day: what is over is over by
    both. While the service tells no time, or where it told none then, no two clocks can say so.
    """
    found: dict[str, set[int]] = {}
    for row in find(connection, SPENT):
        if _counts(row.at, row.server_at, now):
            found.setdefault(row.verb, set()).add(row.job_id)
    return {verb: frozenset(jobs) for verb, jobs in found.items()}


def _counts(at: datetime, server_at: datetime | None, now: Now) -> bool:
    if now.server is None or server_at is None:
        return True
    return at > now.local - DAY or server_at > now.server - DAY


_UNHEARD = update(SPENT).where(SPENT.c.server_at.is_(None))
_LONG_AGO = delete(SPENT).where(
    SPENT.c.at < bindparam("local"), SPENT.c.server_at < bindparam("server")
)


def time_spent(connection: Connection, now: Now) -> None:
    """Let the day of what was done unheard by the service begin now, where it tells its time."""
    if now.server is not None:
        begun = {"at": now.local, "server_at": now.server}
        connection.execute(_UNHEARD, begun)


def _spend(connection: Connection, job_id: int, verb: str, now: Now) -> None:
    row = {"job_id": job_id, "verb": verb, "at": now.local, "server_at": now.server}
    put(connection, SPENT, ("job_id", "verb"), [row])
    if now.server is not None:
        days = 2 * DAY
        connection.execute(_LONG_AGO, {"local": now.local - days, "server": now.server - days})
