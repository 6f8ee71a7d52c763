"""Tags, looked at: what a file holds, what was written last, and what the account and the settings
ask for. Reads files, and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from syncd.actions.asked import unknown
from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.model import Job, Origin
from syncd.core.policy import Now
from syncd.core.retagging import Retagging, retagging
from syncd.core.tagging import MANAGED, Fields, Style
from syncd.errors import CorruptMedia, SyncdError
from syncd.local.tags import Change, changes, read_fields, read_identity, spellable


class Owner(StrEnum):
    """Who wrote last what a field of a file holds, or left it empty."""

    SYNCD = "syncd"
    YOU = "you"
    NOBODY = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One managed field: in the file, as written last, and as the account and settings have it."""

    field: str
    file: tuple[str, ...]
    baseline: tuple[str, ...]
    remote: tuple[str, ...]
    owner: Owner


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one track; ``path`` is relative to the root."""

    job_id: int
    title: str | None
    path: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What tagging a file anew would change in it; ``yours`` are the fields that stay the user's
    though the account and the settings ask for something else.

    ``problem``: why its tags could not be read.
    """

    job_id: int
    title: str | None
    path: str
    changes: tuple[Change, ...] = ()
    yours: tuple[str, ...] = ()
    before: Fields | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What tags are made of, beside the job."""

    origin: Origin
    artist: str
    style: Style

    def of(self, known: BaselineTrack, placed: Placed, job: Job) -> Retagging:
        return retagging(
            known, placed, job, origin=self.origin, artist=self.artist, style=self.style
        )


def look(catalog: Catalog, root: Path, asked: Asked, job_id: int) -> Tags:
    """The tags of a placed track, side by side.

    Raises ``SyncdError`` where it has no file, or one that cannot be read.
    """
    known, placed, job = _placed(catalog, job_id)
    found = _read(root, placed, job_id)
    wanted = asked.of(known, placed, job)
    rows = (
        Row(
            name,
            found.get(name, ()),
            wanted.owned.get(name, ()),
            wanted.wanted.get(name, ()),
            _owner(found.get(name, ()), wanted.owned.get(name, ())),
        )
        for name in MANAGED
    )
    said = tuple(row for row in rows if row.file or row.baseline or row.remote)
    return Tags(job_id, job.display_name, placed.path, said)


def proposals(
    catalog: Catalog, root: Path, asked: Asked, job_ids: Collection[int], now: Now
) -> Iterator[Proposal]:
    """What tagging anew would change: in the files of ``job_ids``, or of every placed track.

    A file that is as it should be is left out. Raises ``SyncdError`` for a job among ``job_ids``
    that has no file.
    """
    every = [] if job_ids else sorted(catalog.baseline(now).tracks)
    for job_id in job_ids or every:
        try:
            known, placed, job = _placed(catalog, job_id)
        except SyncdError:
            if job_ids:
                raise
            continue  # it went since
        try:
            made = _proposal(root, asked, known, placed, job)
        except SyncdError as error:
            yield Proposal(job_id, job.display_name, placed.path, problem=error.message)
            continue
        if made.changes or (job_ids and made.yours):
            yield made


def _proposal(root: Path, asked: Asked, known: BaselineTrack, placed: Placed, job: Job) -> Proposal:
    found = _read(root, placed, job.id)
    what = asked.of(known, placed, job)
    wanted = spellable(placed.format, what.wanted)
    made = changes(found, owned=what.owned, wanted=wanted, force=what.force)
    fields = {change.field for change in made}
    yours = tuple(
        name for name in wanted if wanted[name] != found.get(name, ()) and name not in fields
    )
    return Proposal(job.id, job.display_name, placed.path, made, yours, found)


def _placed(catalog: Catalog, job_id: int) -> tuple[BaselineTrack, Placed, Job]:
    job, known = catalog.job(job_id), catalog.baseline_of(job_id)
    if job is None:
        raise unknown(job_id)
    if known is None or known.placed is None or known.state is not State.PLACED:
        state = known.state if known else State.WANTED
        raise SyncdError(f"job {job_id} has no file in the folder: it is {state}")
    return known, known.placed, job


def _read(root: Path, placed: Placed, job_id: int) -> dict[str, tuple[str, ...]]:
    path = root / placed.path
    try:
        identity = read_identity(path)
        if identity is None or identity.job_id != job_id:
            raise SyncdError(
                f"{placed.path} does not carry the id of job {job_id}",
                hint="syncd sync looks where its file is now",
            )
        return read_fields(path, placed.format)
    except FileNotFoundError:
        raise SyncdError(
            f"{placed.path} is not there", hint="syncd sync looks where it is now"
        ) from None
    except OSError as error:
        raise SyncdError(f"{placed.path} cannot be read: {error.strerror or error}") from None
    except CorruptMedia as error:
        raise SyncdError(f"{placed.path}: {error.message}") from None


def _owner(found: tuple[str, ...], owned: tuple[str, ...]) -> Owner:
    if found == owned:
        return Owner.SYNCD if found else Owner.NOBODY
    return Owner.YOU
