"""What the library's file system is, and what it can do: tried out, with files of a moment."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from syncd.doctor.check import Check, ok, warning
from syncd.local.exchange import exchange
from syncd.local.mounts import mount_of
from syncd.local.rename import rename_exclusive
from syncd.local.watch import is_network


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """``folds``: names that differ in case alone are one name. The rest is what syncd works with,
    and does without where it must.
    """

    folds: bool
    renames_without_replacing: bool
    exchanges: bool
    links: bool
    locks: bool


def try_out(folder: Path) -> Abilities:
    """What the file system of ``folder`` can do, by files in it that are gone again afterwards.

    Raises ``OSError`` where nothing can be written there.
    """
    with TemporaryDirectory(prefix="doctor-", dir=folder) as name:
        here = Path(name)
        one, other, third = here / "one", here / "other", here / "third"
        one.write_bytes(b"syncd doctor")
        other.touch()
        third.touch()
        return Abilities(
            folds=(here / "ONE").exists(),
            renames_without_replacing=_can(lambda: rename_exclusive(third, here / "new")),
            exchanges=_can(lambda: exchange(one, other)),
            links=_can(lambda: os.link(one, here / "link")),
            locks=_can(lambda: _lock(one)),
        )


def check(folder: Path, abilities: Abilities) -> Check:
    mount = mount_of(folder)
    named = mount.kind if mount else "of a type that the system does not say"
    lacks = [
        word
        for word, there in (
            ("rename that does not replace", abilities.renames_without_replacing),
            ("exchange of two names", abilities.exchanges),
            ("hard links", abilities.links),
            ("locks", abilities.locks),
        )
        if not there
    ]
    case = "upper and lower case are one" if abilities.folds else "upper and lower case differ"
    said = f"{named}; {case}" + (f"; lacks: {', '.join(lacks)}" if lacks else "")
    if is_network(folder) is not None:
        return warning(
            "file system",
            f"{said}; it is on the network: nobody tells of what other machines change there",
            "nothing to do: sync.scan_interval says how soon it is found; keep state.dir on a disk "
            "of this machine",
        )
    if not abilities.locks:
        return warning("file system", said, "see that no other syncd works on this folder")
    return ok("file system", said)


def _can(act: Callable[[], bool | None]) -> bool:
    try:
        return act() is not False
    except OSError:
        return False


def _lock(path: Path) -> None:
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
