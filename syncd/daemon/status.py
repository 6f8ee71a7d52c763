"""How the daemon is: what ``syncd status`` shows, and what figures and health are made of.

Values only. ``document`` is the stable form for scripts; README lists its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

LOOKS = ("poll", "sweep", "scan")
"""What is looked at now and then."""

STUCK = timedelta(minutes=5)
"""Without a sign of progress for so long, work is stuck."""

LATE = timedelta(minutes=2)
"""A poll that is due for so long is not made any more."""

Word = Literal[
    "starting", "idle", "working", "paused", "offline", "refused", "waiting", "lent", "stopping",
    "stopped",
]  # fmt: skip
"""The state in one word. ``refused``: the service refuses the key. ``waiting``: for what
``awaits`` says. ``lent``: a command works on the library. ``stopped``: no daemon runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Audio that is being fetched. Bytes, bytes a second, seconds; ``None`` where not known."""

    job_id: int
    path: str
    size: int
    total: int | None
    speed: float | None
    left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that goes wrong, since ``first_at``, ``count`` times by now."""

    message: str
    hint: str | None
    first_at: datetime
    last_at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something that waits for the user, and the command that shows or releases it.

    ``reject`` is the command that settles a batch the other way, where one does.
    """

    verb: str
    count: int
    reason: str
    since: datetime
    batch: int | None
    command: str
    reject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A further tree (``library.also``): how many files were placed in it, how many tracks are held
    there, and why it cannot be worked on, if so."""

    format: str
    root: str
    files: int
    held: int
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The library's disk, in bytes; ``enough``: downloads go on."""

    free: int
    total: int
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The API: whether it answered last, when that was, and what ``model/status`` says."""

    reachable: bool | None = None
    answered_at: datetime | None = None
    model: str | None = None
    model_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All of it, as of ``at``. Times are aware and in UTC.

    ``last`` and ``next`` are by kind (``LOOKS``): when it was, and when it will be. ``counts`` are
    tracks by state of the catalog, ``to_come`` the jobs that have none so far, ``jobs`` all jobs of
    the account, ``failed`` those that failed there, ``retried`` of them those that were retried.
    ``pending`` counts pending deletions, the first of which is due at ``pending_until``; ``missed``
    the files that one scan did not find, looked for again at ``missed_until``; ``kept_out`` those
    that patterns keep out. ``requests`` and ``operations`` count since the start, the latter by
    verb.
    """

    at: datetime
    version: str
    state: Word
    awaits: str | None = None
    pid: int | None = None
    since: datetime | None = None
    paused_until: datetime | None = None
    last: Mapping[str, datetime | None] = field(default_factory=dict)
    next: Mapping[str, datetime | None] = field(default_factory=dict)
    progress_at: datetime | None = None
    watching: str | None = None
    root: str | None = None
    also: tuple[Tree, ...] = ()
    jobs: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    to_come: int = 0
    failed: int = 0
    retried: int = 0
    transfers: tuple[Transfer, ...] = ()
    held: tuple[Held, ...] = ()
    pending: int = 0
    pending_until: datetime | None = None
    missed: int = 0
    missed_until: datetime | None = None
    kept_out: int = 0
    errors: tuple[Trouble, ...] = ()
    disk: Disk | None = None
    service: Service = Service()
    requests: int = 0
    cycles: int = 0
    operations: Mapping[str, int] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether a daemon runs."""
        return self.state != "stopped"

    @property
    def healthy(self) -> bool:
        """Whether it gets on, or waits for what it says: not whether all is well."""
        if self.state in ("working", "starting"):
            return self.progress_at is not None and self.at - self.progress_at < STUCK
        if self.state == "idle":
            due = self.next.get("poll")
            return due is None or self.at - due < LATE
        return self.state != "stopped"

    def document(self) -> dict[str, Any]:
        """The stable form: the fields by name, times as ``datetime``."""
        looks = {
            name: {look: told.get(look) for look in LOOKS}
            for name, told in (("last", self.last), ("next", self.next))
        }
        return {"running": self.running, **asdict(self), **looks}
