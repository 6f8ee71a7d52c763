"""The further trees of a library (``library.also``): which were set up, and what stands in one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from sqlalchemy import Connection, func, select

from syncd.catalog.schema import ABSENCE, BASELINE, FILE
from syncd.catalog.statements import all_noted, note, noted
from syncd.core.baseline import State

_SET_UP = "further:"
"""Before the format of a tree, in ``meta`` of the first one's catalog: the id in its marker."""

_STANDING = (State.PLACED, State.DETACHED, State.TRASHING)


class Further:
    """The part of ``Catalog`` for it; each method is one transaction."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def note(self, format_: str, library_id: str) -> None:
        """The tree of ``format_`` is set up: where it is missing from now on, it is away."""
        if self.set_up(format_) == library_id:
            return
        with self._begin() as connection:
            note(connection, f"{_SET_UP}{format_}", library_id)

    def set_up(self, format_: str) -> str | None:
        """The id in the marker of the tree of ``format_``, if it was ever set up."""
        with self._begin() as connection:
            return noted(connection, f"{_SET_UP}{format_}")

    def all_set_up(self) -> dict[str, str]:
        """Of each format whose tree was ever set up the id in its marker."""
        with self._begin() as connection:
            facts = all_noted(connection)
        return {
            key.removeprefix(_SET_UP): id_ for key, id_ in facts.items() if key.startswith(_SET_UP)
        }

    def standing(self, job_ids: Collection[int]) -> dict[int, str]:
        """Where, in the tree of this catalog, files of ``job_ids`` stand, as far as it is known.

        One that scans miss counts until that is settled; one that carries the id of a job counts
        wherever it is.
        """
        placed = select(BASELINE.c.job_id, BASELINE.c.path).where(
            BASELINE.c.path.is_not(None), BASELINE.c.state.in_(_STANDING)
        )
        carrying = select(FILE.c.job_id, FILE.c.path).where(FILE.c.job_id.is_not(None))
        wanted = set(job_ids)
        with self._begin() as connection:
            rows = [*connection.execute(carrying), *connection.execute(placed)]
        return {row.job_id: row.path for row in rows if row.job_id in wanted}

    def absent(self) -> frozenset[int]:
        """The jobs whose file scans missed, once or more often."""
        with self._begin() as connection:
            return frozenset(connection.execute(select(ABSENCE.c.job_id)).scalars())

    def count(self) -> int:
        """How many tracks have their file in the tree of this catalog."""
        placed = select(func.count()).where(BASELINE.c.state == State.PLACED)
        with self._begin() as connection:
            return int(connection.execute(placed).scalar_one())
