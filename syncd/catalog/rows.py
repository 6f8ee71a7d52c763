"""Between rows and the values of ``core.model``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from syncd.catalog.schema import AbsenceRow, BaselineRow, FileRow, HoldRow
from syncd.core.baseline import Absence, BaselineTrack, Held, Named, Placed, State
from syncd.core.model import FileStat, Identity, Job, LocalFile, Origin, RemoteTrack

JOB_FIELDS = tuple(field.name for field in fields(Job))
_LISTS = ("actual_seeds", "genre", "emotion", "occasion")
_INT64 = 1 << 63

TRACK_COLUMNS = (
    "id", "status", "task", "display_name", "output_url", "output_urls", "created_at", "user_id",
    "prompt", "vocal_language", "bpm", "keyscale", "format", "genre", "emotion", "occasion",
    "language", "song_type", "liked", "quality_score", "audio_duration", "gist",
)  # fmt: skip
"""What planning needs of a job: neither lyrics nor the raw JSON, which are most of its bytes."""


def job_to_row(job: Job, seen_at: datetime, sweep: int | None) -> dict[str, Any]:
    """The row of one observation; ``sweep`` is the sweep that made it, if one did."""
    row = {name: _storable(getattr(job, name)) for name in JOB_FIELDS}
    for name in _LISTS:
        row[name] = list(row[name])
    row["output_urls"] = dict(job.output_urls)
    if job.seed is not None and not -_INT64 <= job.seed < _INT64:
        row["seed"] = None  # beyond SQLite's integers; ``raw`` keeps it
    return {
        **row,
        "gist": job_from_row(row).gist,
        "first_seen": seen_at,
        "last_seen": seen_at,
        "last_sweep": sweep,
        "absent_since": None,
    }


def _storable(value: Any) -> Any:
    # JSON can spell half a surrogate pair, which no UTF-8 text can hold; ``raw`` keeps it escaped.
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def job_from_row(row: Mapping[str, Any]) -> Job:
    values = {name: row[name] for name in JOB_FIELDS}
    for name in _LISTS:
        values[name] = tuple(values[name])
    return Job(**values)


def track_from_row(row: Mapping[str, Any]) -> RemoteTrack:
    values = {name: row[name] for name in TRACK_COLUMNS if name != "gist"}
    for name in ("genre", "emotion", "occasion"):
        values[name] = tuple(values[name])
    return Job(**values).track(row["gist"] or "")


def file_from_row(row: FileRow) -> LocalFile:
    identity = None
    if row.job_id is not None:
        origin = Origin.parse(row.origin) if row.origin is not None else None
        identity = Identity(row.job_id, origin)
    stat = FileStat(row.inode, row.size, row.mtime_ns, row.ctime_ns)
    return LocalFile(row.path, stat, identity, row.sha256, row.since)


def file_to_row(file: LocalFile) -> dict[str, Any]:
    identity = file.identity
    return {
        "path": file.path,
        "inode": file.stat.inode,
        "size": file.stat.size,
        "mtime_ns": file.stat.mtime_ns,
        "ctime_ns": file.stat.ctime_ns,
        "job_id": identity.job_id if identity else None,
        "origin": str(identity.origin) if identity and identity.origin else None,
        "sha256": file.sha256,
        "since": file.since,
    }


def baseline_from_row(row: BaselineRow, absence: Absence | None = None) -> BaselineTrack:
    return BaselineTrack(
        job_id=row.job_id,
        state=State(row.state),
        album=row.album,
        number=row.number,
        placed=_placed(row),
        attempts=row.attempts,
        reason=row.reason,
        next_try_at=row.next_try_at,
        absence=absence,
        replaced_by=row.replaced_by,
        declined=row.declined,
        intended=None if row.next_stem is None else Named(row.next_title, row.next_stem),
        kept=row.kept,
    )


def absence_from_row(row: AbsenceRow) -> Absence:
    return Absence(
        first_at=row.first_at,
        first_scan=row.first_scan,
        last_at=row.last_at,
        last_scan=row.last_scan,
        scans=row.scans,
        seen_at=row.seen_at,
        armed_at=row.armed_at,
        armed_server=row.armed_server,
    )


def held_from_row(row: HoldRow) -> Held:
    return Held(
        job_id=row.job_id,
        verb=row.verb,
        reason=row.reason,
        since=row.since,
        path=row.path,
        batch=row.batch,
        approved=row.approved,
        refused=row.refused,
        evidence=tuple(row.evidence),
    )


def _placed(row: BaselineRow) -> Placed | None:
    if row.path is None:
        return None
    return Placed(
        path=row.path,
        title=row.title,
        stem=row.stem or "",
        template=row.template or "",
        format=row.format or "",
        audio=row.audio or "",
        etag=row.etag,
        sha256=row.sha256 or "",
        stat=FileStat(row.inode or 0, row.size or 0, row.mtime_ns or 0, row.ctime_ns or 0),
        tags={name: tuple(values) for name, values in (row.tags or {}).items()},
        placed_at=row.placed_at,
        source=row.source,
        moved=row.moved,
        mounted=row.mounted,
        told=row.told,
        lyrics=row.lyrics,
    )


def placed_to_row(placed: Placed) -> dict[str, Any]:
    return {
        "path": placed.path,
        "title": placed.title,
        "stem": placed.stem,
        "template": placed.template,
        "format": placed.format,
        "audio": placed.audio,
        "etag": placed.etag,
        "sha256": placed.sha256,
        "inode": placed.stat.inode,
        "size": placed.stat.size,
        "mtime_ns": placed.stat.mtime_ns,
        "ctime_ns": placed.stat.ctime_ns,
        "tags": {name: list(values) for name, values in placed.tags.items()},
        "placed_at": placed.placed_at,
        "source": placed.source,
        "moved": placed.moved,
        "mounted": placed.mounted,
        "told": placed.told,
        "lyrics": placed.lyrics,
    }
