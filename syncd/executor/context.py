"""What every operation works with, and what two of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from syncd.catalog.store import Catalog
from syncd.core.model import Job, Origin
from syncd.core.naming import effective_title
from syncd.core.operations import Adopt, Download
from syncd.core.tagging import desired_fields
from syncd.local import files, tags
from syncd.local.root import Root
from syncd.progress import Progress
from syncd.remote.client import AudioPod
from syncd.remote.http import Http


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The settings that executing needs; deciding has its own (``core.model.Policy``).

    Sizes are bytes; ``file_mode`` is the mode of files placed in the library.
    """

    artist: str
    template: str
    file_mode: int
    max_file_size: int
    min_free_space: int
    parallel_downloads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The service, the catalog and the folder. ``clock`` gives an aware UTC datetime."""

    http: Http
    client: AudioPod
    catalog: Catalog
    root: Root
    settings: Execution
    progress: Progress
    clock: Callable[[], datetime]
    deaf_hosts: set[str] = field(default_factory=set)
    """Hosts of covers that gave no answer in this run: they are not asked again in it."""

    def desired(self, op: Download | Adopt, job: Job, origin: Origin) -> dict[str, tuple[str, ...]]:
        """The managed fields that the file of ``job`` should carry."""
        return desired_fields(
            job,
            origin=origin,
            title=effective_title(job.track()),
            artist=self.settings.artist,
            album=op.album,
            number=op.number,
        )

    def place_lyrics(self, job: Job, path: str) -> None:
        """Put the synchronised lyrics beside the file at ``path``, where nothing stands yet."""
        if job.lrc_content and job.lrc_content.strip():
            sidecar = files.sidecar_path(path, ".lrc")
            text = tags.lrc_text(job.lrc_content)
            files.place_text(self.root, sidecar, text, mode=self.settings.file_mode)

    def move_lyrics(self, job: Job, old: str, new: str) -> None:
        """Let our own lyrics follow the file that the user moved; theirs stay where they are."""
        source = self.root.path / files.sidecar_path(old, ".lrc")
        target = files.sidecar_path(new, ".lrc")
        text = tags.lrc_text(job.lrc_content or "")
        if old == new or not text.strip() or not _holds(source, text):
            return
        if files.place_text(self.root, target, text, mode=self.settings.file_mode):
            source.unlink(missing_ok=True)  # the same bytes stand beside the track by now


def _holds(path: Path, text: str) -> bool:
    try:
        return not path.is_symlink() and path.read_bytes() == text.encode()
    except OSError:
        return False
