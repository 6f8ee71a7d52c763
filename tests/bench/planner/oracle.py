"""Judges what the program does in a model world: by what is seen, and by what people did.

Written from the invariants (no byte of the user's is lost, nothing is deleted that the user did not
delete, a name travels only where somebody gave it, at rest both sides agree and stay as they are).
It uses nothing of the program's, and of its records only which operations the user released.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from ...core.world import World
from ...core.world_terms import is_asked_for, reading, stem_of
from ...core.world_things import File, Job, Veil
from ...core.world_witness import Witness

DAY = timedelta(days=1)

REMOVES = {"redownload", "trash-local", "evict", "free"}
MOVES = {"rename-local", "move-local", "make-way"}
MAKES = {"download", "restore", "redownload"}
WRITES = {"retag", "rename-local", "rename-remote", "adopt"}
"""What an operation of each kind may do to files, all others not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it stood."""

    path: str
    content: str
    title: str | None
    words: str
    job: int | None
    inode: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as it was."""

    id: int
    title: str | None
    status: str
    audio: int
    address: int
    formats: tuple[str, ...]
    words: int

    @property
    def sounds(self) -> set[str]:
        """What its files hold to be the account's audio."""
        return {f"audio {self.audio} of job {self.id} as {name}" for name in self.formats}

    @property
    def rest(self) -> tuple[object, ...]:
        return (self.audio, self.address, self.formats, self.words)


