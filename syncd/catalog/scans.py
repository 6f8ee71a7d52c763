"""What scans showed: the files, so that an unchanged one need not be opened, and the absences."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from syncd.catalog import rows
from syncd.catalog.outcomes import write_files
from syncd.catalog.schema import ABSENCE, BASELINE, FILE, META
from syncd.core.baseline import Absence
from syncd.core.evidence import Sighting
from syncd.core.model import LocalFile
from syncd.core.policy import Now
from syncd.core.time import rearmed

_NUMBER, _LAST_AT = "scan", "scanned_at"
_MOVED = "root_moved"
"""Of ``store.Binding``."""
_LEFT_BEHIND = "left_behind"
"""JSON: the tracks of ``Baseline.left_behind``."""
_UNSEEN = "unseen"
"""JSON: the tracks that the last scan could not look for -> when one last could."""


class Scans:
    """The scan memory of an open catalog (``Catalog.scans``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def known_files(self) -> dict[str, LocalFile]:
        """Every audio file as the last scan saw it, by path."""
        with self._begin() as connection:
            found = connection.execute(select(FILE))
            return {row.path: rows.file_from_row(row) for row in found}  # type: ignore[arg-type]

    def remember(self, known: Mapping[str, LocalFile], files: Mapping[str, LocalFile]) -> None:
        """Replace what is remembered (``known``) by what the scan saw; writes only differences.

        ``note`` gives the scan its number: what is new at its path appeared with the next one.
        """
        gone = [path for path in known if path not in files]
        fresh = [file for path, file in files.items() if known.get(path) != file]
        if not gone and not fresh:
            return
        with self._begin() as connection:
            number = int(_meta(connection, _NUMBER) or 0) + 1
            fresh = [
                replace(file, since=known[file.path].since if file.path in known else number)
                for file in fresh
            ]
            for path in gone:
                connection.execute(delete(FILE).where(FILE.c.path == path))
            write_files(connection, fresh)

    def note(self, sighting: Sighting, now: Now) -> int:
        """Take in what a complete scan of a valid root missed; returns the number of the scan.

        A file that was found ends its absence. One that could not be looked for leaves it as it is.
        """
        with self._begin() as connection:
            number = int(_meta(connection, _NUMBER) or 0) + 1
            previous = _meta(connection, _LAST_AT)
            unseen = json.loads(_meta(connection, _UNSEEN) or "{}")
            found = connection.execute(select(ABSENCE))
            absences = {row.job_id: rows.absence_from_row(row) for row in found}  # type: ignore[arg-type]
            for job_id in absences.keys() - sighting.missed - sighting.unsure:
                connection.execute(delete(ABSENCE).where(ABSENCE.c.job_id == job_id))
            for job_id in sighting.missed:
                before = absences.get(job_id)
                after = (
                    _first(connection, job_id, number, unseen.get(str(job_id), previous), now)
                    if before is None
                    else rearmed(_next(before, number, now), now)
                )
                statement = upsert(ABSENCE).values(job_id=job_id, **asdict(after))
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["job_id"], set_=asdict(after))
                )
            _note_left_behind(connection, absences.keys(), sighting)
            _set_meta(connection, _NUMBER, str(number))
            _set_meta(connection, _LAST_AT, now.local.isoformat())
            # Else a scan that could not look there would count as the last that saw the file.
            since = {str(job): unseen.get(str(job), previous) for job in sighting.unsure}
            _set_meta(connection, _UNSEEN, json.dumps(since))
        return number

    def unseen(self) -> frozenset[int]:
        """The tracks that the last scan could not look for."""
        with self._begin() as connection:
            return frozenset(map(int, json.loads(_meta(connection, _UNSEEN) or "{}")))

    def note_mounted(self, mounted: Mapping[int, bool]) -> None:
        """Remember of tracks whether their folder is on another device than the root."""
        if not mounted:
            return
        with self._begin() as connection:
            for job_id, value in mounted.items():
                connection.execute(
                    update(BASELINE).where(BASELINE.c.job_id == job_id).values(mounted=value)
                )


def _note_left_behind(connection: Connection, absent: Set[int], sighting: Sighting) -> None:
    """``absent`` are the tracks that were missed before this scan."""
    before = read_left_behind(connection) & absent
    left = before & (sighting.missed | sighting.unsure)
    if _meta(connection, _MOVED) == "1":
        left |= sighting.missed - absent
    _set_meta(connection, _LEFT_BEHIND, json.dumps(sorted(left)))


def read_left_behind(connection: Connection) -> frozenset[int]:
    return frozenset(json.loads(_meta(connection, _LEFT_BEHIND) or "[]"))


def _first(
    connection: Connection, job_id: int, number: int, previous: str | None, now: Now
) -> Absence:
    placed_at = connection.execute(
        select(BASELINE.c.placed_at).where(BASELINE.c.job_id == job_id)
    ).scalar_one_or_none()
    scanned_at = None if previous is None else datetime.fromisoformat(previous)
    seen = [moment for moment in (placed_at, scanned_at) if moment is not None]
    return Absence(
        first_at=now.local,
        first_scan=number,
        last_at=now.local,
        last_scan=number,
        scans=1,
        seen_at=max(seen, default=None),
        armed_at=now.local,
        armed_server=now.server,
    )


def _next(before: Absence, number: int, now: Now) -> Absence:
    if now.local < before.first_at:
        # The clock was set back: how far apart two scans are cannot be told any more.
        return _restarted(before, number, now)
    return replace(before, last_at=now.local, last_scan=number, scans=before.scans + 1)


def _restarted(before: Absence, number: int, now: Now) -> Absence:
    return replace(
        before,
        first_at=now.local,
        first_scan=number,
        last_at=now.local,
        last_scan=number,
        scans=1,
        armed_at=now.local,
        armed_server=now.server,
    )


def _meta(connection: Connection, key: str) -> str | None:
    found = connection.execute(select(META.c.value).where(META.c.key == key)).scalar_one_or_none()
    return None if found is None else str(found)


def _set_meta(connection: Connection, key: str, value: str) -> None:
    statement = upsert(META).values(key=key, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )
