"""What a cycle works on, and what it sees of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from syncd.catalog.store import Catalog
from syncd.core.baseline import Baseline
from syncd.core.exporting import OFF, Exports
from syncd.core.model import LocalTree, RemoteTree
from syncd.core.policy import Now
from syncd.elsewhere import Elsewhere
from syncd.local.root import Marker, Root
from syncd.local.trash import Trash
from syncd.progress import Progress
from syncd.remote.client import AudioPod
from syncd.remote.poll import Poller


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What a cycle works on: the service, the catalog and the folder that belong together.

    ``key_fingerprint`` is a keyed hash of the API key in use (``account.fingerprint``);
    ``retention`` is seconds in the trash. ``poller`` remembers what the last poll saw. ``others``
    are the further trees of the same account; one of those has no others, and its catalog a
    ``source``.
    """

    client: AudioPod
    poller: Poller
    catalog: Catalog
    root: Root
    marker: Marker
    trash: Trash
    retention: float
    base_url: str
    key_fingerprint: str
    progress: Progress
    clock: Callable[[], datetime]
    exports: Exports = OFF
    others: tuple[Elsewhere, ...] = ()

    def now(self) -> Now:
        """Both clocks."""
        return Now(self.clock(), self.client.server_time)


class Trees(NamedTuple):
    """The three trees as of one moment."""

    remote: RemoteTree
    local: LocalTree
    baseline: Baseline