class Oracle(Witness):
    """Of one world, from its beginning on. ``counts``: what was done in it, by kind; ``trace``: all
    that happened, where it ``tells``.
    """

    def __init__(self, world: World, *, tells: bool = False) -> None:
        self.world = world
        self._tells = tells
        self.counts: Counter[str] = Counter()
        self.trace: list[str] = []
        self._removed: dict[int, timedelta] = {}
        self._stood: dict[int, set[str]] = {}
        self._looks: Counter[int] = Counter()
        self._had: dict[int, dict[Shown, None]] = {}
        self._allowed: set[tuple[int, str]] = set()
        self._unwanted: set[str] = set()
        self._deleted: list[tuple[int, timedelta]] = []
        self._written: set[str] = set()
        self._job, self._verb = 0, ""
        self._trash = 0
        self._known: set[File] = set()
        self._made: set[File] = set()
        self._brought: set[File] = set()
        self._fetched: dict[int, File] = {}
        self._placed: set[int] = set()
        self._look()

    # --- what is seen ---

    def _look(self) -> None:
        world = self.world
        self._files = {file: _seen(world, path, file) for path, file in world.folder.items()}
        self._jobs = {job.id: _shown(job) for job in world.account.values()}
        self._trash = len(world.trash)
        for job_id, job in self._jobs.items():
            if job_id not in self._removed:
                self._had.setdefault(job_id, {})[job] = None

    def people_did(self, name: str) -> None:
        before, stood = set(self._bearers()), self._files
        self._look()
        left = set(self._bearers())
        # Of two files of one job they threw away the one, and kept the other.
        gone = [seen for file, seen in stood.items() if file not in self._files]
        self._unwanted |= {seen.content for seen in gone if seen.job in left}
        self._made |= self._files.keys() - self._known
        self._brought |= {
            file
            for file, seen in self._files.items()
            if file not in stood or stood[file].path != seen.path
        }
        for job_id in before - left:
            self._removed.setdefault(job_id, self.world.elapsed)
        self._written = self._written.union(*map(_written, self._files.values()))
        if name == "approve":
            holds = self.world.catalog.holds.values()
            self._allowed |= {(held.job_id, held.verb) for held in holds if held.approved}
        self._tell(f"people: {name}")

    def looks(self) -> None:
        self._look()  # another program may have done something to the account
        self.counts["looks"] += 1
        if self._tells:
            self._tell(f"looks at {sorted(self.world.folder)}, {sorted(self.world.account)}")
        world = self.world
        stands = {seen.job for seen in self._files.values() if not world.is_veiled(seen.path)}
        for job_id in stands & self._removed.keys():
            del self._removed[job_id]
        for job_id in stands:
            if job_id is not None:
                self._looks[job_id] = 0
                self._stood[job_id] = {seen.path for seen in self._of(job_id)}
                self._allowed.discard((job_id, "delete-remote"))
        for job_id in self._removed:
            # It is evidence where the place could be looked at where it stood last, for all that
            # any look, or the program's own hand, had to do with it.
            hidden = map(world.is_veiled, self._stood[job_id])
            if not any(hidden) and Veil.UNREADABLE not in world.veils.values():
                self._looks[job_id] += 1
        known = world.catalog.tracks.items()
        self._placed = {job_id for job_id, track in known if track.state == "placed"}

    def _put_there(self, path: str, job_id: int) -> bool:
        """Whether what stands there is a copy that people made, or an earlier file that they kept,
        and put in the file's place."""
        file = self.world.folder.get(path)
        is_earlier = file in self._brought and file is not self._fetched.get(job_id, file)
        return file in self._made or is_earlier

    def begins(self, job_id: int, verb: str) -> None:
        # Nothing was done since the last look, but by who was seen doing it.
        self._job, self._verb = job_id, verb

    def _tell(self, what: str) -> None:
        if self._tells:
            self.trace.append(what)

    # --- what was done ---

    def ended(self, *, lost: bool) -> None:
        files, jobs, trash = self._files, self._jobs, self._trash
        self._look()
        self.counts[self._verb] += 1
        self._known |= self._files.keys()
        if paths := {seen.path for seen in self._of(self._job)}:
            self._stood[self._job] = paths
        self._tell(f"{self._verb} of {self._job}{' (lost)' if lost else ''}")
        assert len(self.world.trash) >= trash, "the trash lost something"
        for job_id in sorted(jobs.keys() | self._jobs.keys()):
            if (before := jobs.get(job_id)) != (after := self._jobs.get(job_id)):
                assert job_id == self._job, f"{self._verb} of {self._job} touched job {job_id}"
                self._judge_job(before, after, lost=lost)
        for file, seen in files.items():
            if file not in self._files:
                self._judge_gone(file, seen)
            elif self._files[file] != seen:
                self._judge_changed(file, seen, self._files[file], {s.path for s in files.values()})
        for file in self._files.keys() - files.keys():
            self._judge_new(self._files[file], {s.path: f for f, s in files.items()})
            self._fetched[self._job] = file

    def _judge_job(self, before: Shown | None, after: Shown | None, *, lost: bool) -> None:
        verb, policy = self._verb, self.world.policy
        assert before is not None, f"{verb} made a job"
        assert policy.direction == "both", f"{verb} changed the account, from which it only reads"
        if after is None:
            assert verb == "delete-remote", f"{verb} deleted a job"
            self._judge_deletion(before, lost=lost)
        elif verb == "retry-remote":
            assert (before.status, policy.retry_failed > 0) == ("FAILED", True)
            assert (before.title, before.rest) == (after.title, after.rest)
        else:
            assert verb == "rename-remote", f"{verb} changed a job"
            assert (before.status, before.rest) == (after.status, after.rest)
            names = [reading(stem_of(seen.path)) for seen in self._of(self._job)]
            assert any(reading(after.title or "") in name for name in names), "nobody gave it"

    def _judge_deletion(self, job: Shown, *, lost: bool) -> None:
        job_id, world, policy = self._job, self.world, self.world.policy
        is_allowed = (job_id, "delete-remote") in self._allowed
        assert policy.deletions == "mirror"
        assert job_id in self._removed, "people did not take its file away"
        assert self._looks[job_id] >= 2, "one look is no evidence"
        waited = world.elapsed - self._removed[job_id]
        assert is_allowed or waited.total_seconds() >= policy.deletion_grace, "within its grace"
        had = self._had[job_id]
        titles, sounds = {_nfc(one.title) for one in had}, {one.audio for one in had}
        assert _nfc(job.title) in titles, "it got a new name after its file was deleted"
        assert job.audio in sounds, "it got other audio after its file was deleted"
        copies = {one.file.content for one in world.trash if one.recovery}
        assert copies & job.sounds, "nothing is left of its audio"
        today = {one for one, when in self._deleted if when > world.elapsed - DAY} | {job_id}
        if not is_allowed:
            library = self._placed | today
            assert len(today) <= policy.deletion_budget, "beyond the budget"
            assert today < library, "that was the whole library"
            much = len(library) >= 4 and 2 * len(today) > len(library)
            assert not much, "more than half of the library in a day"
        self._allowed.discard((job_id, "delete-remote"))
        if not lost:
            self._deleted.append((job_id, world.elapsed))

    def _judge_gone(self, file: File, seen: Seen) -> None:
        verb, world = self._verb, self.world
        assert seen.job == self._job, f"{verb} of {self._job} removed {seen.path}"
        assert verb in REMOVES, f"{verb} removed {seen.path}"
        assert not world.is_kept_out(seen.path), f"{verb} removed what is kept out"
        job = self._jobs.get(self._job)
        if verb == "trash-local":
            assert job is None, "its job is in the account"
        if verb == "redownload":
            assert job is not None
            assert seen.content not in job.sounds, "it was what the account has"
        kept = any(one.file is file for one in world.trash)
        if kept:
            assert _seen(world, seen.path, file) == seen, "it is in the trash, and not as it was"
            return
        assert verb in ("evict", "free"), f"{seen.path} is gone"
        assert not _written(seen), f"{seen.path} is gone, and what people wrote in it"
        assert job is not None, "nothing else has its audio"
        assert job.status == "COMPLETED", "its audio cannot be had"
        assert seen.content in job.sounds, "the account has other audio"

    def _judge_changed(self, file: File, seen: Seen, now: Seen, names: Collection[str]) -> None:
        verb = self._verb
        assert seen.job == now.job == self._job, f"{verb} of {self._job} touched {seen.path}"
        assert not self.world.is_kept_out(seen.path), f"{verb} touched what is kept out"
        assert now.content == seen.content, f"{verb} changed what is heard of {seen.path}"
        if now.path != seen.path:
            assert verb in MOVES, f"{verb} moved {seen.path}"
            assert now.path not in names, f"{verb} put {seen.path} upon another file"
        is_moved = now.inode == seen.inode or verb in WRITES
        assert is_moved, f"{verb} put another file in the place of {seen.path}"
        if (now.title, now.words) != (seen.title, seen.words):
            assert verb in WRITES, f"{verb} wrote tags"
            own = {seen.title if now.title != seen.title else None}
            own |= {seen.words if now.words != seen.words else None}
            assert not own & self._written, f"{verb} wrote over what people wrote"

    def _judge_new(self, now: Seen, before: dict[str, File]) -> None:
        verb, job = self._verb, self._jobs.get(self._job)
        assert verb in MAKES, f"{verb} made {now.path}"
        assert now.job == self._job
        assert not self.world.is_kept_out(now.path), f"{verb} made what is kept out"
        assert job is not None, "there is no such job"
        assert now.content in job.sounds, f"{now.path} is not what the account has"
        self._removed.pop(self._job, None)
        self._looks[self._job] = 0
        if now.path in before:
            assert verb == "redownload"
            kept = any(one.file is before[now.path] for one in self.world.trash)
            assert kept, f"{now.path} was written over"

    # --- what it came to ---

    def rests(self, aside: Collection[int]) -> None:
        world, policy = self.world, self.world.policy
        self._look()
        self._resting = (self._files, self._jobs, self._trash)
        for job in world.account.values():
            known = world.catalog.tracks.get(job.id)
            if job.id in aside or not world.is_audible(job.id) or known is None:
                continue
            if known.state in ("evicted", "ignored") or known.kept is not None:
                continue
            if not is_asked_for(_called(job), "song" if job.id % 3 else None, policy.only):
                continue
            files = [seen for seen in self._of(job.id) if not world.is_kept_out(seen.path)]
            assert files, f"job {job.id} has no file"
            if known.declined is None:
                # People may have changed it, given its id to another's audio, or taken a format
                # away in which it is here: whether another one is of other audio nobody knows.
                ours = [s for s in files if s.content.endswith(_served(job)) and not _written(s)]
                alike = any(s.content in _shown(job).sounds for s in ours)
                is_theirs = known.placed is not None and self._put_there(known.placed.path, job.id)
                apart = self._put_apart(job.id, known.placed.path if known.placed else None)
                is_theirs |= bool(_shown(job).sounds & (self._unwanted | apart))
                said = f"job {job.id} has other audio"
                assert alike or is_theirs or len(ours) < len(files), said

    def looked_again(self) -> None:
        before = self._resting
        self._look()
        assert (self._files, self._jobs, self._trash) == before, "at rest, something was done"

    def _of(self, job_id: int) -> Iterator[Seen]:
        return (seen for seen in self._files.values() if seen.job == job_id)

    def _put_apart(self, job_id: int, home: str | None) -> set[str]:
        """What is heard of the files that they were given for it, and put where it is kept out."""
        return {
            seen.content
            for file, seen in self._files.items()
            if seen.job == job_id and file not in self._made and seen.path != home
            if self.world.is_kept_out(seen.path)
        }

    def _bearers(self) -> Iterator[int]:
        return (seen.job for seen in self._files.values() if seen.job is not None)


