"""Adopt and rebuild: bind a catalog, a folder and a service that do not fit together, anew.

Neither deletes, renames or sends anything. What differs is held until the user has decided.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from syncd.account import PROBES, fingerprint
from syncd.catalog.store import Binding, Catalog
from syncd.core.baseline import BaselineTrack, State
from syncd.core.evidence import match
from syncd.core.model import Origin
from syncd.core.operations import DeleteRemote, Download
from syncd.core.policy import Now, Policy
from syncd.errors import (
    CatalogUnusable,
    NoSuchJob,
    RootUnusable,
    Uninitialised,
    WrongAccount,
)
from syncd.local.mounts import root_id
from syncd.local.notes import Notes, read_notes, set_aside
from syncd.local.root import Marker, Root, anchor, prepare, read_marker, write_marker
from syncd.local.scan import scan
from syncd.local.tags import read_identity
from syncd.remote.client import AudioPod
from syncd.remote.query import JobQuery
from syncd.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbound:
    """A catalog, a folder and a service as they are found; ``marker`` if it can be read."""

    client: AudioPod
    catalog: Catalog
    root: Root
    marker: Marker | None
    base_url: str
    key: Secret
    aside: Path | None = None
    """Where the catalog was put that stood in the way of a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """How they would be bound: ``changes`` in plain words, and what would be written.

    ``placed`` tracks are in the catalog; ``found`` of them have a file in the folder.
    """

    changes: tuple[str, ...]
    marker: Marker
    binding: Binding
    placed: int
    found: int


def marker_or_none(root: Root) -> Marker | None:
    """The marker, where there is one that can be read."""
    try:
        return read_marker(root)
    except RootUnusable:
        return None


async def examine(unbound: Unbound, now: Now) -> Adoption:
    """What ``adopt`` would change. Raises ``WrongAccount`` where the service is another one,
    ``CatalogUnusable``, ``RootUnusable`` or ``Uninitialised`` where there is no catalog to bind.
    """
    catalog, marker = unbound.catalog, unbound.marker
    known = await asyncio.to_thread(catalog.binding)
    if known is None or await asyncio.to_thread(catalog.is_empty):
        if catalog.source is not None and read_marker(unbound.root) is None:
            return _begin_tree(unbound, catalog.source)
        raise _nothing_to_bind(unbound.root, marker)
    changes = [*_notes_changes(unbound.root)]
    if known.base_url != unbound.base_url:
        await _confirm_same_jobs(unbound)
        changes.append(f"the service: {known.base_url} becomes {unbound.base_url}")
    account = await _account(unbound, known)
    changes[:0] = _marker_changes(unbound, known, account)
    if account != known.account and known.account is not None:
        changes.append(
            f"the account: {known.account} becomes {account}; the files of the former one stay, "
            "as detached tracks"
        )
    print_ = fingerprint(unbound.key, known.library_id)
    # A further tree goes by the first one's (``observation.follow_first``).
    if catalog.source is None and known.key_fingerprint not in (None, print_):
        changes.append("the API key")
    generation = max(known.generation, marker.generation if marker else 0) + 1
    origin = Origin(unbound.base_url, account)
    before = Origin(known.base_url, known.account)
    # Another library's former origins would make its files pass for those of this one.
    ours = marker is not None and marker.library_id == known.library_id
    aliases = {str(before), *(_origins(marker) if marker and ours else ())} - {str(origin)}
    placed, found = await asyncio.to_thread(_census, unbound, now, origin, sorted(aliases))
    return Adoption(
        changes=tuple(changes),
        marker=Marker(
            library_id=known.library_id,
            base_url=unbound.base_url,
            account=account,
            generation=generation,
            aliases=tuple(sorted(aliases)),
        ),
        binding=replace(
            known,
            base_url=unbound.base_url,
            account=account,
            key_fingerprint=print_,
            first_key=known.first_key if known.key_fingerprint == print_ else None,
            generation=generation,
            marker_generation=generation,
            settled=False,
            bound_anew="adopt",
            root_id=root_id(unbound.root),
        ),
        placed=placed,
        found=found,
    )


