"""What the program sees: jobs in the account, files in the folder, and a tree of each.

Values only. The remote tree is made of observations kept in the catalog, the local tree of a scan
of the folder. ``baseline`` has the third tree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from syncd.core.keeping import KeptOut

FORMATS = ("flac", "mp3", "ogg", "wav")
"""The audio formats of the service (api.md, ``output_urls``) that this program can place."""

PENDING, PROCESSING, COMPLETED, FAILED = "PENDING", "PROCESSING", "COMPLETED", "FAILED"
"""The documented values of ``status``. The set is open: an unknown one is kept as it came."""


SONG_TYPES = ("rap", "instrumental", "samples", "vocals", "song")
"""What ``song_type`` can be asked for (api.md), the broadest last."""

ALL_TIME = datetime.min.replace(tzinfo=UTC)
"""The moment after which everything was."""

FACETS = ("genre", "emotion", "occasion", "language", "song_type")
"""What a track is sorted by, and what may have to be learnt because no job says it."""


def address_path(address: str) -> str:
    """The part of a media address that names the audio: host and path, without the signature.

    Empty for what is no address at all.
    """
    try:
        parts = urlsplit(address)
        return f"{parts.hostname or ''}{parts.path}"
    except ValueError:
        return ""


def without_signatures(raw: str) -> str:
    """A job as JSON text whose addresses lack their signature.

    What is no JSON object is given as ``{}``.
    """
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return "{}"
    return json.dumps(unsigned(said)) if isinstance(said, dict) else "{}"


def unsigned(value: object) -> object:
    """What the service said, but the signature of its addresses: as good as a key for a while."""
    if isinstance(value, dict):
        return {name: unsigned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [unsigned(inner) for inner in value]
    if isinstance(value, str) and value.lower().startswith(("https://", "http://")):
        return value.partition("?")[0]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as the API showed it last (``GET /jobs``, ``GET /jobs/{id}/status``).

    Times are aware and in UTC, lengths in seconds. What the API left out, or sent as null, is
    ``None`` or empty; ``raw`` is the object as it came, as JSON text.
    """

    id: int
    status: str
    task: str | None = None
    display_name: str | None = None
    progress: float | None = None
    output_url: str | None = None
    output_urls: Mapping[str, str] = field(default_factory=dict)
    audio_duration: float | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    user_id: str | None = None
    actual_seeds: tuple[int, ...] = ()
    lrc_content: str | None = None
    quality_score: float | None = None
    error_message: str | None = None
    prompt: str | None = None
    lyrics: str | None = None
    vocal_language: str | None = None
    bpm: float | None = None
    keyscale: str | None = None
    timesignature: str | None = None
    genre_preset: str | None = None
    thumbnail_url: str | None = None
    format: str | None = None
    model_version: str | None = None
    seed: int | None = None
    genre: tuple[str, ...] = ()
    emotion: tuple[str, ...] = ()
    occasion: tuple[str, ...] = ()
    language: str | None = None
    song_type: str | None = None
    liked: bool | None = None
    raw: str = "{}"

    @property
    def audio(self) -> dict[str, str]:
        """``{format: address}`` of the audio on offer, whichever field the service filled."""
        urls = {name.lower(): url for name, url in self.output_urls.items() if url}
        offered = {name: url for name, url in urls.items() if name in FORMATS}
        if self.output_url:
            suffix = PurePosixPath(address_path(self.output_url)).suffix.lstrip(".").lower()
            name = suffix if suffix in FORMATS else (self.format or "").lower()
            if name in FORMATS:
                offered.setdefault(name, self.output_url)
        return offered

    @property
    def gist(self) -> str:
        """A digest of what only the tags of its file say, and planning does not read."""
        said = (
            self.prompt,
            self.lyrics,
            self.lrc_content,
            self.vocal_language,
            self.timesignature,
            self.completed_at and f"{self.completed_at:%Y-%m-%dT%H:%M:%S}",
            [*self.actual_seeds],
            self.seed,
        )
        return hashlib.blake2b(json.dumps(said).encode(), digest_size=8).hexdigest()

    def track(self, gist: str | None = None) -> RemoteTrack:
        """The part of the job that planning looks at; ``gist`` where it is known."""
        return RemoteTrack(
            id=self.id,
            status=self.status,
            title=self.display_name,
            prompt=(self.prompt or "")[:200] or None,
            audio={name: address_path(url) for name, url in self.audio.items()},
            created_at=self.created_at,
            task=self.task,
            song_type=self.song_type,
            genre=self.genre,
            emotion=self.emotion,
            occasion=self.occasion,
            language=self.language or self.vocal_language,
            bpm=self.bpm,
            keyscale=self.keyscale,
            user_id=self.user_id,
            liked=self.liked,
            quality_score=self.quality_score,
            audio_duration=self.audio_duration,
            gist=self.gist if gist is None else gist,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTrack:
    """One job in the remote tree: what planning and naming need, and no more.

    ``audio`` maps each format on offer to its address without the signature. ``gist`` is a digest
    of what else its tags say (``Job.gist``).
    """

    id: int
    status: str
    title: str | None = None
    prompt: str | None = None
    audio: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    task: str | None = None
    song_type: str | None = None
    genre: tuple[str, ...] = ()
    emotion: tuple[str, ...] = ()
    occasion: tuple[str, ...] = ()
    language: str | None = None
    bpm: float | None = None
    keyscale: str | None = None
    user_id: str | None = None
    liked: bool | None = None
    quality_score: float | None = None
    audio_duration: float | None = None
    gist: str = ""


@dataclass(frozen=True, slots=True)
class RemoteTree:
    """Every job observed and not known to be gone.

    ``swept``: a complete sweep was taken in, so that a job this tree lacks is absent. ``unlearnt``
    are the completed jobs of which a facet is still to be learnt.
    """

    tracks: Mapping[int, RemoteTrack]
    swept: bool = True
    unlearnt: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FileStat:
    """What the file system says of a file; equal values mean that it need not be opened.

    ``ctime_ns`` and ``mtime_ns`` are nanoseconds since the epoch, ``size`` is bytes.
    """

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    def is_unmoved(self, before: FileStat) -> bool:
        """Whether it is the same file with the same bytes, as far as can be told without reading.

        A rename and a hard link move ``ctime``, so that says nothing here.
        """
        known = (before.inode, before.size, before.mtime_ns)
        return (self.inode, self.size, self.mtime_ns) == known


@dataclass(frozen=True, slots=True)
class Origin:
    """Which account of which service a file came from (``AUDIOPOD_ORIGIN`` in its tags)."""

    base_url: str
    account: str | None = None

    def __str__(self) -> str:
        return f"{self.base_url}#{self.account or ''}"

    @classmethod
    def parse(cls, text: str) -> Origin:
        base_url, _, account = text.partition("#")
        return cls(base_url, account or None)

    def matches(self, other: Origin) -> bool:
        """Same address, and no known difference of account."""
        return self.base_url == other.base_url and (
            self.account is None or other.account is None or self.account == other.account
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """The job id embedded in a file's tags, with its origin (``None``: an id without one)."""

    job_id: int
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One audio file under the root. ``path`` is relative to the root, ``/``-separated.

    A name that is not UTF-8 is held with surrogate escapes, as ``os.fsdecode`` gives it.
    ``sha256`` is of the whole file, where a decision asked for it; ``since`` is the number of the
    scan that first found something at this path, where that is known.
    """

    path: str
    stat: FileStat
    identity: Identity | None = None
    sha256: str | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class LocalTree:
    """A complete scan: every audio file, every name taken, and where looking was refused.

    ``names`` holds the relative path of everything that stands in the folder, audio or not, so
    that nothing is ever placed upon it; ``folders`` those of them that are real folders, no links.
    ``unreadable`` holds folders and files that could not be read: what lies under them is neither
    present nor absent; ``broken`` says why of those where it is no error of the system's.
    ``mounted`` holds the folders at which another file system, or a part of one, is mounted.
    ``kept_out``: which of all this is to be left alone.
    """

    files: Mapping[str, LocalFile]
    names: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    mounted: frozenset[str] = frozenset()
    broken: Mapping[str, str] = field(default_factory=dict)
    kept_out: KeptOut | None = field(default=None, compare=False, repr=False)

    def kept_out_by(self, path: str) -> str | None:
        """As ``KeptOut.by``."""
        return self.kept_out.by(path) if self.kept_out else None

    def is_hidden(self, path: str) -> bool:
        """Whether ``path`` lies under something that could not be read."""
        return any(
            path == top or path.startswith(f"{top}/") or top == "." for top in self.unreadable
        )

    def broken_above(self, path: str) -> str | None:
        """What is broken in a folder above ``path``, in words, if anything is."""
        for top, said in self.broken.items():
            if top == "." or path.startswith(f"{top}/"):
                return said
        return None

    def said_unreadable(self) -> str:
        """What could not be read, in words."""
        first, *others = sorted(self.unreadable)
        first += f" ({self.broken[first]})" if first in self.broken else ""
        return f"{first} and {len(others)} more" if others else first

    def mount_of(self, path: str) -> str | None:
        """The folder above ``path`` at which is mounted what ``path`` lies in, if one is."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self.mounted:
            folder = folder.rpartition("/")[0]
        return folder or None

    def is_walled(self, path: str) -> bool:
        """Whether a link or a file stands where a folder of ``path`` should be."""
        folder = path.rpartition("/")[0]
        while folder:
            if folder in self.names and folder not in self.folders:
                return True
            folder = folder.rpartition("/")[0]
        return False
