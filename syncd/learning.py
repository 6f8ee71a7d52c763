"""Learning: what no job says of itself is looked up by listing the account by each filter.

After the account was looked at and before a plan is made, so that a track is placed once and
complete. What cannot be had after a few tries is done without (``catalog.unlearnt.MOST_TRIES``).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog

from syncd.catalog.facets import LIKED, Facet
from syncd.catalog.unlearnt import MOST_TRIES, SINGLE
from syncd.core.model import FACETS, SONG_TYPES
from syncd.errors import (
    ContractBroken,
    KeyRefused,
    KeyRevoked,
    Offline,
    RateLimited,
    RemoteError,
    RequestRefused,
)
from syncd.library import Library
from syncd.remote.facets import (
    FilterIgnored,
    Place,
    check_honoured,
    count,
    list_on,
    listed_back_to,
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
    library: Library,
    *,
    swept: bool,
    changed: bool,
    likes: bool = False,
    give_way: GiveWay = lambda: False,
) -> Learnt:
    """Go on with what is to be learnt of the jobs, until nothing is left or ``give_way()``.

    ``swept``: the account was listed in full just now, so likes and new values are looked up as
    well; ``changed``: something else is known of its jobs. ``likes``: those of new jobs are wanted
    at once. Raises ``KeyRefused``, ``RateLimited``
    and what is no fault of the service; every other error counts as a try.
    """
    learnt = Learnt()
    facets = library.catalog.facets
    if not (swept or changed or await asyncio.to_thread(facets.is_learning, library.clock())):
        return learnt
    state = await asyncio.to_thread(facets.state)
    due = await _due(library, state, swept=swept, likes=likes)
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


async def _due(
    library: Library, state: Mapping[str, Facet], *, swept: bool, likes: bool
) -> list[str]:
    """The kinds to go on with, in their order."""
    now, facets = library.clock(), library.catalog.facets
    # A value that is new may be one of the jobs that were looked up before.
    dependent = await asyncio.to_thread(facets.dependent) if swept else frozenset()
    due = [
        kind for kind in FACETS if state[kind].lacking or state[kind].is_open or kind in dependent
    ]
    if (
        state[LIKED].is_open
        or (swept and not await asyncio.to_thread(facets.says_liked))
        or (likes and await asyncio.to_thread(facets.lacks_likes))
    ):
        due.append(LIKED)
    due = [kind for kind in due if state[kind].is_due(now, swept=swept)]
    # What fails may keep all that follows it from being asked for.
    return sorted(due, key=lambda kind: state[kind].tries)


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
    keep, said = library.catalog.answers.keep, json.loads(stats.raw)
    await asyncio.to_thread(keep, "filters", {}, said, library.clock())
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
        refused = await _list_all(library, facet, values, done, give_way)
        if refused is None:
            learnt.gave_way = True
            return
        has_targets = await asyncio.to_thread(facets.has_targets, kind)
        await _check_listed(library, kind, values, learnt, expected=has_targets)
    except FilterIgnored:
        _log.info("a filter tells no jobs apart: nothing is learnt from it", filter=kind)
        await asyncio.to_thread(facets.ignored, kind, values, now)
        learnt.changed = True
        return
    back_to = None if refused else listed_back_to(await _places(library, kind, values))
    finish = partial(facets.finish, listed=values, back_to=back_to)
    news = await asyncio.to_thread(finish, kind, library.clock())
    if news:
        learnt.changed = True
        learnt.news[kind] = news


async def _list_all(
    library: Library,
    facet: Facet,
    values: Sequence[str],
    done: frozenset[str],
    give_way: GiveWay,
) -> list[str] | None:
    """List the jobs that have each of ``values``; those that were refused, ``None`` where it gave
    way. What fails is raised when the others are listed."""
    facets, kind = library.catalog.facets, facet.kind
    refused: list[str] = []
    failure: RemoteError | None = None
    was_failing = False
    oldest_target = await asyncio.to_thread(facets.oldest, kind, of_all=False)
    oldest = oldest_target
    if kind == LIKED:
        oldest = None
    elif set(values) - facet.known:
        oldest = await asyncio.to_thread(facets.oldest, kind, of_all=True)
    for number, value in enumerate(values):
        told = partial(library.progress.looking_up, kind, number, len(values))
        told()
        is_known = value in facet.known and kind != LIKED
        if value in done or (is_known and not await asyncio.to_thread(facets.has_targets, kind)):
            continue
        back_to = oldest_target if is_known else oldest
        targets_only = is_known and kind in SINGLE
        try:
            if not await _list(library, kind, value, back_to, targets_only, give_way, told):
                return None
            was_failing = False
        except RequestRefused as error:
            _log.info("a value is refused: nothing is learnt of it", filter=kind, value=value)
            refused.append(value)
            if len(refused) == len(values):
                raise error from None
        except (Offline, ContractBroken) as error:
            # Of those with one value the first that lists a job counts: none may be left out.
            if was_failing or kind in SINGLE:
                raise
            failure, was_failing = error, True
    if failure is not None:
        raise failure
    library.progress.looking_up(kind, len(values), len(values))
    return refused


async def _list(
    library: Library,
    kind: str,
    value: str,
    oldest: datetime | None,
    targets_only: bool,
    give_way: GiveWay,
    told: Callable[[], None],
) -> bool:
    """List the jobs that have ``value``, from where that stands; whether it came to the end."""
    facets = library.catalog.facets
    place = Place.of(await asyncio.to_thread(facets.place, kind, value))
    is_done = False
    while not is_done:
        if give_way():
            return False
        part = await list_on(library.client, kind, value, place, oldest=oldest)
        place, is_done = part.place, part.is_done
        keep = partial(
            facets.take, place=place.document(), is_done=is_done, targets_only=targets_only
        )
        await asyncio.to_thread(keep, kind, value, [job.id for job in part.jobs])
        told()
    return True


async def _places(library: Library, kind: str, values: Sequence[str]) -> list[Place]:
    place = library.catalog.facets.place
    return [Place.of(await asyncio.to_thread(place, kind, value)) for value in values]


async def _check_listed(
    library: Library, kind: str, values: Sequence[str], learnt: Learnt, *, expected: bool
) -> None:
    """Raise ``FilterIgnored`` where several values list as many jobs as there are in all, and a
    value that nobody has was no better; also where none lists any job, though some are
    ``expected``: then it is not known what the jobs have."""
    if kind == LIKED:
        return
    places = await _places(library, kind, values)
    if expected and places and not any(place.row or place.total for place in places):
        raise FilterIgnored
    totals = Counter(place.total for place in places if place.total)
    suspects = {total for total, number in totals.items() if number > 1}
    if suspects and learnt.all_jobs is None:
        learnt.all_jobs = await count(library.client)
    if learnt.all_jobs in suspects and not await check_honoured(library.client, kind):
        raise FilterIgnored


async def _tried(
    library: Library, kinds: Sequence[str], error: RemoteError, learnt: Learnt
) -> None:
    """Count a failed try for each of ``kinds``; raise ``error`` where it is not about them.

    Where it was the last one, what was found is learnt, and the rest is done without.
    """
    facets, now = library.catalog.facets, library.clock()
    is_given_up = False
    for kind in kinds:
        if await asyncio.to_thread(facets.tried, kind, now) >= MOST_TRIES:
            learnt.changed = is_given_up = True
            if kind != LIKED and (news := await asyncio.to_thread(facets.apply, kind)):
                learnt.news[kind] = news
    if isinstance(error, KeyRevoked):
        # For the filters alone, or for everything? Then this fails as well.
        await library.client.page(JobQuery(limit=1))
    elif isinstance(error, KeyRefused) or (isinstance(error, RateLimited) and not is_given_up):
        raise error
    _log.warning("could not be looked up", what=", ".join(kinds), why=error.message)
