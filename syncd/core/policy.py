"""What a decision depends on beside the three trees: the settings, and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from syncd.core.model import FORMATS, Origin
from syncd.core.only import ALL, Only


@dataclass(frozen=True, slots=True)
class Now:
    """The local clock, and the service's (its ``Date``) where it was heard. Aware, UTC."""

    local: datetime
    server: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that decide (config.py explains each), and what this run has done so far.

    ``aliases`` are origins under which this library's files were placed before. ``attempted``: job
    and verb of what was dealt with in this run. ``cautious``: nothing that removes, renames or
    fetches is done unasked, because the catalog was just bound anew; ``rebuilding``: it was made
    anew, so that a job without a file may be one whose file was deleted. ``elsewhere``: of jobs
    that are not to be deleted, although their file is gone here, where another tree has it, in
    words. ``further``: this is such a tree, which is for the jobs that offer its format.
    """

    origin: Origin
    aliases: tuple[Origin, ...] = ()
    formats: tuple[str, ...] = FORMATS
    template: str = "{album}/{title}.{ext}"
    artist: str = "AudioPod"
    album: str = "AudioPod {year}-{month}"
    direction: Literal["both", "down"] = "both"
    deletions: Literal["mirror", "restore", "ignore"] = "mirror"
    deletion_grace: float = 86_400.0
    deletion_budget: int = 10
    rename_budget: int = 100
    remote_deletions: Literal["trash", "keep"] = "trash"
    conflicts: Literal["local", "remote", "hold"] = "local"
    moves: Literal["ask", "auto", "never"] = "ask"
    retry_failed: int = 0
    only: Only = ALL
    retry_now: bool = False
    cautious: bool = False
    rebuilding: bool = False
    room: bool = True
    attempted: frozenset[tuple[int, str]] = frozenset()
    elsewhere: Mapping[int, str] = field(default_factory=dict)
    further: bool = False

    def knows(self, origin: Origin | None) -> bool:
        """Whether a file of ``origin`` is of this library; one without an origin is."""
        if origin is None:
            return True
        return origin.matches(self.origin) or any(origin.matches(alias) for alias in self.aliases)
