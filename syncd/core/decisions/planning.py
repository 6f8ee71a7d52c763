"""One run of the planner: the trees, what it has given out so far, and what several rows share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from syncd.core.baseline import Absence, Baseline, BaselineTrack, Placed
from syncd.core.cases import Case
from syncd.core.evidence import Found
from syncd.core.keeping import said_kept_out
from syncd.core.model import LocalFile, LocalTree, RemoteTrack
from syncd.core.naming import (
    Name,
    Names,
    album_of,
    collision_key,
    effective_title,
    has_own_suffix,
    name_track,
    same_text,
    sibling,
    stem_of,
    suffix_of,
)
from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Free,
    Hold,
    Operation,
    Pending,
    Redownload,
    RenameRemote,
    Restore,
    Retag,
    RetryRemote,
    Wait,
)
from syncd.core.policy import Now, Policy
from syncd.core.relocation import without_way
from syncd.core.renaming import conflict_stem, new_stem, without_conflict
from syncd.core.time import LONGEST_BACKOFF

Decision = Operation | Wait | Pending | None

_ASKING = (
    Download, Compare, Redownload, RenameRemote, DeleteRemote, RetryRemote, Defer, Retag, Free,
)  # fmt: skip
"""What asks the service for something, or reads a whole file: it is put off where it failed."""

_FILLING = (Download, Compare, Redownload, DeleteRemote, Retag)
"""What needs room for a whole file: a deletion for its recovery copy, tags for the new file."""


class Planning:
    """One run of the planner: the trees, and what it has given out so far (names, numbers)."""

    def __init__(
        self,
        local: LocalTree,
        baseline: Baseline,
        found: Found,
        policy: Policy,
        now: Now,
        unlearnt: frozenset[int] = frozenset(),
        *,
        is_emptied: bool = False,
    ) -> None:
        """``is_emptied``: a complete sweep lists no job at all."""
        self.local = local
        self.baseline = baseline
        self.found = found
        self.policy = policy
        self.now = now
        self.unlearnt = unlearnt
        self.is_emptied = is_emptied
        standing = list(local.names)
        # The name of a file that may come back, not of one that is known to be elsewhere.
        reserved = [
            path
            for path, jobs in found.owners.items()
            if path not in local.names
            and (not found.files.keys() >= set(jobs) or local.is_hidden(path))
        ]
        self.standing = Names(standing)
        self.names = Names([*standing, *reserved])
        self.anonymous = [
            file
            for file in local.files.values()
            if file.identity is None and file.path not in found.owners
        ]
        self.numbers = _Numbers(baseline.tracks.values())

    def has_failed(self, job_id: int) -> bool:
        known = self.baseline.tracks.get(job_id)
        return known is not None and known.attempts > 0

    def in_time(self, case: Case, decision: Decision) -> Decision:
        """``decision``, or the wait it becomes: done in this run already, or not due again yet."""
        if decision is None or isinstance(decision, Wait | Pending | Hold):
            return decision
        known = case.known
        if (case.job_id, decision.verb) in self.policy.attempted:
            is_restored = isinstance(decision, Restore)
            again = "its file went away again" if is_restored else "dealt with in this run"
            return Wait(job_id=case.job_id, reason=(known and known.reason) or again)
        if isinstance(decision, _FILLING) and not self.policy.room:
            return Wait(job_id=case.job_id, reason="too little room is left on the disk")
        due = known.next_try_at if known and isinstance(decision, _ASKING) else None
        # A time further off than any back-off was set by a clock that was wrong.
        late = due is not None and not self.now.local < due <= self.now.local + LONGEST_BACKOFF
        if due and not late and not self.policy.retry_now:
            return Wait(job_id=case.job_id, reason=(known and known.reason) or "failed", until=due)
        return decision

    def may_be(self, placed: Placed, absence: Absence) -> list[str]:
        """Files without an id that may be the one that is absent: first seen by the very scan that
        missed it. A tag editor that strips tags and renames leaves no other trace.
        """
        return sorted(
            file.path
            for file in self.anonymous
            if suffix_of(file.path).lower() == suffix_of(placed.path).lower()
            and file.since == absence.first_scan
        )

    def is_approved(self, job_id: int, verb: str) -> bool:
        held = self.baseline.holds.get((job_id, verb))
        return held is not None and held.approved

    def detach(self, case: Case, reason: str) -> Detach:
        return Detach(job_id=case.job_id, path=file_of(case).path, reason=reason)

    def adopt(
        self, case: Case, title: str | None, stem: str, reason: str, *, moved: bool = False
    ) -> Adopt:
        album, number = self.given(track_of(case), case.known)
        return Adopt(
            job_id=case.job_id,
            path=file_of(case).path,
            title=title,
            stem=stem,
            album=album,
            number=number,
            reason=reason,
            moved=moved or bool(case.placed and case.placed.moved),
        )

    def given(self, track: RemoteTrack, known: BaselineTrack | None) -> tuple[str, int]:
        """The album and number of a track: what it was given once, else what it is given now."""
        album = (known and known.album) or album_of(track, self.policy)
        return album, (known and known.number) or self.numbers.next(album)

    def restore(self, case: Case, reason: str) -> Decision:
        return self.download(case, reason, again=True)

    def download(self, case: Case, reason: str, *, again: bool = False) -> Decision:
        track, known = track_of(case), case.known
        chosen = next(name for name in self.policy.formats if name in track.audio)
        album, number = self.given(track, known)
        name = self._free_name(track, known, album, number, chosen)
        if self.local.is_hidden(name.path):
            unread = self.local.broken_above(name.path)
            reason = unread or f"the folder of {name.path} could not be read"
            return Wait(job_id=track.id, reason=reason)
        if said := said_kept_out(name.path, self.local):
            return Wait(job_id=track.id, reason=said, kept_out=True)
        self.names.take(name.path)
        self.standing.take(name.path)
        made = Restore if again else Download
        placed = known.placed if known else None
        return made(
            job_id=track.id,
            path=name.path,
            format=chosen,
            title=track.title,
            stem=name.stem,
            album=album,
            number=number,
            reason=reason,
            moved=bool(placed and placed.moved and same_folder(placed.path, name.path)),
        )

    def _free_name(
        self, track: RemoteTrack, known: BaselineTrack | None, album: str, number: int, ext: str
    ) -> Name:
        placed = known.placed if known else None
        if placed and placed.format == ext:
            name = self._name_it_had(track, placed)
            # Its own name was kept for it; another may be kept for a track that is absent, too.
            is_its_own = collision_key(name.path) == collision_key(placed.path)
            may_take = is_its_own and not self._is_shared(track.id, placed.path)
            kept = self.standing if may_take else self.names
            if kept.is_free(name.path):
                return name
        name = name_track(track, self.policy, album=album, number=number, ext=ext)
        if self.names.is_free(name.path):
            return name
        return name_track(track, self.policy, album=album, number=number, ext=ext, suffixed=True)

    def _is_shared(self, job_id: int, path: str) -> bool:
        """Whether another track is known there, of which the deletion would meet what takes it."""
        if self.policy.deletions != "mirror" or self.policy.direction == "down":
            return False
        return bool(set(self.found.owners.get(path, ())) - {job_id})

    def _name_it_had(self, track: RemoteTrack, placed: Placed) -> Name:
        """Where the user had it; under the name that it has now, if it was renamed since, and never
        under another than is recorded with it: that would count as renamed."""
        stem = placed.stem
        if not same_text(track.title, placed.title):
            stem = self.stem_now(track, placed)
        path = placed.path
        return Name(path if same_text(stem_of(path), stem) else sibling(path, stem), stem)

    def stem_now(self, track: RemoteTrack, placed: Placed) -> str:
        """The stem of a placed file under the name that its track has in the account now."""
        placed_stem = without_way(placed, track.id)
        return new_stem(
            effective_title(track),
            placed_title=placed.title,
            placed_stem=placed_stem,
            template=placed.template,
            job_id=track.id,
            suffixed=has_own_suffix(placed_stem, track.id),
        )

    def conflict_copy(self, file: LocalFile, format_: str) -> str:
        """A free name beside ``file`` for the audio of the account."""
        stem = without_conflict(stem_of(file.path))
        for number in range(1, 1000):
            path = sibling(file.path, conflict_stem(stem, self.now.local, number), format_)
            if self.names.is_free(path):
                break
        self.names.take(path)
        return path


class _Numbers:
    """Track numbers: per album, given once, never given again."""

    def __init__(self, tracks: Iterable[BaselineTrack]) -> None:
        self._last: defaultdict[str, int] = defaultdict(int)
        for track in tracks:
            if track.album is not None and track.number is not None:
                self._last[track.album] = max(self._last[track.album], track.number)

    def next(self, album: str) -> int:
        self._last[album] += 1
        return self._last[album]


def track_of(case: Case) -> RemoteTrack:
    assert case.track is not None, "the rule is for jobs that are listed"
    return case.track


def placed_of(case: Case) -> Placed:
    assert case.placed is not None, "the rule is for tracks that were placed"
    return case.placed


def file_of(case: Case) -> LocalFile:
    assert case.file is not None, "the rule is for tracks with a file"
    return case.file


def absence_of(case: Case) -> Absence:
    assert case.known is not None, "the rule is for absences"
    assert case.known.absence is not None, "the rule is for absences"
    return case.known.absence


def is_moved(case: Case) -> bool:
    placed, file = placed_of(case), file_of(case)
    return placed.moved or not same_folder(placed.path, file.path)


def same_folder(one: str, other: str) -> bool:
    """A file system may spell accents in its own way: that moves nothing."""
    return same_text(one.rpartition("/")[0], other.rpartition("/")[0])
