"""What stands in a library at one moment, told from the disk alone; and what has to be whole.

A file under a final name is whole at every moment, whoever looks and whatever stops: this is looked
at where a program was just killed, before anything mends what it left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..ledger import everything
from ..sound import SUFFIXES
from .stage import Stage


@dataclass(frozen=True)
class Census:
    """``library``: what is heard of each audio file, by its place; ``shas``: of every file, whole;
    ``edited``: the places of those in which people wrote. ``trash``: what is heard of each file
    there, by its digest; ``kept``: the digests of all that is there. ``sent``: how many requests
    were sent so far that change something."""

    library: dict[str, str]
    shas: dict[str, str]
    edited: tuple[str, ...]
    trash: dict[str, str]
    kept: frozenset[str]
    sent: int

    @property
    def heard(self) -> set[str]:
        """All that can be heard in any of it."""
        return {*self.library.values(), *self.trash.values()}


def census(stage: Stage) -> Census:
    """What stands there now."""
    library, shas, edited, trash, kept = {}, {}, [], {}, set()
    for place, path in in_library(stage):
        seen = stage.home.read(path)
        shas[place] = seen.sha
        # An empty file may hold a name for a moment, in which there is nothing of a track.
        if path.suffix in SUFFIXES and path.stat().st_size:
            library[place] = seen.heard
            edited += [place] if seen.marks else []
    for root in stage.roots().values():
        for path in everything(root / ".syncd" / "trash"):
            seen = stage.home.read(path)
            kept.add(seen.sha)
            if path.suffix in SUFFIXES:
                trash[seen.sha] = seen.heard
    return Census(library, shas, tuple(edited), trash, frozenset(kept), stage.house.mutating())


def in_library(stage: Stage) -> Iterator[tuple[str, Path]]:
    """Every ordinary file of every tree, hidden ones too, but for the program's own folder."""
    for tree, root in stage.roots().items():
        for folder, folders, names in os.walk(root):
            if Path(folder) == root and ".syncd" in folders:
                folders.remove(".syncd")
            for name in sorted(names):
                path = Path(folder, name)
                yield f"{tree}{path.relative_to(root)}", path


def unwhole(stage: Stage, before: Census, *, system: str = "native") -> list[str]:
    """What stands under a final name and is not a whole track that says whose it is.

    ``before``: what stood there when the program began, people's own among it, is as whole as it
    was. ``system``: where nothing renames without replacing an empty file may hold a name for a
    moment, in which there is nothing of a track.
    """
    found = []
    known = {*before.shas.values(), *before.kept, *stage.home.ledger.own}
    words = {job.lrc_content.strip() for job in stage.world.jobs() if job.lrc_content}
    for place, path in in_library(stage):
        if system == "bare" and not path.stat().st_size:
            continue
        seen = stage.home.read(path)
        if seen.sha in known:
            continue
        if path.suffix in SUFFIXES:
            sound = stage.sounds.get(seen.heard)
            if sound is None:
                size = path.stat().st_size
                found.append(f"{place} is not whole: {size} bytes, which sound like no track")
            elif seen.job != sound.job:
                found.append(f"{place} sounds like job {sound.job}, and says {seen.job}")
        elif path.suffix == ".lrc" and path.read_text(errors="replace").strip() not in words:
            found.append(f"{place} is not whole: {path.stat().st_size} bytes of lyrics")
    return found
