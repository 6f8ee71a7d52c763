"""The decision: three trees in, a plan out. No I/O, no clock, no logging.

Each track is decided on its own by ``_decide``, in the order in which the jobs were created, so
that the first of two equal names keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from syncd.core.model import (
    COMPLETED,
    FAILED,
    Baseline,
    BaselineTrack,
    LocalFile,
    LocalTree,
    Policy,
    RemoteTrack,
    RemoteTree,
    State,
)
from syncd.core.naming import Name, Names, album_of, name_track
from syncd.core.operations import Adopt, Defer, Download, Hold, Operation, Plan, Wait

_EPOCH = datetime.fromtimestamp(0, UTC)


def plan(
    remote: RemoteTree, local: LocalTree, baseline: Baseline, policy: Policy, now: datetime
) -> Plan:
    """What brings the three trees into step, as of ``now`` (aware, UTC)."""
    planning = _Planning(local, baseline, policy, now)
    decisions = [
        planning.decide(track, baseline.tracks.get(track.id))
        for track in sorted(remote.tracks.values(), key=lambda t: (t.created_at or _EPOCH, t.id))
    ]
    operations = [d for d in decisions if d is not None and not isinstance(d, Wait)]
    # What failed before goes last: it must not keep the others from their turn.
    operations.sort(key=lambda op: planning.has_failed(op.job_id))
    return Plan(
        operations=tuple(operations),
        waits=tuple(d for d in decisions if isinstance(d, Wait)),
    )


class _Planning:
    """One run of the planner: the trees, and what it has given out so far (names, numbers)."""

    def __init__(self, local: LocalTree, baseline: Baseline, policy: Policy, now: datetime) -> None:
        self.local = local
        self.baseline = baseline
        self.policy = policy
        self.now = now
        self.found = _files_by_job(local, baseline, policy)
        self.owners: defaultdict[str, list[int]] = defaultdict(list)
        for known in baseline.tracks.values():
            if known.placed:
                self.owners[known.placed.path].append(known.job_id)
        self.standing = Names(local.names)
        self.names = Names([*local.names, *self.owners])
        self.numbers = _Numbers(baseline.tracks.values())

    def has_failed(self, job_id: int) -> bool:
        known = self.baseline.tracks.get(job_id)
        return known is not None and known.attempts > 0

    def decide(self, track: RemoteTrack, known: BaselineTrack | None) -> Operation | Wait | None:
        placed = known.placed if known else None
        file = self.found.get(track.id)

        in_place = file and placed and file.path == placed.path
        if in_place and known and known.state is State.PLACED:
            return None  # in step

        if file and track.id in self.policy.attempted:
            return Wait(job_id=track.id, reason="dealt with in this run")

        if file and in_place:
            # It came back after a download of it had failed: the failure is over.
            return self._adopt(track, known, file, "its file is back in the folder")

        if file and (owner := self._bereft_owner(file.path, track.id)):
            # Whose tags were pasted into whose file cannot be told from here.
            return Hold(
                job_id=track.id,
                path=file.path,
                reason=f"the file of job {owner} now carries the id of this job; it is left alone "
                "(move it elsewhere to have it taken as this job's)",
            )

        if file and placed:
            # The user moved or renamed it under the root: it stays where they put it.
            return self._adopt(track, known, file, "its file was moved in the folder")

        if file:
            # Placed by us and not recorded (a crash between the two), or brought from elsewhere.
            return self._adopt(track, known, file, "a file in the folder carries its id")

        if placed and self.local.is_hidden(placed.path):
            # Unreadable is neither present nor absent.
            return Wait(job_id=track.id, reason=f"{placed.path} could not be read")

        if placed and placed.path in self.local.names:
            # Something stands at the known path, so the track is not absent: never guess.
            return Hold(
                job_id=track.id,
                path=placed.path,
                reason="the file at its path no longer carries its id; it is left alone "
                "(move it elsewhere to have the track fetched again)",
            )

        if track.status == FAILED:
            return None  # it made no audio; a retry would make it PENDING again

        if track.status != COMPLETED:
            return Wait(job_id=track.id, reason=f"the job is {track.status}")

        if track.id in self.policy.attempted:
            gone = "its file went away again" if placed else "dealt with in this run"
            return Wait(job_id=track.id, reason=(known and known.reason) or gone)

        due = known.next_try_at if known and known.state is State.UNAVAILABLE else None
        if due and due > self.now and not self.policy.retry_now:
            return Wait(job_id=track.id, reason=(known and known.reason) or "failed", until=due)

        chosen = next((name for name in self.policy.formats if name in track.audio), None)
        if chosen is None:
            return Defer(job_id=track.id, reason=self._no_format(track))

        if placed:
            # One-way: the folder follows the account, so a file that left it is fetched again.
            return self._download(track, known, chosen, "its file is gone from the folder")
        if known and known.attempts:
            return self._download(track, known, chosen, f"failed before: {known.reason}")
        return self._download(track, known, chosen, "new in the account")

    def _bereft_owner(self, path: str, job_id: int) -> int | None:
        """The other job whose known path this is, if no file carries that job's id any more."""
        others = (job for job in self.owners.get(path, ()) if job != job_id)
        return min((job for job in others if job not in self.found), default=None)

    def _adopt(
        self, track: RemoteTrack, known: BaselineTrack | None, file: LocalFile, reason: str
    ) -> Adopt:
        album = (known and known.album) or album_of(track, self.policy)
        number = (known and known.number) or self.numbers.next(album)
        return Adopt(job_id=track.id, path=file.path, album=album, number=number, reason=reason)

    def _download(
        self, track: RemoteTrack, known: BaselineTrack | None, format_: str, reason: str
    ) -> Download | Wait:
        album = (known and known.album) or album_of(track, self.policy)
        number = (known and known.number) or self.numbers.next(album)
        name = self._free_name(track, known, album, number, format_)
        if self.local.is_hidden(name.path):
            return Wait(job_id=track.id, reason=f"the folder of {name.path} could not be read")
        self.names.take(name.path)
        self.standing.take(name.path)
        return Download(
            job_id=track.id,
            path=name.path,
            format=format_,
            title=track.title,
            stem=name.stem,
            album=album,
            number=number,
            reason=reason,
        )

    def _free_name(
        self, track: RemoteTrack, known: BaselineTrack | None, album: str, number: int, ext: str
    ) -> Name:
        placed = known.placed if known else None
        if placed and placed.format == ext and self.standing.is_free(placed.path):
            return Name(placed.path, placed.stem)  # back to where the user had it
        name = name_track(track, self.policy, album=album, number=number, ext=ext)
        if self.names.is_free(name.path):
            return name
        return name_track(track, self.policy, album=album, number=number, ext=ext, suffixed=True)

    def _no_format(self, track: RemoteTrack) -> str:
        if not track.audio:
            return "the job is completed, but the service offers no audio for it"
        wanted, offered = ", ".join(self.policy.formats), ", ".join(sorted(track.audio))
        return f"none of the wanted formats ({wanted}) is on offer ({offered})"


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


def _files_by_job(local: LocalTree, baseline: Baseline, policy: Policy) -> dict[int, LocalFile]:
    """The file of each job: by embedded id and origin; of copies, the one at the known path."""
    found: dict[int, LocalFile] = {}
    for path in sorted(local.files):
        file = local.files[path]
        if file.identity is None or (
            file.identity.origin is not None and not file.identity.origin.matches(policy.origin)
        ):
            continue
        job_id = file.identity.job_id
        known = baseline.tracks.get(job_id)
        if job_id not in found or (known and known.placed and known.placed.path == path):
            found[job_id] = file
    return found
