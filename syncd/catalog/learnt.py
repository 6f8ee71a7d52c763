"""What a round of looking up teaches: from the jobs that were listed to what is learnt of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from syncd.catalog.schema import FACET_FIND, JOB, LEARNT
from syncd.catalog.statements import put
from syncd.catalog.unlearnt import SINGLE, THERE, WITH_LEARNT
from syncd.core.model import ALL_TIME
from syncd.core.only import distinct


def newer_than(connection: Connection, moment: datetime) -> frozenset[int]:
    """The jobs that are there and were created after ``moment``; of ``ALL_TIME`` all."""
    newer = select(JOB.c.id).where(THERE)
    if moment != ALL_TIME:
        newer = newer.where(JOB.c.created_at > moment)
    return frozenset(connection.execute(newer).scalars())


def learn(
    connection: Connection,
    kind: str,
    finds: Sequence[Any],
    listed: Sequence[str] = (),
    renewed: Collection[int] = (),
) -> int:
    """Of the targets all is learnt that was found, and of ``renewed`` what of ``listed`` they have
    now; to what was learnt of other jobs before, what was found is added."""
    single, order = kind in SINGLE, {value: number for number, value in enumerate(listed)}
    found = {
        row.job_id: [*distinct(sorted(row.found, key=lambda one: order.get(one, len(order))))]
        for row in finds
    }
    targets = [row.job_id for row in finds if row.is_target]
    learnt = [
        {"job_id": id_, kind: (found[id_] or [""])[0] if single else found[id_]} for id_ in targets
    ]
    news = len(learnt)
    others = (found.keys() | set(renewed)) - set(targets)
    before = select(LEARNT.c.job_id, LEARNT.c[kind]).where(LEARNT.c[kind].is_not(None))
    for job_id, had in connection.execute(before) if others else ():
        if job_id not in others:
            continue
        has, kept = found.get(job_id, []), had
        if job_id in renewed:
            kept = [value for value in had if value in has or value not in order]
        now = (had or (has or [""])[0]) if single else [*distinct([*kept, *has])]
        if now != had:
            learnt.append({"job_id": job_id, kind: now})
            news += 1
    put(connection, LEARNT, ("job_id",), learnt)
    return news


def learn_liked(connection: Connection, liked: Collection[int], since: datetime) -> int:
    """All jobs that were there when the round began are liked or not; how many that changes."""
    wanted = set(liked)
    statement = select(JOB.c.id, LEARNT.c.liked).select_from(WITH_LEARNT)
    there = connection.execute(
        statement.where(JOB.c.absent_since.is_(None), JOB.c.first_seen <= since)
    )
    changed = [(id_, id_ in wanted) for id_, before in there if before is not (id_ in wanted)]
    put(connection, LEARNT, ("job_id",), [{"job_id": i, "liked": now} for i, now in changed])
    return len(changed)


def targets_of(kind: str) -> Any:
    return select(FACET_FIND.c.job_id).where(FACET_FIND.c.kind == kind, FACET_FIND.c.is_target)
