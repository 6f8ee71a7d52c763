"""A job of the simulated account, its audio, and how it moves as time passes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

PENDING = "PENDING"
PROCESSING = "PROCESSING"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
STATUSES = (PENDING, PROCESSING, COMPLETED, FAILED)

MEDIA_TYPES = MappingProxyType(
    {
        "flac": "audio/flac",
        "mp3": "audio/mpeg",
        "wav": "audio/wav",
        "ogg": "audio/ogg",
        "jpg": "image/jpeg",
        "png": "image/png",
    }
)

_SONG_TYPES = MappingProxyType(
    {
        "text2rap": "rap",
        "lyric2vocals": "vocals",
        "prompt2instrumental": "instrumental",
        "text2samples": "samples",
    }
)


@dataclass(frozen=True, slots=True)
class Clip:
    """The bytes of one media file, with the validators it is served with."""

    content: bytes
    extension: str
    modified: float
    etag: str

    @classmethod
    def of(cls, content: bytes, extension: str, modified: float) -> Clip:
        """Make a clip; the ETag follows from the content, ``modified`` is epoch seconds."""
        return cls(content, extension, modified, f'"{hashlib.sha256(content).hexdigest()[:32]}"')

    @property
    def media_type(self) -> str:
        """The Content-Type for the extension."""
        return MEDIA_TYPES.get(self.extension, "application/octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One music job; times in epoch seconds, durations in seconds, progress 0-100."""

    id: int
    user_id: int
    created_at: float
    task: str = "text2music"
    status: str = COMPLETED
    progress: int | None = 100
    display_name: str | None = None
    audio_duration: float = -1.0
    completed_at: float | None = None
    actual_seeds: tuple[int, ...] = ()
    lrc_content: str | None = None
    quality_score: float | None = None
    error_message: str | None = None

    # What the request asked for.
    prompt: str | None = None
    lyrics: str | None = None
    vocal_language: str | None = None
    bpm: int | None = None
    keyscale: str | None = None
    timesignature: str | None = None
    genre_preset: str | None = None
    thumbnail_url: str | None = None
    format: str = "flac"
    model_version: str = "audiomusic-v2"
    seed: int | None = None
    requested_duration: float = -1.0

    # What the filters know; a tuple where a job has several.
    genre: str | tuple[str, ...] | None = None
    emotion: str | tuple[str, ...] | None = None
    occasion: str | tuple[str, ...] | None = None
    language: str | None = None
    song_type: str = "song"
    liked: bool = False

    # What the media origin serves.
    stem: str = "track"
    audio: Mapping[str, Clip] = field(default_factory=dict)
    cover: Clip | None = None

    # How it moves: queued, then running, then the outcome; None: only when told to.
    queued_at: float = 0.0
    queue_seconds: float = 5.0
    run_seconds: float | None = None
    outcome: str = COMPLETED
    failure: str = "Music generation failed"

    @property
    def length(self) -> float:
        """Seconds, as lists show and sort it: what was asked for where there is no audio yet."""
        unfinished = self.status in (PENDING, PROCESSING, FAILED)
        return self.requested_duration if unfinished else self.audio_duration

    @property
    def in_flight(self) -> bool:
        """Whether the job is still queued or running."""
        return self.status in (PENDING, PROCESSING)


def song_type_of(task: str) -> str:
    """The song type (rap, song, vocals, instrumental, samples) that a task makes."""
    return _SONG_TYPES.get(task, "song")


def completed(job: Job, when: float) -> Job:
    """The job once its audio is there."""
    return replace(
        job,
        status=COMPLETED,
        progress=100,
        completed_at=when,
        error_message=None,
        run_seconds=None,
    )


def failed(job: Job, when: float, message: str) -> Job:
    """The job once it has failed."""
    return replace(job, status=FAILED, completed_at=when, error_message=message, run_seconds=None)


def moved(job: Job, now: float) -> Job:
    """The job as it stands at ``now``; the same object when nothing has changed."""
    if not job.in_flight or job.run_seconds is None:
        return job
    started = job.queued_at + job.queue_seconds
    ended = started + job.run_seconds
    if now >= ended:
        if job.outcome == FAILED:
            return failed(replace(job, progress=99), ended, job.failure)
        return completed(job, ended)
    if now >= started:
        progress = int(100 * (now - started) / job.run_seconds)
        if job.status == PROCESSING and job.progress == progress:
            return job
        return replace(job, status=PROCESSING, progress=progress)
    return job
