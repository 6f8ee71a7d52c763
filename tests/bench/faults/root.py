"""The root goes away in the middle of a run, or another folder stands in its place.

Stated: from that moment on nothing is sent that changes the account, and nothing is written into
what stands there; the run ends with 78 and says so, unless it was done by then. Exports are told in
the log, and fail no run: the next one writes them. Once the folder is back all is as if it had
never been away. ``mounted`` mounts a disk over it; where that is not permitted it is left out, and
that is said.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from ..house import House
from ..ledger import everything
from ..part import Size
from . import mounted
from .api import unsaid
from .scene import Came, Scene, struck, unharmed
from .scenes import SCENES
from .state import differences

MOUNTED = "mounted"
WAYS = ("vanished", "over-mounted", MOUNTED)
OF = ("first", "name-up", "name-down", "delete-up", "delete-down", "audio", "retag", "exports")
EXITS = (0, 1, 78)
"""1: a track's file was not there, before the folder as a whole was looked at."""

_EXPORTS_LATER = "is no longer the folder it was a moment ago hint=mount or restore it"


@dataclass
class Blow:
    """At the ``at``-th moment (a request arrives, a plan is made, a file was made durable)."""

    way: str
    at: int
    moments: Iterator[int] = field(default_factory=itertools.count)
    seen: int = 0
    sent: int | None = None
    """Requests that change something, by the moment that it fell, the one arriving among them;
    ``None`` before it fell."""
    left: list[str] = field(default_factory=list)
    """What was written into the folder that is not the library."""

    def moment(self, house: House, what: str) -> None:
        self.seen += 1
        if next(self.moments) != self.at:
            return
        root = house.homes[0].root
        if self.way == MOUNTED:
            mounted.mount(root)
        else:
            root.rename(_away(root))
        if self.way == "over-mounted":
            root.mkdir()
        is_change = not what.startswith("GET") and " " in what
        self.sent = house.mutating() + is_change

    def undone(self, house: House) -> None:
        root = house.homes[0].root
        away = _away(root)
        if self.way == MOUNTED and self.sent is not None:
            self.left = [str(path.relative_to(root)) for path in everything(root)]
            mounted.unmount(root)
        if not away.exists():
            return
        if root.exists():
            self.left = [str(path.relative_to(root)) for path in everything(root)]
            for folder in sorted(root.rglob("*"), reverse=True):
                folder.rmdir() if folder.is_dir() else folder.unlink()
            root.rmdir()
        away.rename(root)


def _away(root: Path) -> Path:
    return root.with_name("elsewhere")


def cases() -> Iterator[str]:
    return (f"root/{scene}" for scene in OF)


def played(name: str, base: Path, size: Size) -> tuple[list[str], int, int]:
    """The troubles with a scene, how many cells that were, and how many were left out."""
    scene, troubles, number = SCENES[name], list[str](), 0
    clean = Blow("", -1)
    struck(scene, base, lambda house: _strike(house, clean))
    moments = range(0, clean.seen, 1 if size is Size.FULL else 3)
    for way in WAYS:

        def cells(way: str = way) -> list[str]:
            return [text for at in moments for text in cell(scene, base, Blow(way, at))]

        unharmed(scene, base)
        try:
            troubles += mounted.apart(cells) if way == MOUNTED else cells()
        except mounted.NotPermitted:
            return troubles, number, len(moments)
        number += len(moments)
    return troubles, number, 0


def cell(scene: Scene, base: Path, blow: Blow) -> list[str]:
    """What is wrong where that befalls the root in ``scene``."""
    wanted = unharmed(scene, base)
    came = struck(scene, base, lambda house: _strike(house, blow))
    found = [*came.troubles, *judged(blow, came), *differences(came.after, wanted)]
    return [f"{scene.name}, {blow.way} at {blow.at}: {text}" for text in found]


@contextmanager
def _strike(house: House, blow: Blow) -> Iterator[None]:
    member, fsync = house.homes[0].member, os.fsync

    def made_durable(descriptor: int) -> None:
        fsync(descriptor)
        blow.moment(house, "fsync")

    member.seam = lambda what: blow.moment(house, what)
    with patch.object(os, "fsync", made_durable):
        yield
    member.seam = lambda _: None
    if blow.sent is not None and house.mutating() > blow.sent:
        house.troubles.append("the account is changed while the library is not there")
    blow.undone(house)


def judged(blow: Blow, came: Came) -> Iterator[str]:
    if blow.left:
        yield f"written into a folder that is not the library: {blow.left}"
    if came.exit not in EXITS:
        yield f"exit {came.exit}: {came.told[:300]}"
    if came.exit == 0 and came.runs > 1 and _EXPORTS_LATER not in came.told:
        yield f"it says that all is done: {came.told[:300]}"
    yield from unsaid(came)
