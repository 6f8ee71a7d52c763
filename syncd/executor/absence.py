"""The last look at the folder before a job is deleted: its file is missed by one more scan."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from syncd.core.evidence import match, sight
from syncd.core.model import LocalFile, Origin
from syncd.core.policy import Policy
from syncd.errors import Changed
from syncd.local.scan import scan
from syncd.local.tags import read_identity
from syncd.remote.clock import uptime

if TYPE_CHECKING:
    from syncd.executor.context import Context

SERVES = 10.0
"""Seconds from its beginning on for which one scan serves every deletion that asks for one."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one scan found, and which tracks it missed."""

    begun: float = float("-inf")
    files: Mapping[int, LocalFile] = field(default_factory=dict)
    missed: Set[int] = frozenset()


class LastLook:
    """Scans of the root for those that are about to delete; several threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen = _Seen()

    def check_missed(self, context: Context, job_id: int, origin: Origin) -> None:
        """Raise ``Changed`` unless the file of ``job_id`` is missed by a scan of this moment.

        Also where it cannot be told: some of the folder cannot be read. Raises ``RootUnusable``
        where the root is not itself before or after it.
        """
        asked = uptime()
        with self._lock:
            seen = self._seen
            # One that began while this one waited its turn is as good, however long it took.
            if seen.begun < asked and uptime() - seen.begun >= SERVES:
                seen = self._seen = _look(context, origin)
        if job_id in seen.files:
            raise Changed(f"the file of job {job_id} is back, at {seen.files[job_id].path}")
        if job_id not in seen.missed:
            raise Changed(f"whether the file of job {job_id} is gone cannot be told by now")


def _look(context: Context, origin: Origin) -> _Seen:
    begun = uptime()
    context.root.verify(context.marker)
    known = context.catalog.scans.known_files()
    local = scan(
        context.root.path, known, read_identity=read_identity, looked=context.progress.looked
    )
    context.root.verify(context.marker)
    if local.unreadable:
        return _Seen(begun)
    aliases = tuple(Origin.parse(text) for text in context.marker.aliases)
    baseline = context.catalog.baseline(context.now())
    found = match(local, baseline, Policy(origin=origin, aliases=aliases))
    return _Seen(begun, found.files, sight(local, baseline, found).missed)
