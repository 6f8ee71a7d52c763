"""Which jobs lack a facet: they do not say it, and no listing taught it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select

from syncd.catalog.schema import FACET, JOB, LEARNT
from syncd.catalog.upsert import put
from syncd.core.model import COMPLETED, FACETS

MOST_TRIES = 3
"""How many tries in a row may fail before tracks are placed without what was to be learnt."""

SINGLE = ("language", "song_type")
"""The facets of which a job has one value at most."""

_TWINS = {"genre": "genres", "emotion": "emotions", "occasion": "occasions"}


def read_unlearnt(connection: Connection) -> frozenset[int]:
    """The jobs of which a facet is still to be learnt, and can be, as far as is known."""
    out_of_reach = select(FACET.c.kind).where(
        or_(FACET.c.ignored_at.is_not(None), FACET.c.tries >= MOST_TRIES)
    )
    beyond = set(connection.execute(out_of_reach).scalars())
    kinds = [kind for kind in FACETS if kind not in beyond]
    if not kinds:
        return frozenset()
    statement = select(JOB.c.id).select_from(WITH_LEARNT)
    any_ = or_(*(lacks(kind) for kind in kinds))
    return frozenset(connection.execute(statement.where(THERE, any_)).scalars())


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
    columns = [func.max(lacks(kind)).label(kind) for kind in FACETS]
    found = connection.execute(select(*columns).select_from(WITH_LEARNT).where(THERE)).one()
    return {kind for kind in FACETS if getattr(found, kind)}


def settle_what_is_said(connection: Connection) -> None:
    """Take jobs that carry an empty list or text for those that have none, where the service fills
    that field for others: there is nothing to be learnt of them. ``null`` may mean "not said"."""
    lacked = lacking(connection)
    if not lacked:
        return
    said = [func.max(~_unsaid_itself(kind)).label(kind) for kind in FACETS]
    filled = connection.execute(select(*said)).one()
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


def _unsaid_itself(kind: str) -> ColumnElement[bool]:
    # The language that was asked for says nothing of whether jobs carry the one they have.
    return JOB.c.language.is_(None) if kind == "language" else unsaid(kind)


def _names(kind: str) -> list[str]:
    return [kind, _TWINS.get(kind, kind)]
