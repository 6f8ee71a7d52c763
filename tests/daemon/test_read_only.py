"""Disks that turn read-only under the daemon: the library's is waited for, the catalog's ends it.

A disk does so by itself where it fails; then even what is held open cannot be written any more.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from syncd.catalog.store import Catalog
from syncd.cycle import Look
from syncd.daemon import waiting
from syncd.errors import CatalogUnusable
from syncd.local import root
from syncd.local.lock import Lock

from .living import House


def refuses(path: object, *_: object) -> NoReturn:
    name = path if isinstance(path, str | os.PathLike) else None
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), name)


@contextmanager
def read_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the library's disk refuses while it is read-only: the marker, and the locks on it."""
    with monkeypatch.context() as disk:
        disk.setattr(root, "fsync_folder", refuses)
        disk.setattr(os, "ftruncate", refuses)
        disk.setattr(Lock, "acquire", refuses)
        yield


async def test_the_librarys_disk_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_ROOT", 0.05)
    async with house.inhabited() as living:
        with read_only(monkeypatch):
            house.add("Delta")
            living.daemon.wakes.wake(Look(sweep=True, scan=True), "a test")
            await living.come_to("waiting")
            assert f"{house.root} cannot be written" in str(living.daemon.awaits)
            assert "mount it for writing" in str(living.daemon.awaits)
        await living.come_to("idle")
        await living.until(house.path("Delta").exists)


async def test_the_catalogs_disk_ends_it_with_what_the_catalog_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = CatalogUnusable("the catalog: attempt to write a readonly database")

    def fails(*_: object) -> NoReturn:
        raise said

    async with house.inhabited() as living:
        with monkeypatch.context() as disk:
            disk.setattr(os, "ftruncate", refuses)
            disk.setattr(Catalog, "begin_sweep", fails)
            living.daemon.wakes.wake(Look(sweep=True, scan=True), "a test")
            with pytest.raises(CatalogUnusable) as caught:
                await living.running
    assert caught.value is said
