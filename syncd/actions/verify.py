"""Verify: every placed file, and every file in the trash, read again. Never repairs anything."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from syncd.actions.waiting import waiting
from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack
from syncd.core.cases import EXPECTED
from syncd.core.model import FileStat
from syncd.core.operations import DeleteRemote
from syncd.core.policy import Now, Policy
from syncd.errors import CorruptMedia
from syncd.local.audio import check
from syncd.local.files import sha256
from syncd.local.root import Marker, Root
from syncd.local.scan import file_stat
from syncd.local.trash import Entry, Trash, Why


class Verdict(StrEnum):
    """What a file was found to be."""

    OK = "ok"
    EDITED = "edited"
    """Its size or date is another than when it was placed: the user's own change."""
    DAMAGED = "damaged"
    """The same, and it is no sound audio file any more."""
    ROT = "rot"
    """Nothing changed it, and it holds other bytes."""
    UNFINISHED = "unfinished"
    """It is about to be replaced by other audio: that came to a stop, and the next sync ends it."""
    PENDING = "pending"
    """It was deleted from the folder: a pending deletion, or one that is held."""
    MISSING = "missing"
    UNREADABLE = "unreadable"


SOUND = (Verdict.OK, Verdict.EDITED, Verdict.PENDING, Verdict.UNFINISHED)
"""What is no reason to worry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file, ``path`` absolute, and what it was found to be, with a reason if not ``ok``.

    ``fetchable``: it holds nothing that anybody wrote, so ``syncd fetch`` replaces it; ``stat`` is
    what the file system said of it then.
    """

    job_id: int
    path: Path
    verdict: Verdict
    reason: str | None = None
    in_trash: bool = False
    fetchable: bool = False
    stat: FileStat | None = None


async def verify(
    catalog: Catalog,
    root: Root,
    marker: Marker,
    trash: Trash,
    policy: Policy,
    now: Now,
    *,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Sequence[Checked]:
    """Read every placed file against the SHA-256 that was recorded, and the trash likewise.

    What is kept out is left alone. A missing file is pending where ``waiting`` has its deletion.
    ``told`` is called with how many of how many were read. Raises ``RootUnusable`` where the root
    is not itself before or after, so that an unmounted disk is not taken for missing files.
    """
    await asyncio.to_thread(root.verify, marker)
    baseline = await asyncio.to_thread(catalog.baseline, now)
    left_alone = await asyncio.to_thread(catalog.scans.kept_out)
    placed = (t for t in baseline.tracks.values() if t.placed and t.state in EXPECTED)
    tracks = [track for track in placed if track.job_id not in left_alone]
    entries = await asyncio.to_thread(trash.entries)
    look = _Look(
        catalog, root, await asyncio.to_thread(_deleted, catalog, policy), secured(entries)
    )
    found: list[Checked] = []
    total = len(tracks) + len(entries)
    for track in tracks:
        found.append(await asyncio.to_thread(look.at, track))
        told(len(found), total)
    for entry in entries:
        found.append(await asyncio.to_thread(_check_entry, trash, entry))
        told(len(found), total)
    await asyncio.to_thread(root.verify, marker)
    return found


def secured(entries: Iterable[Entry]) -> frozenset[tuple[int, str]]:
    """By job, what the bytes were of a file that other audio was to take the place of."""
    return frozenset((entry.job_id, entry.sha256) for entry in entries if entry.why is Why.REPLACED)


def _deleted(catalog: Catalog, policy: Policy) -> Collection[int]:
    """The jobs whose file is known to be deleted from the folder."""
    found = waiting(catalog, policy)
    held = [hold for batch in found.batches for hold in batch.holds]
    return {one.entry.job_id for one in found.deletions} | {
        hold.job_id for hold in held if hold.verb == DeleteRemote.verb
    }


@dataclass(frozen=True, slots=True)
class _Look:
    """``deleted``: the jobs whose file is known to be. ``kept``: see ``secured``."""

    catalog: Catalog
    root: Root
    deleted: Collection[int]
    kept: Collection[tuple[int, str]]

    def at(self, track: BaselineTrack) -> Checked:
        checked = read_again(self.root, track, self.kept)
        if checked.verdict is Verdict.MISSING and track.job_id in self.deleted:
            return replace(
                checked,
                verdict=Verdict.PENDING,
                reason="deleted from the folder: see syncd pending",
            )
        if checked.verdict in SOUND:
            return checked
        # A sync that runs beside this may have moved or replaced it since the catalog was read.
        now = self.catalog.baseline_of(track.job_id)
        if now is None or now.placed is None or now == track:
            return checked
        return read_again(self.root, now, self.kept)


def read_again(root: Root, track: BaselineTrack, kept: Collection[tuple[int, str]] = ()) -> Checked:
    """The file of a placed track, read against what was recorded (``kept``: see ``secured``)."""
    assert track.placed is not None, "only placed tracks are read"
    placed = track.placed
    path = root.path / placed.path

    def found(
        verdict: Verdict,
        reason: str | None = None,
        *,
        fetchable: bool = False,
        stat: FileStat | None = None,
    ) -> Checked:
        return Checked(
            job_id=track.job_id,
            path=path,
            verdict=verdict,
            reason=reason,
            fetchable=fetchable,
            stat=stat,
        )

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
    if track.replaced_by is not None and (track.job_id, digest) in kept:
        why = "its audio was changed in the account; the next sync finishes replacing it"
        return found(Verdict.UNFINISHED, why)
    damage = _damage(path, placed.format)
    as_placed = (placed.stat.size, placed.stat.mtime_ns)
    if before != after or (after.size, after.mtime_ns) != as_placed:
        if damage is not None:
            why = f"it is no sound {placed.format} file any more: {damage}"
            return found(Verdict.DAMAGED, why, fetchable=before == after, stat=after)
        return found(Verdict.EDITED, "its size or date is another than when it was placed")
    # A tag editor can be told to keep the date; nobody can tell the system to keep its own.
    is_unwritten = after.ctime_ns == placed.stat.ctime_ns
    return found(
        Verdict.ROT,
        "it holds other bytes than were placed, though nothing changed it",
        fetchable=is_unwritten or damage is not None,
        stat=after,
    )


def _damage(path: Path, audio_format: str) -> str | None:
    try:
        check(path, audio_format, expected_duration=None)
    except CorruptMedia as error:
        return error.message
    except OSError:
        return None  # it was read a moment ago, and goes away just now
    return None


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
