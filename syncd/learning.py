"""Learning: what no job says of itself is looked up by listing the account by each filter.

After the account was looked at and before a plan is made, so that a track is placed once and
complete. What cannot be had after a few tries is done without (``catalog.unlearnt.MOST_TRIES``).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from syncd.catalog.facets import LIKED, Facet
from syncd.catalog.unlearnt import MOST_TRIES
from syncd.core.model import FACETS
from syncd.errors import KeyRefused, KeyRevoked, Offline, RateLimited, RemoteError
from syncd.library import Library
from syncd.remote.facets import (
    SONG_TYPES,
    FilterIgnored,
    Place,
    check_honoured,
    count,
    list_on,
    offered,
)
from syncd.remote.query import JobQuery

GiveWay = Callable[[], bool]

_VALUES: Mapping[str, Sequence[str]] = {"song_type": SONG_TYPES, LIKED: ("true",)}
"""What can be listed without asking what there is."""

_log = structlog.get_logger("syncd.learning")


@dataclass(slots=True)
class Learnt:
    """What a turn of learning came to. ``changed``: planning sees something else now;
    ``gave_way``: more is to be learnt at once."""

    changed: bool = False
    gave_way: bool = False
    news: Counter[str] = field(default_factory=Counter)
    """Of how many jobs each kind was learnt."""
    all_jobs: int | None = None
    """How many there are, once that was asked."""


async def learn(
    library: Library, *, swept: bool, changed: bool, give_way: GiveWay = lambda: False
) -> Learnt:
    """Go on with what is to be learnt of the jobs, until nothing is left or ``give_way()``.

    ``swept``: the account was listed in full just now, so likes and new values are looked up as
    well; ``changed``: something else is known of its jobs. Raises ``KeyRefused``, ``RateLimited``
    and what is no fault of the service; every other error counts as a try.
    """
    learnt = Learnt()
    facets = library.catalog.facets
    if not (swept or changed or await asyncio.to_thread(facets.is_learning, library.clock())):
        return learnt
    state = await asyncio.to_thread(facets.state)
    due = await _due(library, state, swept=swept)
    if not due:
        return learnt
    before = library.client.requests
    values = await _values(library, due, learnt)
    is_silent = False
    for number, kind in enumerate(due := [kind for kind in due if kind in values]):
        try:
            await _learn(library, state[kind], values[kind], swept, give_way, learnt)
        except RemoteError as error:
            # Two in a row: it is not the filter, and no other kind would fare better.
            was_silent, is_silent = is_silent, isinstance(error, Offline)
            failed = due[number:] if was_silent and is_silent else [kind]
            await _tried(library, failed, error, learnt)
            if len(failed) > 1:
                break
        if learnt.gave_way:
            break
    if learnt.news:
        requests = library.client.requests - before
        _log.info("looked up what the jobs do not say", **learnt.news, requests=requests)
    return learnt


async def _due(library: Library, state: Mapping[str, Facet], *, swept: bool) -> list[str]:
    """The kinds to go on with, in their order."""
    now, facets = library.clock(), library.catalog.facets
    # A value that is new may be one of the jobs that were looked up before.
    dependent = await asyncio.to_thread(facets.dependent) if swept else frozenset()
    due = [
        kind for kind in FACETS if state[kind].lacking or state[kind].is_open or kind in dependent
    ]
    if state[LIKED].is_open or (swept and not await asyncio.to_thread(facets.says_liked)):
        due.append(LIKED)
    return [kind for kind in due if state[kind].is_due(now, swept=swept)]


async def _values(
    library: Library, due: Sequence[str], learnt: Learnt
) -> Mapping[str, Sequence[str]]:
    """The values of each kind that is due, without those that the service does not say."""
    unknown = [kind for kind in due if kind not in _VALUES]
    if not unknown:
        return _VALUES
    try:
        stats = await library.client.stats()
    except RemoteError as error:
        await _tried(library, unknown, error, learnt)
        return _VALUES
    return {**offered(stats.available_filters), **_VALUES}


async def _learn(
    library: Library,
    facet: Facet,
    values: Sequence[str],
    swept: bool,
    give_way: GiveWay,
    learnt: Learnt,
) -> None:
    """Go on with one kind: begin a round where there is cause, and end it if it can be."""
    facets, kind, now = library.catalog.facets, facet.kind, library.clock()
    begins = not facet.is_open or (kind == LIKED and swept)
    if begins:
        new = set(values) - facet.known
        if facet.is_ignored(now, values) or not (facet.lacking or new or kind == LIKED):
            return
    try:
        if begins:
            if values and not facet.is_honoured(values, now):
                await check_honoured(library.client, kind)
                await asyncio.to_thread(facets.honoured, kind, values, now)
            await asyncio.to_thread(facets.begin, kind, now)
        done = frozenset() if begins else facet.done
        if not await _list_all(library, facet, values, done, give_way):
            learnt.gave_way = True
            return
        await _check_totals(library, kind, values, learnt)
    except FilterIgnored:
        _log.info("the service ignores a filter: nothing is learnt from it", filter=kind)
        await asyncio.to_thread(facets.ignored, kind, values, now)
        learnt.changed = True
        return
    news = await asyncio.to_thread(facets.finish, kind, library.clock())
    if news:
        learnt.changed = True
        learnt.news[kind] = news


async def _list_all(
    library: Library,
    facet: Facet,
    values: Sequence[str],
    done: frozenset[str],
    give_way: GiveWay,
) -> bool:
    """List the jobs that have each of ``values``; whether it came to the end."""
    facets, kind = library.catalog.facets, facet.kind
    oldest_target = await asyncio.to_thread(facets.oldest, kind, of_all=False)
    oldest = oldest_target
    if kind == LIKED:
        oldest = None
    elif set(values) - facet.known:
        oldest = await asyncio.to_thread(facets.oldest, kind, of_all=True)
    for number, value in enumerate(values):
        library.progress.looking_up(kind, number, len(values))
        is_known = value in facet.known and kind != LIKED
        if value in done or (is_known and not await asyncio.to_thread(facets.has_targets, kind)):
            continue
        place = Place.of(await asyncio.to_thread(facets.place, kind, value))
        is_done = False
        while not is_done:
            if give_way():
                return False
            part = await list_on(
                library.client, kind, value, place, oldest=oldest_target if is_known else oldest
            )
            place, is_done = part.place, part.is_done
            keep = partial(
                facets.take, place=place.document(), is_done=is_done, targets_only=is_known
            )
            await asyncio.to_thread(keep, kind, value, [job.id for job in part.jobs])
            library.progress.looking_up(kind, number, len(values))
    library.progress.looking_up(kind, len(values), len(values))
    return True


async def _check_totals(library: Library, kind: str, values: Sequence[str], learnt: Learnt) -> None:
    """Raise ``FilterIgnored`` where several values list as many jobs as there are in all."""
    if kind == LIKED:
        return
    facets = library.catalog.facets
    places = [Place.of(await asyncio.to_thread(facets.place, kind, value)) for value in values]
    totals = Counter(place.total for place in places if place.total)
    suspects = {total for total, number in totals.items() if number > 1}
    if suspects and learnt.all_jobs is None:
        learnt.all_jobs = await count(library.client)
    if learnt.all_jobs in suspects:
        raise FilterIgnored


async def _tried(
    library: Library, kinds: Sequence[str], error: RemoteError, learnt: Learnt
) -> None:
    """Count a failed try for each of ``kinds``; raise ``error`` where it is not about them."""
    facets, now = library.catalog.facets, library.clock()
    for kind in kinds:
        if await asyncio.to_thread(facets.tried, kind, now) >= MOST_TRIES:
            learnt.changed = True
    if isinstance(error, KeyRevoked):
        # For the filters alone, or for everything? Then this fails as well.
        await library.client.page(JobQuery(limit=1))
    elif isinstance(error, KeyRefused | RateLimited):
        raise error
    _log.warning("could not be looked up", what=", ".join(kinds), why=error.message)
