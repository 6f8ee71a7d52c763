"""The job object on the wire, in every shape that api.md leaves open, and how it becomes a Job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from syncd.core.model import Job

LARGEST_ID = 2**63 - 1
"""Ids and seeds are kept as SQLite integers, which are signed and have 64 bits."""

UNKNOWN_STATUS = "UNKNOWN"
"""The status of a job that names none."""


class Rejected(Exception):
    """An entry of a listing that is no job: not an object, or without a valid id."""


class _OrNone:
    """Annotation: a value of the wrong kind becomes ``None`` instead of failing the job."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None, on_error="default")


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value.strip())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def _not_a_flag(value: object) -> object:
    # To pydantic True is the number one.
    return None if isinstance(value, bool) else value


def _terms(value: object) -> tuple[str, ...]:
    """One text, or a list of texts or of objects that name one; anything else is no term."""
    entries = value if isinstance(value, list) else [value]
    found: dict[str, None] = {}
    for entry in entries:
        named = [entry.get(name) for name in _NAMED] if isinstance(entry, dict) else [entry]
        terms = (term.strip() for term in named if isinstance(term, str))
        if term := next(filter(None, terms), None):
            found[term] = None
    return tuple(found)


_NAMED = ("value", "id", "name", "label")
"""How an object may name a term: what the service is asked by comes before what people read."""


def _addresses(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name.lower(): url for name, url in value.items() if _address(url) is not None}


def _address(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    if "[" in value or "]" in value or not value.isascii():
        # The two cases in which urlsplit refuses; whoever reads a Job may split its addresses.
        try:
            urlsplit(value)
        except ValueError:
            return None
    return value


def _liked(value: object) -> bool | None:
    """The like among the interactions of a job (``include_interactions``), whatever their form."""
    if isinstance(value, list):
        return "liked" in value
    liked = value.get("liked", value.get("is_liked")) if isinstance(value, dict) else None
    return liked if isinstance(liked, bool) else None


def _seeds(value: object) -> tuple[int, ...]:
    entries = value if isinstance(value, list) else [value]
    return tuple(seed for entry in entries if (seed := _whole(entry)) is not None)


def _whole(value: object) -> int | None:
    """An integer that SQLite can hold, from a number or a text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            return None
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and abs(value) <= LARGEST_ID else None


Text = Annotated[str | None, _OrNone()]
Positive = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | None,
    BeforeValidator(_not_a_flag),
    _OrNone(),
]
Terms = Annotated[tuple[str, ...], BeforeValidator(_terms)]
Address = Annotated[str | None, BeforeValidator(_address), _OrNone()]


class WireJob(BaseModel):
    """A job as the API sends it (``GET /jobs/{id}/status``, api.md "The job object").

    Every name under which a field has been seen, or may be expected, stands here by itself.
    """

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, protected_namespaces=())

    status: Text = None
    task: Text = None
    display_name: Text = None
    progress: Annotated[
        Annotated[float, Field(ge=0, le=100)] | None, BeforeValidator(_not_a_flag), _OrNone()
    ] = None
    output_url: Address = None
    output_urls: Annotated[dict[str, str], BeforeValidator(_addresses)] = {}
    audio_duration: Positive = None
    created_at: Annotated[datetime | None, BeforeValidator(_moment), _OrNone()] = None
    completed_at: Annotated[datetime | None, BeforeValidator(_moment), _OrNone()] = None
    user_id: Text = None
    actual_seeds: Annotated[tuple[int, ...], BeforeValidator(_seeds)] = ()
    lrc_content: Text = None
    quality_score: Annotated[
        Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(_not_a_flag), _OrNone()
    ] = None
    error_message: Text = None
    prompt: Text = None
    caption: Text = None
    lyrics: Text = None
    vocal_language: Text = None
    bpm: Positive = None
    keyscale: Text = None
    timesignature: Text = None
    genre_preset: Text = None
    thumbnail_url: Address = None
    format: Text = None
    model_version: Text = None
    seed: Annotated[int | None, BeforeValidator(_whole)] = None
    genre: Terms = ()
    genres: Terms = ()
    emotion: Terms = ()
    emotions: Terms = ()
    occasion: Terms = ()
    occasions: Terms = ()
    language: Text = None
    song_type: Text = None
    liked: Annotated[bool | None, _OrNone()] = None
    is_liked: Annotated[bool | None, _OrNone()] = None
    interactions: Annotated[bool | None, BeforeValidator(_liked)] = None


_TWINS = {"caption", "genres", "emotions", "occasions", "is_liked", "interactions"}
"""Fields that stand in for another one and have no place of their own in a Job."""


def parse_job(entry: object) -> Job:
    """One job of an answer. A field with a nonsensical value becomes ``None`` or empty.

    Raises ``Rejected`` for an entry that is not an object or has no id in 1 … 2**63 - 1.
    """
    if not isinstance(entry, dict):
        raise Rejected
    job_id = _whole(entry.get("id"))
    if job_id is None or job_id < 1:
        raise Rejected
    wire = WireJob.model_validate(entry)
    fields: dict[str, Any] = dict(wire.__dict__)
    for name in _TWINS:
        del fields[name]
    fields["status"] = (wire.status or "").strip().upper() or UNKNOWN_STATUS
    fields["prompt"] = wire.prompt or wire.caption
    fields["genre"] = wire.genre or wire.genres
    fields["emotion"] = wire.emotion or wire.emotions
    fields["occasion"] = wire.occasion or wire.occasions
    likes = (wire.liked, wire.is_liked, wire.interactions)
    fields["liked"] = next((like for like in likes if like is not None), None)
    return Job(id=job_id, raw=json_text(entry), **fields)


def json_text(value: object) -> str:
    """``value`` as ASCII JSON. Raises ``Rejected`` for what is nested too deep to be written."""
    try:
        return json.dumps(value)
    except RecursionError:
        pass
    raise Rejected


def whole_numbers(value: object) -> dict[str, int]:
    """The entries of an object whose values are counts; empty for anything else."""
    if not isinstance(value, Mapping):
        return {}
    counted = ((str(name), _whole(count)) for name, count in value.items())
    return {name: count for name, count in counted if count is not None}


def whole(value: object) -> int | None:
    """A count of the wire: a number or its text, else ``None``."""
    return _whole(value)


def terms(value: object) -> tuple[str, ...]:
    """A list of terms of the wire; the names of an object that counts them are terms as well."""
    return _terms(list(value) if isinstance(value, Mapping) else value)
