"""What commands open and set up alike: the catalog for reading, log and progress for working."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import typer

from syncd.errors import ConfigError, KeyMissing, StateUnusable, SyncdError

if TYPE_CHECKING:
    from syncd.catalog.store import Catalog
    from syncd.config import Settings
    from syncd.progress import Progress
    from syncd.secret import Secret


@contextmanager
def reading(settings: Settings) -> Iterator[Catalog]:
    """The catalog, for queries alone: no lock, no network. Raises ``SyncdError`` without one."""
    from syncd.binding import lost, unsynced, was_lost
    from syncd.catalog.store import Catalog

    def failed(error: SyncdError) -> SyncdError:
        # A question that cannot be answered stops nothing for safety.
        return SyncdError(error.message, hint=error.hint)

    try:
        catalog = Catalog.read(settings.catalog)
    except StateUnusable as error:
        raise failed(error) from None
    if catalog is None:
        raise failed(unsynced(settings))
    try:
        if catalog.is_empty() and was_lost(settings):
            raise failed(lost(settings))
        yield catalog
    finally:
        catalog.close()


def load_key(settings: Settings) -> Secret:
    """The API key, see ``config.load_key``; where none is given, the one of a daemon that runs.

    Where nothing was set up yet that is said first, and no key asked for.
    """
    from syncd import config
    from syncd.binding import without_marker
    from syncd.local.root import find_marker

    try:
        return config.load_key(settings)
    except ConfigError as error:
        if settings.file is None and find_marker(settings.library.root) is None:
            raise without_marker(settings) from None
        if isinstance(error, KeyMissing) and (found := _key_of_the_daemon(settings)):
            return found
        raise


def _key_of_the_daemon(settings: Settings) -> Secret | None:
    """What systemd gives to a unit as a credential no command sees: its daemon tells it.

    ``None`` where none runs. Raises ``SyncdError`` where it does not tell it.
    """
    from syncd.cli.forwarding import find
    from syncd.daemon.contact import DaemonGone

    contact = find(settings.first or settings)
    try:
        return contact.key() if contact else None
    except DaemonGone:
        return None


@contextmanager
def borrowed(settings: Settings, command: str) -> Iterator[None]:
    """The library for ``command`` alone: a daemon stands aside until the end.

    Raises ``SyncdError`` where it does not.
    """
    from syncd.cli.forwarding import find, leaving
    from syncd.local.owner import check_owner

    check_owner(settings.library.root, settings.state.dir)
    with ExitStack() as stack:
        with leaving("nothing was done"):
            if contact := find(settings.first or settings):
                stack.enter_context(contact.borrowed(f"syncd {command}"))
                if sys.stderr.isatty():
                    typer.echo("the daemon stands aside", err=True)
        yield


@contextmanager
def watched(settings: Settings) -> Iterator[Progress | None]:
    """The log as configured; on a terminal bars, and only warnings beside them."""
    from syncd import log
    from syncd.cli.progress import Bars

    bars = sys.stderr.isatty()
    level = "warning" if bars and settings.log.level == "info" else settings.log.level
    log.configure(level, settings.log.format)
    if not bars:
        yield None
        return
    with Bars() as progress:
        yield progress
