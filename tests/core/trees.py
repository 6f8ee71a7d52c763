"""The three trees in a few words: what the planner's tests are written with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syncd.core.model import (
    BaselineTrack,
    FileStat,
    Identity,
    LocalFile,
    LocalTree,
    Origin,
    Placed,
    Policy,
    RemoteTrack,
    State,
)

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
HERE = Origin("https://api.audiopod.ai", "42")
ELSEWHERE = Origin("http://127.0.0.1:8000", "42")
POLICY = Policy(origin=HERE)
ALBUM = "AudioPod 2026-03"
HOME = f"{ALBUM}/Rain.flac"
BOTH = {"flac": "m/7.flac", "mp3": "m/7.mp3"}


def job(job_id: int = 7, title: str | None = "Rain", **fields: object) -> RemoteTrack:
    made = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=job_id)
    track = RemoteTrack(id=job_id, status="COMPLETED", title=title, audio=BOTH, created_at=made)
    return replace(track, **fields)  # type: ignore[arg-type]


def file(path: str = HOME, job_id: int | None = 7, origin: Origin | None = HERE) -> LocalFile:
    identity = None if job_id is None else Identity(job_id, origin)
    return LocalFile(path, FileStat(1, 2, 3, 4), identity)


def folder(
    *files: LocalFile, names: Iterable[str] = (), unreadable: Iterable[str] = ()
) -> LocalTree:
    found = {one.path: one for one in files}
    return LocalTree(found, frozenset([*found, *names]), frozenset(unreadable))


def placed_at(path: str) -> Placed:
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return Placed(
        path=path,
        title=stem,
        stem=stem,
        template=POLICY.template,
        format=suffix,
        audio=f"m/7.{suffix}",
        etag=None,
        sha256="0" * 64,
        stat=FileStat(1, 2, 3, 4),
    )


def known(
    job_id: int = 7,
    path: str | None = HOME,
    state: State = State.PLACED,
    number: int | None = 1,
    **fields: object,
) -> BaselineTrack:
    placed = placed_at(path) if path else None
    track = BaselineTrack(job_id=job_id, state=state, album=ALBUM, number=number, placed=placed)
    return replace(track, **fields)  # type: ignore[arg-type]


def failed(until: datetime | None = LATER, path: str | None = None) -> BaselineTrack:
    return known(
        path=path, state=State.UNAVAILABLE, attempts=2, reason="no answer", next_try_at=until
    )