def begin_anew(root: Root, marker: Marker | None, base_url: str) -> Adoption:
    """How ``rebuild`` binds a blank catalog. Raises ``RootUnusable``, ``WrongAccount``."""
    if marker is None:
        raise RootUnusable(
            f"{root.path} has no marker that can be read: it may be another folder",
            hint="mount the disk that holds the library, or correct library.root; "
            "syncd init marks a new folder",
        )
    if marker.base_url != base_url:
        raise WrongAccount(
            f"the library in {root.path} belongs to {marker.base_url}, api.base_url is {base_url}",
            hint="correct api.base_url",
        )
    generation = marker.generation + 1
    return Adoption(
        changes=("the catalog is made anew from the service and the files",),
        marker=replace(marker, generation=generation),
        binding=Binding(
            library_id=marker.library_id,
            base_url=marker.base_url,
            account=marker.account,
            generation=generation,
            marker_generation=generation,
            bound_anew="rebuild",
            root_id=root_id(root),
        ),
        placed=0,
        found=0,
    )


def _begin_tree(unbound: Unbound, first: Catalog) -> Adoption:
    """How a further tree is begun in place of one that is gone for good, catalog and all."""
    # An id of its own, and the same one when what was shown is carried out.
    before = sorted(first.further.all_set_up().values())
    library_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{unbound.root.path} {' '.join(before)}")
    marker = Marker(library_id=str(library_id), base_url=unbound.base_url)
    return Adoption(
        changes=("the tree is begun anew: what was made before counts no more",),
        marker=marker,
        binding=Binding(
            library_id=marker.library_id, base_url=marker.base_url, root_id=root_id(unbound.root)
        ),
        placed=0,
        found=0,
    )


def bind(unbound: Unbound, adoption: Adoption, now: datetime) -> Marker:
    """Take over what survived beside the marker; then write the catalog, then the marker.

    What was approved was approved for what is no more, and is held again. In this order a stop at
    any moment leaves what is refused as before, or what the next cycle goes on with, as cautiously
    (``Binding.bound_anew``).
    """
    unbound.catalog.holds.take_back_approvals()
    _take_over_notes(unbound, adoption.binding, now)
    before = unbound.marker.generation if unbound.marker else adoption.binding.generation
    unbound.catalog.bind(replace(adoption.binding, marker_generation=before))
    prepare(unbound.root)
    anchor(unbound.root)
    write_marker(unbound.root, adoption.marker)
    unbound.catalog.bind(adoption.binding)
    return adoption.marker


def _nothing_to_bind(
    root: Root, marker: Marker | None
) -> CatalogUnusable | RootUnusable | Uninitialised:
    if marker is not None and marker.generation:
        return CatalogUnusable(
            "the catalog is empty, so there is nothing to bind to the folder",
            hint="syncd rebuild makes it anew from the service and the files",
        )
    try:
        read_marker(root)
    except RootUnusable as error:
        return RootUnusable(
            f"{error.message}, and there is no catalog to write it anew from",
            hint=f"move it away, then syncd init --root {root.path} makes a new one",
        )
    return Uninitialised(
        f"{root.path} is not a syncd library yet", hint=f"run syncd init --root {root.path}"
    )


def _marker_changes(unbound: Unbound, known: Binding, account: str | None) -> Sequence[str]:
    marker = unbound.marker
    if marker is None:
        return [f"the marker of {unbound.root.path}: it is missing or damaged, and written anew"]
    changes = []
    if marker.library_id != known.library_id:
        changes.append(
            f"the folder: it is marked as library {marker.library_id}, and becomes "
            f"{known.library_id}"
        )
    elif marker.generation > known.generation:
        changes.append("the catalog is older than the folder: what happened since is looked for")
    elif marker.generation not in (known.generation, known.marker_generation):
        changes.append("the folder is older than the catalog: what it lacks is listed, and held")
    if (
        marker.library_id == known.library_id
        and None not in (marker.account, known.account)
        and marker.account != known.account
    ):
        changes.append(f"the account in the marker: {marker.account} becomes {account}")
    return changes


def _origins(marker: Marker) -> set[str]:
    """All origins under which a folder was known, as its marker says."""
    return {str(Origin(marker.base_url, marker.account)), *marker.aliases}


def _notes_changes(root: Root) -> Sequence[str]:
    try:
        read_notes(root)
    except RootUnusable:
        return ["the notes beside the marker: they are put aside, and written anew"]
    return []


