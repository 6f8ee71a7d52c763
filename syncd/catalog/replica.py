"""What is known of the account, taken over from the catalog of the first tree.

The trees of one library have one account: it is looked at on behalf of the first, and a catalog of
another tree follows that. Taken over is all that planning and searching read of the account: jobs,
what was learnt of them, how far learning has come, and the sweeps, without which no job is absent.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.schema import CreateTable

from syncd.catalog.database import translated
from syncd.catalog.schema import FACET, JOB, LEARNT, SWEEP, WORDS

_SOURCE = MetaData()
_JOB, _LEARNT, _FACET, _SWEEP = (
    table.to_metadata(_SOURCE, schema="source") for table in (JOB, LEARNT, FACET, SWEEP)
)
_TAKEN = Table(
    "taken",
    MetaData(schema="temp"),
    Column("id", Integer, primary_key=True),
    Column("is_unknown", Boolean, nullable=False),
)
"""The jobs that are taken over this time."""

_COLUMNS = [column.name for column in JOB.columns]
_TEXTS = ("display_name", "prompt", "lyrics")

_ours, _theirs = JOB.alias("ours"), _JOB.alias("theirs")
# The rest of a row follows from ``raw``, but for when it was seen.
_TELLING = ("id", "absent_since", "liked", "gist", "raw")
_CHANGED = insert(_TAKEN).from_select(
    ["id", "is_unknown"],
    select(_theirs.c.id, _ours.c.id.is_(None))
    .select_from(_theirs.outerjoin(_ours, _ours.c.id == _theirs.c.id))
    .where(or_(*(_ours.c[name].is_distinct_from(_theirs.c[name]) for name in _TELLING))),
)

_taking = upsert(JOB).from_select(
    _COLUMNS, select(*_JOB.c).where(_JOB.c.id.in_(select(_TAKEN.c.id)))
)
_TAKE = _taking.on_conflict_do_update(
    index_elements=["id"],
    set_={name: _taking.excluded[name] for name in _COLUMNS if name != "id"},
)

_INDEX = insert(WORDS).from_select(
    ["rowid", *_TEXTS],
    select(JOB.c.id, *(func.indexed(JOB.c[name]) for name in _TEXTS)).where(
        JOB.c.id.in_(select(_TAKEN.c.id).where(_TAKEN.c.is_unknown))
    ),
)

_listed = select(func.max(_SWEEP.c.finished_at)).where(_SWEEP.c.complete).scalar_subquery()
_END = (
    update(JOB)
    .where(JOB.c.absent_since.is_(None), JOB.c.id.not_in(select(_JOB.c.id)), _listed.is_not(None))
    .values(absent_since=_listed)
)
"""A first catalog that was made anew does not know the jobs that were gone by then."""


def follow(engine: Engine, source: Path) -> bool:
    """Take over, in one transaction, what the catalog at ``source`` says else of the account.

    Whether that was anything. Raises ``CatalogUnusable``.
    """
    with translated(source), engine.connect() as connection:
        connection = connection.execution_options(preserve_rowcount=True)
        connection.exec_driver_sql("ATTACH DATABASE ? AS source", (str(source),))
        try:
            connection.exec_driver_sql("BEGIN")
            is_changed = _take_over(connection)
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("DETACH DATABASE source")
    return is_changed


def _take_over(connection: Connection) -> bool:
    connection.execute(CreateTable(_TAKEN, if_not_exists=True))
    connection.execute(delete(_TAKEN))
    changed = connection.execute(_CHANGED).rowcount
    if changed:
        connection.execute(_TAKE)
        connection.execute(_INDEX)
    changed += connection.execute(_END).rowcount
    for table, theirs in ((LEARNT, _LEARNT), (FACET, _FACET), (SWEEP, _SWEEP)):
        changed += _copy(connection, table, theirs)
    return changed > 0


def _copy(connection: Connection, table: Table, theirs: Table) -> int:
    """Make ``table`` what it is in the source; how many rows were something else."""
    (key,) = table.primary_key
    gone = delete(table).where(key.not_in(select(theirs.c[key.name])))
    names = [column.name for column in table.columns]
    other = select(*theirs.c).except_(select(*table.c))
    fresh = insert(table).prefix_with("OR REPLACE").from_select(names, other)
    return connection.execute(gone).rowcount + connection.execute(fresh).rowcount
