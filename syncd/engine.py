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
from syncd.binding import make_tree, note_root, open_bound, unsynced, without_marker
from syncd.catalog.database import set_aside
from syncd.catalog.store import Catalog
from syncd.config import Settings
from syncd.core.policy import Policy
from syncd.derived import execution_of, exports_of, further_of, policy_of
from syncd.executor import Context, Executor
from syncd.executor.threads import to_its_end
from syncd.generation import keep_notes
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
    """Everything a run needs, opened and bound together; and the settings it was opened with."""

    library: Library
    executor: Executor
    policy: Policy
    context: Context
    settings: Settings
    key: Secret


def _open(
    settings: Settings, stack: ExitStack, source: Catalog | None = None
) -> tuple[Catalog, Root, Marker]:
    """Locks, catalog and root, which ``stack`` closes.

    ``source``: the catalog of the first tree, where it is open already and this is a further one.
    """
    if source is None and settings.first is not None:
        source = _open_first(settings.first, stack)
    stack.callback(_state_lock(settings).release)
    catalog = Catalog.open(settings.catalog)
    stack.callback(catalog.close)
    if source is not None:
        catalog.source = source
        make_tree(settings, catalog)
    root, marker = open_bound(settings, catalog)
    if source is not None:
        source.further.note(settings.format, marker.library_id)
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
async def open_further(engine: Engine, format_: str) -> AsyncIterator[Engine]:
    """The tree of ``library.also`` that holds ``format_``, beside the first, which is open.

    They share the service, with all that is rationed. Raises ``SyncdError`` of many kinds.
    """
    settings = engine.settings.tree(format_)
    with ExitStack() as stack:
        library, http = engine.library, engine.context.http
        known = await asyncio.to_thread(library.catalog.further.set_up, format_)
        opened = await to_its_end(_open, settings, stack, library.catalog)
        if opened[2].library_id != known:
            # Before anything is placed there: without it a lost catalog would make the tree anew.
            await to_its_end(keep_notes, library)
        yield _engine(settings, engine.key, http, *opened, library.progress, library.clock)


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
        source = _open_first(settings.first, stack) if settings.first else None
        stack.callback(_state_lock(settings).release)
        root = open_root(settings.library.root, settings.library.ignore)
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
            catalog.source = source
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
                if source is not None:
                    source.further.note(settings.format, bound.library_id)
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
        if settings.first is not None:
            catalog.source = Catalog.read(settings.first.catalog)
            if catalog.source is not None and not catalog.source.is_empty():
                open_bound(settings.first, catalog.source)
        root, marker = open_bound(settings, catalog)
        note_root(catalog, root)
        async with _http(settings, key) as http:
            library = _library(settings, key, http, catalog, root, marker, progress, clock)
            yield library, policy_of(settings)
    finally:
        if catalog.source is not None:
            catalog.source.close()
        catalog.close()


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
        settings=execution_of(settings),
        progress=library.progress,
        clock=clock,
        others=library.others,
    )
    return Engine(library, Executor(context), policy_of(settings), context, settings, key)


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
        others=further_of(settings, catalog),
    )


def _open_first(settings: Settings, stack: ExitStack) -> Catalog:
    """The first tree's catalog, for a command that works on a further one: nobody else has it.

    One that does not belong to the first folder by now, as from a backup, is not gone by.
    """
    stack.callback(_state_lock(settings).release)
    catalog = Catalog.open(settings.catalog)
    stack.callback(catalog.close)
    open_bound(settings, catalog)
    return catalog


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
