"""The baseline: what both sides agreed on last, track by track, and what stands beside it.

Values only. It comes from the catalog, and only carried-out operations change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syncd.core.model import FileStat


class State(StrEnum):
    """What a track is, as committed (safety.md).

    *held* and *pending deletion* are no states of their own: a hold and an absence stand beside the
    state, so that nothing has to be restored when either ends.
    """

    WANTED = "wanted"
    """It should be on disk, and is not yet."""
    PLACED = "placed"
    """Its file is durably in place, and the baseline says how."""
    UNAVAILABLE = "unavailable"
    """Its audio cannot be had; the reason and the next try are kept."""
    EVICTED = "evicted"
    """Its local space was given back by command; the job stays."""
    IGNORED = "ignored"
    """Its file was deleted with ``sync.deletions = "ignore"``: never fetched again."""
    UNSELECTED = "unselected"
    """It is outside ``[library.only]``: its job is known, and its audio not fetched."""
    DETACHED = "detached"
    """Its job is gone and its file is kept."""
    TRASHING = "trashing"
    """Its job is gone and its file is on its way to the trash."""
    GONE = "gone"
    """Both are gone; only the history is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """How a file was placed: what both sides agreed on last.

    ``title`` is the name as the server had it, ``stem`` the name emitted for it, ``audio`` the
    address without its signature, ``sha256`` of the whole file as placed, ``source`` the SHA-256 of
    the audio as it was served (``None`` where that was not seen), ``tags`` what this program last
    wrote in each managed field. ``moved``: the user chose its folder, so the template does not.
    ``mounted``: it lies in what is mounted at a folder under the root. ``told``: what the account
    said of it when its tags were written (``tagging.told``); ``None`` where that is not known, so
    that nothing follows from it. ``lyrics`` is the SHA-256 of what was last to stand beside it as
    ``.lrc``; empty: there were none to be had; ``None``: not known.
    """

    path: str
    title: str | None
    stem: str
    template: str
    format: str
    audio: str
    etag: str | None
    sha256: str
    stat: FileStat
    source: str | None = None
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    placed_at: datetime | None = None
    moved: bool = False
    mounted: bool = False
    told: str | None = None
    lyrics: str | None = None

    @property
    def as_found(self) -> bool:
        """Whether it was taken in as it stood: what the user had changed in it before is unknown.

        A file that was fetched before ``source`` was kept has an ``etag``, where one was served.
        """
        return self.source is None and self.etag is None


@dataclass(frozen=True, slots=True)
class Place:
    """A path under the root, and whether it lay in what is mounted at a folder above it."""

    path: str
    mounted: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A name as the service has it, and the stem that is emitted for it."""

    title: str | None
    stem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What is known of a file that scans did not find: the evidence before any deletion.

    ``first_scan`` and ``last_scan`` are numbers of scans, ``scans`` how many missed it in a row.
    The grace counts from ``armed_at`` by the local clock, from ``armed_server`` by the service's.
    """

    first_at: datetime
    first_scan: int
    last_at: datetime
    last_scan: int
    scans: int
    seen_at: datetime | None
    armed_at: datetime
    armed_server: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineTrack:
    """One track in the baseline: its state, and how it was placed where it was.

    ``album`` and ``number`` are given once and never change. ``attempts`` counts failures in a
    row, ``next_try_at`` says when the next one is due, ``reason`` why the last one failed.
    ``replaced_by`` is an address whose audio was found to differ from what was placed, ``declined``
    one whose audio the user would not have in its place.
    ``intended`` is the pair of names that its file was about to get, where that is not recorded.
    ``seen`` is where its file was seen last, if that is not where it is known to be: it was moved,
    and that was not taken in. ``copies`` are the places of other files that carry its id.
    ``kept`` is the selection in spite of which the user keeps it (``selection.Only.digest``), or
    ``selection.BY_NAME``.
    """

    job_id: int
    state: State
    album: str | None = None
    number: int | None = None
    placed: Placed | None = None
    attempts: int = 0
    reason: str | None = None
    next_try_at: datetime | None = None
    absence: Absence | None = None
    replaced_by: str | None = None
    declined: str | None = None
    intended: Named | None = None
    kept: str | None = None
    seen: Place | None = None
    copies: tuple[Place, ...] = ()

    @property
    def stands(self) -> tuple[Place, ...]:
        """Where its own file may stand: where it is known to, and where it was seen since."""
        known = () if self.placed is None else (Place(self.placed.path, self.placed.mounted),)
        return known if self.seen is None else (*known, self.seen)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where a file of it may stand: to miss it, a scan has to look at all of them."""
        return (*self.stands, *self.copies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A part of a plan that waits for the user, or that the user has released.

    ``verb`` is that of the held operation; ``batch`` what was held with it (``None``: it stands
    for itself, and ends when its cause does). ``refused``: the service would not do it.
    """

    job_id: int
    verb: str
    reason: str
    since: datetime
    path: str | None = None
    batch: int | None = None
    approved: bool = False
    refused: bool = False
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """How often a job was ever sent to be made again, and when last, by both clocks.

    ``refused``: why the service would not, where it said so last and the job is as it was then.
    """

    times: int
    at: datetime
    server_at: datetime | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What both sides agreed on last, by job id, and what the guards must know.

    ``holds`` by job and verb; ``spent`` the jobs that each verb was carried out for within the last
    day, names that were sent from whichever tree. ``settled``: a complete clean cycle has ended
    since the catalog was made or bound anew. ``left_behind``: the jobs whose files were first
    missed where the root was another one than before, so that what brought the library there may
    have left them behind. ``kept_out``: those whose file was kept out where it was seen last, or
    would be. ``retries`` are the times of late at which any job was sent to be made again; before
    ``no_retry_before`` the service takes no other.
    """

    tracks: Mapping[int, BaselineTrack]
    holds: Mapping[tuple[int, str], Held] = field(default_factory=dict)
    spent: Mapping[str, frozenset[int]] = field(default_factory=dict)
    settled: bool = True
    left_behind: frozenset[int] = frozenset()
    kept_out: frozenset[int] = frozenset()
    retried: Mapping[int, Retried] = field(default_factory=dict)
    retries: tuple[datetime, ...] = ()
    no_retry_before: datetime | None = None
