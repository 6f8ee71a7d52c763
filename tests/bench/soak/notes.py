"""The ledger of a folder whose program works while people do: what they did alone, by each act.

What changed between two looks at such a folder may have been either's doing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..ledger import Ledger, Reader, Seen, everything, walk

_NOTHING = Seen(None, (), None, "", "")
_UNSURE = 4 * 3_600.0
"""Seconds: looks are an hour apart, and the clocks of the folder's machine are set meanwhile."""


class Patient(Reader):
    """Files that go away as they are read hold nothing."""

    def __call__(self, path: Path) -> Seen:
        try:
            return super().__call__(path)
        except (FileNotFoundError, NotADirectoryError):
            return _NOTHING

    def forget(self) -> None:
        """Let go of what was read: what is still there is read again."""
        self._seen.clear()


@dataclass(slots=True)
class Notes(Ledger):
    trashed: dict[str, float] = field(default_factory=dict)
    """Since when what people made stands in the trash alone, by its digest or text."""

    def bearers(self) -> dict[int, set[str]]:
        for _ in range(5):
            try:
                return Ledger.bearers(self)
            except (FileNotFoundError, NotADirectoryError):
                continue
        return Ledger.bearers(self)

    def tracks(self) -> list[Path]:
        """All files outside the program's own folder; a folder may go away meanwhile."""
        for _ in range(5):
            try:
                return list(walk(self.root))
            except (FileNotFoundError, NotADirectoryError):
                continue
        return list(walk(self.root))

    def called(self, job: int) -> set[str]:
        """Nobody knows here when a run begins."""
        return self.named.get(job, set())

    def calls(self, path: Path) -> None:
        """People gave this file its name."""
        job = self.read(path).job
        if job is not None:
            self.named.setdefault(job, set()).add(path.stem)
            self.removed.pop(job, None)

    def takes(self, job: int | None, uptime: float) -> None:
        """People took a file of ``job`` away; was it the last one?"""
        if job is not None and job not in self.bearers():
            self.removed[job] = uptime

    def released(self, jobs: Iterable[int]) -> None:
        """People said that it is to be done: nothing need be waited for."""
        for job in jobs:
            if job in self.removed:
                self.removed[job] = -math.inf

    def looks(self) -> None:
        """Whatever has a file again is no longer taken away."""
        for job in self.bearers():
            self.removed.pop(job, None)

    def lost(self, uptime: float, retention: float) -> Iterator[str]:
        """What people made and is no more, though no rule let it go.

        ``retention``: how long the trash keeps what is in it; what was there so long is forgotten.
        """
        here = {text for path in self.tracks() for text in _all(self.read(path))}
        kept = {
            text
            for path in everything(self.root / ".syncd" / "trash")
            for text in _all(self.read(path))
        }
        for made in (self.own, self.marks, self.titles):
            for text, name in list(made.items()):
                if text in here:
                    self.trashed.pop(text, None)
                elif text in kept:
                    self.trashed.setdefault(text, uptime)
                else:
                    since = self.trashed.pop(text, None)
                    del made[text]
                    if since is None:
                        yield f"what somebody made of {name!r} is lost: {text[:20]!r}"
                    elif uptime - since < retention - _UNSURE:
                        yield f"{name!r} was {uptime - since:.0f} s in the trash: {text[:20]!r}"

    def empties(self) -> None:
        """People empty the trash."""
        for text in self.trashed:
            for made in (self.own, self.marks, self.titles):
                made.pop(text, None)
        self.trashed.clear()


def _all(seen: Seen) -> tuple[str, ...]:
    return (seen.sha, *seen.marks, *([seen.title] if seen.title else []))
