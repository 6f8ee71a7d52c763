"""An account, a folder and a catalog in memory: what the convergence property is played on.

Plain dictionaries. People change the account and the folder (``world_people``), the program does
through the model executor (``world_executor``). Whatever the program does to a file or a job is
judged on the spot against what people did before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from syncd.core.evidence import match, sight, to_hash
from syncd.core.model import (
    COMPLETED,
    FAILED,
    Identity,
    LocalFile,
    LocalTree,
)
from syncd.core.naming import effective_title
from syncd.core.operations import Download, Plan
from syncd.core.pacing import DISTANCES
from syncd.core.planner import plan
from syncd.core.policy import Now, Policy
from syncd.core.safety import guard
from syncd.core.selection import changed_states
from syncd.core.time import DAY

from .world_catalog import Catalog
from .world_terms import is_asked_for, same
from .world_things import Account, File, Job, Patterns, Trashed, Veil
from .world_witness import Witness

START = datetime(2026, 4, 1, 12, tzinfo=UTC)
NAME_LIMIT = 24
"""Characters of a display name that the service of this world keeps."""


@dataclass(slots=True)
class World:
    """Everything there is, and what people did that the program must not undo.

    ``removed``: when people took away the last file of a job, by job, until a scan sees one again.
    ``given``: the stems that people gave to files of a job. ``unrecorded``: those that the program
    gave, and of which the record was lost. ``is_listed``: nobody did anything since the account was
    listed. ``deletions``: which, and when. ``as_found``: the
    jobs whose file was taken under the name that it had, or keeps it because the user rejected
    another. ``declined``: the audio that people would not have. ``released``: the jobs whose file
    people allowed to be freed. ``tries``: when each job was sent to be made again. ``kept_out`` are
    people's patterns, ``apart`` the jobs whose file was kept out when seen last. ``worded``: the
    jobs whose tags were not written anew, because people had written their own. ``shown``: what a
    scan saw last at each path.
    """

    policy: Policy
    account: Account = field(default_factory=Account)
    folder: dict[str, File] = field(default_factory=dict)
    veils: dict[str, Veil] = field(default_factory=dict)
    trash: list[Trashed] = field(default_factory=list)
    catalog: Catalog = field(default_factory=Catalog)
    elapsed: timedelta = timedelta(0)
    clock_error: timedelta = timedelta(0)
    deaf: bool = False
    removed: dict[int, timedelta] = field(default_factory=dict)
    given: dict[int, set[str]] = field(default_factory=dict)
    deletions: list[tuple[int, timedelta]] = field(default_factory=list)
    bin: list[tuple[str, File]] = field(default_factory=list)
    sounds: dict[str, str] = field(default_factory=dict)
    seen: frozenset[int] = frozenset()
    shown: dict[str, File] = field(default_factory=dict)
    unrecorded: dict[int, str] = field(default_factory=dict)
    is_listed: bool = False
    as_found: set[int] = field(default_factory=set)
    declined: dict[int, set[str | None]] = field(default_factory=dict)
    released: set[int] = field(default_factory=set)
    kept_out: frozenset[str] = frozenset()
    apart: set[int] = field(default_factory=set)
    worded: set[int] = field(default_factory=set)
    tries: dict[int, list[timedelta]] = field(default_factory=dict)
    witness: Witness = field(default_factory=Witness)
    _count: int = 0

    # --- time and numbers ---

    @property
    def now(self) -> Now:
        true = START + self.elapsed
        return Now(true + self.clock_error, None if self.deaf else true)

    def tick(self) -> int:
        """A number never given before: an inode, a time of change, a job."""
        self._count += 1
        return self._count

    def disturb(self) -> None:
        """People did something, or another program did: what is not recorded cannot be told."""
        self.is_listed = False
        for unsure, stem in self.unrecorded.items():
            self.excuse(unsure, stem)

    def excuse(self, job_id: int, stem: str) -> None:
        """A name of the program's that no record tells of cannot be told from one of people's,
        where they changed anything between the last listing and the next.
        """
        if self.is_listed:
            self.unrecorded[job_id] = stem
        else:
            self.given.setdefault(job_id, set()).add(stem)

    # --- files ---

    def make_file(
        self, content: str, identity: Identity | None, title: str | None = None, words: str = ""
    ) -> File:
        at = self.tick()
        made = File(content, identity, title, inode=at, modified=at, changed=at, words=words)
        made.as_made = made.as_placed = made.sha256
        return made

    def rewrite(self, file: File, *, same_inode: bool = False) -> None:
        """The file was saved: another time of change, and mostly another inode."""
        file.modified = file.changed = self.tick()
        file.inode = file.inode if same_inode else file.modified

    def job_of(self, file: File) -> int | None:
        """The job whose file this is, for the program: by id and origin."""
        if file.identity is None or not self.policy.knows(file.identity.origin):
            return None
        return file.identity.job_id

    def bearers(self) -> set[int]:
        """The jobs of which a file stands in the folder, whether it can be looked at or not."""
        return {job for file in self.folder.values() if (job := self.job_of(file)) is not None}

    def followed(self) -> set[int]:
        """The same, of a file that is not kept out."""
        files = ((self.job_of(file), path) for path, file in self.folder.items())
        return {job for job, path in files if job is not None and not self.is_kept_out(path)}

    def is_kept_out(self, path: str) -> bool:
        return Patterns(self.kept_out).by(path) is not None

    def is_audible(self, job_id: int) -> bool:
        """Whether the account has the job, and audio of it that is wanted."""
        job = self.account.get(job_id)
        if job is None or job.status != COMPLETED:
            return False
        return not set(self.policy.formats).isdisjoint(job.formats)

    def is_veiled(self, path: str) -> bool:
        return any(path.startswith(f"{folder}/") for folder in self.veils)

    # --- observing ---

    def sweep(self) -> None:
        """A complete listing of the account, taken into the catalog."""
        self.is_listed = True
        self.catalog.jobs = {job.id: job.track() for job in self.account.values()}
        for job in self.account.values():
            for name in job.formats:
                self.sounds[job.address_of(name)] = job.source(name)

    def observe(self, job: Job) -> None:
        """One job as an answer of the service showed it."""
        self.catalog.jobs[job.id] = job.track()
        for name in job.formats:
            self.sounds[job.address_of(name)] = job.source(name)

    def scan(self) -> LocalTree:
        files, names, folders = {}, set(self.veils), set()
        for path, file in self.folder.items():
            if self.is_veiled(path):
                continue
            files[path] = LocalFile(path, file.stat, file.identity)
            names.add(path)
            at = path.rfind("/")
            while at > 0 and path[:at] not in folders:
                folders.add(path[:at])
                at = path.rfind("/", 0, at)
        veiled = {kind: {f for f, k in self.veils.items() if k is kind} for kind in Veil}
        folders |= veiled[Veil.UNREADABLE] | veiled[Veil.MOUNTED]
        return LocalTree(
            files,
            names=frozenset(names | folders),
            unreadable=frozenset(veiled[Veil.UNREADABLE]),
            folders=frozenset(folders),
            mounted=frozenset(veiled[Veil.MOUNTED]),
            kept_out=Patterns(self.kept_out),
        )

    def plan(self) -> Plan:
        """Look at the folder, and decide; what is held is kept, as the cycle does."""
        self._lift_veils()
        self.witness.looks()
        local, baseline = self.scan(), self.catalog.baseline(self.now)
        self.shown |= {path: self.folder[path] for path in local.files}
        found = match(local, baseline, self.policy)
        self.seen = frozenset(found.files)
        for job_id, file in found.files.items():
            self.removed.pop(job_id, None)
            (self.apart.add if self.is_kept_out(file.path) else self.apart.discard)(job_id)
        self.catalog.note(sight(local, baseline, found), self.now)
        baseline = self.catalog.baseline(self.now)
        remote, only = self.catalog.remote(), self.policy.only
        changed = changed_states(remote, baseline, only, found.files)
        self.catalog.select(changed, only.digest)
        baseline = self.catalog.baseline(self.now)
        hashed = {
            file.path: replace(file, sha256=self.folder[file.path].sha256)
            for file in to_hash(remote, baseline, found, only)
        }
        if hashed:
            local = replace(local, files={**local.files, **hashed})
        decided = plan(remote, local, baseline, self.policy, self.now)
        guarded = guard(decided, local, baseline, self.policy)
        for op in guarded:
            if type(op) is Download:
                track = remote.tracks[op.job_id]
                known = baseline.tracks.get(op.job_id)
                is_kept = known is not None and known.kept is not None
                fits = is_asked_for(effective_title(track), track.task, only)
                assert fits or is_kept, "it is outside the selection"
        self.catalog.keep_holds(guarded, self.now)
        return guarded

    def _lift_veils(self) -> None:
        """Leave only the veils over files that were seen where they are, and what cannot be read.

        A disk or a link that came over a file that was moved there before any scan saw it shows
        nothing of that: it cannot be told from one that was deleted.
        """
        known = {
            (track.job_id, track.placed.path)
            for track in self.catalog.tracks.values()
            if track.placed
        }
        moved = [
            path
            for path, file in self.folder.items()
            if self.shown.get(path) is not file and (self.job_of(file), path) not in known
        ]
        self.veils = {
            folder: kind
            for folder, kind in self.veils.items()
            if kind is Veil.UNREADABLE or not any(path.startswith(f"{folder}/") for path in moved)
        }

    # --- what the service does with a request ---

    def patched(self, job: Job, title: str, stem: str) -> None:
        """A new display name, of which the service keeps what it likes."""
        placed = self.catalog.known(job.id).placed
        assert placed
        undone = not same(job.title, placed.title)
        assert not undone or self.policy.conflicts == "local", "it undoes a rename in the account"
        assert self.policy.direction == "both", "nothing is sent where the direction is down"
        assert job.id in self.followed(), "its file is kept out"
        assert stem in self.given.get(job.id, ()), f"nobody called a file of {job.id} “{stem}”"
        job.title = kept_of(title)

    def deleted(self, job: Job, *, approved: bool) -> None:
        """The job is gone for good: judged by what people did to it and to its file."""
        policy, known = self.policy, self.catalog.tracks[job.id]
        assert policy.direction == "both", "nothing is deleted where the direction is down"
        assert policy.deletions == "mirror"
        assert job.id not in self.seen, "a file of it stood in the folder"
        assert job.id in self.removed, "nobody removed its file"
        assert approved or job.id not in self.apart, "its file went while it was kept out"
        waited = self.elapsed - self.removed[job.id]
        assert approved or waited >= timedelta(seconds=policy.deletion_grace), "within its grace"
        assert known.placed is not None
        assert same(job.title, known.placed.title), "it was renamed in the account"
        served = {job.source(name) for name in job.formats}
        # Other audio that they declined is known to them, as much as what they had.
        known_sounds = {self.sounds.get(known.placed.audio)} | self.declined.get(job.id, set())
        assert known_sounds & served, "its audio was replaced"
        kept = {one.file.content for one in self.trash if one.recovery and one.job_id == job.id}
        assert kept & served, "without a recovery copy"
        today = [job for job, when in self.deletions if when > self.elapsed - DAY]
        assert approved or len({*today, job.id}) <= policy.deletion_budget, "beyond the budget"
        del self.account[job.id]

    def retried(self, job: Job) -> None:
        """The job is made again, or fails again: judged by how often and how soon it was sent."""
        sent = self.tries.setdefault(job.id, [])
        assert self.policy.direction == "both", "nothing is sent where the direction is down"
        assert job.id not in self.bearers(), "a file of it stands in the folder"
        assert len(sent) < self.policy.retry_failed, "it was tried often enough"
        distance = DISTANCES[min(len(sent), len(DISTANCES)) - 1]
        was_heard = sent and not self.deaf and self.catalog.retried[job.id][-2].server
        assert not was_heard or self.elapsed - sent[-1] >= distance, "too soon after the last"
        sent.append(self.elapsed)
        job.status = FAILED if (job.id + len(sent)) % 3 else COMPLETED


def kept_of(title: str) -> str:
    """What the service of this world makes of a name that it is sent."""
    return title.strip()[:NAME_LIMIT]


def effective(job: Job) -> str:
    """The title that the program writes into the tags of this job's file."""
    return effective_title(job.track())
