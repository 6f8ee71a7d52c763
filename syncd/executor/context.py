"""What every operation works with, and what two of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

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
