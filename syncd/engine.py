"""The composition root of one run: builds everything in visible order, closes it in reverse.

The only place that knows every part. ``open_engine`` is for working, ``open_rehearsal`` for
showing what would be done: same parts, but a copy of the catalog and no executor.
``open_offline``, ``open_reading`` and ``open_trash`` are for what asks the service nothing,
``open_client`` for what asks nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from syncd import account
from syncd.actions.bind import Adoption, Unbound, begin_anew, bind, marker_or_none
from syncd.binding import note_root, open_bound, unsynced, without_marker
from syncd.catalog.database import set_aside
from syncd.catalog.store import Catalog
from syncd.config import Settings
from syncd.core.exporting import Exports
from syncd.core.model import Origin
from syncd.core.only import Only
from syncd.core.policy import Policy
from syncd.core.query import parse_query
from syncd.core.tagging import Style
from syncd.executor import Context, Execution, Executor
from syncd.executor.threads import to_its_end
from syncd.library import Library
from syncd.local import files
from syncd.local.lock import Lock
from syncd.local.owner import check_owner, state_error
from syncd.local.root import Marker, Root, find_marker, open_root, prepare, root_error
from syncd.local.trash import Trash
from syncd.progress import Progress, Silent
from syncd.remote.client import AudioPod
from syncd.remote.http import Http
from syncd.remote.poll import Poller
from syncd.remote.query import JobQuery
from syncd.secret import Secret


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a run needs, opened and bound together."""

    library: Library
    executor: Executor
    policy: Policy
    context: Context


def _open(settings: Settings, stack: ExitStack) -> tuple[Catalog, Root, Marker]:
    """Locks, catalog and root, which ``stack`` closes."""
    stack.callback(_state_lock(settings).release)
    catalog = Catalog.open(settings.catalog)
    stack.callback(catalog.close)
    root, marker = open_bound(settings, catalog)
    stack.callback(_root_lock(root).release)
    note_root(catalog, root)
    files.recover_placements(root)
    return catalog, root, marker


@asynccontextmanager
async def open_engine(
    settings: Settings,
    key: Secret,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Engine]:
    """Locks, catalog, root and service, ready to work. Raises ``SyncdError`` of many kinds."""
    with ExitStack() as stack:
        # In a thread: a folder on a dead share would stop everything else.
        catalog, root, marker = await to_its_end(_open, settings, stack)
        async with _http(settings, key) as http:
            yield _engine(settings, key, http, catalog, root, marker, progress, clock)


