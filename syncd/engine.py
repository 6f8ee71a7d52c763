"""The composition root of one run: builds everything in visible order, closes it in reverse.

The only place that knows every part. ``open_engine`` is for working, ``open_rehearsal`` for
showing what would be done: same parts, but a copy of the catalog and no executor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syncd import account
from syncd.catalog.store import Binding, Catalog
from syncd.config import Settings
from syncd.core.model import Origin, Policy
from syncd.cycle import Library
from syncd.errors import CatalogUnusable, RootUnusable, Uninitialised, WrongAccount
from syncd.executor import Context, Execution, Executor
from syncd.local import files
from syncd.local.lock import Lock
from syncd.local.root import Marker, Root, find_marker, open_root, prepare, root_error
from syncd.progress import Progress, Silent
from syncd.remote.client import AudioPod
from syncd.remote.http import Http
from syncd.secret import Secret


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a run needs, opened and bound together."""

    library: Library
    executor: Executor
    policy: Policy


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
        stack.callback(_state_lock(settings).release)
        catalog = Catalog.open(settings.catalog)
        stack.callback(catalog.close)
        root, marker = _open_bound_root(settings, catalog)
        stack.callback(_root_lock(root).release)
        files.recover_placements(root)
        async with _http(settings, key) as http:
            library = _library(settings, key, http, catalog, root, marker, progress, clock)
            context = Context(
                http=http,
                client=library.client,
                catalog=catalog,
                root=root,
                settings=_execution(settings),
                progress=library.progress,
                clock=clock,
            )
            yield Engine(library, Executor(context), policy_of(settings))


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
        root, marker = _open_bound_root(settings, catalog)
        async with _http(settings, key) as http:
            library = _library(settings, key, http, catalog, root, marker, progress, clock)
            yield library, policy_of(settings)
    finally:
        catalog.close()


def policy_of(settings: Settings) -> Policy:
    return Policy(
        origin=Origin(settings.api.base_url),
        formats=settings.library.formats,
        template=settings.library.template,
        artist=settings.library.artist,
        album=settings.library.album,
    )


def _open_bound_root(settings: Settings, catalog: Catalog) -> tuple[Root, Marker]:
    """The root, its marker and the catalog, proven to belong together; a blank catalog joins."""
    # A catalog that never held a job is as good as none, whatever it was bound to.
    binding = None if catalog.is_empty() else catalog.binding()
    where = settings.library.root
    marker = find_marker(where)
    if marker is None and binding is None:
        raise _uninitialised(where)
    root = open_root(where)
    if marker is None:
        raise RootUnusable(
            f"{where} has no marker: it is not the folder that this catalog belongs to",
            hint="mount the disk that holds the library, or correct library.root; "
            "nothing was changed",
        )
    base_url = settings.api.base_url
    if marker.base_url != base_url or (binding and binding.base_url != base_url):
        raise WrongAccount(
            f"the library in {where} belongs to {marker.base_url}, api.base_url is {base_url}",
            hint="correct api.base_url, or syncd init a new library for the other service",
        )
    if binding is None:
        # A first run, or a lost catalog: the files carry their ids, and are recognised by them.
        binding = Binding(
            library_id=marker.library_id,
            base_url=base_url,
            account=marker.account,
            generation=marker.generation,
        )
        catalog.bind(binding)
    if binding.library_id != marker.library_id:
        raise RootUnusable(
            f"{where} is another library than the one in the catalog {settings.catalog}",
            hint="correct library.root, or give this library a state.dir of its own",
        )
    return root, marker


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
    return Library(
        client=AudioPod(http),
        catalog=catalog,
        root=root,
        marker=marker,
        base_url=settings.api.base_url,
        key_fingerprint=account.fingerprint(key, marker.library_id),
        progress=progress or Silent(),
        clock=clock,
    )


def _http(settings: Settings, key: Secret) -> Http:
    return Http(
        base_url=settings.api.base_url,
        key=key,
        requests_per_minute=settings.api.requests_per_minute,
        timeout=settings.api.timeout,
        parallel=settings.limits.parallel_downloads,
    )


def _execution(settings: Settings) -> Execution:
    return Execution(
        artist=settings.library.artist,
        template=settings.library.template,
        file_mode=files.default_mode(),
        max_file_size=settings.limits.max_file_size,
        min_free_space=settings.limits.min_free_space,
        parallel_downloads=settings.limits.parallel_downloads,
    )


def _state_lock(settings: Settings) -> Lock:
    folder = settings.state.dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Lock.acquire(folder / "lock", f"the catalog in {folder}")
    except OSError as error:
        raise CatalogUnusable(
            f"the state folder {folder} cannot be used: {error.strerror}",
            hint="set state.dir to a folder that can be written",
        ) from None


def _root_lock(root: Root) -> Lock:
    prepare(root)
    try:
        return Lock.acquire(root.private / "lock", f"the library in {root.path}")
    except OSError as error:
        raise root_error(error, root.path) from None


def _uninitialised(where: Path) -> Uninitialised:
    return Uninitialised(
        f"{where} is not a syncd library yet",
        hint=f"run syncd init --root {where}",
    )
