"""Many writers at once, on a catalog and on its copy; and one that SQLite fails."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.catalog.store import Catalog
from syncd.core.policy import Now
from syncd.errors import CatalogUnusable

from .looking import count, job


def test_threads_write_at_once_and_nothing_is_lost(catalog: Catalog, now: datetime) -> None:
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work(worker: int) -> None:
        try:
            start.wait()
            for turn in range(25):
                number = worker * 100 + turn + 1
                catalog.observe([job(number)], now)
                catalog.outcomes.give_number(number, album="A", number=number)
                assert number in catalog.remote_tree().tracks
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(catalog, "job") == count(catalog, "baseline") == 100


def test_a_copy_takes_threads_too(catalog: Catalog, path: Path, now: datetime) -> None:
    copy = Catalog.copy(path)
    thread = threading.Thread(target=copy.observe, args=([job(1)], now))
    thread.start()
    thread.join()
    assert set(copy.remote_tree().tracks) == {1}
    copy.close()


def test_what_sqlite_cannot_do_is_said_in_one_line(catalog: Catalog, now: datetime) -> None:
    with catalog.reading() as connection:
        connection.execute(text("DROP TABLE baseline"))
    with pytest.raises(CatalogUnusable, match=r"^the catalog: no such table: baseline") as caught:
        catalog.baseline(Now(now))
    assert caught.value.hint is not None
