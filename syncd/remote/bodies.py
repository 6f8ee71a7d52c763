"""The bodies of the calls that give no single job, read: what they say, typed.

``what`` names a body in the error for one that has another shape than api.md promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from syncd.core.model import Job
from syncd.errors import ContractBroken
from syncd.remote.results import (
    AvailableFilters,
    Counts,
    ModelStatus,
    Page,
    Presets,
    SampleData,
    Stats,
)
from syncd.remote.schema import Rejected, json_text, parse_job, terms, whole, whole_numbers

MOST_ROWS = 10_000
"""Entries of a page; at most ``query.LARGEST_LIMIT`` are asked for, which a service may ignore."""


class Reply(NamedTuple):
    """The JSON of an answer, and its headers with names in lower case."""

    document: Any
    headers: Mapping[str, str]


def jobs_of(reply: Reply, what: str = "the list of jobs") -> Page:
    """``GET /jobs``. Raises ``ContractBroken``."""
    if not isinstance(reply.document, list):
        raise wrong_shape(what)
    if len(reply.document) > MOST_ROWS:
        raise ContractBroken(
            f"a page of {what} holds {len(reply.document)} entries, far more than were asked for",
            hint="a wrong api.base_url, or a fault of the service",
        )
    jobs: list[Job] = []
    rows: list[int | None] = []
    for entry in reply.document:
        try:
            job = parse_job(entry)
        except Rejected:
            rows.append(None)
        else:
            jobs.append(job)
            rows.append(job.id)
    total = whole(reply.headers.get("x-total-count"))
    return Page(tuple(jobs), total if total is not None and total >= 0 else None, tuple(rows))


def liked_of(reply: Reply) -> Page:
    """``GET /liked``: a bare list, or an object with a single one. Raises ``ContractBroken``."""
    found = reply.document
    # api.md does not say whether this list is bare.
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        total = reply.headers.get("x-total-count", str(found.get("total", "")))
        if len(lists) == 1:
            reply = Reply(lists[0], {"x-total-count": total})
    return jobs_of(reply, "the list of liked tracks")


def counts_of(document: object) -> Counts:
    """``GET /jobs/counts``. Raises ``ContractBroken``."""
    found = _object(document, "the counts")
    total = whole(found.get("total"))
    if total is None or total < 0:
        raise wrong_shape("the counts")
    return Counts(
        total=total,
        by_task=whole_numbers(found.get("by_task")),
        by_song_type=whole_numbers(found.get("by_song_type")),
        raw=json_text(found),
    )


def stats_of(document: object) -> Stats:
    """``GET /filters/stats``. Raises ``ContractBroken``."""
    found = _object(document, "the filters")
    offered = found.get("available_filters")
    offered = offered if isinstance(offered, dict) else {}
    names = [field.name for field in fields(AvailableFilters)]
    return Stats(
        total_tracks=whole(found.get("total_tracks")),
        liked_count=whole(found.get("liked_count")),
        song_types=whole_numbers(found.get("song_types")),
        available_filters=AvailableFilters(**{name: terms(offered.get(name)) for name in names}),
        raw=json_text(found),
    )


def presets_of(document: object) -> Presets:
    """``GET /presets``. Raises ``ContractBroken``."""
    found = _object(document, "the presets")
    presets = found.get("genre_presets")
    if not isinstance(presets, dict):
        raise wrong_shape("the presets")
    kept = {name: preset for name, preset in presets.items() if isinstance(preset, dict)}
    return Presets(genre_presets=kept, raw=json_text(found))


def model_of(document: object) -> ModelStatus:
    """``GET /model/status``, whatever its shape."""
    state = document.get("status") if isinstance(document, dict) else None
    return ModelStatus(state if isinstance(state, str) else None, json_text(document))


def sample_of(document: object) -> SampleData:
    """``GET /sample-data``, whatever its shape."""
    return SampleData(json_text(document))


def wrong_shape(what: str) -> ContractBroken:
    """The error for an answer that is not what api.md promises."""
    return ContractBroken(
        f"{what} does not have the shape that the API promises",
        hint="a wrong api.base_url, or a newer API than this program knows",
    )


def _object(document: object, what: str) -> dict[str, object]:
    if not isinstance(document, dict):
        raise wrong_shape(what)
    return document
