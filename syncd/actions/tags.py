"""Tags, looked at: what a file holds, what was written last, and what the account and the settings
ask for. Reads files, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from syncd.actions.asked import unknown
from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.model import Job, Origin
from syncd.core.policy import Now
from syncd.core.retagging import Retagging, id3_version, retagging
from syncd.core.tagging import MANAGED, Fields, Style
from syncd.errors import CorruptMedia, SyncdError
from syncd.local.files import sidecar_path
from syncd.local.tags import (
    Change,
    Version,
    changes,
    lrc_text,
    read_cover,
    read_fields,
    read_identity,
    says,
    spellable,
    version_of,
)

T = TypeVar("T")

COVER, LYRICS = "cover", ".lrc"


class Owner(StrEnum):
    """Who wrote last what a field of a file holds, or left it empty."""

    SYNCD = "syncd"
    YOU = "you"
    NOBODY = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One managed field, or what stands for the picture (``cover``) and for the lyrics beside the
    file (``.lrc``): in the file, as written last, and as the account and settings have it."""

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

    ``id3``: the version that its tag has, and the one that it is to have, where that is another;
    ``kept_by`` is the frame that it cannot become that for. ``problem``: why its tags could not be
    read.
    """

    job_id: int
    title: str | None
    path: str
    changes: tuple[Change, ...] = ()
    yours: tuple[str, ...] = ()
    before: Fields | None = None
    id3: tuple[int, int] | None = None
    kept_by: str | None = None
    problem: str | None = None

    @property
    def is_change(self) -> bool:
        """Whether anything would be written."""
        return bool(self.changes or (self.id3 and not self.kept_by))


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
            _owner(name, found.get(name, ()), wanted.owned.get(name, ())),
        )
        for name in MANAGED
    )
    beside = (_cover(root, placed, job), _lyrics(root, placed, job))
    said = tuple(row for row in (*rows, *beside) if row.file or row.baseline or row.remote)
    return Tags(job_id, job.display_name, placed.path, said)


def proposals(
    catalog: Catalog, root: Path, asked: Asked, job_ids: Collection[int] | None, now: Now
) -> Iterator[Proposal]:
    """What tagging anew would change: in the files of ``job_ids``, or of every placed track where
    that is ``None``.

    A file that is as it should be is left out, as is one that is kept out and was not asked for.
    Raises ``SyncdError`` for a job among ``job_ids`` that has no file.
    """
    kept_out = catalog.scans.kept_out()
    named = job_ids is not None
    if job_ids is None:
        job_ids = sorted(catalog.baseline(now).tracks.keys() - kept_out.keys())
    for job_id in job_ids:
        try:
            known, placed, job = _placed(catalog, job_id)
        except SyncdError:
            if named:
                raise
            continue  # it went since
        if job_id in kept_out:
            said = f"{kept_out[job_id]} is kept out, and left alone"
            yield Proposal(job_id, job.display_name, placed.path, problem=said)
            continue
        try:
            made = _proposal(root, asked, known, placed, job)
        except SyncdError as error:
            yield Proposal(job_id, job.display_name, placed.path, problem=error.message)
            continue
        if made.changes or made.id3 or (named and made.yours):
            yield made


def _proposal(root: Path, asked: Asked, known: BaselineTrack, placed: Placed, job: Job) -> Proposal:
    found = _read(root, placed, job.id)
    what = asked.of(known, placed, job)
    wanted = spellable(placed.format, what.wanted)
    made = changes(found, owned=what.owned, wanted=wanted, force=what.force)
    fields = {change.field for change in made}
    yours = tuple(
        name
        for name in wanted
        if name not in fields and not says(name, found.get(name, ()), wanted[name])
    )
    asked_for = id3_version(placed, asked.style)
    version = None if asked_for is None else _version(root, placed, asked_for)
    return Proposal(
        job.id,
        job.display_name,
        placed.path,
        made,
        yours,
        found,
        id3=(version.found, asked_for) if version and asked_for else None,
        kept_by=version.kept_by if version else None,
    )


def _version(root: Path, placed: Placed, wanted: int) -> Version | None:
    """The version of the file's ID3 tag, where another is wanted."""
    found = _looking(placed, lambda: version_of(root / placed.path, placed.format, wanted))
    return found if found and found.found != wanted else None


def _placed(catalog: Catalog, job_id: int) -> tuple[BaselineTrack, Placed, Job]:
    job, known = catalog.job(job_id), catalog.baseline_of(job_id)
    if job is None:
        raise unknown(job_id)
    if known is None or known.placed is None or known.state is not State.PLACED:
        state = known.state if known else State.WANTED
        raise SyncdError(f"job {job_id} has no file in the folder: it is {state}")
    return known, known.placed, job


def _cover(root: Path, placed: Placed, job: Job) -> Row:
    found = _looking(placed, lambda: read_cover(root / placed.path, placed.format))
    digest = next(iter(placed.tags.get(COVER, ())), None)
    said = (f"{found.mime} {found.width}x{found.height}",) if found else ()
    owner = Owner.NOBODY
    written: tuple[str, ...] = ()
    if digest is not None:
        is_ours = found is not None and sha256(found.data).hexdigest() == digest
        owner = Owner.SYNCD if is_ours else Owner.YOU
        written = said if is_ours else ("another picture",)
    remote = ("as served",) if job.thumbnail_url else ()
    return Row(COVER, said, written, remote, owner)


def _lyrics(root: Path, placed: Placed, job: Job) -> Row:
    path = root / sidecar_path(placed.path, LYRICS)
    data = _looking(placed, lambda: path.read_bytes() if path.is_file() else b"")
    wanted = lrc_text(job.lrc_content or "").encode()
    wanted = wanted if wanted.strip() else b""
    owner, written = Owner.NOBODY, b""
    if placed.lyrics:
        texts = (text for text in (data, wanted) if sha256(text).hexdigest() == placed.lyrics)
        written = next(texts, b"another text")
        owner = Owner.SYNCD if written == data else Owner.YOU
    elif data:
        owner = Owner.YOU
    file, baseline, remote = (
        (text.decode("utf-8", "replace"),) if text else () for text in (data, written, wanted)
    )
    return Row(LYRICS, file, baseline, remote, owner)


def _read(root: Path, placed: Placed, job_id: int) -> dict[str, tuple[str, ...]]:
    path = root / placed.path

    def read() -> dict[str, tuple[str, ...]]:
        identity = read_identity(path)
        if identity is None or identity.job_id != job_id:
            raise SyncdError(
                f"{placed.path} does not carry the id of job {job_id}",
                hint="syncd sync looks where its file is now",
            )
        return read_fields(path, placed.format)

    return _looking(placed, read)


def _looking(placed: Placed, look: Callable[[], T]) -> T:
    try:
        return look()
    except FileNotFoundError:
        raise SyncdError(
            f"{placed.path} is not there", hint="syncd sync looks where it is now"
        ) from None
    except OSError as error:
        raise SyncdError(f"{placed.path} cannot be read: {error.strerror or error}") from None
    except CorruptMedia as error:
        raise SyncdError(f"{placed.path}: {error.message}") from None


def _owner(field: str, found: tuple[str, ...], owned: tuple[str, ...]) -> Owner:
    if says(field, found, owned):
        return Owner.SYNCD if found else Owner.NOBODY
    return Owner.YOU
