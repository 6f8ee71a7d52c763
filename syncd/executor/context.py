"""What every operation works with, and what several of them share."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.keeping import paths_of
from syncd.core.model import Job, LocalFile, Origin, without_signatures
from syncd.core.naming import effective_title
from syncd.core.operations import Operation
from syncd.core.policy import Now
from syncd.core.tagging import PLAIN, Style, desired_fields
from syncd.elsewhere import Elsewhere
from syncd.errors import Changed, DiskFull
from syncd.executor.absence import LastLook
from syncd.local import files, tags
from syncd.local.ignore import BrokenPatterns, Fresh
from syncd.local.ordinary import read_ordinary
from syncd.local.root import Marker, Root, fsync_folder
from syncd.local.scan import file_stat
from syncd.local.sidecars import is_kept_out, sidecars
from syncd.local.tags import read_identity
from syncd.local.trash import Facts, Trash, Why
from syncd.progress import Progress
from syncd.remote.client import AudioPod
from syncd.remote.http import Http

_NO_FILE = (
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP),
    *(errno.EINVAL, errno.ENXIO),
)
"""What opening says of a name that is not, or is no ordinary file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The settings that executing needs; deciding has its own (``core.policy.Policy``).

    Sizes are bytes; ``file_mode`` is the mode of files placed in the library; ``deletion_grace`` is
    seconds.
    """

    artist: str
    template: str
    file_mode: int
    max_file_size: int
    min_free_space: int
    parallel_downloads: int
    deletion_grace: float
    style: Style = PLAIN


@dataclass(slots=True)
class Turn:
    """``is_over()``: something else waits, so that what can be taken up again is broken off."""

    is_over: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The service, the catalog and the folder. ``clock`` gives an aware UTC datetime."""

    http: Http
    client: AudioPod
    catalog: Catalog
    root: Root
    marker: Marker
    trash: Trash
    settings: Execution
    progress: Progress
    clock: Callable[[], datetime]
    others: tuple[Elsewhere, ...] = ()
    """The other trees, in which a file keeps its job from being deleted."""
    deaf_hosts: set[str] = field(default_factory=set)
    """Hosts of covers that gave no answer in this run: they are not asked again in it."""
    last_look: LastLook = field(default_factory=LastLook)
    turn: Turn = field(default_factory=Turn)
    """That of the run that goes on."""
    beside: threading.Lock = field(default_factory=threading.Lock)
    """Held while what stands beside files is looked at and moved. Of two tracks renamed at once
    each would else exchange the lyrics of both: twice, which is not at all."""

    def now(self) -> Now:
        """Both clocks."""
        return Now(self.clock(), self.client.server_time)

    def job(self, job_id: int) -> Job:
        """A job as the catalog knows it; raises ``Changed`` where it does not any more."""
        job = self.catalog.job(job_id)
        if job is None:
            raise Changed(f"job {job_id} is no longer in the catalog")
        return job

    def check_space(self) -> None:
        """Raise ``DiskFull`` where another file would leave too little room."""
        free = files.free_bytes(self.root)
        if free < self.settings.min_free_space:
            raise DiskFull(
                f"{free // 1_000_000} MB are free under {self.root.path}, less than "
                f"limits.min_free_space ({self.settings.min_free_space // 1_000_000} MB)",
                hint="make room, or lower the limit; nothing was removed",
            )

    def check_let_in(self, op: Operation) -> None:
        """Raise ``Changed`` where a name that ``op`` touches or gives is kept out by now."""
        try:
            kept_out = Fresh(self.root.path, self.root.ignore)
            for path in paths_of(op):
                if by := kept_out.by(path):
                    raise Changed(f"{path} is kept out by {by} by now")
        except BrokenPatterns as error:
            raise Changed(error.message) from None

    def check_file(self, job_id: int, path: str) -> None:
        """Raise ``Changed`` unless the file at ``path`` is the one that the plan was made for."""
        try:
            identity = read_identity(self.root.path / path)
        except FileNotFoundError:
            raise Changed(f"{path} is no longer there") from None
        if identity is None or identity.job_id != job_id:
            raise Changed(f"{path} no longer carries the id of job {job_id}")

    def file_at(self, path: str) -> LocalFile:
        """The file at ``path`` as it stands, with the identity that it itself tells.

        Nothing else may be remembered of a file: other programs rename at any moment. Raises
        ``Changed`` where it is not there, or became another one meanwhile.
        """
        file = self.root.path / path
        try:
            stat, identity = file_stat(file), read_identity(file)
            if file_stat(file) == stat:
                return LocalFile(path, stat, identity)
        except FileNotFoundError:
            raise Changed(f"{path} is no longer there") from None
        raise Changed(f"{path} became another file meanwhile")

    def record(self, done: Done, entry: int, *, after: str | None = None) -> None:
        """Record what was done in the folder.

        Raises ``RootUnusable``, and records nothing, where the folder is not the library by now:
        what stands beside a file may have seemed not to be there, and the next run looks again.
        """
        self.root.verify(self.marker)
        self.catalog.outcomes.record(done, entry=entry, now=self.now(), after=after)

    def placed(self, job_id: int, *states: State) -> Placed:
        """How a track was placed; raises ``Changed`` unless it is in one of ``states``."""
        known = self.catalog.baseline_of(job_id)
        if known is None or known.placed is None or known.state not in (states or (State.PLACED,)):
            raise Changed(f"job {job_id} is not placed any more")
        return known.placed

    def is_edited(self, placed: Placed, path: str) -> bool:
        """Whether the file at ``path`` holds other bytes than were placed; read where touched."""
        file = self.root.path / path
        return file_stat(file) != placed.stat and files.sha256(file) != placed.sha256

    def is_as_placed(self, placed: Placed, path: str) -> bool:
        """Whether the file at ``path`` is known to hold what we placed; reads all of it.

        Of one that was taken in as it was found that is never known.
        """
        return not placed.as_found and files.sha256(self.root.path / path) == placed.sha256

    def check_unedited(self, placed: Placed, path: str) -> None:
        """Raise ``Changed`` where the user changed the file at ``path``."""
        if self.is_edited(placed, path):
            raise Changed(f"{path} was changed in the folder meanwhile")

    def facts(
        self, job_id: int, why: Why, *, title: str | None, audio: str | None, job: Job | None
    ) -> Facts:
        """What the trash is told of a track that enters it now.

        ``audio`` only where it is known to hold what was served there (``is_as_placed``).
        """
        now = self.now()
        return Facts(
            job_id=job_id,
            why=why,
            now=now.local,
            server_time=now.server,
            title=title,
            audio=audio,
            job=without_signatures(job.raw) if job else "{}",
        )

    def desired(
        self, job: Job, origin: Origin, *, album: str, number: int | None
    ) -> dict[str, tuple[str, ...]]:
        """The managed fields that the file of ``job`` should carry."""
        return desired_fields(
            job,
            origin=origin,
            title=effective_title(job.track()),
            artist=self.settings.artist,
            album=album,
            number=number,
            style=self.settings.style,
        )

    def place_lyrics(self, job: Job, path: str) -> None:
        """Put the synchronised lyrics beside the file at ``path``, where nothing stands yet."""
        if job.lrc_content and job.lrc_content.strip():
            sidecar = files.sidecar_path(path, ".lrc")
            text = tags.lrc_text(job.lrc_content)
            if is_kept_out(self.root, sidecar):
                return
            files.place_text(self.root, sidecar, text, mode=self.settings.file_mode)

    def remove_lyrics(self, job: Job, path: str) -> None:
        """Remove the lyrics that were placed beside the file at ``path``, durably: when the file is
        gone nobody looks for them any more. The user's own stay.

        Raises ``OSError``, also where it cannot be told whose they are: the file goes after them.
        """
        lyrics = files.sidecar_path(path, ".lrc")
        text = tags.lrc_text(job.lrc_content or "")
        is_ours = text.strip() and _holds(self.root.path / lyrics, text)
        if is_ours and lyrics in sidecars(self.root, path):
            (self.root.path / lyrics).unlink(missing_ok=True)
            fsync_folder((self.root.path / lyrics).parent)


def _holds(path: Path, text: str) -> bool:
    """Raises ``OSError`` where that cannot be told."""
    data = text.encode()
    try:
        return read_ordinary(path, len(data) + 1) == data
    except OSError as error:
        if error.errno in _NO_FILE:
            return False
        raise
