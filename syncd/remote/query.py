"""What is asked for: the paths of what is no single job, and the parameters of a listing."""

from __future__ import annotations

from dataclasses import dataclass, fields

from syncd.core.listing import SortBy, SortOrder

PATHS = {
    "jobs": "/jobs",
    "counts": "/jobs/counts",
    "liked": "/liked",
    "filters": "/filters/stats",
    "presets": "/presets",
    "model": "/model/status",
    "sample-data": "/sample-data",
}
"""Where each is asked (``AudioPod.ask``), by the name that it goes by here."""

LARGEST_LIMIT = 100
"""The most jobs that one page holds (api.md, ``limit``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """Every parameter of ``GET /jobs`` (api.md); ``None`` leaves one out.

    The service ignores a filter that it does not know: two values that both give the unfiltered
    total say nothing.
    """

    skip: int = 0
    limit: int = 50
    task: str | None = None
    status: str | None = None
    song_type: str | None = None
    liked: bool | None = None
    search: str | None = None
    language: str | None = None
    genre: str | None = None
    emotion: str | None = None
    occasion: str | None = None
    sort_by: SortBy | None = None
    sort_order: SortOrder | None = None
    include_interactions: bool | None = None

    def parameters(self) -> dict[str, str | int]:
        """The query string's parameters, in the order of the fields."""
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in given
            if value is not None
        }
