"""How the daemon is at this moment (``status_of``), or how the library was left (``from_catalog``).

Both read the catalog without a lock.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, NoReturn

from syncd import __version__
from syncd.actions.waiting import FOLLOWS, waiting
from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.daemon.pause import pause_left
from syncd.daemon.status import LOOKS, Disk, Held, Service, Status, Tree, Trouble
from syncd.daemon.wakes import Request
from syncd.derived import policy_now
from syncd.engine import Engine
from syncd.errors import CatalogDamaged, RemoteError, SyncdError
from syncd.local.root import find_marker
from syncd.remote.client import AudioPod
from syncd.settings import Settings

if TYPE_CHECKING:
    from syncd.daemon.daemon import Daemon

_MODEL_FOR = 300.0
"""Seconds for which an answer about the service's health is good enough."""

_MODEL_PATIENCE = 3.0
"""Seconds that ``status`` waits for such an answer."""


async def status_of(daemon: Daemon) -> Status:
    """How a running daemon is. Asks the service for its health, at most each five minutes."""
    settings, session, live = daemon.settings, daemon.session, daemon.live
    if session is not None and daemon.weather.error is None and not daemon.pause.is_on:
        await _ask_model(daemon, session.engine.library.client)
    met: list[SyncdError] = []
    known = await asyncio.to_thread(_of_catalog, settings, daemon.clock(), met.append)
    if session is not None:
        for error in met:
            if isinstance(error, CatalogDamaged):
                _end(daemon, error)
    return replace(
        known,
        state=daemon.word,
        awaits=daemon.awaits,
        pid=os.getpid(),
        since=daemon.since,
        paused_until=daemon.pause.until,
        last={**known.last, **live.last},
        next=_next_looks(daemon),
        missed_until=known.missed_until and (daemon.schedule.next("missed") or known.missed_until),
        progress_at=live.progress_at,
        watching=daemon.watch.mode if session else None,
        transfers=live.transfers,
        errors=(*live.troubles, *known.errors),
        service=_service(daemon),
        requests=live.requests + (session.engine.context.http.requests if session else 0),
        cycles=live.cycles,
        operations=dict(live.operations),
    )


def _next_looks(daemon: Daemon) -> dict[str, datetime | None]:
    """When each look is made that will be: none while it rests or waits for somebody."""
    if daemon.pause.is_on or daemon.waits.now or daemon.borrower or daemon.stopping:
        return {}
    due = {name: daemon.schedule.next(name) for name in LOOKS}
    if daemon.weather.error is None:
        return due
    # Nothing is looked at before the service is tried again, which is a poll.
    retry = daemon.schedule.next("retry")
    later = {name: max(when, retry) if when and retry else when for name, when in due.items()}
    return {**later, "poll": retry}


def _end(daemon: Daemon, error: SyncdError) -> None:
    """Have what was met here end the work as if that had met it."""

    async def fail(engine: Engine) -> NoReturn:
        raise error

    request = Request("status", fail)
    request.answer.add_done_callback(lambda answer: answer.exception())  # nobody waits for it
    daemon.wakes.ask(request)


def from_catalog(settings: Settings) -> Status:
    """How the library was left, where no daemon runs. Never raises ``SyncdError``."""
    now = datetime.now(UTC)
    status = _of_catalog(settings, now)
    is_on, until = pause_left(settings.state.dir, now)
    if not is_on:
        return status
    how_long = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until syncd resume"
    return replace(status, paused_until=until, awaits=f"a start, which begins paused, {how_long}")


def _of_catalog(
    settings: Settings, now: datetime, met: Callable[[SyncdError], object] = lambda error: None
) -> Status:
    status = Status(
        at=now,
        version=__version__,
        state="stopped",
        root=str(settings.library.root),
        also=tuple(_tree(one, now) for one in settings.trees.values()),
        disk=_disk(settings),
    )
    try:
        catalog = Catalog.read(settings.catalog)
        if catalog is None:
            return status
        try:
            return _with_catalog(status, catalog, settings)
        finally:
            catalog.close()
    except SyncdError as error:
        met(error)
        trouble = Trouble(
            message=error.message, hint=error.hint, first_at=now, last_at=now, count=1
        )
        return replace(status, errors=(trouble,))


def _with_catalog(status: Status, catalog: Catalog, settings: Settings) -> Status:
    found = waiting(catalog, policy_now(settings, catalog))
    syncd = f"syncd --tree {settings.format}" if settings.first else "syncd"
    dues = [one.until for one in found.deletions if one.until]
    held = [
        Held(
            verb=batch.verb,
            count=len(batch.holds),
            reason=batch.reason,
            since=batch.since,
            batch=batch.number,
            command=f"{syncd} approve {batch.number}",
            reject=f"{syncd} reject {batch.number}" if batch.verb in FOLLOWS else None,
        )
        for batch in found.batches
    ]
    singly = sorted(
        (hold for hold in found.single if not hold.approved), key=lambda h: (h.verb, h.reason)
    )
    for (verb, reason), group in groupby(singly, key=lambda h: (h.verb, h.reason)):
        alike = list(group)
        since = min(hold.since for hold in alike)
        held.append(
            Held(
                verb=verb,
                count=len(alike),
                reason=reason,
                since=since,
                batch=None,
                command=f"{syncd} pending",
            )
        )
    failed, retried = queries.failed(catalog)
    return replace(
        status,
        last={"sweep": queries.last_sweep(catalog)},
        jobs=queries.count(catalog),
        counts=queries.states(catalog),
        to_come=queries.to_come(catalog),
        failed=failed,
        retried=retried,
        held=tuple(held),
        pending=len(found.deletions),
        pending_until=min(dues, default=None),
        missed=len(found.missed),
        missed_until=found.missed_until,
        kept_out=len(catalog.scans.kept_out()),
    )


def _tree(settings: Settings, now: datetime) -> Tree:
    root, found = settings.library.root, _of_catalog(settings, now)
    trouble = found.errors[0].message if found.errors else None
    if trouble is None and found.jobs is not None:
        try:
            trouble = None if find_marker(root) else f"{root} is not there, or has no marker"
        except SyncdError as error:
            trouble = error.message
    return Tree(
        format=settings.format,
        root=str(root),
        files=found.counts.get(State.PLACED, 0),
        held=sum(one.count for one in found.held),
        trouble=trouble,
    )


def _disk(settings: Settings) -> Disk | None:
    try:
        usage = shutil.disk_usage(settings.library.root)
    except OSError:
        return None
    enough = usage.free >= settings.limits.min_free_space
    return Disk(free=usage.free, total=usage.total, enough=enough)


def _service(daemon: Daemon) -> Service:
    error = daemon.weather.error
    answered = daemon.live.last.get("poll")
    reachable = None if answered is None and error is None else not isinstance(error, RemoteError)
    return replace(daemon.live.service, reachable=reachable, answered_at=answered)


async def _ask_model(daemon: Daemon, client: AudioPod) -> None:
    now, known = daemon.clock(), daemon.live.service
    if known.model_at is not None and (now - known.model_at).total_seconds() < _MODEL_FOR:
        return
    try:
        async with asyncio.timeout(_MODEL_PATIENCE):
            model = (await client.model_status()).state
    except (SyncdError, TimeoutError, RuntimeError):
        # RuntimeError: the library was closed meanwhile, and the connections with it.
        model = None
    daemon.live.service = Service(model=model, model_at=now)
