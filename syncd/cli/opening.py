"""What commands open and set up alike: the catalog for reading, log and progress for working."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.errors import SyncdError

if TYPE_CHECKING:
    from syncd.catalog.store import Catalog
    from syncd.config import Settings
    from syncd.progress import Progress


@contextmanager
def reading(settings: Settings) -> Iterator[Catalog]:
    """The catalog, for queries alone: no lock, no network. Raises ``SyncdError`` without one."""
    from syncd.catalog.store import Catalog

    catalog = Catalog.read(settings.catalog)
    if catalog is None:
        raise SyncdError(
            f"there is no catalog in {settings.state.dir} yet", hint="run syncd sync first"
        )
    try:
        yield catalog
    finally:
        catalog.close()


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
