"""What a plan consists of: one small frozen class per operation, each with its reason.

A new operation touches three files: this one, the planner and the executor. ``path`` is always
where the track's file stands, or where it will; paths are relative to the root.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

# --- towards the folder ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Fetch a job's audio in ``format``, check and tag it, and place it at ``path``.

    ``title`` is the name as the server has it, ``stem`` the one emitted for it; ``album`` and
    ``number`` are given to the track now, and for good. ``moved``: the user chose the folder.
    """

    verb: ClassVar[str] = "download"
    job_id: int
    path: str
    format: str
    title: str | None
    stem: str
    album: str
    number: int
    reason: str
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Download):
    """The same for a track that was placed before and whose file is gone from the folder."""

    verb: ClassVar[str] = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Fetch what stands at a new address, to learn whether it is other audio; place nothing."""

    verb: ClassVar[str] = "compare"
    job_id: int
    path: str
    format: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redownload:
    """Put the changed audio of a job in the place of its file, which goes to the trash.

    Where the user changed that file, or may have, it stays, and the new audio is placed at ``copy``
    beside it.
    """

    verb: ClassVar[str] = "redownload"
    job_id: int
    path: str
    format: str
    album: str
    number: int
    reason: str
    copy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameLocal:
    """Rename the file at ``path`` to ``new_path``, because the track was renamed in the account.

    ``title`` is its name there, ``stem`` what is emitted for it; ``old_title`` was its name before.
    """

    verb: ClassVar[str] = "rename-local"
    job_id: int
    path: str
    new_path: str
    title: str | None
    stem: str
    reason: str
    old_title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeWay:
    """Give the file at ``path`` another name for now, so that another track can get its name."""

    verb: ClassVar[str] = "make-way"
    job_id: int
    path: str
    new_path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLocal:
    """Move the file at ``path``, still where it was placed, to where the template puts it now."""

    verb: ClassVar[str] = "move-local"
    job_id: int
    path: str
    new_path: str
    stem: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashLocal:
    """Move the file at ``path`` to the trash, because its job is gone from the account."""

    verb: ClassVar[str] = "trash-local"
    job_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evict:
    """Go on with an eviction that the user asked for: remove the file at ``path``, keep the job."""

    verb: ClassVar[str] = "evict"
    job_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Remove the file at ``path``, whose job is outside the selection; the job stays.

    Never without the user's word. Only of a file that is as it was placed, and whose audio the
    account still has.
    """

    verb: ClassVar[str] = "free"
    job_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retag:
    """Write what the account says now of the track into the tags of the file at ``path``.

    Only what they still hold of ours, and what they lack; the file keeps its place and its audio.
    """

    verb: ClassVar[str] = "retag"
    job_id: int
    path: str
    reason: str


# --- towards the account ---


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameRemote:
    """Give the job the display name ``new_title``: the user renamed its file, to ``path``.

    ``title`` is the name that the account is believed to show, ``stem`` the file's stem now.
    ``moved``: its folder, too, is of the user's choice.
    """

    verb: ClassVar[str] = "rename-remote"
    job_id: int
    path: str
    title: str | None
    new_title: str
    stem: str
    reason: str
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRemote:
    """Delete the job for good: the user deleted its file. A recovery copy is kept first.

    ``title`` and ``audio`` are what the account is believed to show; ``format`` is the copy's.
    """

    verb: ClassVar[str] = "delete-remote"
    job_id: int
    path: str
    format: str
    title: str | None
    audio: str
    reason: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRemote:
    """Have the service make a failed job again (``sync.retry_failed``); it costs no credits."""

    verb: ClassVar[str] = "retry-remote"
    job_id: int
    reason: str


# --- towards the baseline alone ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Take the file at ``path``, which carries the job's id, into the baseline as it is.

    ``title`` and ``stem`` are the pair of names from which a later rename is told.
    """

    verb: ClassVar[str] = "adopt"
    job_id: int
    path: str
    title: str | None
    stem: str
    album: str
    number: int
    reason: str
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Remember that the track is not wanted here: its job stays, its file is not fetched again."""

    verb: ClassVar[str] = "ignore"
    job_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detach:
    """Keep the file at ``path`` although its job is gone; the program never removes it."""

    verb: ClassVar[str] = "detach"
    job_id: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Both the job and the file are gone: only the history is left of the track."""

    verb: ClassVar[str] = "forget"
    job_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Record that the track cannot be had now, and why; it is due again after a back-off."""

    verb: ClassVar[str] = "defer"
    job_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Leave everything as it is until the user has decided; ``path`` is what stands there.

    ``held`` is the verb of the operation that waits. ``batched``: ``approve`` and ``reject`` settle
    it; else it ends with its cause. ``refused``: the service would not do it. ``evidence`` is what
    spoke for the operation. Of a file that would get the name ``path``, ``stands_at`` is where it
    is.
    """

    verb: ClassVar[str] = "hold"
    job_id: int
    path: str
    reason: str
    held: str = "identify"
    batched: bool = False
    refused: bool = False
    evidence: tuple[str, ...] = ()
    stands_at: str | None = None


Placing = Download | Restore | RenameLocal | MakeWay | MoveLocal | Redownload
"""What gives a file a name in the folder."""

Fetching = Download | Restore | Compare | Redownload | DeleteRemote
"""What fetches audio, and so takes its time."""

Operation = (
    Download
    | Restore
    | Compare
    | Redownload
    | RenameLocal
    | MakeWay
    | MoveLocal
    | TrashLocal
    | Evict
    | Free
    | Retag
    | RenameRemote
    | DeleteRemote
    | RetryRemote
    | Adopt
    | Ignore
    | Detach
    | Forget
    | Defer
    | Hold
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A track for which nothing is to be done now; ``until`` where the time is known.

    ``unseen`` is the path, where a file should be that could not be looked for. ``kept_out``: the
    user's patterns have it left alone. ``stays``: its file is not to be freed any more, as it is
    the user's own by now.
    """

    job_id: int
    reason: str
    until: datetime | None = None
    unseen: str | None = None
    kept_out: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A pending deletion: a confirmed absence that waits out its grace, with its evidence.

    ``until`` is when it is due, by the local clock; ``None`` where the service does not say its
    time, without which nothing becomes due.
    """

    job_id: int
    path: str
    reason: str
    until: datetime | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order, and what is waiting. Empty operations: both sides are in step.

    ``missed`` are the jobs whose file one scan did not find: another scan decides. ``unselected``
    are those that have no file because they are outside the selection.
    """

    operations: tuple[Operation, ...] = ()
    waits: tuple[Wait, ...] = ()
    pending: tuple[Pending, ...] = ()
    missed: frozenset[int] = field(default_factory=frozenset)
    unselected: frozenset[int] = field(default_factory=frozenset)

    @property
    def holds(self) -> tuple[Hold, ...]:
        return tuple(op for op in self.operations if isinstance(op, Hold))

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)
