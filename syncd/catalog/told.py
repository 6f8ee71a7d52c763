"""What a catalog of an earlier version lacks: what the account said of tags when it was written.

Nothing is read from the folder for it: where what was written is what the job asks for, that is
recorded, and nothing follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select, update

from syncd.catalog import rows
from syncd.catalog.schema import BASELINE, JOB, KNOWN, META
from syncd.catalog.statements import noted, remove
from syncd.core.baseline import State
from syncd.core.model import Job
from syncd.core.retagging import says_the_same
from syncd.core.tagging import told

UNTOLD = "untold"
"""The name in ``meta`` by which a migration asks for this."""

_OTHER = ""
"""What is recorded where the tags are others: equal to nothing that the account can say."""

_AT_ONCE = 500


def fill_in(connection: Connection) -> None:
    """Record for each job and placed track what earlier versions did not; once for a catalog."""
    if noted(connection, UNTOLD) is None:
        return
    gists = update(JOB).where(JOB.c.id == bindparam("job")).values(gist=bindparam("said"))
    tolds = update(BASELINE).where(BASELINE.c.job_id == bindparam("job"))
    tolds = tolds.values(told=bindparam("said"))
    for jobs in _batches(connection):
        connection.execute(gists, [{"job": job.id, "said": job.gist} for job in jobs])
        if found := list(_told(connection, jobs)):
            connection.execute(tolds, found)
    remove(connection, META, key=UNTOLD)


def _batches(connection: Connection) -> Iterator[list[Job]]:
    last = 0
    while True:
        query = select(KNOWN).where(KNOWN.c.id > last).order_by(KNOWN.c.id).limit(_AT_ONCE)
        jobs = [rows.job_from_row(row._asdict()) for row in connection.execute(query)]
        if not jobs:
            return
        yield jobs
        last = jobs[-1].id


def _told(connection: Connection, jobs: list[Job]) -> Iterator[dict[str, object]]:
    by_id = {job.id: job for job in jobs}
    query = select(BASELINE.c.job_id, BASELINE.c.tags).where(
        BASELINE.c.job_id.in_(by_id),
        BASELINE.c.state == State.PLACED,
        BASELINE.c.path.is_not(None),
        BASELINE.c.told.is_(None),
    )
    for row in connection.execute(query):
        job = by_id[row.job_id]
        tags = {name: tuple(values) for name, values in (row.tags or {}).items()}
        same = says_the_same(tags, job)
        yield {"job": job.id, "said": told(job.track()) if same else _OTHER}
