"""Every place where the program touches a file × every way in which a disk refuses.

The places are those that the scenes come by; each is struck in the first scene that does, beginning
with those in which something is about to be deleted or nothing is to happen, for there a wrong
answer costs most; from its first touch on, and once in the middle and at its end. What is stated of
all of them:

- the run ends with an error of the program's own, or puts tracks off, or does without what it could
  do without; it never ends as if all were done while something is not and nobody was told;
- what is said names the file, folder or disk, and what the system said of it or what to do;
- nothing of people's is lost, nothing is sent that they did not bring about;
- once the disk is well again all is as if it had never been ill, but for what ``REMAINS`` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..house import House
from ..part import Size
from .api import unsaid
from .disk import ERRNOS, LISTED, STREAMS, Disk, Place, watched
from .scene import Came, struck, unharmed
from .scenes import SCENES
from .state import differences

LOOKS = (
    *("stat", "lstat", "fstat", "scandir", "listdir", "statvfs", "readlink", "lseek", "read"),
    *("pread", "getxattr", "listxattr", STREAMS[0], *LISTED),
)
"""What changes nothing: such a call has no want of room."""

GROUPS = (
    *("catalog", "cycle", "derived", "engine", "executor", "export", "generation"),
    *("local.audio", "local.carry", "local.digest", "local.exchange", "local.files"),
    *("local.ignore", "local.lock", "local.mounts", "local.moves", "local.notes", "local.owner"),
    *("local.rename", "local.reserve", "local.retag", "local.root", "local.scan"),
    *("local.sidecars", "local.sound", "local.tags", "local.trash", "local.trash_folder"),
    *("local.trash_note", "local.aside", "local.beside", "local.ordinary", "local.trash_back"),
    *("local.under_way", "remote"),
)
"""The modules whose places are played as one case."""

EXITS = {
    "library": (0, 1, 3, 78),
    "own": (0, 1, 3, 78),
    "state": (0, 1, 78),
}
"""What a run may end with, by where it is struck: 1 where tracks were put off, 78 where the folder
or the catalog cannot be relied on; 0 where it could do without, or do it another way."""

REMAINS: dict[str, str] = {
    "executor.lyrics": "lyrics that cannot be looked at count as somebody's own, and stay",
    "local.carry._rename ENAMETOOLONG": "what stands beside a track stays where the trash, or the "
    "new folder, cannot hold its name: another try would end the same",
    "local.retag EXDEV": "a title is not written across disks: the file keeps the one it had",
    "local.digest.sha256": "a file that cannot be read counts as edited, and is left as it is",
    "export": "an export that cannot be read counts as somebody's own, and is left",
}
"""Places after which something may differ for good, and why that is right."""

LYRICS: dict[str, str] = {
    "local.ignore._read": "lyrics that may be kept out count as somebody's own, and stay",
}
"""Places after which lyrics alone may differ for good, and why that is right."""

LATER: dict[str, str] = {
    "executor.remove._give_up": "what cannot be looked at counts as gone; the next one ends it",
}
"""Places after which a run may end well with something left for the next one."""

_NAMES = (".flac", ".mp3", ".wav", ".lrc", ".syncdignore")
"""How what can be struck of the library is named, relative to it."""

BEFORE = ("delete-up", "delete-down", "rest")
"""The scenes whose places are struck in them rather than in another."""

_PLACES: dict[Place, tuple[str, int]] = {}


def cases() -> Iterator[str]:
    return (f"files/{group}" for group in GROUPS)


def places(base: Path) -> dict[Place, tuple[str, int]]:
    """Each place, the first scene that comes by it, and how often."""
    if not _PLACES:
        for name in dict.fromkeys((*BEFORE, *SCENES)):
            scene = SCENES[name]
            seen: list[Disk] = []
            came = struck(scene, base, lambda house: strike(house, seen))  # noqa: B023
            if came.troubles:
                raise AssertionError(f"{name}: {came.troubles}")
            for place, touches in seen[0].seen.items():
                _PLACES.setdefault(place, (name, touches))
    return _PLACES


def group_of(place: Place) -> str | None:
    fits = [one for one in GROUPS if f"{place.where}.".startswith(f"{one}.")]
    return max(fits, key=len, default=None)


def played(group: str, base: Path, size: Size) -> tuple[list[str], int]:
    """The troubles with the places of ``group``, and how many cells that were."""
    troubles, number = list[str](), 0
    for place, (scene, touches) in sorted(places(base).items()):
        if group_of(place) != group:
            continue
        wanted = unharmed(SCENES[scene], base)
        for blow in blows(place, touches, size):
            number += 1
            seen: list[Disk] = []
            came = struck(
                SCENES[scene],
                base,
                lambda house: strike(house, seen, place, blow),  # noqa: B023
            )
            found = [*came.troubles, *judged(place, seen[0], came)]
            if not may_remain(place, blow.name):
                found += differences(*(_in_question(place, one) for one in (came.after, wanted)))
            troubles += [f"{place} × {blow} ({scene}): {text}" for text in found]
    return troubles, number


def may_remain(place: Place, code: str) -> bool:
    """Whether ``REMAINS`` names it, and the error, where that says one."""
    named = (one.partition(" ") for one in REMAINS)
    return any(place.where.startswith(where) and only in ("", code) for where, _, only in named)


def _in_question(place: Place, state: Mapping[str, object]) -> dict[str, object]:
    """What of it must be as if the place had never been struck."""
    files = state.get("files")
    if place.where not in LYRICS or not isinstance(files, dict):
        return dict(state)
    return {
        **state,
        "files": {name: it for name, it in files.items() if Path(name).suffix != ".lrc"},
    }


class Blow(NamedTuple):
    """What a place fails with: ``times`` times (``None``: for good), after so many good touches;
    ``only`` where a path stands."""

    name: str
    times: int | None = None
    after: int = 0
    only: str | None = None

    def __str__(self) -> str:
        often = "always" if self.times is None else "once"
        since = f" after {self.after}" if self.after else ""
        return f"{self.name} {often}{since}" + (f" at {self.only!r}" if self.only else "")


def blows(place: Place, touches: int, size: Size) -> Iterator[Blow]:
    """What a place is struck with: the changing ones with everything for good and with one thing
    once; those that only look with what a sick or closed disk says. Then again, where it is come by
    more often, in the middle and at the last touch."""
    if size is Size.FULL:
        yield from (Blow(name, times) for name in ERRNOS for times in (None, 1))
    elif place.call in LOOKS:
        yield from (Blow("EIO"), Blow("EACCES", 1))
    else:
        yield from (Blow(name) for name in ERRNOS)
        yield Blow("EIO", 1)
    for after in sorted({touches // 2, touches - 1} - {0}):
        yield Blow("EIO", 1, after)


@contextmanager
def strike(
    house: House,
    seen: list[Disk],
    place: Place | None = None,
    blow: Blow | None = None,
    within: str | None = None,
) -> Iterator[None]:
    member = house.homes[0].member
    disk = Disk(member.root, member.settings.state.dir, within=within)
    if blow is not None:
        disk.place, disk.code = place, ERRNOS[blow.name]
        disk.times, disk.after, disk.only = blow.times, blow.after, blow.only
    seen.append(disk)
    with watched(disk):
        yield


def judged(place: Place, disk: Disk, came: Came) -> Iterator[str]:
    """In what the struck run was not as it is stated."""
    if not disk.hits:
        yield "nothing was struck"
    if came.exit not in EXITS[place.zone]:
        yield f"exit {came.exit}: {came.told[:300]}"
    is_for_later = any(place.where.startswith(where) for where in LATER)
    if came.exit == 0 and came.runs > 1 and "warning" not in came.told and not is_for_later:
        yield f"something was left, and nobody told: {came.told[:300]}"
    yield from unsaid(came)
    if came.exit and not _names(came.told, disk):
        yield f"it says neither what nor where: {came.told[:300]}"


def _names(told: str, disk: Disk) -> bool:
    if "its name is too long" in told:
        return True
    said = (
        os.strerror(disk.code),
        "full",
        "too long",
        "be read",
        "vanished",
        "no longer",
        "another file system",
        "no room",
    )
    what = (str(disk.root), str(disk.state), ".part", *_NAMES, *filter(None, disk.struck))
    return any(text in told for text in said) and any(text in told for text in what)


def table() -> str:
    """What is stated, for people."""
    lines = ["| Where | Exit of the run | |", "|---|---|---|"]
    what = {
        "library": "the track is put off; or the run ends, where the disk itself is sick",
        "own": "the run ends: nothing is begun that could not be kept",
        "state": "the run ends before anything is begun",
    }
    for zone, codes_ in EXITS.items():
        lines.append(f"| {zone} | {', '.join(map(str, codes_))} | {what[zone]} |")
    lines += ["", "What may stay otherwise once the disk is well again:", ""]
    lines += [f"- `{where}`: {why}" for where, why in (REMAINS | LYRICS | LATER).items()]
    return "\n".join(lines)
