"""What there is in a world: jobs, files, and what hides or keeps out some of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from syncd.core.model import COMPLETED, FileStat, Identity, RemoteTrack

from .world_terms import stem_of


@dataclass(slots=True)
class Job:
    """A job in the account. ``audio`` numbers what is heard, ``address`` where it is served,
    ``words`` what else is said of it in tags.

    Two albums share the tracks, by the month in which they were made.
    """

    id: int
    title: str | None
    audio: int = 1
    address: int = 1
    status: str = COMPLETED
    formats: tuple[str, ...] = ("flac", "mp3")
    words: int = 0
    _shown: tuple[tuple[object, ...], RemoteTrack] | None = field(default=None, repr=False)

    def track(self) -> RemoteTrack:
        now = (self.title, self.address, self.status, self.formats, self.words)
        if self._shown is None or self._shown[0] != now:
            made = datetime(2026, 3 + self.id % 2, 1, tzinfo=UTC) + timedelta(minutes=self.id)
            track = RemoteTrack(
                id=self.id,
                status=self.status,
                title=self.title,
                audio={name: self.address_of(name) for name in self.formats},
                created_at=made,
                gist=f"words {self.words}",
                task="song" if self.id % 3 else None,
            )
            self._shown = (now, track)
        return self._shown[1]

    def address_of(self, format_: str) -> str:
        return f"media/{self.id}/{self.address}.{format_}"

    def source(self, format_: str) -> str:
        """What stands for the bytes that are served."""
        return f"audio {self.audio} of job {self.id} as {format_}"


class Account(dict[int, Job]):
    """The jobs by id, which several programs may have to do with.

    ``made``: how many there ever were; ``lost``: those that people deleted, the last one last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.lost: list[Job] = []

    def add(self, title: str | None, status: str = COMPLETED) -> None:
        self.made += 1
        self[self.made] = Job(self.made, title, status=status)


@dataclass(slots=True, eq=False)
class File:
    """A file in the folder.

    ``as_made`` is what the program wrote, ``as_placed`` what it was when the program took it in.
    """

    content: str
    identity: Identity | None
    title: str | None
    inode: int
    modified: int
    changed: int
    as_made: str = ""
    as_placed: str = ""
    words: str = ""

    @property
    def sha256(self) -> str:
        return f"{self.content}|{self.identity}|{self.title}|{self.words}"

    @property
    def stat(self) -> FileStat:
        return FileStat(self.inode, len(self.content), self.modified, self.changed)


class Veil(Enum):
    """What may stand in the way of a look into a folder."""

    UNREADABLE = "unreadable"
    MOUNTED = "another disk is mounted over it"
    LINKED = "a link stands where it was"


@dataclass(frozen=True, slots=True)
class Patterns:
    """What people keep out: folders (``Mine/``), and names with a word in them (``*Sun*``)."""

    patterns: frozenset[str]

    def by(self, path: str) -> str | None:
        fits = (
            path.startswith(one) if one.endswith("/") else one.strip("*") in stem_of(path)
            for one in self.patterns
        )
        return ".syncdignore" if any(fits) else None


@dataclass(frozen=True, slots=True)
class Trashed:
    """A file in the trash of the program."""

    job_id: int
    file: File
    recovery: bool = False
