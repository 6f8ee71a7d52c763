"""What the selection leaves out of the tracks without a file, and what is kept in spite of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from syncd.catalog.schema import BASELINE
from syncd.catalog.statements import note, noted
from syncd.core.baseline import State
from syncd.core.selection import BY_NAME

_DIGEST = "selection"
"""``Only.digest`` of the selection that was planned with last."""


_IN = select(BASELINE.c.job_id, BASELINE.c.path).where(BASELINE.c.state == bindparam("state"))


class Selected:
    """The selection in an open catalog (``Catalog.selected``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def note(self, changed: Mapping[int, tuple[State, str | None]], digest: str) -> None:
        """Keep which tracks are left out now, or no more, and by which selection."""
        with self._begin() as connection:
            if read_digest(connection) != digest:
                note(connection, _DIGEST, digest)
            if not changed:
                return
            statement = upsert(BASELINE)
            new = {name: statement.excluded[name] for name in _STATE}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["job_id"], set_=new),
                [
                    {"job_id": job_id, **_ANEW, "state": state, "reason": reason}
                    for job_id, (state, reason) in changed.items()
                ],
            )

    def put_aside(self, state: State, *, had_file: bool = False) -> frozenset[int]:
        """The tracks in ``state``; ``had_file``: of these only those that had a file once."""
        with self._begin() as connection:
            found = connection.execute(_IN, {"state": state})
            return frozenset(job_id for job_id, path in found if path is not None or not had_file)

    def keep(self, job_id: int) -> None:
        """The user asked for the track by name: no selection leaves it out from now on."""
        statement = upsert(BASELINE).values(
            job_id=job_id, **_ANEW, state=State.WANTED, reason=None, kept=BY_NAME
        )
        with self._begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["job_id"], set_={"kept": BY_NAME})
            )


_ANEW = {"attempts": 0, "next_try_at": None, "moved": False, "mounted": False}
_STATE = ("state", "reason", "attempts", "next_try_at")
"""What changes of a track that was known before."""


def read_digest(connection: Connection) -> str:
    """What ``Only.digest`` of the selection in force is; empty where nothing is left out."""
    return noted(connection, _DIGEST) or ""
