"""The state of the simulated service: accounts, keys and jobs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from . import job as jobs_
from .job import COMPLETED, FAILED, PENDING, Clip, Job, song_type_of
from .sound import square_png, tone

Clock = Callable[[], float]
KeyState = Literal["active", "revoked", "expired", "read-only"]

_JOB_FIELDS = frozenset(field.name for field in fields(Job)) - {"id", "user_id"}
_FIRST_ID = 48_211


class World:
    """Everything the service remembers; safe to use from any thread.

    Args:
        clock: gives epoch seconds; jobs move and addresses expire by it.
        user_id: the account that jobs and keys belong to when none is named.
        seed: of the gaps between job ids.
    """

    def __init__(self, *, clock: Clock = time.time, user_id: int = 7001, seed: int = 1) -> None:
        self.clock = clock
        self.user_id = user_id
        self._lock = threading.RLock()
        self._keys: dict[str, tuple[int, KeyState]] = {}
        self._jobs: dict[int, Job] = {}
        self._in_flight: set[int] = set()
        self._gaps = random.Random(seed)  # noqa: S311
        self._last_id = _FIRST_ID
        self._version = 0

    @classmethod
    def demo(cls, *, clock: Clock = time.time) -> World:
        """The demo account: the tracks shipped here, a job in flight and a failed one."""
        from .demo import fill_demo

        world = cls(clock=clock)
        fill_demo(world)
        return world

    @classmethod
    def synthetic(
        cls, count: int, seed: int = 1, *, hostile: bool = False, clock: Clock = time.time
    ) -> World:
        """An account of ``count`` completed jobs that share a handful of audio files.

        Titles repeat; with ``hostile`` some hold what file systems and parsers stumble over.
        """
        from .synthetic import fill_synthetic

        world = cls(clock=clock, seed=seed)
        fill_synthetic(world, count, seed, hostile=hostile)
        return world

    # What happens in the account

    def add(self, *, user_id: int | None = None, id: int | None = None, **job: Any) -> int:  # noqa: A002
        """Add a job and return its id; it is completed, with short audio, unless told otherwise.

        Keyword arguments are the fields of ``Job``, and:
            audio: ``{format: bytes or Clip}``; ``{}`` for none. Default: a flac and an mp3.
            cover: bytes or Clip; True for a small PNG.

        A job added as PENDING moves by the clock: 5 s queued (``queue_seconds``), 25 s running
        (``run_seconds``; None: it stays until told), then ``outcome`` (COMPLETED or FAILED,
        the latter with ``failure`` as its message).

        Raises:
            TypeError: a keyword that is no field of a job.
            ValueError: the id is taken.
        """
        unknown = job.keys() - _JOB_FIELDS
        if unknown:
            raise TypeError(f"a job has no {', '.join(sorted(unknown))}")
        with self._lock:
            if id is None:
                id = self._last_id + self._gaps.randint(1, 9)  # noqa: A001
            if id in self._jobs:
                raise ValueError(f"job {id} exists")
            self._last_id = max(self._last_id, id)
            owner = self.user_id if user_id is None else user_id
            self._put(self._made(id, owner, job))
            return id

    def _made(self, id: int, user_id: int, given: dict[str, Any]) -> Job:  # noqa: A002
        now = self.clock()
        job = dict(given)
        status = job.setdefault("status", COMPLETED)
        job.setdefault("created_at", now)
        job.setdefault("song_type", song_type_of(job.get("task", "text2music")))
        job.setdefault("language", job.get("vocal_language"))
        audio = job.pop("audio", None)
        if audio is None:
            audio = {kind: tone(kind, id) for kind in ("flac", "mp3")}
        modified = job["created_at"]
        job["audio"] = {
            kind: data if isinstance(data, Clip) else Clip.of(data, kind, modified)
            for kind, data in audio.items()
        }
        cover = job.pop("cover", None)
        if cover is True:
            cover = square_png(id)
        if isinstance(cover, bytes):
            cover = Clip.of(cover, "png" if cover.startswith(b"\x89PNG") else "jpg", modified)
        job["cover"] = cover
        if status in (PENDING, jobs_.PROCESSING):
            job.setdefault("queued_at", now)
            job.setdefault("queue_seconds", 5.0 if status == PENDING else 0.0)
            job.setdefault("run_seconds", 25.0)
            job.setdefault("progress", 0)
        elif status == COMPLETED:
            job.setdefault("completed_at", max(modified, min(modified + 30, now)))
            job.setdefault("actual_seeds", (id % 100_000,))
        elif status == FAILED:
            job.setdefault("completed_at", max(modified, min(modified + 30, now)))
            job.setdefault("error_message", job.get("failure", "Music generation failed"))
            job.setdefault("progress", None)
        if job.get("audio_duration") is None:
            job["audio_duration"] = 0.25 if audio else -1.0
        return Job(id=id, user_id=user_id, **job)

    def insert(self, jobs: Iterable[Job]) -> None:
        """Put finished job objects in as they are; one with a known id takes its place."""
        with self._lock:
            for job in jobs:
                self._put(job)
                self._last_id = max(self._last_id, job.id)

    def complete(self, id: int) -> None:  # noqa: A002
        """Bring a job to COMPLETED now."""
        self._change(id, lambda job: jobs_.completed(job, self.clock()))

    def fail(self, id: int, message: str = "Music generation failed") -> None:  # noqa: A002
        """Bring a job to FAILED now."""
        self._change(id, lambda job: jobs_.failed(job, self.clock(), message))

    def rename(self, id: int, name: str | None) -> None:  # noqa: A002
        """Give a job another display name."""
        self._change(id, lambda job: replace(job, display_name=name))

    def like(self, id: int, liked: bool = True) -> None:  # noqa: A002
        """Like a track, or take the like back."""
        self._change(id, lambda job: replace(job, liked=liked))

    def update(self, id: int, **changes: Any) -> None:  # noqa: A002
        """Change any fields of a job."""
        self._change(id, lambda job: replace(job, **changes))

    def retry(self, id: int) -> Job:  # noqa: A002
        """Queue a failed job again; this time it completes."""

        def requeued(job: Job) -> Job:
            return replace(
                job,
                status=PENDING,
                progress=0,
                completed_at=None,
                error_message=None,
                queued_at=self.clock(),
                queue_seconds=5.0,
                run_seconds=25.0,
                outcome=COMPLETED,
            )

        return self._change(id, requeued)

    def replace_audio(
        self,
        id: int,  # noqa: A002
        audio: Mapping[str, bytes] | None = None,
        *,
        same_address: bool = False,
        duration: float | None = None,
    ) -> None:
        """Put different audio under a known id.

        Args:
            audio: ``{format: bytes}``; None: other short sounds in the formats the job has.
            same_address: keep the address, so that only length and validators tell.
            duration: seconds; None: as before.
        """

        def replaced(job: Job) -> Job:
            seed = random.Random(f"{job.id} {job.stem} {self._version}").randrange(2**31)  # noqa: S311
            given = audio or {kind: tone(kind, seed, 0.3) for kind in job.audio}
            clips = {kind: Clip.of(data, kind, self.clock()) for kind, data in given.items()}
            stem = job.stem if same_address else f"{job.stem}-{seed:x}"
            length = job.audio_duration if duration is None else duration
            return replace(job, audio=clips, stem=stem, audio_duration=length)

        self._change(id, replaced)

    def delete(self, id: int) -> None:  # noqa: A002
        """Delete a job and its audio for good.

        Raises:
            KeyError: no such job.
        """
        with self._lock:
            del self._jobs[id]
            self._in_flight.discard(id)
            self._version += 1

    def grant(self, key: str, user_id: int | None = None, *, read_only: bool = False) -> None:
        """Make a key, or make it valid again; several keys may open one account."""
        owner = self.user_id if user_id is None else user_id
        with self._lock:
            self._keys[key] = (owner, "read-only" if read_only else "active")

    def revoke(self, key: str) -> None:
        """Make a key refused with 403 from now on."""
        self._set_key(key, "revoked")

    def expire(self, key: str) -> None:
        """Let a key run out: 403 from now on."""
        self._set_key(key, "expired")

    # What it looks like

    def jobs(self, user_id: int | None = None) -> list[Job]:
        """Every job of an account as it stands now, by id."""
        with self._lock:
            self.settle()
            owner = self.user_id if user_id is None else user_id
            return sorted(
                (job for job in self._jobs.values() if job.user_id == owner), key=lambda j: j.id
            )

    def job(self, id: int) -> Job | None:  # noqa: A002
        """One job as it stands now, or None."""
        with self._lock:
            self.settle()
            return self._jobs.get(id)

    def key(self, key: str) -> tuple[int, KeyState] | None:
        """The account that a key opens and the state of the key, or None."""
        with self._lock:
            return self._keys.get(key)

    @property
    def version(self) -> int:
        """A number that grows with each change that a list could show."""
        with self._lock:
            self.settle()
            return self._version

    def settle(self) -> None:
        """Move the jobs in flight to where the clock says they are."""
        with self._lock:
            now = self.clock()
            for id_ in tuple(self._in_flight):
                before = self._jobs[id_]
                after = jobs_.moved(before, now)
                if after is not before:
                    self._put(after, quietly=after.status == before.status)

    def _put(self, job: Job, *, quietly: bool = False) -> None:
        self._jobs[job.id] = job
        if job.in_flight:
            self._in_flight.add(job.id)
        else:
            self._in_flight.discard(job.id)
        # Progress alone changes the order and the membership of no list.
        self._version += not quietly

    def _change(self, id_: int, change: Callable[[Job], Job]) -> Job:
        with self._lock:
            self.settle()
            job = change(self._jobs[id_])
            self._put(job)
            return job

    def _set_key(self, key: str, state: KeyState) -> None:
        with self._lock:
            self._keys[key] = (self._keys[key][0], state)