def _seen(world: World, path: str, file: File) -> Seen:
    return Seen(path, file.content, file.title, file.words, _job_in(world, file), file.inode)


def _job_in(world: World, file: File) -> int | None:
    """Whose file it is, by its tags: those of another address, or account, are another's."""
    if file.identity is None:
        return None
    origin, here = file.identity.origin, world.policy.origin
    is_ours = origin is None or (origin.base_url, origin.account) == (here.base_url, here.account)
    return file.identity.job_id if is_ours else None


def _shown(job: Job) -> Shown:
    return Shown(job.id, job.title, job.status, job.audio, job.address, job.formats, job.words)


def _served(job: Job) -> tuple[str, ...]:
    """What the audio of a job ends in, which of its audio it may be."""
    return tuple(f" of job {job.id} as {name}" for name in job.formats)


def _called(job: Job) -> str:
    """What its file is called by: a name that reads as none is none."""
    return job.title if job.title and job.title.strip(" .") else "Untitled"


def _written(seen: Seen) -> set[str]:
    """What in a file people wrote, and the program never does."""
    found = {seen.content} if " edit " in seen.content or "foreign" in seen.content else set()
    if (seen.title or "").startswith("title "):
        found.add(seen.title or "")
    if seen.words.startswith("mine "):
        found.add(seen.words)
    return found


def _nfc(title: str | None) -> str:
    return unicodedata.normalize("NFC", title or "")
