"""The catalog fails in the middle of a run that goes on: each commit in turn, by every way.

What was decided is done in the folder or the account by then, and cannot be written down. Stated:
that track, or the run, ends with an error; the same program goes on afterwards, without being
started again, and comes to the same as if nothing had happened; nothing is lost, and nothing is
sent to the account a second time.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from syncd.catalog import database

from ..house import House
from ..part import Size
from .api import unsaid
from .scene import Came, Scene, struck, unharmed
from .scenes import SCENES
from .state import differences

OF = (
    *("more", "name-up", "name-down", "swap", "delete-up", "delete-down", "move", "audio"),
    *("beside", "retag", "evict", "purge", "retry"),
)
KINDS = {
    "full": "database or disk is full",
    "sick": "disk I/O error",
    "busy": "database is locked",
}
"""What SQLite says (https://sqlite.org/rescode.html): after the first two it has rolled back, after
the last the transaction is still open."""

EXITS = (0, 1, 3, 78)


@dataclass
class Blow:
    """The ``at``-th commit fails, from 0 on; with ``kind``."""

    kind: str
    at: int = -1
    met: int = 0
    hits: int = 0

    def commit(self, connection: sqlite3.Connection, real: Callable[[], None]) -> None:
        if not connection.in_transaction:
            return real()
        self.met += 1
        if self.met - 1 != self.at:
            return real()
        self.hits += 1
        if self.kind != "busy":
            connection.rollback()
        raise sqlite3.OperationalError(KINDS[self.kind])


def cases() -> Iterator[str]:
    return (f"commits/{scene}" for scene in OF)


def played(name: str, base: Path, size: Size) -> tuple[list[str], int]:
    """The troubles with one scene, and how many cells that were."""
    scene, troubles, number = SCENES[name], list[str](), 0
    clean = Blow("full")
    struck(scene, base, lambda house: _strike(house, clean))
    for at in range(clean.met):
        kinds = tuple(KINDS) if size is Size.FULL else (tuple(KINDS)[at % len(KINDS)],)
        for kind in kinds:
            number += 1
            found = cell(scene, base, Blow(kind, at))
            troubles += [f"{name}, commit {at} {kind}: {text}" for text in found]
    return troubles, number


def cell(scene: Scene, base: Path, blow: Blow) -> list[str]:
    """What is wrong where a commit of the scene fails, and the program runs on."""
    wanted = unharmed(scene, base)
    houses: list[House] = []

    def strike(house: House) -> Any:
        houses.append(house)
        return _strike(house, blow)

    came = struck(scene, base, strike, restart=False)
    found = [*came.troubles, *_judged(blow, came), *_sent_twice(houses[0])]
    return found + differences(came.after, wanted)


@contextmanager
def _strike(_house: House, blow: Blow) -> Iterator[None]:
    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            blow.commit(self, super().commit)

    class Module:
        """``sqlite3`` as the program has it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(sqlite3, name)

        def connect(self, *given: Any, **named: Any) -> sqlite3.Connection:
            return sqlite3.connect(*given, **named, factory=Connection)

    with patch.object(database, "sqlite3", Module()):
        yield
    blow.at = -1


def _judged(blow: Blow, came: Came) -> Iterator[str]:
    if not blow.hits:
        yield "nothing was struck"
    if came.exit not in EXITS:
        yield f"exit {came.exit}: {came.told[:300]}"
    if came.exit == 0 and KINDS[blow.kind] not in came.told:
        yield f"something failed, and nobody told: {came.told[:300]}"
    yield from unsaid(came)


def _sent_twice(house: House) -> Iterator[str]:
    """A deletion, a name or another try: what was answered once needs no second time."""
    sent = Counter(
        (one.method, one.path, bytes(one.body)) for one in house.account.sim.requests.mutating()
    )
    for (method, path, body), times in sent.items():
        if times > 1:
            yield f"{method} {path} {body!r} was sent {times} times"
