"""Once a day: the catalog checked, backed up, and relieved of what is old; the trash purged.

When it was last done stands in the catalog, so that a machine that is never on for a day gets it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from syncd.catalog.store import Catalog
from syncd.core.policy import Now
from syncd.core.time import DAY
from syncd.errors import CatalogDamaged, SyncdError
from syncd.library import Library
from syncd.rest import purge_trash
from syncd.settings import Settings

BACKUPS = "backups"
"""The folder in ``state.dir`` that holds the backups of the catalog."""

KEPT = 2
"""How many of them."""

_log = structlog.get_logger("syncd.upkeep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkept:
    """What was done. ``backed_up`` is the new backup: none of an empty catalog, or in trouble.

    ``pruned`` counts entries of the journal, ``purged`` files of the trash, ``forgotten`` jobs of
    which nothing was left. ``troubles`` are what could not be done, and is tried again the next
    day.
    """

    backed_up: Path | None
    pruned: int
    purged: int
    forgotten: int = 0
    troubles: tuple[SyncdError, ...]


def is_due(library: Library, now: Now) -> bool:
    """Whether a day has passed since the last upkeep, or the clock was set back since.

    Raises ``CatalogUnusable``.
    """
    last = library.catalog.upkeep.done_at()
    return last is None or not timedelta() <= now.local - last < DAY


async def keep_up(
    library: Library, settings: Settings, now: Now, *, alive: Callable[[], None] = lambda: None
) -> Upkept:
    """The whole upkeep. What one step cannot do stops no other.

    Raises ``CatalogDamaged`` for a catalog that is, which is not backed up, and nothing else of
    ``SyncdError``. Where it is cancelled, a backup that is being made is thrown away. ``alive`` is
    called as it gets on, from a thread.
    """
    stop = threading.Event()

    def stopped() -> bool:
        alive()
        return stop.is_set()

    work = asyncio.ensure_future(asyncio.to_thread(_keep_up, library, settings, now, stopped))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # Waited for: the catalog is closed and its lock given up right after.
        stop.set()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # looked at, or it would be reported beside what ended this
        raise


def _keep_up(library: Library, settings: Settings, now: Now, stopped: Callable[[], bool]) -> Upkept:
    catalog, folder = library.catalog, settings.state.dir / BACKUPS
    _check(catalog, settings)
    troubles: list[SyncdError] = []
    backed_up, pruned, purged, forgotten = None, 0, 0, 0
    # One that holds nothing is no reason to let go of a backup that does.
    if not catalog.is_empty():
        try:
            backed_up = catalog.upkeep.backup(folder, now.local, KEPT, stopped=stopped)
        except SyncdError as error:
            troubles.append(error)
    if stopped():
        return Upkept(backed_up=backed_up, pruned=0, purged=0, troubles=())
    before = _forgotten(settings, now)
    if before:
        pruned = catalog.upkeep.prune_journal(before)
    catalog.upkeep.compact()
    # Before the trash: what cannot be removed there does not make a backup due each time.
    catalog.upkeep.note_done(now.local)
    try:
        library.root.verify(library.marker)
        purged = purge_trash(library)
        if before:
            forgotten = catalog.upkeep.prune_gone(before, _remembered(library))
    except SyncdError as error:
        troubles.append(error)
    upkept = Upkept(
        backed_up=backed_up,
        pruned=pruned,
        purged=purged,
        forgotten=forgotten,
        troubles=tuple(troubles),
    )
    _report(upkept)
    return upkept


def _remembered(library: Library) -> set[int]:
    """The jobs that the trash has a copy of; and all that the first tree knows, where this is a
    further one: what is told from there would come back."""
    source = library.catalog.source
    told = source.upkeep.known() if source else frozenset[int]()
    return {entry.job_id for entry in library.trash.entries()} | told


def _check(catalog: Catalog, settings: Settings) -> None:
    """Raise ``CatalogDamaged`` unless SQLite finds the catalog sound."""
    verdict = catalog.check()
    if verdict != "ok":
        raise damaged(settings, verdict)


def damaged(settings: Settings, what: str) -> CatalogDamaged:
    """What ends the daemon, whoever met it: with the ways out."""
    return CatalogDamaged(
        f"the catalog {settings.catalog} is damaged: {what}",
        hint="syncd rebuild makes it anew; or put the newest file of "
        f"{settings.state.dir / BACKUPS} in its place, then run syncd adopt",
    )


def _forgotten(settings: Settings, now: Now) -> datetime | None:
    """What is older is no longer remembered: by both clocks, so that none forgets all at once."""
    if now.server is None:
        return None
    return min(now.local, now.server) - timedelta(seconds=settings.state.history)


def _report(upkept: Upkept) -> None:
    for trouble in upkept.troubles:
        _log.warning("the upkeep had trouble", why=trouble.message, hint=trouble.hint)
    made = upkept.backed_up.name if upkept.backed_up else None
    done = {"pruned": upkept.pruned, "purged": upkept.purged, "forgotten": upkept.forgotten}
    _log.info("upkeep done", backup=made, **done)
