"""What the disk must not be ahead of outlives a power failure: its commit is synced at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Connection, event

from syncd.catalog.store import Binding, Catalog
from syncd.core.baseline import Named, State

NORMAL, FULL = 1, 2
"""``PRAGMA synchronous``: only ``FULL`` syncs the log at each commit (sqlite.org/pragma.html)."""

Act = Callable[[Catalog], object]


def count_on(catalog: Catalog) -> None:
    """The next generation, as it is counted before the marker is written."""
    binding = catalog.binding() or Binding(library_id="a library", base_url="https://a.example")
    catalog.bind(replace(binding, generation=binding.generation + 1))


def levels(catalog: Catalog, act: Act) -> list[int]:
    """How durable each commit of ``act`` is that writes something."""
    found: list[int] = []

    def committed(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert raw is not None
        if raw.in_transaction:
            found.append(raw.execute("PRAGMA synchronous").fetchone()[0])

    event.listen(catalog._engine, "commit", committed)
    act(catalog)
    return found


DURABLE: dict[str, Act] = {
    "the generation": count_on,
    "a state that is about to be": lambda catalog: catalog.outcomes.commit(7, State.EVICTED),
    "a name that is about to be": lambda catalog: catalog.outcomes.intend(7, Named("Rain", "Rain")),
}


@pytest.mark.parametrize("what", DURABLE)
def test_what_is_committed_before_the_disk_is_changed_is_durable(
    catalog: Catalog, what: str
) -> None:
    assert levels(catalog, DURABLE[what]) == [FULL]


def test_what_follows_the_disk_is_not_waited_for(catalog: Catalog, now: datetime) -> None:
    assert levels(catalog, count_on) == [FULL]
    assert levels(catalog, lambda catalog: catalog.begin_sweep(now)) == [NORMAL]
