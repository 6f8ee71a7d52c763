"""The catalog: whether it is sound, fits the folder and the account, and what it waits for."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import datetime, timedelta

from syncd.actions.waiting import waiting
from syncd.binding import open_bound, unsynced
from syncd.catalog.backup import backups
from syncd.catalog.migrations import VERSION
from syncd.catalog.queries import count, last_sweep, states
from syncd.catalog.store import Catalog
from syncd.core.words import amount
from syncd.daemon.upkeep import BACKUPS
from syncd.derived import policy_now
from syncd.doctor.check import Check, failure, of_error, ok, unseen, warning
from syncd.doctor.disk import size_words
from syncd.doctor.service import Asked
from syncd.errors import RootUnusable, SyncdError, Uninitialised
from syncd.local.owner import owner_of
from syncd.local.root import find_marker
from syncd.local.watch import is_network
from syncd.remote.waits import how_long
from syncd.settings import Settings

_OLD_BACKUP = timedelta(days=3)
_OLD_SWEEP = timedelta(days=2)
"""However often sweeps are made: one that is a day late is no fault of a machine that was off."""

_NAMES = ("integrity", "binding", "account", "sweep", "waiting")
"""What cannot be looked at without a catalog."""


def look(settings: Settings, asked: Asked | None, now: datetime) -> Iterator[Check]:
    yield _state(settings)
    is_new = False
    try:
        catalog = Catalog.read(settings.catalog)
        if catalog is None:
            raise unsynced(settings)
    except SyncdError as error:
        yield _of_none(error)
        for name in _NAMES:
            yield unseen(name, "there is no catalog that can be read")
        is_new = isinstance(error, Uninitialised)
    else:
        with closing(catalog):
            yield from _inside(settings, catalog, asked, now)
            with suppress(SyncdError):  # one that is damaged is not new
                is_new = catalog.is_empty()
    yield _backup(settings, now, is_new=is_new)


def _inside(
    settings: Settings, catalog: Catalog, asked: Asked | None, now: datetime
) -> Iterator[Check]:
    looks: Mapping[str, Callable[[], Check]] = {
        "catalog": lambda: _holds(settings, catalog),
        "integrity": lambda: _integrity(settings, catalog),
        "binding": lambda: _binding(settings, catalog),
        "account": lambda: _account(catalog, asked),
        "sweep": lambda: _sweep(settings, catalog, now),
        "waiting": lambda: _waiting(settings, catalog),
    }
    for name, check in looks.items():
        try:
            yield check()
        except SyncdError as error:
            yield of_error(name, error)


def _state(settings: Settings) -> Check:
    folder = settings.state.dir
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except FileNotFoundError:
        return unseen("state", f"there is no {folder} yet; the first syncd sync makes it")
    except OSError as error:
        return failure("state", f"{folder}: {error.strerror}", "correct state.dir")
    said = f"{folder} (mode {mode:04o})"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        fix = f"make it writable for the user that runs syncd: chown it, or chmod u+rwx {folder}"
        return failure("state", f"{said} of the user {owner_of(folder)} cannot be written", fix)
    if (network := is_network(folder)) is not None:
        fix = "set state.dir to a folder on a disk of this machine"
        return warning("state", f"{said} is on the network ({network}), SQLite warns of that", fix)
    if mode & 0o077:
        return warning("state", f"{said} is open to other users", f"chmod 700 {folder}")
    return ok("state", said)


def _of_none(error: SyncdError) -> Check:
    """What it means that there is no catalog to be used: before the first sync, nothing bad."""
    if isinstance(error, Uninitialised):
        return warning("catalog", error.message, error.hint)
    return of_error("catalog", error)


def _holds(settings: Settings, catalog: Catalog) -> Check:
    with catalog.reading() as connection:
        sqlite = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
    size = size_words(settings.catalog.stat().st_size)
    said = f"schema {VERSION}, {size}, SQLite {sqlite}"
    if catalog.is_empty():
        return _of_none(unsynced(settings))
    jobs = count(catalog)
    tracks = ", ".join(f"{number} {state}" for state, number in sorted(states(catalog).items()))
    return ok("catalog", f"{said}; {amount(jobs, 'job')}" + (f": {tracks}" if tracks else ""))


def _integrity(settings: Settings, catalog: Catalog) -> Check:
    verdict = catalog.check()
    if verdict != "ok":
        folder = settings.state.dir / BACKUPS
        return failure(
            "integrity",
            f"the catalog is damaged: {verdict}",
            "stop the daemon; syncd rebuild makes it anew. Or put the newest file of "
            f"{folder} in its place, then run syncd adopt",
        )
    return ok("integrity", "SQLite finds it sound")


def _binding(settings: Settings, catalog: Catalog) -> Check:
    if catalog.is_empty():
        return unseen("binding", "the catalog is empty")
    try:
        marker = find_marker(settings.library.root)
    except RootUnusable:
        marker = None
    if marker is None:
        return unseen("binding", "the library folder, or its marker, is not there")
    open_bound(settings, catalog)
    binding = catalog.binding()
    assert binding is not None, "a catalog that holds something is bound"
    said = f"library and catalog belong together, generation {binding.generation}"
    if binding.bound_anew:
        return ok("binding", f"{said}; bound anew by syncd {binding.bound_anew}")
    return ok("binding", said if binding.settled else f"{said}; no clean cycle has ended yet")


def _account(catalog: Catalog, asked: Asked | None) -> Check:
    binding = catalog.binding()
    if binding is None or asked is None or asked.error is not None:
        return unseen("account", "the service was not reached, or the catalog is not bound")
    if not asked.accounts or binding.account is None:
        return ok("account", "whose jobs these are is not said")
    if asked.accounts != {binding.account}:
        found = ", ".join(sorted(asked.accounts))
        return failure(
            "account",
            f"the key is of account {found}, the library of account {binding.account}",
            "use the key of the library's account; syncd adopt binds the library to this one",
        )
    return ok("account", f"{binding.account}, as the library's")


def _sweep(settings: Settings, catalog: Catalog, now: datetime) -> Check:
    last = last_sweep(catalog)
    if last is None and catalog.is_empty():
        return unseen("sweep", "nothing was synced yet")
    if last is None:
        return warning("sweep", "the account was never listed as a whole", "syncd sync does it")
    said = f"the account was last listed as a whole {_ago(now - last)}"
    if now - last > max(_OLD_SWEEP, 2 * timedelta(seconds=settings.sync.sweep_interval)):
        return warning("sweep", said, "syncd run does it regularly, syncd sync once")
    return ok("sweep", said)


def _waiting(settings: Settings, catalog: Catalog) -> Check:
    found = waiting(catalog, policy_now(settings, catalog))
    held = sum(len(batch.holds) for batch in found.batches) + len(found.single)
    deletions = amount(len(found.deletions), "pending deletion")
    if held:
        said = f"{held} held for you, {deletions}"
        return warning("waiting", said, "syncd pending shows them, and what settles them")
    return ok("waiting", f"nothing held, {deletions}")


def _backup(settings: Settings, now: datetime, *, is_new: bool) -> Check:
    folder, fix = settings.state.dir / BACKUPS, "syncd run makes one a day"
    try:
        found = backups(folder)
    except OSError as error:
        return warning("backup", f"{folder}: {error.strerror}", "make it readable")
    if not found and is_new:
        return unseen("backup", "nothing was synced yet")
    if not found:
        return warning("backup", "the catalog was never backed up", fix)
    newest, made_at = found[0]
    said = f"{newest}, {_ago(now - made_at)}"
    return warning("backup", said, fix) if now - made_at > _OLD_BACKUP else ok("backup", said)


def _ago(elapsed: timedelta) -> str:
    if elapsed < timedelta():
        return "in the future: a clock was set back"
    if elapsed >= timedelta(days=2):
        return f"{elapsed.days} days ago"
    return f"{how_long(elapsed.total_seconds())} ago"
