"""The catalog's own troubles: SQLite busy, full, read-only, and a file that is damaged.

Stated: busy for a moment is waited for. What lasts ends the run with 78, and with what to do; and
once it is over all is as before. A catalog that is damaged is refused, never mended unasked and
never read as if tracks were gone: ``syncd rebuild`` makes it anew, which changes nothing in the
account, and then the same files stand there. What happened while it was lost it cannot tell: names
that differ are held, and both stay where somebody rejects that; a file whose job is gone is kept,
as detached; and one whose audio was replaced in the account is taken in as it is found.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from syncd.actions.bind import begin_anew
from syncd.catalog import database
from syncd.core.baseline import State
from syncd.engine import open_unbound
from syncd.rest import run_until_rest
from syncd.secret import Secret

from ..house import House
from .api import unsaid
from .scene import Came, Scene, struck, unharmed
from .scenes import SCENES
from .state import differences

OF = ("first", "more", "name-up", "name-down", "delete-up", "delete-down", "audio", "retag")
BUSY_MS = 150
"""In place of the seconds that the program waits."""

Blow = Callable[[House, ExitStack], None]


def _catalog(house: House) -> Path:
    return house.homes[0].member.settings.catalog


class _Connecting:
    """Every connection of the program to a catalog is made by this."""

    def __init__(self, made: Callable[[sqlite3.Connection], None]) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, *given: Any, **named: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*given, **named)
        self._made(connection)
        return connection


def _each(stack: ExitStack, made: Callable[[sqlite3.Connection], None]) -> None:
    stack.enter_context(patch.object(database, "sqlite3", _Connecting(made)))


def busy_for_a_moment(house: House, stack: ExitStack) -> None:
    held = _held(house, stack)
    timer = threading.Timer(BUSY_MS / 4_000, held.rollback)
    timer.start()
    stack.callback(timer.join)


def busy(house: House, stack: ExitStack) -> None:
    _held(house, stack)


def _held(house: House, stack: ExitStack) -> sqlite3.Connection:
    stack.enter_context(patch.object(database, "_BUSY_MS", BUSY_MS))
    path = _catalog(house)
    path.parent.mkdir(parents=True, exist_ok=True)
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    stack.callback(other.close)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    return other


def full(_house: House, stack: ExitStack) -> None:
    def made(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    _each(stack, made)


def read_only(_house: House, stack: ExitStack) -> None:
    _each(stack, lambda connection: connection.execute("PRAGMA query_only=ON") and None)


def closed(_house: House, stack: ExitStack) -> None:
    def made(_connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    _each(stack, made)


def sick_disk(_house: House, stack: ExitStack) -> None:
    def made(_connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    _each(stack, made)


PASSING: dict[str, tuple[Blow, tuple[int, ...]]] = {
    "busy for a moment": (busy_for_a_moment, (0,)),
    "busy": (busy, (78,)),
    "full": (full, (0, 78)),  # there may be room in what it has
    "read-only": (read_only, (78,)),
    "folder closed": (closed, (78,)),
    "disk sick": (sick_disk, (78,)),
}
"""What is over with the run that it strikes, and what that ends with."""


def _overwritten(first: float, last: float) -> Callable[[bytes], bytes]:
    def damaged(data: bytes) -> bytes:
        start, end = int(len(data) * first), int(len(data) * last)
        return data[:start] + bytes(byte ^ 0x5A for byte in data[start:end]) + data[end:]

    return damaged


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "header": lambda data: b"\0" * 100 + data[100:],
    "first page": lambda data: data[:100] + b"\xff" * 3_996 + data[4_096:],
    "half of it": lambda data: data[: len(data) // 2],
    "nothing left": lambda _: b"",
    "no database": lambda data: b"not a database at all, " * (len(data) // 23),
    "first third": _overwritten(0.05, 0.35),
    "second third": _overwritten(0.35, 0.65),
    "last third": _overwritten(0.65, 1.0),
}
"""What may have become of the file between two runs."""


def cases() -> Iterator[str]:
    return (f"catalog/{scene}" for scene in OF)


def played(name: str, base: Path) -> tuple[list[str], int]:
    scene, troubles, number = SCENES[name], list[str](), 0
    wanted = unharmed(scene, base)
    for what, (blow, codes) in PASSING.items():
        number += 1
        came = struck(scene, base, lambda house: _strike(house, blow))  # noqa: B023
        found = [*came.troubles, *_ends(came, codes), *differences(came.after, wanted)]
        troubles += [f"{name}, catalog {what}: {text}" for text in found]
    for what, damage in DAMAGES.items() if scene.then else ():
        number += 1
        came = struck(_rebuilding(scene), base, lambda house: _damaged(house, damage))  # noqa: B023
        # An empty file is no catalog at all: what is refused then is the folder that has a history.
        found = [*came.troubles, *_ends(came, (0, 1, 3, 78))]
        if name in ("more", "retag"):
            found += differences(_files(came), {"files": wanted["files"]})
        found += _detached(came) if name == "delete-down" else ()
        found += _both_names_stay(came) if name == "name-down" else ()
        troubles += [f"{name}, catalog damaged, {what}: {text}" for text in found]
    return troubles, number


def _detached(came: Came) -> Iterator[str]:
    tracks = came.after.get("catalog")
    states = [state for state, _ in tracks.values()] if isinstance(tracks, dict) else []
    if states.count(str(State.DETACHED)) != 1:
        yield f"the file whose job is gone is not kept as detached: {states}"


def _both_names_stay(came: Came) -> Iterator[str]:
    files = came.after.get("files")
    stems = {Path(name).stem for name in files} if isinstance(files, dict) else set()
    if not came.was_held or "Rain" not in stems or "Storm" in stems:
        yield f"names that differ are not left to somebody to decide: {sorted(stems)}"


def _files(came: Came) -> dict[str, object]:
    return {"files": came.after.get("files")}


@contextmanager
def _strike(house: House, blow: Blow) -> Iterator[None]:
    with ExitStack() as stack:
        blow(house, stack)
        yield


@contextmanager
def _damaged(house: House, damage: Callable[[bytes], bytes]) -> Iterator[None]:
    path = _catalog(house)
    path.write_bytes(damage(path.read_bytes()))
    yield


def _rebuilding(scene: Scene) -> Scene:
    """The same, where somebody does as the program says once it refuses to go on."""

    async def run(house: House) -> None:
        member = house.homes[0].member
        await member.sync()
        if not member.errors:
            return
        await member.close()
        sent = house.mutating()
        settings, key = member.settings, Secret(member.key)
        clock = house.moment.now
        async with open_unbound(settings, key, afresh=True, clock=clock) as (unbound, join):
            engine = join(begin_anew(unbound.root, unbound.marker, unbound.base_url))
            await run_until_rest(engine.library, engine.executor, engine.policy)
        if house.mutating() != sent:
            house.troubles.append("syncd rebuild changes the account")

    # People gave no name here: to approve it would be to send one that nobody meant.
    is_rejected = scene.name == "name-down"
    return dataclasses.replace(scene, run=run, is_rejected=is_rejected)


def _ends(came: Came, codes: tuple[int, ...]) -> Iterator[str]:
    if came.exit not in codes:
        yield f"exit {came.exit}, not {codes}: {came.told[:300]}"
    yield from unsaid(came)
