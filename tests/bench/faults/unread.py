"""Unreadable is not absent: what cannot be looked at is struck path by path, in each scan.

Stated: as long as a folder or a file cannot be read nothing is deleted in the account of what lies
there, nor sent about it; what lies elsewhere goes its way. It is said by its name. Once it can be
read all is as if it always could, and what was deleted there meanwhile goes then.

Each look of the scan at the library is struck, at its root, at one folder, at one file and at the
last of them; for as long as the program runs, so that one scan says what the other does.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..house import House
from ..part import Size
from .disk import Disk, Place
from .files import LOOKS, Blow, judged, strike
from .scene import Came, Scene, struck, unharmed
from .scenes import SCENES
from .state import differences

OF = ("rest", "delete-one", "delete-up", "move", "name-up")
"""Where nothing is to happen, and where something is: nothing else may come of it."""

SCAN = "local.scan.scan"

CODES = ("EIO", "EACCES")

_CHANGE = re.compile(r"(?:DELETE|PATCH) .*/jobs/(\d+)$")


def cases() -> Iterator[str]:
    return (f"unread/{scene}" for scene in OF)


def played(name: str, base: Path, size: Size) -> tuple[list[str], int]:
    """The troubles with one scene, and how many cells that were."""
    scene, troubles, number = SCENES[name], list[str](), 0
    for place, paths in sorted(looks(scene, base).items()):
        for blow in blows(paths, size):
            number += 1
            found = cell(scene, base, place, blow)
            troubles += [f"{place} × {blow} ({name}): {text}" for text in found]
    return troubles, number


def looks(scene: Scene, base: Path) -> dict[Place, list[str]]:
    """Each place by which a run of the scene looks at the library, and at which paths."""
    seen: list[Disk] = []
    struck(scene, base, lambda house: strike(house, seen, within=SCAN))
    return {
        place: sorted(paths)
        for place, paths in seen[0].paths.items()
        if place.zone == "library"
        and place.call in (*LOOKS, "open")
        and not place.where.startswith("local.mounts.")  # the table of mounts, not the library
    }


def blows(paths: list[str], size: Size) -> Iterator[Blow]:
    few = sorted({paths[0], paths[len(paths) // 2], paths[-1]})
    for code in CODES:
        chosen = paths if size is Size.FULL else few if code == CODES[0] else few[-1:]
        yield from (Blow(code, only=path) for path in chosen)


def cell(scene: Scene, base: Path, place: Place, blow: Blow) -> list[str]:
    """What is wrong where ``place`` is struck in ``scene``."""
    wanted = unharmed(scene, base)
    seen: list[Disk] = []
    stood: list[dict[int, set[str]]] = []

    def then(house: House) -> None:
        stood.append(house.homes[0].ledger.bearers())
        if scene.then is not None:
            scene.then(house)
        stood.append(house.homes[0].ledger.bearers())

    noted = dataclasses.replace(scene, then=then)
    came = struck(noted, base, lambda house: strike(house, seen, place, blow, SCAN))
    found = [*came.troubles, *judged(place, seen[0], came), *differences(came.after, wanted)]
    if blow.only and f"could not be read: {blow.only}" not in came.told:
        found.append(f"it does not say that this cannot be read: {came.told[:300]}")
    return found + list(_taken_for_absent(came, blow.only or "", stood))


def _taken_for_absent(came: Came, path: str, stood: list[dict[int, set[str]]]) -> Iterator[str]:
    """What was sent of a job whose file lies, or lay, where nothing could be read."""
    for sent in came.sent:
        found = _CHANGE.search(sent)
        places = {one for at in stood for one in at.get(int(found[1]), ())} if found else set()
        if any(is_under(one, path) for one in places):
            yield f"{sent}, whose file cannot be looked at: {sorted(places)}"


def is_under(path: str, folder: str) -> bool:
    return not folder or PurePosixPath(path).is_relative_to(folder)
