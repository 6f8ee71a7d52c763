"""A job as the service words it in JSON, under the switches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from .job import COMPLETED, Clip, Job
from .switches import Switches

Address = Callable[[Job, str, Clip], str]
"""Gives the address of a clip of a job, from its file name."""

_ECHO = (
    "lyrics",
    "vocal_language",
    "bpm",
    "keyscale",
    "timesignature",
    "genre_preset",
    "format",
    "model_version",
    "seed",
)

_NONE = {"language": "", "song_type": ""}
"""A facet that a job carries and has no value of; else an empty list."""


def wire_time(when: float | None, switches: Switches) -> str | None:
    """An ISO 8601 time in the style that the switches ask for."""
    if when is None:
        return None
    moment = datetime.fromtimestamp(when, UTC)
    text = moment.replace(tzinfo=None).isoformat(
        timespec="microseconds" if switches.microseconds else "seconds"
    )
    return text + {"z": "Z", "offset": "+00:00", "naive": ""}[switches.time_style]


def file_name(job: Job, clip: Clip) -> str:
    """The file name of one of a job's clips at the media origin."""
    return f"cover.{clip.extension}" if clip is job.cover else f"{job.stem}.{clip.extension}"


def wire_job(
    job: Job, switches: Switches, address: Address, *, interactions: bool = False
) -> dict[str, object]:
    """The JSON object for a job.

    Args:
        address: signs and spells out where the job's audio is.
        interactions: whether ``include_interactions=true`` was asked for.
    """
    urls: dict[str, str] = {}
    if job.status == COMPLETED:
        urls = {kind: address(job, file_name(job, clip), clip) for kind, clip in job.audio.items()}
    first = urls.get(job.format) or next(iter(urls.values()), None)
    wired: dict[str, object] = {
        "id": str(job.id) if switches.ids_as_text else job.id,
        "task": job.task,
        "status": job.status.lower() if switches.status_lower else job.status,
        "progress": job.progress,
        "output_url": None if switches.outputs == "urls" else first,
        "output_urls": None if switches.outputs == "url" or not urls else urls,
        "display_name": job.display_name,
        "audio_duration": job.length,
        "created_at": wire_time(job.created_at, switches),
        "completed_at": wire_time(job.completed_at, switches),
        "actual_seeds": list(job.actual_seeds),
        "lrc_content": job.lrc_content,
        "quality_score": job.quality_score,
        "error_message": job.error_message,
        "thumbnail_url": job.thumbnail_url,
    }
    if job.thumbnail_url is None and job.cover is not None:
        wired["thumbnail_url"] = address(job, file_name(job, job.cover), job.cover)
    if switches.user_id:
        wired["user_id"] = str(job.user_id) if switches.ids_as_text else job.user_id
    if switches.request_echo:
        if switches.prompt_name != "caption":
            wired["prompt"] = job.prompt
        if switches.prompt_name != "prompt":
            wired["caption"] = job.prompt
        wired.update((name, getattr(job, name)) for name in _ECHO)
    for facet in switches.facets:
        name, _, other = facet.partition(":")
        value = getattr(job, name)
        wired[other or name] = _NONE.get(name, []) if value is None else value
    if interactions and switches.interactions == "flag":
        wired["is_liked"] = job.liked
    if interactions and switches.interactions == "object":
        wired["interactions"] = {"liked": job.liked, "plays": 0}
    if switches.extra_fields:
        wired |= {"batch_id": None, "x_engine": {"node": "b7", "steps": [64]}, "revision": 3}
    for name in switches.missing_fields:
        wired.pop(name, None)
    return wired