@asynccontextmanager
async def open_unbound(
    settings: Settings,
    key: Secret,
    *,
    afresh: bool = False,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[tuple[Unbound, Callable[[Adoption], Engine]]]:
    """What does not belong together yet, and what binds it and opens it for working.

    ``afresh``: with a new catalog; the one that is there is put aside, once the folder fits and
    the service answers. Nothing is written to the folder before it is bound.
    """
    with ExitStack() as stack:
        stack.callback(_state_lock(settings).release)
        root = open_root(settings.library.root)
        marker = marker_or_none(root)
        async with _http(settings, key) as http:
            client, aside = AudioPod(http), None
            if afresh:
                # Neither a folder that does not fit nor a service that cannot be asked is a reason
                # to do without the catalog that there is.
                begin_anew(root, marker, settings.api.base_url)
                await client.page(JobQuery(limit=1))
                aside = set_aside(settings.catalog, clock())
            catalog = Catalog.open(settings.catalog)
            stack.callback(catalog.close)
            unbound = Unbound(
                client=client,
                aside=aside,
                catalog=catalog,
                root=root,
                marker=marker,
                base_url=settings.api.base_url,
                key=key,
            )

            def join(adoption: Adoption) -> Engine:
                stack.callback(_root_lock(root).release)
                bound = bind(unbound, adoption, clock())
                files.recover_placements(root)
                return _engine(settings, key, http, catalog, root, bound, progress, clock)

            yield unbound, join


@asynccontextmanager
async def open_offline(
    settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[Engine]:
    """What ``open_engine`` gives, without a key: for what asks the service nothing."""
    async with open_engine(settings, Secret("ap_offline"), clock=clock) as engine:
        yield engine


@asynccontextmanager
async def open_client(settings: Settings, key: Secret) -> AsyncIterator[AudioPod]:
    """The service alone: no catalog, no folder, no lock."""
    async with _http(settings, key) as http:
        yield AudioPod(http)


@contextmanager
def open_reading(settings: Settings) -> Iterator[tuple[Catalog, Root, Marker, Trash]]:
    """The catalog and the folder that belongs to it, to be looked at: no lock, no service.

    Raises ``SyncdError``, also where nothing was synced yet.
    """
    catalog = Catalog.read(settings.catalog)
    if catalog is None:
        raise unsynced(settings)
    try:
        if catalog.is_empty():
            raise unsynced(settings)
        root, marker = open_bound(settings, catalog)
        yield catalog, root, marker, Trash(root, mode=files.default_mode())
    finally:
        catalog.close()


def open_trash(settings: Settings) -> Trash:
    """The trash, to be looked at.

    Raises ``Uninitialised``, ``RootUnusable``, ``CatalogUnusable``.
    """
    where = settings.library.root
    if find_marker(where) is None:
        raise without_marker(settings)
    return Trash(open_root(where), mode=files.default_mode())


@asynccontextmanager
async def open_rehearsal(
    settings: Settings,
    key: Secret,
    *,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[tuple[Library, Policy]]:
    """The same library over a copy of its catalog: planning on it changes nothing anywhere."""
    catalog = await asyncio.to_thread(Catalog.copy, settings.catalog)
    try:
        root, marker = open_bound(settings, catalog)
        note_root(catalog, root)
        async with _http(settings, key) as http:
            library = _library(settings, key, http, catalog, root, marker, progress, clock)
            yield library, policy_of(settings)
    finally:
        catalog.close()


def policy_of(settings: Settings) -> Policy:
    """The settings that decide; the origin is filled in by the cycle, which knows the account."""
    return Policy(
        origin=Origin(settings.api.base_url),
        formats=settings.library.formats,
        template=settings.library.template,
        artist=settings.library.artist,
        album=settings.library.album,
        direction=settings.sync.direction,
        deletions=settings.sync.deletions,
        deletion_grace=settings.sync.deletion_grace,
        deletion_budget=settings.sync.deletion_budget,
        rename_budget=settings.sync.rename_budget,
        remote_deletions=settings.sync.remote_deletions,
        conflicts=settings.sync.conflicts,
        moves=settings.library.moves,
        only=Only(**dict(settings.library.only)),
    )


def style_of(settings: Settings) -> Style:
    """How tags are written."""
    return Style(**settings.tags.model_dump())


def exports_of(settings: Settings) -> Exports:
    """What is kept up to date for other programs."""
    return Exports(
        playlists=settings.exports.playlists or None,
        rekordbox=settings.exports.rekordbox or None,
        nsp=settings.exports.nsp or None,
        path_map=settings.exports.path_map,
        queries={one.name: parse_query(one.query) for one in settings.playlists},
        artist=settings.library.artist,
    )


def _engine(
    settings: Settings,
    key: Secret,
    http: Http,
    catalog: Catalog,
    root: Root,
    marker: Marker,
    progress: Progress | None,
    clock: Callable[[], datetime],
) -> Engine:
    library = _library(settings, key, http, catalog, root, marker, progress, clock)
    context = Context(
        http=http,
        client=library.client,
        catalog=catalog,
        root=root,
        marker=marker,
        trash=library.trash,
        settings=_execution(settings),
        progress=library.progress,
        clock=clock,
    )
    return Engine(library, Executor(context), policy_of(settings), context)


def _library(
    settings: Settings,
    key: Secret,
    http: Http,
    catalog: Catalog,
    root: Root,
    marker: Marker,
    progress: Progress | None,
    clock: Callable[[], datetime],
) -> Library:
    client = AudioPod(http)
    return Library(
        client=client,
        poller=Poller(client),
        catalog=catalog,
        root=root,
        marker=marker,
        trash=Trash(root, mode=files.default_mode()),
        retention=settings.trash.retention,
        base_url=settings.api.base_url,
        key_fingerprint=account.fingerprint(key, marker.library_id),
        progress=progress or Silent(),
        clock=clock,
        exports=exports_of(settings),
    )


def _http(settings: Settings, key: Secret) -> Http:
    return Http(
        base_url=settings.api.base_url,
        key=key,
        requests_per_minute=settings.api.requests_per_minute,
        timeout=settings.api.timeout,
        parallel=settings.limits.parallel_downloads,
        bandwidth=settings.limits.bandwidth,
        may_change=settings.sync.direction == "both",
    )


def _execution(settings: Settings) -> Execution:
    return Execution(
        artist=settings.library.artist,
        template=settings.library.template,
        file_mode=files.default_mode(),
        max_file_size=settings.limits.max_file_size,
        min_free_space=settings.limits.min_free_space,
        parallel_downloads=settings.limits.parallel_downloads,
        deletion_grace=settings.sync.deletion_grace,
        style=style_of(settings),
    )


def _state_lock(settings: Settings) -> Lock:
    folder = settings.state.dir
    check_owner(settings.library.root, folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Lock.acquire(folder / "lock", f"the catalog in {folder}")
    except OSError as error:
        raise state_error(error, folder) from None


def _root_lock(root: Root) -> Lock:
    prepare(root)
    try:
        return Lock.acquire(root.private / "lock", f"the library in {root.path}")
    except OSError as error:
        raise root_error(error, root.path) from None
