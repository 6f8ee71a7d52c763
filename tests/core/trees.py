"""The three trees in a few words: what the planner's tests are written with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime, timedelta

from syncd.core.baseline import Absence, Baseline, BaselineTrack, Held, Placed, State
from syncd.core.model import (
    FileStat,
    Identity,
    LocalFile,
    LocalTree,
    Origin,
    RemoteTrack,
    RemoteTree,
)
from syncd.core.operations import (
    Adopt,
    Detach,
    Download,
    Forget,
    Hold,
    Operation,
    Pending,
    Plan,
    Restore,
    Wait,
)
from syncd.core.planner import plan
from syncd.core.policy import Now, Policy
from syncd.core.safety import guard

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
CLOCKS = Now(NOW, NOW)
HERE = Origin("https://api.audiopod.ai", "42")
ELSEWHERE = Origin("http://127.0.0.1:8000", "42")
POLICY = Policy(origin=HERE)
ALBUM = "AudioPod 2026-03"
HOME = f"{ALBUM}/Rain.flac"
BOTH = {"flac": "m/7.flac", "mp3": "m/7.mp3"}
STAT = FileStat(1, 2, 3, 4)
TOUCHED = FileStat(1, 2, 3, 5)
BYTES, OTHER_BYTES = "0" * 64, "1" * 64

Decided = Operation | Wait | Pending


def job(job_id: int = 7, title: str | None = "Rain", **fields: object) -> RemoteTrack:
    made = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=job_id)
    track = RemoteTrack(id=job_id, status="COMPLETED", title=title, audio=BOTH, created_at=made)
    return replace(track, **fields)  # type: ignore[arg-type]


def file(
    path: str = HOME,
    job_id: int | None = 7,
    origin: Origin | None = HERE,
    *,
    stat: FileStat = STAT,
    sha256: str | None = None,
) -> LocalFile:
    identity = None if job_id is None else Identity(job_id, origin)
    return LocalFile(path, stat, identity, sha256)


def folder(
    *files: LocalFile,
    names: Iterable[str] = (),
    unreadable: Iterable[str] = (),
    mounted: Iterable[str] = (),
) -> LocalTree:
    """A folder in which every path has the folders that it needs, as a scan finds them."""
    found = {one.path: one for one in files}
    names = {*found, *names}
    folders = {top for path in names for top in _folders_of(path)} - names | {*mounted}
    return LocalTree(
        found,
        frozenset(names | folders),
        frozenset(unreadable),
        folders=frozenset(folders),
        mounted=frozenset(mounted),
    )


def _folders_of(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))


def placed_at(path: str, **fields: object) -> Placed:
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    placed = Placed(
        path=path,
        title=stem,
        stem=stem,
        template=POLICY.template,
        format=suffix,
        audio=f"m/7.{suffix}",
        etag=None,
        sha256=BYTES,
        source="5" * 64,
        stat=STAT,
    )
    return replace(placed, **fields)  # type: ignore[arg-type]


def known(
    job_id: int = 7,
    path: str | None = HOME,
    state: State = State.PLACED,
    number: int | None = 1,
    placed: Placed | None = None,
    **fields: object,
) -> BaselineTrack:
    if placed is None and path is not None:
        placed = placed_at(path)
    track = BaselineTrack(job_id=job_id, state=state, album=ALBUM, number=number, placed=placed)
    return replace(track, **fields)  # type: ignore[arg-type]


OTHER = job(9, "Other")
GIVEN_BACK = known(9, f"{ALBUM}/Other.flac", State.EVICTED, 9)
"""A job that nothing is planned for, so that the account is not an empty one."""


def failed(until: datetime | None = LATER, path: str | None = None) -> BaselineTrack:
    return known(
        path=path, state=State.UNAVAILABLE, attempts=2, reason="no answer", next_try_at=until
    )


def absence(
    ago: timedelta = timedelta(hours=1), *, apart: float = 60.0, scans: int = 2, server: bool = True
) -> Absence:
    """An absence that was first seen ``ago``; ``apart`` is seconds between its two scans."""
    first = NOW - ago
    return Absence(
        first_at=first,
        first_scan=3,
        last_at=first + timedelta(seconds=apart),
        last_scan=3 + scans - 1,
        scans=scans,
        seen_at=first - timedelta(hours=1),
        armed_at=first,
        armed_server=first if server else None,
    )


def missing(
    job_id: int = 7,
    path: str = HOME,
    ago: timedelta = timedelta(hours=1),
    number: int = 1,
    **fields: object,
) -> BaselineTrack:
    """A placed track whose file two scans have missed."""
    track = known(job_id, path, number=number, absence=absence(ago))
    return replace(track, **fields)  # type: ignore[arg-type]


def held(verb: str, job_id: int = 7, **fields: object) -> Held:
    hold = Held(job_id=job_id, verb=verb, reason="too many", since=EARLIER, batch=1)
    return replace(hold, **fields)  # type: ignore[arg-type]


# --- what a plan holds ---


def download(
    path: str = HOME,
    reason: str = "new in the account",
    job_id: int = 7,
    number: int = 1,
    **fields: object,
) -> Download:
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    made = Download(
        job_id=job_id,
        path=path,
        format=suffix,
        title="Rain",
        stem=stem,
        album=ALBUM,
        number=number,
        reason=reason,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def restore(
    path: str = HOME,
    reason: str = "its file is gone from the folder",
    job_id: int = 7,
    number: int = 1,
    **fields: object,
) -> Restore:
    made = download(path, reason, job_id, number)
    values = {one.name: getattr(made, one.name) for one in dataclass_fields(made)}
    return Restore(**values | fields)


def adopt(
    path: str,
    reason: str,
    job_id: int = 7,
    number: int = 1,
    *,
    title: str | None = "Rain",
    stem: str = "Rain",
    moved: bool = False,
) -> Adopt:
    return Adopt(
        job_id=job_id,
        path=path,
        title=title,
        stem=stem,
        album=ALBUM,
        number=number,
        reason=reason,
        moved=moved,
    )


def detach(path: str, reason: str, job_id: int = 7) -> Detach:
    return Detach(job_id=job_id, path=path, reason=reason)


def forget(job_id: int = 7) -> Forget:
    return Forget(job_id=job_id, reason="gone from the account and from the folder")


def wait(
    reason: str, until: datetime | None = None, job_id: int = 7, *, unseen: str | None = None
) -> Wait:
    return Wait(job_id=job_id, reason=reason, until=until, unseen=unseen)


STRIPPED = Hold(
    job_id=7,
    path=HOME,
    reason="the file at its path no longer carries its id; it is left alone "
    f"(syncd identify '{HOME}' 7 says that it is this job's)",
)


# --- a row of a table ---


@dataclass(frozen=True)
class Row:
    """Trees that have a name, and what is planned for them (before any guard)."""

    name: str
    jobs: list[RemoteTrack]
    local: LocalTree = field(default_factory=folder)
    baseline: list[BaselineTrack] = field(default_factory=list)
    policy: Policy = POLICY
    expected: list[Decided] = field(default_factory=list)
    now: Now = CLOCKS
    holds: list[Held] = field(default_factory=list)
    spent: Mapping[str, frozenset[int]] = field(default_factory=dict)
    swept: bool = True
    settled: bool = True
    unlearnt: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return self.name

    @property
    def remote(self) -> RemoteTree:
        return RemoteTree({track.id: track for track in self.jobs}, self.swept, self.unlearnt)

    @property
    def known(self) -> Baseline:
        return Baseline(
            {track.job_id: track for track in self.baseline},
            {(one.job_id, one.verb): one for one in self.holds},
            self.spent,
            self.settled,
        )


def planned(row: Row) -> Plan:
    return plan(row.remote, row.local, row.known, row.policy, row.now)


def guarded(row: Row) -> Plan:
    return guard(planned(row), row.local, row.known, row.policy)


def decided(found: Plan) -> list[Decided]:
    """All that a plan says: what to do first, then what waits, then what is pending."""
    return [*found.operations, *found.waits, *found.pending]
