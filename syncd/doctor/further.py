"""The further trees (``library.also``): whether each can be worked on."""

from __future__ import annotations

from collections.abc import Iterator

from syncd.catalog.store import Catalog
from syncd.core.words import amount
from syncd.derived import further_of
from syncd.doctor.check import Check, of_error, ok
from syncd.elsewhere import Elsewhere
from syncd.errors import SyncdError
from syncd.settings import Settings


def look(settings: Settings) -> Iterator[Check]:
    try:
        catalog = Catalog.read(settings.catalog) if settings.trees else None
    except SyncdError:
        catalog = None  # which has a check of its own
    if catalog is None:
        return
    try:
        for tree in further_of(settings, catalog):
            yield _look(tree)
    finally:
        catalog.close()


def _look(tree: Elsewhere) -> Check:
    name = f"tree {tree.format}"
    try:
        with tree.reading() as found:
            if found is None:
                return ok(name, f"{tree.root}; the next sync makes it")
            return ok(name, f"{tree.root}, {amount(found[0].further.count(), 'file')}")
    except SyncdError as error:
        advice = "mount its disk, or correct library.also_root; until then no deletion is sent"
        return of_error(name, SyncdError(error.message, hint=error.hint or advice))
