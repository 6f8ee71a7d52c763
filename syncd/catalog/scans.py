"""What scans showed: the files, so that an unchanged one need not be opened, and the absences."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from syncd.catalog import rows
from syncd.catalog.outcomes import time_spent, write_files
from syncd.catalog.schema import ABSENCE, BASELINE, FILE
from syncd.catalog.statements import (
    Facts,
    all_noted,
    change,
    find,
    note_all,
    noted,
    put,
    remove,
)
from syncd.core.baseline import Absence, BaselineTrack, Place, State
from syncd.core.evidence import Sighting
from syncd.core.model import LocalFile
from syncd.core.policy import Now
from syncd.core.time import rearmed

_NUMBER, _LAST_AT = "scan", "scanned_at"
_MOVED = "root_moved"
"""Of ``store.Binding``."""
_LEFT_BEHIND = "left_behind"
"""JSON: the tracks of ``Baseline.left_behind``."""
_KEPT_OUT = "kept_out"
"""JSON: the tracks of ``Sighting.kept_out`` -> path, as of the last scan."""
_LEFT_ALONE = "left_alone"
"""JSON: the tracks that were among those, and that no scan saw since."""
_ASTRAY = "astray"
"""JSON: ``Sighting.astray``, each as its place (or null) and those of copies."""
_UNSEEN = "unseen"
"""JSON: the tracks that the last scan could not look for -> when one last could."""


_PLACED_AT = select(BASELINE.c.placed_at).where(BASELINE.c.job_id == bindparam("job"))


class Scans:
    """The scan memory of an open catalog (``Catalog.scans``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def known_files(self) -> dict[str, LocalFile]:
        """Every audio file as the last scan saw it, by path."""
        with self._begin() as connection:
            found = find(connection, FILE)
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
            number = int(noted(connection, _NUMBER) or 0) + 1
            fresh = [
                replace(file, since=known[file.path].since if file.path in known else number)
                for file in fresh
            ]
            for path in gone:
                remove(connection, FILE, path=path)
            write_files(connection, fresh)

    def note(self, sighting: Sighting, now: Now) -> int:
        """Take in what a complete scan of a valid root missed; returns the number of the scan.

        A file that was found ends its absence. One that could not be looked for leaves it as it is.
        """
        with self._begin() as connection:
            facts = all_noted(connection)
            number = int(facts.get(_NUMBER, 0)) + 1
            previous = facts.get(_LAST_AT)
            unseen = json.loads(facts.get(_UNSEEN, "{}"))
            absences = read_absences(connection)
            for job_id in absences.keys() - sighting.missed - sighting.unsure:
                remove(connection, ABSENCE, job_id=job_id)
            for job_id in sighting.missed:
                before = absences.get(job_id)
                after = (
                    _first(connection, job_id, number, unseen.get(str(job_id), previous), now)
                    if before is None
                    else rearmed(_next(before, number, now), now)
                )
                put(connection, ABSENCE, ("job_id",), [{"job_id": job_id, **asdict(after)}])
            time_spent(connection, now)
            # Else a scan that could not look there would count as the last that saw the file.
            since = {str(job): unseen.get(str(job), previous) for job in sighting.unsure}
            noting = {
                _LEFT_BEHIND: _left_behind(facts, absences.keys(), sighting),
                **dict(_kept_out(facts, sighting)),
                **_astray(facts, sighting),
                _NUMBER: str(number),
                _LAST_AT: now.local.isoformat(),
                _UNSEEN: json.dumps(since),
            }
            note_all(
                connection, {key: text for key, text in noting.items() if facts.get(key) != text}
            )
        return number

    def rearm(self, job_ids: Collection[int], now: Now) -> None:
        """Let the grace of these begin anew: what it waits for is not so yet."""
        later = {"armed_at": now.local, "armed_server": now.server}
        with self._begin() as connection:
            for job_id in job_ids:
                change(connection, ABSENCE, later, job_id=job_id)

    def unseen(self) -> frozenset[int]:
        """The tracks that the last scan could not look for."""
        with self._begin() as connection:
            return read_unseen(connection)

    def kept_out(self) -> dict[int, str]:
        """The tracks whose file is kept out -> its path, as of the last scan."""
        with self._begin() as connection:
            found = json.loads(noted(connection, _KEPT_OUT) or "{}")
        return {int(job_id): path for job_id, path in found.items()}

    def gone_from(self, path: str) -> tuple[int, str] | None:
        """The job whose file is known at ``path`` and was last seen elsewhere, and where."""
        statement = (
            select(BASELINE.c.job_id, FILE.c.path)
            .join(FILE, FILE.c.job_id == BASELINE.c.job_id)
            .where(BASELINE.c.path == path, BASELINE.c.state == State.PLACED)
        )
        with self._begin() as connection:
            seen = {row.path: row.job_id for row in connection.execute(statement)}
        if path in seen or not seen:
            return None
        return next((job_id, where) for where, job_id in sorted(seen.items()))

    def note_mounted(self, mounted: Mapping[int, bool]) -> None:
        """Remember of tracks whether their folder is on another device than the root."""
        if not mounted:
            return
        with self._begin() as connection:
            for job_id, value in mounted.items():
                change(connection, BASELINE, {"mounted": value}, job_id=job_id)


def read_unseen(connection: Connection) -> frozenset[int]:
    """The tracks that the last scan could not look for."""
    return frozenset(map(int, json.loads(noted(connection, _UNSEEN) or "{}")))


def read_absences(connection: Connection) -> dict[int, Absence]:
    """The files that scans missed and that did not come back, by job."""
    found = find(connection, ABSENCE)
    return {row.job_id: rows.absence_from_row(row) for row in found}  # type: ignore[arg-type]


def _left_behind(facts: Facts, absent: Set[int], sighting: Sighting) -> str:
    """``absent`` are the tracks that were missed before this scan."""
    before = left_behind(facts) & absent
    left = before & (sighting.missed | sighting.unsure)
    if facts.get(_MOVED) == "1":
        left |= sighting.missed - absent
    return json.dumps(sorted(left))


def left_behind(facts: Facts) -> frozenset[int]:
    """``Baseline.left_behind``."""
    return frozenset(json.loads(facts.get(_LEFT_BEHIND, "[]")))


def _kept_out(facts: Facts, sighting: Sighting) -> Iterator[tuple[str, str]]:
    # Also where another file stands in its place by now: nobody has seen it since.
    unseen = sighting.missed | sighting.unsure | sighting.displaced
    left = kept_out(facts) & unseen - sighting.kept_out.keys()
    for key, value in ((_KEPT_OUT, dict(sighting.kept_out)), (_LEFT_ALONE, sorted(left))):
        if value or key in facts:
            yield key, json.dumps(value)


def kept_out(facts: Facts) -> frozenset[int]:
    """``Baseline.kept_out``."""
    now = map(int, json.loads(facts.get(_KEPT_OUT, "{}")))
    return frozenset(now) | frozenset(json.loads(facts.get(_LEFT_ALONE, "[]")))


def _astray(facts: Facts, sighting: Sighting) -> dict[str, str]:
    after = {
        str(job_id): [where.seen and _listed(where.seen), [*map(_listed, where.copies)]]
        for job_id, where in sorted(sighting.astray.items())
    }
    return {_ASTRAY: json.dumps(after)} if after or _ASTRAY in facts else {}


def _listed(place: Place) -> tuple[str, bool]:
    return place.path, place.mounted


def with_places(
    tracks: Mapping[int, BaselineTrack], facts: Facts
) -> Iterator[tuple[int, BaselineTrack]]:
    """Those of ``tracks`` of which files stand where they are not known to be, with that."""
    for job, (seen, copies) in json.loads(facts.get(_ASTRAY, "{}")).items():
        if (track := tracks.get(int(job))) is not None:
            at = Place(*seen) if seen else None
            places = tuple(Place(*copy) for copy in copies)
            yield track.job_id, replace(track, seen=at, copies=places)


def _first(
    connection: Connection, job_id: int, number: int, previous: str | None, now: Now
) -> Absence:
    placed_at = connection.execute(_PLACED_AT, {"job": job_id}).scalar_one_or_none()
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
