"""The note beside each file in the trash: what is needed to bring the file back.

``Rain.flac.json`` is the note of ``Rain.flac``. Anyone may have written what stands in one, so
nothing of it is used as a path before it was looked at.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath

from syncd.local.root import fsync_folder
from syncd.local.sidecars import is_audio

_SUFFIX = ".json"
FRESH = ".json.new"
"""A note that is being written."""

LEAVING = ".leaving"
"""A track on its way out of the library while its recovery copy already has the name here."""

_OWN = (_SUFFIX, FRESH, LEAVING)
LONGEST_OWN = max(len(suffix) for suffix in _OWN)
"""Bytes that the program's own files here need beyond the name of the track."""

_LARGEST = 16 * 1024 * 1024
_LARGEST_NUMBER = 2**63 - 1
"""What the catalog can hold."""


class Why(StrEnum):
    """Why a file is in the trash."""

    DELETED_HERE = "deleted here"
    """The recovery copy of a job whose file the user deleted."""

    DELETED_THERE = "deleted in the account"
    """The job went away in the account by another hand: this may be the last copy."""

    REPLACED = "replaced"
    """Its audio was changed in the account."""

    REMOVED = "removed by command"
    """``syncd rm``."""

    EVICTED = "evicted"
    """``syncd evict`` of what the user had changed, or that was stopped on the way."""

    ROTTEN = "rotten"
    """It held other bytes than were placed, though nobody wrote it: ``syncd fetch``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One track in the trash.

    ``name`` is relative to the trash (``2026-11-22/Rain.flac``), as the names of ``sidecars``
    beside it are; ``path``, relative to the root, is where it stood or would stand. Times are
    aware and in UTC: ``trashed_at`` by the local clock, ``server_time`` by the API's ``Date``.
    ``size`` is bytes, ``audio`` the address, without its signature, that the audio was fetched
    from, ``job`` the job as JSON text.
    """

    name: str
    job_id: int
    path: str
    why: Why
    trashed_at: datetime
    server_time: datetime | None
    sha256: str
    size: int
    title: str | None
    audio: str | None
    job: str
    sidecars: tuple[str, ...]


class DamagedNoteError(ValueError):
    """What stands in a note is not what this program writes."""


def is_due(entry: Entry, now: datetime, server_now: datetime | None, retention: timedelta) -> bool:
    """Whether ``entry`` has been in the trash for ``retention`` by both clocks.

    Never for what may be the last copy of a track.
    """
    if entry.why is Why.DELETED_THERE or server_now is None or entry.server_time is None:
        return False
    ages = (now - entry.trashed_at, server_now - entry.server_time)
    return all(age >= max(retention, timedelta(0)) for age in ages)


def note_of(file: Path) -> Path:
    return file.with_name(file.name + _SUFFIX)


def noted_name(name: str) -> str | None:
    """The name of the track that ``name`` is the note of, or ``None`` for another kind of file."""
    return _track_of(name, _SUFFIX)


def own_name(name: str) -> str | None:
    """The name of the track for which the program keeps a file of this name in the trash."""
    return next((track for suffix in _OWN if (track := _track_of(name, suffix))), None)


def write_note(file: Path, entry: Entry) -> None:
    """Write the note of ``file``, whole and durable, in place of an earlier one; ``OSError``."""
    table = asdict(entry)
    del table["name"]
    table["trashed_at"] = entry.trashed_at.isoformat()
    table["server_time"] = entry.server_time.isoformat() if entry.server_time else None
    table["sidecars"] = [PurePosixPath(name).name for name in entry.sidecars]
    fresh = file.with_name(file.name + FRESH)
    fresh.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as stream:
            # ASCII: a name that is not UTF-8 goes in and comes out as it was.
            stream.write(json.dumps(table, indent=2).encode("ascii") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(note_of(file))
        fsync_folder(file.parent)
    finally:
        fresh.unlink(missing_ok=True)


def read_note(file: Path) -> Entry:
    """The entry that stands in the note of ``file``; raises ``DamagedNoteError``, ``OSError``."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(note_of(file), flags), "rb") as stream:
        data = stream.read(_LARGEST)
    try:
        return _entry(file.parent.name, file.name, **json.loads(data))
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise DamagedNoteError(f"{note_of(file).name} is damaged") from error


def _track_of(name: str, suffix: str) -> str | None:
    track = name.removesuffix(suffix)
    return track if track != name and is_audio(track) else None


def _entry(
    date: str,
    name: str,
    *,
    job_id: object,
    path: object,
    why: object,
    trashed_at: object,
    server_time: object,
    sha256: object,
    size: object,
    title: object,
    audio: object,
    job: object,
    sidecars: object,
    **_later: object,
) -> Entry:
    if not isinstance(sidecars, list):
        raise TypeError
    return Entry(
        name=f"{date}/{name}",
        job_id=_number(job_id),
        path=_text(path),
        why=Why(_text(why)),
        trashed_at=_time(trashed_at),
        server_time=None if server_time is None else _time(server_time),
        sha256=_text(sha256),
        size=_number(size),
        title=None if title is None else _text(title),
        audio=None if audio is None else _text(audio),
        job=_text(job),
        sidecars=tuple(f"{date}/{_sidecar(beside)}" for beside in sidecars),
    )


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST_NUMBER:
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _time(value: object) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None:
        raise ValueError
    return time.astimezone(UTC)


def _sidecar(value: object) -> str:
    name = _text(value)
    # What goes with this track must never be another track, or what belongs to one.
    if "/" in name or "\0" in name or name in ("", ".", "..") or is_audio(name) or own_name(name):
        raise ValueError
    return name
