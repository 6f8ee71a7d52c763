"""Verify: every placed file, and every file in the trash, read again. Never repairs anything."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, Placed
from syncd.core.cases import EXPECTED
from syncd.core.policy import Now
from syncd.local.files import sha256
from syncd.local.root import Marker, Root
from syncd.local.scan import file_stat
from syncd.local.trash import Entry, Trash


class Verdict(StrEnum):
    """What a file was found to be."""

    OK = "ok"
    EDITED = "edited"
    """Its size or date is another than when it was placed: the user's own change."""
    ROT = "rot"
    """Nothing changed it, and it holds other bytes."""
    MISSING = "missing"
    UNREADABLE = "unreadable"


SOUND = (Verdict.OK, Verdict.EDITED)
"""What is no reason to worry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file, ``path`` absolute, and what it was found to be, with a reason if not ``ok``."""

    job_id: int
    path: Path
    verdict: Verdict
    reason: str | None = None
    in_trash: bool = False


async def verify(
    catalog: Catalog,
    root: Root,
    marker: Marker,
    trash: Trash,
    now: Now,
    *,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Sequence[Checked]:
    """Read every placed file against the SHA-256 that was recorded, and the trash likewise.

    ``told`` is called with how many of how many were read. Raises ``RootUnusable`` where the root
    is not itself before or after, so that an unmounted disk is not taken for missing files.
    """
    await asyncio.to_thread(root.verify, marker)
    baseline = await asyncio.to_thread(catalog.baseline, now)
    tracks = [t for t in baseline.tracks.values() if t.placed and t.state in EXPECTED]
    entries = await asyncio.to_thread(trash.entries)
    found: list[Checked] = []
    total = len(tracks) + len(entries)
    for track in tracks:
        found.append(await asyncio.to_thread(_check_track, catalog, root, track))
        told(len(found), total)
    for entry in entries:
        found.append(await asyncio.to_thread(_check_entry, trash, entry))
        told(len(found), total)
    await asyncio.to_thread(root.verify, marker)
    return found


def _check_track(catalog: Catalog, root: Root, track: BaselineTrack) -> Checked:
    assert track.placed is not None, "only placed tracks are read"
    checked = _check(root, track.job_id, track.placed)
    if checked.verdict in SOUND:
        return checked
    # A sync that runs beside this may have moved or replaced it since the catalog was read.
    now = catalog.baseline_of(track.job_id)
    if now is None or now.placed is None or now.placed == track.placed:
        return checked
    return _check(root, track.job_id, now.placed)


def _check(root: Root, job_id: int, placed: Placed) -> Checked:
    path = root.path / placed.path

    def found(verdict: Verdict, reason: str | None = None) -> Checked:
        return Checked(job_id=job_id, path=path, verdict=verdict, reason=reason)

    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return found(Verdict.EDITED, "another kind of file stands at its path")
        before = file_stat(path)
        digest = sha256(path)
        after = file_stat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return found(Verdict.MISSING, "no file stands at its path")
        return found(Verdict.UNREADABLE, os.strerror(error.errno) if error.errno else str(error))
    if digest == placed.sha256:
        return found(Verdict.OK)
    as_placed = (placed.stat.size, placed.stat.mtime_ns)
    if before != after or (after.size, after.mtime_ns) != as_placed:
        return found(Verdict.EDITED, "its size or date is another than when it was placed")
    return found(Verdict.ROT, "it holds other bytes than were placed, though nothing changed it")


def _check_entry(trash: Trash, entry: Entry) -> Checked:
    path = trash.folder / entry.name
    sound = trash.verify(entry)
    return Checked(
        job_id=entry.job_id,
        path=path,
        verdict=Verdict.OK if sound else Verdict.ROT,
        reason=None if sound else "it holds other bytes than when it came to the trash",
        in_trash=True,
    )
