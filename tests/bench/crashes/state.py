"""What a library came to: all that a stop may not change."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncd.catalog.store import Catalog
from syncd.core.policy import Now

from ..ledger import Reader
from ..sound import SUFFIXES
from .stage import Stage

_ENTERED = {"lock", "reserve"}


@dataclass(frozen=True)
class State:
    """What a library came to. ``trash``: what is heard of what it holds, and how often."""

    tracks: tuple[Any, ...]
    files: tuple[Any, ...]
    account: tuple[Any, ...]
    own: tuple[str, ...]
    sent: Mapping[str, int]
    trash: Mapping[str, int]

    def differs(self, other: State) -> list[str]:
        """From ``other``, which was never stopped."""
        found = []
        for name in ("tracks", "files", "account", "own"):
            mine, theirs = set(getattr(self, name)), set(getattr(other, name))
            found += [f"{name}: {one} is there" for one in sorted(mine - theirs, key=repr)]
            found += [f"{name}: {one} is missing" for one in sorted(theirs - mine, key=repr)]
        for what, times in self.sent.items():
            if times > other.sent.get(what, 0):
                found.append(f"sent {times} times, not {other.sent.get(what, 0)}: {what}")
        for what in self.trash.keys() | other.trash.keys():
            mine, theirs = self.trash.get(what, 0), other.trash.get(what, 0)
            # A copy of a try that was stopped may be one more: it can be brought back.
            if not theirs <= mine <= theirs + 1:
                found.append(f"trash: {mine} of {what[:40]}, not {theirs}")
        return found


def state(stage: Stage) -> State:
    """All that a stop may not change."""
    settings = stage.member.settings
    roots = [settings.library.root, *(tree.library.root for tree in settings.trees.values())]
    catalogs = [settings.catalog, *(tree.catalog for tree in settings.trees.values())]
    read, now = Reader(), Now(stage.house.moment.now())
    trash: Counter[str] = Counter()
    files, own = [], []
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                place = f"{root.name}/{path.relative_to(root)}"
                parts = path.relative_to(root).parts
                if parts[:2] == (".syncd", "trash"):
                    is_note = name.endswith(".json") and path.with_suffix("").exists()
                    what = read(path).heard if path.suffix in SUFFIXES else path.suffix
                    trash[what] += not is_note
                elif parts[0] == ".syncd":
                    own += [place] if name not in _ENTERED else []
                elif path.suffix in SUFFIXES:
                    seen = read(path)
                    files.append((place, seen.job, seen.title, seen.marks, seen.heard))
                else:
                    # Exports name files by their whole path.
                    here = os.fsencode(stage.base)
                    files.append((place, path.read_bytes().replace(here, b"")))
    tracks = [row for number, path in enumerate(catalogs) for row in _tracks(number, path, now)]
    account = [
        (
            job.id,
            job.status,
            job.display_name,
            tuple(stage.house.heard(c) for c in job.audio.values()),
        )
        for job in stage.world.jobs()
    ]
    sent = Counter(
        f"{one.method} {one.path} {one.body.decode()}"
        for one in stage.house.account.sim.requests.mutating()
    )
    return State(tuple(tracks), tuple(files), tuple(account), tuple(own), sent, trash)


def _tracks(number: int, path: Path, now: Now) -> list[tuple[Any, ...]]:
    catalog = Catalog.read(path)
    if catalog is None:
        return []
    try:
        baseline = catalog.baseline(now)
        found: list[tuple[Any, ...]] = [
            (
                number,
                one.job_id,
                str(one.state),
                one.placed and (one.placed.path, one.placed.title, one.placed.stem),
                one.intended,
                one.absence is not None,
            )
            for one in baseline.tracks.values()
        ]
        found += [
            (number, held.job_id, "held", held.verb, held.approved) for held in catalog.holds.all()
        ]
        return found
    finally:
        catalog.close()
