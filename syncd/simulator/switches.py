"""What the documentation of the API leaves open, each thing switchable to either way."""

from __future__ import annotations

import types
from dataclasses import dataclass, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

ErrorShape = Literal["fastapi", "text", "code", "list"]
TimeStyle = Literal["z", "offset", "naive"]
Outputs = Literal["both", "url", "urls"]
PromptName = Literal["prompt", "caption", "both"]
Interactions = Literal["absent", "flag", "object"]
ListShape = Literal["array", "object"]
PatchAnswer = Literal["job", "wrapped", "message"]
OpenShape = Literal["flat", "nested", "text"]
FilterValues = Literal["text", "counted", "named", "mapping", "absent"]

FACETS = frozenset({"genre", "emotion", "occasion", "language", "song_type", "liked"})


@dataclass(slots=True, kw_only=True)
class Switches:
    """How the simulated service behaves; may be changed while it runs.

    Assigning to a name that is no switch raises AttributeError.
    """

    # Errors
    validation_status: int = 400
    """Status of an invalid parameter: 400 as documented, or FastAPI's own 422."""
    error_shape: ErrorShape = "fastapi"
    """``fastapi``: text, and a list for invalid parameters; else that one shape for every error."""

    # A job on the wire
    ids_as_text: bool = False
    """Ids as JSON strings."""
    status_lower: bool = False
    """Statuses in lower case."""
    time_style: TimeStyle = "z"
    """Times end in ``Z``, in ``+00:00``, or in nothing."""
    microseconds: bool = True
    """Times carry six decimals."""
    user_id: bool = True
    """Jobs carry ``user_id``."""
    facets: frozenset[str] = frozenset()
    """Which of genre, emotion, occasion, language, song_type and liked a job carries.

    ``liked:is_liked`` carries it under another name."""
    interactions: Interactions = "absent"
    """What ``include_interactions=true`` adds: nothing, ``is_liked``, or ``interactions``."""
    request_echo: bool = True
    """Jobs repeat what was asked for: prompt, lyrics, vocal_language, bpm, keyscale, …"""
    prompt_name: PromptName = "prompt"
    """Under which name the prompt is repeated."""
    outputs: Outputs = "both"
    """Which of ``output_url`` and ``output_urls`` is set; the other one is null."""
    extra_fields: bool = False
    """Jobs carry fields that nobody documented."""
    missing_fields: frozenset[str] = frozenset()
    """Fields left out of every job."""

    # Lists
    total_count: bool = True
    """``GET /jobs`` sends ``X-Total-Count``."""
    total_count_offset: int = 0
    """By how much that header lies."""
    unknown_filters: frozenset[str] = frozenset()
    """Query parameters that the server does not know, and so silently ignores."""
    stable_order: bool = True
    """Equal sort keys come in the order of their ids; otherwise in another order each time."""
    jobs_shape: ListShape = "array"
    """``object`` breaks the contract: ``GET /jobs`` answers ``{"jobs": […], "total": n}``."""
    liked_shape: ListShape = "array"
    """``GET /liked`` answers an array, or ``{"tracks": […], "total": n}``."""
    filter_values: FilterValues = "text"
    """Values in ``available_filters``: plain; ``{"value": …, "count": …}``; the same under
    ``name``; one object of values with their counts; or ``available_filters`` is missing."""

    # Changes
    name_limit: int | None = None
    """Longest display name in characters; a longer one is cut, or refused (``name_refuse``)."""
    name_refuse: bool = False
    """A display name over the limit is an error instead of being cut."""
    name_trim: bool = False
    """Blanks around a display name are removed."""
    patch_answer: PatchAnswer = "job"
    """``PATCH`` answers the job, ``{"job": …, "message": …}``, or a message alone."""
    retries_per_minute: int = 10
    """Calls to retry in a minute before 429."""
    requests_per_minute: int | None = None
    """Calls of any kind in a minute before 429; None: no such limit."""

    # Endpoints of undocumented shape
    model_status: OpenShape = "flat"
    """Shape of ``GET /model/status``."""
    sample_data: OpenShape = "flat"
    """Shape of ``GET /sample-data``."""

    # Media
    media_signed: bool = True
    """Addresses of media carry a signature and expire."""
    media_expiry: float = 3600.0
    """Seconds for which a signed address works."""
    media_redirects: int = 0
    """How many 302 answers lead to the bytes."""
    media_redirect_host: str | None = None
    """Host named in those redirects (the media port stays); None: the same host."""
    media_length: bool = True
    """Media answers carry Content-Length; otherwise they are chunked."""
    media_ranges: bool = True
    """The media origin honours Range."""
    media_etag: bool = True
    """Media answers carry ETag."""
    media_last_modified: bool = True
    """Media answers carry Last-Modified."""

    # Every answer
    date: bool = True
    """Answers carry Date."""
    date_skew: float = 0.0
    """Seconds by which that Date is ahead of the clock."""
    latency: float = 0.0
    """Seconds before each answer."""

    def set_text(self, name: str, text: str) -> None:
        """Set one switch from text, as the command line gives it.

        Raises:
            ValueError: no such switch, or no such value for it.
        """
        hints = get_type_hints(type(self))
        known = [field.name for field in fields(self)]
        if name not in known:
            raise ValueError(f"no switch is called {name!r}; these are: {', '.join(known)}")
        try:
            value = _value(hints[name], text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if name == "facets":
            strange = {facet.partition(":")[0] for facet in _split(text)} - FACETS
            if strange:
                raise ValueError(f"facets: {', '.join(sorted(strange))} is none")
        setattr(self, name, value)


def _split(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _value(hint: Any, text: str) -> object:
    origin = get_origin(hint)
    if origin is Literal:
        if text not in get_args(hint):
            raise ValueError(f"{text!r} is none of {', '.join(get_args(hint))}")
        return text
    if origin in (Union, types.UnionType):
        if text.lower() == "none":
            return None
        return _value(next(part for part in get_args(hint) if part is not types.NoneType), text)
    if origin is frozenset:
        return _split(text)
    if hint is bool:
        words = {"true": True, "yes": True, "on": True, "1": True}
        words |= {"false": False, "no": False, "off": False, "0": False}
        if text.lower() not in words:
            raise ValueError(f"{text!r} is neither true nor false")
        return words[text.lower()]
    return hint(text)
