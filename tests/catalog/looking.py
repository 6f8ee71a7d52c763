"""What stands in the catalog's tables, beside what its methods say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import text

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.evidence import Sighting
from syncd.core.model import Job, LocalFile
from syncd.core.policy import Now

MakeFile = Callable[..., LocalFile]
MakePlaced = Callable[[str], Placed]
HOUR = timedelta(hours=1)
NOT_UTF8 = "Caf\udce9/\udcff\udcfe.flac"


def job(job_id: int, **fields: object) -> Job:
    return Job(id=job_id, status="COMPLETED", **fields)  # type: ignore[arg-type]


def put(
    catalog: Catalog, placed: Placed, file: LocalFile | None, now: datetime, job_id: int = 7
) -> None:
    """A track whose file was placed just now."""
    done = Done(job_id=job_id, verb="download", state=State.PLACED, placed=placed, file=file)
    catalog.outcomes.record(done, entry=0, now=Now(now))


def missed(*job_ids: int, unsure: tuple[int, ...] = ()) -> Sighting:
    return Sighting(frozenset(job_ids), frozenset(unsure))


def both(moment: datetime) -> Now:
    """Two clocks that agree."""
    return Now(moment, moment)


def seen(catalog: Catalog, job_id: int) -> tuple[object, ...]:
    """first_seen, last_seen, last_sweep and absent_since of a job, as they stand in the file."""
    with catalog.reading() as connection:
        statement = "SELECT first_seen, last_seen, last_sweep, absent_since FROM job WHERE id = :id"
        return tuple(connection.execute(text(statement), {"id": job_id}).one())


def count(catalog: Catalog, table: str) -> int:
    with catalog.reading() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
