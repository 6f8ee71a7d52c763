"""What a scan says of the baseline: which files it missed, and which bytes a decision needs.

Pure. The catalog keeps what is said here; the planner reads it as part of the baseline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd.core.baseline import Baseline, BaselineTrack, Place, Placed
from syncd.core.cases import (
    EXPECTED,
    REMEMBERED,
    hidden_place,
    is_hidden,
    is_nobodys,
    is_out_of_reach,
    place_kept_out,
    place_taken,
)
from syncd.core.model import LocalFile, LocalTree, RemoteTrack, RemoteTree
from syncd.core.naming import Name, album_of, name_track, same_text, stem_of, suffix_of
from syncd.core.only import ALL, Only
from syncd.core.policy import Policy
from syncd.core.renaming import is_beside
from syncd.core.selection import Standing, standing_of


@dataclass(frozen=True, slots=True)
class Found:
    """Which file is which track's: ``files`` by job, ``owners`` the jobs by their known path.

    ``copies`` are files that carry the id of a job whose file is another one. ``disks`` are the
    mounted folders (``LocalTree.mounted``) in which a file stands that was placed there: what is
    mounted is what was mounted then.
    """

    files: Mapping[int, LocalFile]
    owners: Mapping[str, list[int]]
    copies: Mapping[str, int]
    disks: frozenset[str] = frozenset()

    def bereft_owner(self, job_id: int) -> int | None:
        """The other job on whose known path this one's file stands, if its own id is nowhere."""
        path = self.files[job_id].path
        others = (job for job in self.owners.get(path, ()) if job != job_id)
        return min((job for job in others if job not in self.files), default=None)


def match(
    local: LocalTree, baseline: Baseline, policy: Policy, remote: RemoteTree | None = None
) -> Found:
    """The file of each job: by embedded id and origin, then by what is known of the path.

    Of files with the same id the one at the known path is the track's; else, of those that are not
    kept out if any is, the one that is, by
    inode, size and date, the file that was placed; else one that has the name which ``remote``
    gives it; else the first by name that this program did not place beside another.
    """
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for known in baseline.tracks.values():
        if known.placed and known.state in REMEMBERED:
            owners[known.placed.path].append(known.job_id)
    bearers: defaultdict[int, list[LocalFile]] = defaultdict(list)
    for path in sorted(local.files):
        identity = local.files[path].identity
        if identity is not None and policy.knows(identity.origin):
            bearers[identity.job_id].append(local.files[path])
    files: dict[int, LocalFile] = {}
    copies: dict[str, int] = {}
    for job_id, found in bearers.items():
        track = remote.tracks.get(job_id) if remote else None
        was = baseline.tracks.get(job_id)
        files[job_id] = _original(_let_in(found, was, local), was, track, policy)
        copies |= {file.path: job_id for file in found if file is not files[job_id]}
    return Found(files, owners, copies, _disks(local, baseline, files))


def _let_in(
    found: list[LocalFile], known: BaselineTrack | None, local: LocalTree
) -> list[LocalFile]:
    """``found`` without what is kept out, where it is not all, and not what is known."""
    if len(found) == 1 or local.kept_out is None:
        return found
    at = {place.path for place in known.stands} if known else set()
    return [f for f in found if f.path in at or not local.kept_out_by(f.path)] or found


def _disks(local: LocalTree, baseline: Baseline, files: Mapping[int, LocalFile]) -> frozenset[str]:
    """The mounted folders that show a file where it was placed.

    One that was only seen there before shows no more than that it is the disk of then.
    """
    disks = set()
    for job_id, file in files.items() if local.mounted else ():
        known = baseline.tracks.get(job_id)
        placed = known.placed if known and known.state in EXPECTED else None
        mount = local.mount_of(file.path)
        if mount and placed and placed.mounted and placed.path == file.path:
            disks.add(mount)
    return frozenset(disks)


def _original(
    found: list[LocalFile], known: BaselineTrack | None, track: RemoteTrack | None, policy: Policy
) -> LocalFile:
    if len(found) == 1:
        return found[0]
    placed = known.placed if known else None
    if placed is not None:
        at_path = (file for file in found if file.path == placed.path)
        seen_at = known.seen.path if known and known.seen else None
        same = (file for file in found if file.stat.is_unmoved(placed.stat))
        seen = (file for file in found if file.path == seen_at)
        if original := next(at_path, None) or next(same, None) or next(seen, None):
            return original
    if track is not None:
        names = _names(track, known, policy)
        at_home = (file for file in found if any(_is_at(name, file) for name in names))
        stems = [name.stem for name in names]
        called_so = (
            file for file in found if any(same_text(stem, stem_of(file.path)) for stem in stems)
        )
        if original := next(at_home, None) or next(called_so, None):
            return original
    return next((file for file in found if not is_beside(stem_of(file.path))), found[0])


def _names(track: RemoteTrack, known: BaselineTrack | None, policy: Policy) -> list[Name]:
    """What the template calls ``track``, without and with its own suffix."""
    album = (known and known.album) or album_of(track, policy)
    number = (known and known.number) or 0
    return [
        name_track(track, policy, album=album, number=number, ext="", suffixed=suffixed)
        for suffixed in (False, True)
    ]


def _is_at(name: Name, file: LocalFile) -> bool:
    """Whether ``file`` stands where ``name`` says, whatever its suffix."""
    return same_text(name.path.removesuffix("."), file.path.removesuffix(suffix_of(file.path))[:-1])


