"""What ``syncd rm`` would delete: looked at, so that it can be shown before it is confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from syncd.actions.asked import check_sending, look_up, refuse_kept_out
from syncd.core.baseline import BaselineTrack, Placed
from syncd.core.evidence import match
from syncd.core.model import FAILED, PENDING, PROCESSING, Job, LocalFile
from syncd.core.naming import album_of, name_track
from syncd.core.policy import Policy
from syncd.cycle import policy_for
from syncd.errors import Doubtful, SyncdError
from syncd.library import Library
from syncd.local import files
from syncd.observation import observe


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What ``remove`` would delete, as it was a moment ago: shown before it is confirmed.

    ``path``, relative to the root, and ``size``, in bytes, are those of its file, where there is
    one. ``copy`` says what the recovery copy is made of: the file, whose SHA-256 is ``sha256``,
    the audio in the account, or nothing, since there is none. ``format`` and ``audio`` (the address
    without its signature) are what the account offers.
    """

    job_id: int
    title: str | None
    status: str
    path: str | None
    size: int | None
    copy: Literal["file", "account", "none"]
    sha256: str | None
    format: str | None
    audio: str | None
    place: str
    """Where its file stands, or would: the path that its recovery copy is kept for."""


async def removals(library: Library, policy: Policy, job_ids: Sequence[int]) -> list[Removal]:
    """What ``remove`` would delete of each job. Changes nothing in the account or the folder.

    Raises ``ConfigError`` for a direction that sends nothing, ``Doubtful`` before the first clean
    cycle of the catalog and for a job without audio that did not fail, ``NoSuchJob``, and
    ``SyncdError`` for a job that is still being made.
    """
    await check_sending(library, policy)
    jobs = []
    for job_id in job_ids:
        job = await look_up(library, job_id)
        if job.status in (PENDING, PROCESSING):
            raise SyncdError(
                f"job {job_id} is {job.status}", hint="wait until it has ended, then remove it"
            )
        jobs.append(job)
    policy = policy_for(library, policy)
    trees = await observe(library, policy)
    found = match(trees.local, trees.baseline, policy).files
    for job in jobs:
        if job.id in found:
            await asyncio.to_thread(refuse_kept_out, library.root, found[job.id].path)
    meant = [
        await asyncio.to_thread(
            _removal, library, policy, job, trees.baseline.tracks.get(job.id), found.get(job.id)
        )
        for job in jobs
    ]
    for removal in meant:
        check_copy(removal)
    return meant


def check_copy(removal: Removal) -> None:
    """Raise ``Doubtful`` where there has to be audio to make a recovery copy of, and is none."""
    if removal.copy == "none" and removal.status != FAILED:
        raise Doubtful(
            f"job {removal.job_id} is {removal.status} and offers no audio now, so no copy of it "
            "can be kept: only a failed job is deleted without one",
            hint="nothing was deleted; try again later",
        )


def _removal(
    library: Library,
    policy: Policy,
    job: Job,
    known: BaselineTrack | None,
    file: LocalFile | None,
) -> Removal:
    placed = known.placed if known else None
    track = job.track()
    formats = (*([placed.format] if placed else []), *policy.formats, *sorted(track.audio))
    chosen = next((name for name in formats if name in track.audio), None)
    copy: Literal["file", "account", "none"] = "account" if chosen else "none"
    digest = _digest(library, file) if file else None
    if digest is not None and _is_copy(job, placed, digest, track.audio):
        copy = "file"
    return Removal(
        job_id=job.id,
        title=job.display_name,
        status=job.status,
        path=file.path if file else None,
        size=file.stat.size if file else None,
        copy=copy,
        sha256=digest if copy == "file" else None,
        format=chosen,
        audio=track.audio[chosen] if chosen else None,
        place=file.path if file else placed.path if placed else _would_stand(job, policy, known),
    )


def _digest(library: Library, file: LocalFile) -> str | None:
    try:
        return files.sha256(library.root.path / file.path)
    except OSError:
        return None


def _is_copy(job: Job, placed: Placed | None, digest: str, audio: Mapping[str, str]) -> bool:
    """Whether the file holds what the account offers: its bytes are those that we placed.

    One that was taken in as it was found may have been cut before. Where the account offers
    nothing, it is the best that there is; of a job that failed, whatever it holds.
    """
    is_ours = placed is not None and not placed.as_found and digest == placed.sha256
    if not audio:
        return is_ours or job.status == FAILED
    return is_ours and placed is not None and audio.get(placed.format) == placed.audio


def _would_stand(job: Job, policy: Policy, known: BaselineTrack | None) -> str:
    track = job.track()
    album = (known and known.album) or album_of(track, policy)
    ext = next(iter(track.audio), policy.formats[0])
    return name_track(
        track, policy, album=album, number=(known and known.number) or 0, ext=ext
    ).path
