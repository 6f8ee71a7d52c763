"""What the account was like, and when: each title and each sound that a job had, and who ended it.

Written from the simulated service itself, so that it is true whatever anyone was told.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from syncd.simulator import World
from syncd.simulator.job import Clip


class Told(Protocol):
    """What it is the chronicle of."""

    @property
    def world(self) -> World: ...

    def heard(self, clip: Clip) -> str: ...


@dataclass(frozen=True, slots=True)
class Version:
    """A job as it was for a while. ``heard``: what each of its files sounds like."""

    title: str
    heard: frozenset[str]


class Chronicle:
    def __init__(self, of: Told, uptime: Callable[[], float]) -> None:
        self._of = of
        self._uptime = uptime
        self._version = -1
        self._all: dict[int, list[tuple[float, Version]]] = {}
        self._enders: dict[int, set[str]] = {}
        self._here: set[int] = set()
        self._failed: set[int] = set()

    def look(self) -> None:
        """Note what changed since; to be done around each thing that can change the account."""
        world = self._of.world
        if world.version == self._version:
            return
        self._version, jobs = world.version, world.jobs()
        self._here = {job.id for job in jobs}
        self._failed = {job.id for job in jobs if job.status == "FAILED"}
        for job in jobs:
            title = unicodedata.normalize("NFC", job.display_name or "")
            version = Version(title, frozenset(map(self._of.heard, job.audio.values())))
            known = self._all.setdefault(job.id, [])
            if not known or known[-1][1] != version:
                known.append((self._uptime(), version))

    def ends(self, job: int, who: str) -> None:
        """``who`` sends the deletion of ``job``."""
        self._enders.setdefault(job, set()).add(who)

    def jobs(self) -> set[int]:
        return set(self._here)

    def has_failed(self, job: int) -> bool:
        return job in self._failed

    def now(self, job: int) -> Version | None:
        return self._all[job][-1][1] if job in self._here else None

    def until(self, job: int, uptime: float) -> set[Version]:
        """All that it was up to then."""
        return {version for since, version in self._all.get(job, ()) if since <= uptime}

    def sounds(self, job: int) -> int:
        """How often its audio became another one."""
        found = [version.heard for _, version in self._all.get(job, ())]
        return sum(one != other for one, other in itertools.pairwise(found))

    def changed(self, job: int) -> bool:
        """Whether anything was ever done to it in the account."""
        return job not in self._here or len(self._all[job]) > 1

    def is_ended_by_others(self, job: int, who: str) -> bool:
        """Whether it is gone, and not by the hand of ``who``."""
        return job not in self._here and who not in self._enders.get(job, ())
