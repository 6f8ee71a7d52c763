"""Room on the disks: the library's, and that of the catalog and its backups."""

from __future__ import annotations

import shutil
from pathlib import Path

from syncd.doctor.check import Check, failure, ok, unseen, warning
from syncd.settings import Settings

_LEAST_FOR_STATE = 100_000_000
"""Bytes: what a catalog of a few ten thousand tracks grows by in a busy month, with its backups."""


def size_words(size: int) -> str:
    """Bytes for the eye."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def for_library(settings: Settings) -> Check:
    root, least = settings.library.root, settings.limits.min_free_space
    free = _free(root)
    if free is None:
        return unseen("disk", f"there is no {root}")
    said = f"{size_words(free)} free for the library"
    if free < least:
        return failure(
            "disk",
            f"{said}, less than limits.min_free_space ({size_words(least)}): nothing is downloaded",
            "make room, or lower limits.min_free_space",
        )
    return ok("disk", said)


def for_state(settings: Settings) -> Check:
    folder = settings.state.dir
    free = _free(folder)
    if free is None:
        return unseen("state disk", f"there is no {folder}")
    try:
        catalog = settings.catalog.stat().st_size
    except OSError:
        catalog = 0
    said = f"{size_words(free)} free for the catalog"
    # A backup is as large as the catalog, and stands beside the one before for a moment.
    wanted = max(2 * catalog, _LEAST_FOR_STATE)
    if free < wanted:
        return warning(
            "state disk",
            f"{said} and its backups, which may need {size_words(wanted)}",
            "make room on the disk that holds state.dir",
        )
    return ok("state disk", said)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