def said_of(
    seen_at: datetime | None, first: tuple[int, datetime], last: tuple[int, datetime]
) -> tuple[str, ...]:
    """An absence in words: when its file was seen last, and the first and last scan to miss it."""
    seen = "never by this catalog" if seen_at is None else f"{seen_at:%F %T} UTC"
    missed = (f"missed by scan {number} at {at:%F %T} UTC" for number, at in (first, last))
    return (f"last seen {seen}", *missed)


@dataclass(frozen=True, slots=True)
class Astray:
    """Of one track: ``BaselineTrack.seen`` and ``BaselineTrack.copies``."""

    seen: Place | None = None
    copies: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one scan says of the tracks that should have a file.

    ``missed``: not found, though all was looked at. ``unsure``: what could not be looked at may
    hold them, so that what was known before stands. Of all others any earlier absence is over; in
    the place of ``displaced`` something else stands. ``kept_out`` are the paths of files that are
    kept out, or would be, whatever the track's state. ``astray``: where files are that are no
    longer, or not alone, where they are known to be.
    """

    missed: frozenset[int]
    unsure: frozenset[int]
    kept_out: Mapping[int, str] = field(default_factory=dict)
    displaced: frozenset[int] = frozenset()
    astray: Mapping[int, Astray] = field(default_factory=dict)


def sight(local: LocalTree, baseline: Baseline, found: Found) -> Sighting:
    """Which of the expected files a scan missed, and where files stand that are known elsewhere."""
    missed: set[int] = set()
    unsure: set[int] = set()
    displaced: set[int] = set()
    kept_out: dict[int, str] = {}
    astray: dict[int, Astray] = {}
    if local.kept_out:
        files = found.files.items()
        kept_out = {job_id: f.path for job_id, f in files if local.kept_out_by(f.path)}
    copies: defaultdict[int, list[str]] = defaultdict(list)
    for path, job_id in found.copies.items():
        copies[job_id].append(path)
    for known in baseline.tracks.values():
        placed, job_id = known.placed, known.job_id
        if placed is None or known.state not in EXPECTED:
            continue
        file = found.files.get(job_id)
        if known.seen or known.copies or job_id in copies or (file and file.path != placed.path):
            known = _looked_for(known, local, found.disks, file, copies.get(job_id, ()))
            if known.seen or known.copies:
                astray[job_id] = Astray(known.seen, known.copies)
        if file is not None:
            continue
        if hidden_place(known, local) is not None:
            unsure.add(job_id)
        elif (aside := place_kept_out(known, local)) is not None:
            unsure.add(job_id)
            kept_out[job_id] = aside
        elif place_taken(known, local) is not None:
            displaced.add(job_id)
        else:
            where = unsure if is_out_of_reach(known, local, found.disks) else missed
            where.add(job_id)
    return Sighting(frozenset(missed), frozenset(unsure), kept_out, frozenset(displaced), astray)


def _looked_for(
    known: BaselineTrack,
    local: LocalTree,
    disks: Collection[str],
    file: LocalFile | None,
    copies: Collection[str],
) -> BaselineTrack:
    """``known`` with the places elsewhere at which a scan found ``file`` and ``copies`` of it, and
    those of before at which something may stand that it could not tell, or not look at."""
    at = known.placed.path if known.placed else None
    found = {*copies, *([file.path] if file else [])} - {at}
    seen = known.seen if known.seen and _may_stand(known.seen, local, disks, own=True) else None
    if file is not None and file.path in found and (seen is None or seen.path in found):
        seen = _place(file.path, local)
    left = (
        place
        for place in known.copies
        if place.path not in found and _may_stand(place, local, disks, own=False)
    )
    others = sorted(found - ({seen.path} if seen else set()))
    return replace(known, seen=seen, copies=(*(_place(path, local) for path in others), *left))


def _may_stand(place: Place, local: LocalTree, disks: Collection[str], *, own: bool) -> bool:
    """Whether a file may stand at ``place`` that the scan says nothing of. A copy (not ``own``) is
    followed also where it is kept out, or lost its id: it is theirs, and was looked for.
    """
    if is_hidden(place, local) or local.mount_of(place.path) not in (None, *disks):
        return True
    return own and (local.kept_out_by(place.path) is not None or is_nobodys(place.path, local))


def _place(path: str, local: LocalTree) -> Place:
    return Place(path, mounted=local.mount_of(path) is not None)


def to_hash(
    remote: RemoteTree, baseline: Baseline, found: Found, only: Only = ALL
) -> Iterator[LocalFile]:
    """The files whose bytes decide: touched since they were placed, and about to be replaced,
    trashed or freed if nothing but their name or date changed."""
    for job_id, file in found.files.items():
        known = baseline.tracks.get(job_id)
        if known is None or known.placed is None or known.state not in REMEMBERED:
            continue
        if file.stat == known.placed.stat or file.sha256 is not None:
            continue
        track = remote.tracks.get(job_id)
        if (
            track is None
            or _is_replaced(track.audio, known.placed, known.replaced_by)
            or standing_of(track, known, remote, only) is Standing.OUTSIDE
        ):
            yield file


def _is_replaced(audio: Mapping[str, str], placed: Placed, replaced_by: str | None) -> bool:
    return replaced_by is not None and audio.get(placed.format) == replaced_by