async def _account(unbound: Unbound, known: Binding) -> str | None:
    """The account that the key opens, where jobs carry it; else the one that is known."""
    newest = await unbound.client.page(JobQuery(limit=1))
    accounts = {job.user_id for job in newest.jobs if job.user_id is not None}
    return accounts.pop() if len(accounts) == 1 else known.account


async def _confirm_same_jobs(unbound: Unbound) -> None:
    """Raise ``WrongAccount`` unless the service at the new address knows this library's jobs.

    By id and date of creation: another service counts its jobs from one, too.
    """
    agreed = 0
    for job_id in await asyncio.to_thread(unbound.catalog.some_jobs, PROBES):
        known = await asyncio.to_thread(unbound.catalog.job, job_id)
        try:
            job = await unbound.client.job(job_id)
        except NoSuchJob:
            continue
        if known is None or known.created_at != job.created_at:
            agreed = 0
            break
        agreed += 1
    if not agreed:
        raise WrongAccount(
            f"the service at {unbound.base_url} does not know the jobs of this library",
            hint="correct api.base_url, or syncd init a new library for the other service",
        )


def _census(unbound: Unbound, now: Now, origin: Origin, aliases: Sequence[str]) -> tuple[int, int]:
    """How many tracks the catalog has placed, and of how many a file is in the folder."""
    baseline = unbound.catalog.baseline(now)
    files = scan(
        unbound.root.path,
        unbound.catalog.scans.known_files(),
        read_identity=read_identity,
        ignore=unbound.root.ignore,
    )
    policy = Policy(origin=origin, aliases=tuple(Origin.parse(text) for text in aliases))
    found = match(files, baseline, policy).files
    placed = {t.job_id for t in baseline.tracks.values() if t.state is State.PLACED}
    return len(placed), len(placed & found.keys())


def _take_over_notes(unbound: Unbound, binding: Binding, now: datetime) -> None:
    """Commit what the user had decided, where the catalog does not know better.

    An older catalog has a file that was evicted since; its absence is no deletion. What was held
    is held again: to be fetched, where nothing else is known of it, or to be deleted.
    """
    notes = _noted(unbound.root)
    marker, known = unbound.marker, unbound.catalog.binding()
    if marker is None or marker.library_id != binding.library_id:
        return  # of another library, perhaps: what the catalog says stands
    outdated = known is None or marker.generation > known.generation
    noted = [
        *((job_id, State.EVICTED) for job_id in sorted(notes.evicted)),
        *((job_id, State.IGNORED) for job_id in sorted(notes.ignored)),
        *((job_id, State.UNSELECTED) for job_id in sorted(notes.freed)),
    ]
    for job_id, state in noted:
        track = unbound.catalog.baseline_of(job_id)
        if (
            track is None
            or track.state in (State.WANTED, State.UNAVAILABLE, State.UNSELECTED)
            or (outdated and _is_without_file(unbound.root, track))
        ):
            unbound.catalog.outcomes.commit(job_id, state)
    at = Now(now, unbound.client.server_time)
    unbound.catalog.retries.take_over(notes.retried, at)
    for format_, library_id in notes.further.items():
        if outdated or unbound.catalog.further.set_up(format_) is None:
            unbound.catalog.further.note(format_, library_id)
    held = []
    for job_id in sorted(notes.held - notes.evicted - notes.ignored - notes.freed):
        track = unbound.catalog.baseline_of(job_id)
        if track is None or track.state in (State.WANTED, State.UNAVAILABLE):
            held.append((job_id, Download.verb))
        elif outdated and _is_without_file(unbound.root, track):
            held.append((job_id, DeleteRemote.verb))
    unbound.catalog.holds.hold_again(held, "it was held before the catalog was bound anew", now)


def _is_without_file(root: Root, track: BaselineTrack) -> bool:
    return (
        track.state is State.PLACED
        and track.placed is not None
        and not os.path.lexists(root.path / track.placed.path)
    )


def _noted(root: Root) -> Notes:
    """What the user had decided; damaged notes are put aside, for the next ones to be written."""
    try:
        return read_notes(root) or Notes()
    except RootUnusable:
        set_aside(root)
        return Notes()
