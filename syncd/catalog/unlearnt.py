"""Which jobs lack a facet: they do not say it, and no listing taught it."""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    func,
    literal_column,
    or_,
    select,
)

from syncd.catalog.schema import FACET, JOB, LEARNT
from syncd.catalog.statements import put
from syncd.core.model import COMPLETED, FACETS

MOST_TRIES = 3
"""How many tries in a row may fail before tracks are placed without what was to be learnt."""

SINGLE = ("language", "song_type")
"""The facets of which a job has one value at most."""

_TWINS = {"genre": "genres", "emotion": "emotions", "occasion": "occasions"}


def read_unlearnt(connection: Connection) -> frozenset[int]:
    """The jobs of which a facet is still to be learnt, and can be, as far as is known."""
    beyond = set(connection.execute(_OUT_OF_REACH).scalars())
    kinds = tuple(kind for kind in FACETS if kind not in beyond)
    return frozenset(connection.execute(_lacking_any(kinds)).scalars()) if kinds else frozenset()


@cache
def _lacking_any(kinds: tuple[str, ...]) -> Executable:
    """The jobs that lack one of ``kinds``."""
    any_ = or_(*(lacks(kind) for kind in kinds))
    return select(JOB.c.id).select_from(WITH_LEARNT).where(THERE, any_)


_OUT_OF_REACH = select(FACET.c.kind).where(
    or_(FACET.c.ignored_at.is_not(None), FACET.c.tries >= MOST_TRIES)
)


WITH_LEARNT = JOB.outerjoin(LEARNT, LEARNT.c.job_id == JOB.c.id)
THERE = and_(JOB.c.status == COMPLETED, JOB.c.absent_since.is_(None))


def unsaid(kind: str) -> ColumnElement[bool]:
    """Whether a job does not say its ``kind`` itself."""
    if kind == "language":
        return and_(JOB.c.language.is_(None), JOB.c.vocal_language.is_(None))
    if kind == "song_type":
        return JOB.c.song_type.is_(None)
    return JOB.c[kind] == literal_column("'[]'")


def lacks(kind: str) -> ColumnElement[bool]:
    """Whether the ``kind`` of a job is neither said nor learnt; in ``WITH_LEARNT``."""
    # What was learnt comes first: it is in the smaller table, and true of nearly all.
    return and_(LEARNT.c[kind].is_(None), unsaid(kind))


def lacking(connection: Connection) -> set[str]:
    """The facets that completed jobs lack."""
    found = connection.execute(_lacking()).one()
    return {kind for kind in FACETS if getattr(found, kind)}


@cache
def _lacking() -> Executable:
    columns = [func.max(lacks(kind)).label(kind) for kind in FACETS]
    return select(*columns).select_from(WITH_LEARNT).where(THERE)


def settle_what_is_said(connection: Connection) -> None:
    """Take jobs that carry an empty list or text for those that have none, where the service fills
    that field for others: there is nothing to be learnt of them. ``null`` may mean "not said"."""
    lacked = lacking(connection)
    if not lacked:
        return
    filled = connection.execute(_filled()).one()
    for kind in lacked:
        if not getattr(filled, kind):
            continue
        none: object = "" if kind in SINGLE else []
        empty = (func.json_type(JOB.c.raw, f"$.{n}").in_(("array", "text")) for n in _names(kind))
        carries = and_(func.json_valid(JOB.c.raw) == 1, or_(*empty))
        ids = connection.execute(
            select(JOB.c.id).select_from(WITH_LEARNT).where(THERE, lacks(kind), carries)
        ).scalars()
        put(connection, LEARNT, ("job_id",), [{"job_id": id_, kind: none} for id_ in ids])


@cache
def _filled() -> Executable:
    """Which fields any job says itself."""
    return select(*(func.max(~_unsaid_itself(kind)).label(kind) for kind in FACETS))


def _unsaid_itself(kind: str) -> ColumnElement[bool]:
    # The language that was asked for says nothing of whether jobs carry the one they have.
    return JOB.c.language.is_(None) if kind == "language" else unsaid(kind)


def _names(kind: str) -> list[str]:
    return [kind, _TWINS.get(kind, kind)]
