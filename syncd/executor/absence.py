"""The last look at the folder before a job is deleted: its file is missed by one more scan."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from syncd.catalog.store import Catalog
from syncd.core.evidence import match, sight
from syncd.core.model import LocalFile, Origin
from syncd.core.policy import Policy
from syncd.elsewhere import Elsewhere
from syncd.errors import Changed, SyncdError
from syncd.local.root import Marker, Root
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
    is_whole: bool = False
    files: Mapping[int, LocalFile] = field(default_factory=dict)
    missed: Set[int] = frozenset()
    unreadable: Set[str] = frozenset()


class LastLook:
    """Scans of the root, and those of the other trees, for those that are about to delete; several
    threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen = _Seen()
        self._elsewhere: dict[str, _Seen] = {}

    def check_missed(self, context: Context, job_id: int, origin: Origin) -> None:
        """Raise ``Changed`` unless the file of ``job_id`` is missed by a scan of this moment.

        Also where it cannot be told: some of the folder cannot be read; and where any other tree
        has a file of it, or may have. Raises ``RootUnusable`` where the root is not itself before
        or after it.
        """
        asked = uptime()
        with self._lock:
            seen = self._seen
            if _is_old(seen, asked):
                seen = self._seen = _look(context, origin)
            for other in context.others:
                if standing := other.standing([job_id]):
                    raise Changed(standing[job_id])
                there = self._elsewhere.get(other.format, _Seen())
                if _is_old(there, asked):
                    there = self._elsewhere[other.format] = _look_there(context, other, origin)
                if job_id in there.files:
                    path = other.root / there.files[job_id].path
                    raise Changed(f"its {other.format} stands at {path}")
                if not there.is_whole:
                    raise Changed(f"whether its {other.format} is gone cannot be told by now")
        if job_id in seen.files:
            raise Changed(f"the file of job {job_id} is back, at {seen.files[job_id].path}")
        if job_id not in seen.missed:
            unread = "".join(f": {path} could not be read" for path in sorted(seen.unreadable)[:1])
            raise Changed(f"whether the file of job {job_id} is gone cannot be told by now{unread}")


def _is_old(seen: _Seen, asked: float) -> bool:
    # One that began while this one waited its turn is as good, however long it took.
    return seen.begun < asked and uptime() - seen.begun >= SERVES


def _look(context: Context, origin: Origin) -> _Seen:
    return _scan(context, origin, context.catalog, context.root, context.marker)


def _look_there(context: Context, other: Elsewhere, origin: Origin) -> _Seen:
    begun = uptime()
    try:
        with other.reading() as found:
            # Where there never was such a tree, there is nothing to be looked at.
            return _scan(context, origin, *found) if found else _Seen(begun, is_whole=True)
    except SyncdError as error:
        raise Changed(f"{other.root} could not be looked at: {error.message}") from None


def _scan(context: Context, origin: Origin, catalog: Catalog, root: Root, marker: Marker) -> _Seen:
    begun = uptime()
    root.verify(marker)
    known = catalog.scans.known_files()
    local = scan(
        root.path,
        known,
        read_identity=read_identity,
        looked=context.progress.looked,
        ignore=root.ignore,
    )
    root.verify(marker)
    if local.unreadable:
        return _Seen(begun, unreadable=local.unreadable)
    aliases = tuple(Origin.parse(text) for text in marker.aliases)
    baseline = catalog.baseline(context.now())
    found = match(local, baseline, Policy(origin=origin, aliases=aliases))
    return _Seen(begun, True, found.files, sight(local, baseline, found).missed)
