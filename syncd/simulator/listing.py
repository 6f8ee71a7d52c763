"""Which jobs a list shows, in which order, and which page of it."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import Invalid, invalid
from .job import STATUSES, Job
from .world import World

SONG_TYPES = ("rap", "song", "vocals", "instrumental", "samples")
SORT_KEYS = ("created_at", "display_name", "audio_duration", "status")
MOST = 100
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A checked query of ``GET /jobs``."""

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
    sort_by: str = "created_at"
    sort_order: str = "desc"
    include_interactions: bool = False

    def accepts(self, job: Job) -> bool:
        """Whether a job passes every filter."""
        equal = (
            (self.task, job.task),
            (self.status, job.status),
            (self.song_type, job.song_type),
            (self.liked, job.liked),
            (self.language, job.language),
        )
        if any(wanted is not None and wanted != found for wanted, found in equal):
            return False
        among = (
            (self.genre, job.genre),
            (self.emotion, job.emotion),
            (self.occasion, job.occasion),
        )
        if any(wanted is not None and wanted not in values_of(found) for wanted, found in among):
            return False
        if self.search is None:
            return True
        needle = self.search.casefold()
        texts = (job.display_name, job.prompt, job.lyrics)
        return any(text is not None and needle in text.casefold() for text in texts)

    @property
    def selection(self) -> tuple[object, ...]:
        """What decides the list, whatever page of it is asked for."""
        filters = (self.task, self.status, self.song_type, self.liked, self.search)
        facets = (self.language, self.genre, self.emotion, self.occasion)
        return (*filters, *facets, self.sort_by, self.sort_order)


def parse_query(given: Mapping[str, str], unknown: frozenset[str] = frozenset()) -> ListQuery:
    """Check the query of ``GET /jobs``; names in ``unknown`` are ignored.

    Raises:
        Invalid: with one entry for each parameter at fault.
    """
    query = {name: value for name, value in given.items() if name not in unknown}
    faults: list[dict[str, object]] = []
    read: dict[str, object] = {}
    for name, parse in _PARSERS.items():
        if name in query:
            try:
                read[name] = parse(name, query[name])
            except Invalid as error:
                faults.extend(error.entries)
    if faults:
        raise Invalid(faults)
    return ListQuery(**read)  # type: ignore[arg-type]


class Listing:
    """Lists of jobs, each sorted once for each state of the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sorted: OrderedDict[tuple[object, ...], list[int]] = OrderedDict()
        self._shuffle = random.Random(7)  # noqa: S311

    def page(self, user_id: int, query: ListQuery, *, stable: bool) -> tuple[list[Job], int]:
        """The page that a query asks for, and how many jobs match in all."""
        ids = self._ids(user_id, query, stable=stable)
        found = (self._world.job(id_) for id_ in ids[query.skip : query.skip + query.limit])
        return [job for job in found if job is not None], len(ids)

    def _ids(self, user_id: int, query: ListQuery, *, stable: bool) -> list[int]:
        key = (self._world.version, user_id, query.selection)
        if stable and key in self._sorted:
            self._sorted.move_to_end(key)
            return self._sorted[key]
        jobs = [job for job in self._world.jobs(user_id) if query.accepts(job)]
        if not stable:
            self._shuffle.shuffle(jobs)
        elif query.sort_order == "desc":
            # Equal keys come in the order of their ids, the same way round; sorting is stable.
            jobs.reverse()
        jobs.sort(key=_sort_key(query.sort_by), reverse=query.sort_order == "desc")
        ids = [job.id for job in jobs]
        if stable:
            self._sorted[key] = ids
            while len(self._sorted) > 16:
                self._sorted.popitem(last=False)
        return ids


def _sort_key(name: str) -> Callable[[Job], tuple[bool, object]]:
    # Nulls last when ascending, as PostgreSQL has it.
    if name == "created_at":
        return lambda job: (False, job.created_at)
    if name == "audio_duration":
        return lambda job: (False, job.length)
    return lambda job: (getattr(job, name) is None, getattr(job, name) or "")


def values_of(facet: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The values that a job has of a facet: none, one or several."""
    if facet is None:
        return ()
    return (facet,) if isinstance(facet, str) else facet


def parse_int(name: str, text: str, least: int = 0, most: int | None = None) -> int:
    """A whole number in a query.

    Raises:
        Invalid: it is none, or lies outside the range.
    """
    try:
        value = int(text)
    except ValueError:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise invalid(name, "int_parsing", message, text) from None
    if value < least:
        kind, message = "greater_than_equal", f"Input should be greater than or equal to {least}"
        raise invalid(name, kind, message, text)
    if most is not None and value > most:
        kind, message = "less_than_equal", f"Input should be less than or equal to {most}"
        raise invalid(name, kind, message, text)
    return value


def _bool(name: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    message = "Input should be a valid boolean, unable to interpret input"
    raise invalid(name, "bool_parsing", message, text)


def one_of(*allowed: str) -> Callable[[str, str], str]:
    """A parser for a parameter that takes one of a few words."""

    def parse(name: str, text: str) -> str:
        if text in allowed:
            return text
        words = ", ".join(f"'{word}'" for word in allowed[:-1]) + f" or '{allowed[-1]}'"
        raise invalid(name, "enum", f"Input should be {words}", text)

    return parse


def _text(_name: str, text: str) -> str:
    return text


_PARSERS: Mapping[str, Callable[[str, str], object]] = {
    "skip": parse_int,
    "limit": lambda name, text: parse_int(name, text, 1, MOST),
    "task": _text,
    "status": one_of(*STATUSES),
    "song_type": one_of(*SONG_TYPES),
    "liked": _bool,
    "search": _text,
    "language": _text,
    "genre": _text,
    "emotion": _text,
    "occasion": _text,
    "sort_by": one_of(*SORT_KEYS),
    "sort_order": one_of("desc", "asc"),
    "include_interactions": _bool,
}
