"""The tables. ``migrations`` makes them; a test holds the two together.

Times are ISO 8601 text in UTC with microseconds, so that they sort and can be read in ``sqlite3``.
Lists and mappings are JSON text. Paths are relative to the root, ``/``-separated.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Dialect, Integer, MetaData, String, Table, Text, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class PathText(TypeDecorator[str]):
    """A path: TEXT where it is UTF-8, else its bytes as BLOB (SQLite types values, not columns).

    In Python always ``str``, with surrogate escapes for bytes that are not UTF-8.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return os.fsencode(value)
        return value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return os.fsdecode(value) if isinstance(value, bytes) else value


class Message(TypeDecorator[str]):
    """Text for people that may quote a path: bytes that are not UTF-8 are shown escaped."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.encode(errors="backslashreplace").decode()


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as ISO 8601 text in UTC."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A list or mapping as JSON text. ASCII only, so that no text of the API can break it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class JobRow(SQLModel, table=True):
    """One job as the API showed it last; ``absent_since``: a complete sweep lacked it.

    ``gist`` is a digest (``core.model.Job.gist``).
    ``last_seen``: when the row was written last. What shows the job as it stands here does not
    write it again, a sweep excepted.
    """

    __tablename__ = "job"

    id: int = Field(primary_key=True)
    status: str = Field(index=True)
    task: str | None
    display_name: str | None
    progress: float | None
    output_url: str | None
    output_urls: dict[str, str] = Field(sa_type=Json)
    audio_duration: float | None
    created_at: datetime | None = Field(sa_type=Moment, index=True)
    completed_at: datetime | None = Field(sa_type=Moment)
    user_id: str | None
    actual_seeds: list[int] = Field(sa_type=Json)
    lrc_content: str | None
    quality_score: float | None
    error_message: str | None
    prompt: str | None
    lyrics: str | None
    vocal_language: str | None
    bpm: float | None
    keyscale: str | None
    timesignature: str | None
    genre_preset: str | None
    thumbnail_url: str | None
    format: str | None
    model_version: str | None
    seed: int | None
    genre: list[str] = Field(sa_type=Json)
    emotion: list[str] = Field(sa_type=Json)
    occasion: list[str] = Field(sa_type=Json)
    language: str | None
    song_type: str | None
    liked: bool | None
    raw: str
    first_seen: datetime = Field(sa_type=Moment)
    last_seen: datetime = Field(sa_type=Moment)
    last_sweep: int | None
    absent_since: datetime | None = Field(sa_type=Moment)
    gist: str | None


class LearntRow(SQLModel, table=True):
    """What listings with a filter taught of a job that does not say it itself (``catalog.facets``).

    ``None``: not learnt yet. An empty list or text: learnt, and there is none.
    """

    __tablename__ = "learnt"

    job_id: int = Field(primary_key=True)
    genre: list[str] | None = Field(default=None, sa_type=Json)
    emotion: list[str] | None = Field(default=None, sa_type=Json)
    occasion: list[str] | None = Field(default=None, sa_type=Json)
    language: str | None = None
    song_type: str | None = None
    liked: bool | None = None


class FacetRow(SQLModel, table=True):
    """One kind of facet: how far learning it has come (``catalog.facets``).

    ``begun_at``: a round of learning is open since then. ``offered`` are the values that the
    service could filter by when it was last seen whether it honours the filter, at ``asked_at``;
    ``ignored_at``: it does not. ``tries`` failed in a row, the last one at ``tried_at``.
    """

    __tablename__ = "facet"

    kind: str = Field(primary_key=True)
    begun_at: datetime | None = Field(default=None, sa_type=Moment)
    offered: list[str] | None = Field(default=None, sa_type=Json)
    asked_at: datetime | None = Field(default=None, sa_type=Moment)
    ignored_at: datetime | None = Field(default=None, sa_type=Moment)
    tries: int = 0
    tried_at: datetime | None = Field(default=None, sa_type=Moment)


class FacetValueRow(SQLModel, table=True):
    """One value of a facet, and how far the jobs that have it are listed.

    ``listed_at``: when they were last listed as far back as was needed; ``place`` is where that
    listing stands in the open round, ``is_done`` that it came to its end there.
    """

    __tablename__ = "facet_value"

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    listed_at: datetime | None = Field(default=None, sa_type=Moment)
    place: dict[str, Any] | None = Field(default=None, sa_type=Json)
    is_done: bool = False


class FacetFindRow(SQLModel, table=True):
    """What an open round found of one job; ``is_target``: the round is there to learn of it."""

    __tablename__ = "facet_find"

    kind: str = Field(primary_key=True)
    job_id: int = Field(primary_key=True)
    is_target: bool
    found: list[str] = Field(sa_type=Json)


class BaselineRow(SQLModel, table=True):
    """One track: its state, what it was given for good, and how its file was placed."""

    __tablename__ = "baseline"

    job_id: int = Field(primary_key=True)
    state: str = Field(index=True)
    album: str | None = None
    number: int | None = None
    attempts: int = 0
    reason: str | None = Field(default=None, sa_type=Message)
    next_try_at: datetime | None = Field(default=None, sa_type=Moment)
    path: str | None = Field(default=None, sa_type=PathText, index=True)
    title: str | None = None
    stem: str | None = Field(default=None, sa_type=PathText)
    template: str | None = None
    format: str | None = None
    audio: str | None = None
    etag: str | None = None
    sha256: str | None = None
    inode: int | None = None
    size: int | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = None
    tags: dict[str, list[str]] | None = Field(default=None, sa_type=Json)
    placed_at: datetime | None = Field(default=None, sa_type=Moment)
    source: str | None = None
    moved: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    mounted: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    replaced_by: str | None = None
    next_title: str | None = None
    next_stem: str | None = Field(default=None, sa_type=PathText)
    declined: str | None = None
    told: str | None = None
    lyrics: str | None = None
    kept: str | None = None


class FileRow(SQLModel, table=True):
    """The scan's memory: an audio file whose stat is unchanged need not be opened again."""

    __tablename__ = "file"

    path: str = Field(primary_key=True, sa_type=PathText)
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    job_id: int | None = Field(index=True)
    origin: str | None
    sha256: str | None = None
    since: int | None = None


class SweepRow(SQLModel, table=True):
    """One sweep: whether it was complete, and what was doubtful about it."""

    __tablename__ = "sweep"

    id: int | None = Field(default=None, primary_key=True)
    started_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    complete: bool = False
    total: int | None = None
    seen: int = 0
    doubts: list[str] = Field(default_factory=list, sa_type=Json)


class JournalRow(SQLModel, table=True):
    """One operation: written before it acts, finished together with the baseline."""

    __tablename__ = "journal"

    id: int | None = Field(default=None, primary_key=True)
    cycle: str
    job_id: int = Field(index=True)
    verb: str
    path: str | None = Field(default=None, sa_type=PathText)
    reason: str = Field(sa_type=Message)
    started_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    outcome: str | None = None
    detail: str | None = Field(default=None, sa_type=Message)
    before: str | None = Field(default=None, sa_type=Message)
    after: str | None = Field(default=None, sa_type=Message)
    evidence: list[str] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )


class AbsenceRow(SQLModel, table=True):
    """A file that scans did not find (``core.baseline.Absence``)."""

    __tablename__ = "absence"

    job_id: int = Field(primary_key=True)
    first_at: datetime = Field(sa_type=Moment)
    first_scan: int
    last_at: datetime = Field(sa_type=Moment)
    last_scan: int
    scans: int
    seen_at: datetime | None = Field(sa_type=Moment)
    armed_at: datetime = Field(sa_type=Moment)
    armed_server: datetime | None = Field(sa_type=Moment)


class HoldRow(SQLModel, table=True):
    """What waits for the user, or was released (``core.baseline.Held``)."""

    __tablename__ = "hold"

    job_id: int = Field(primary_key=True)
    verb: str = Field(primary_key=True)
    reason: str = Field(sa_type=Message)
    since: datetime = Field(sa_type=Moment)
    path: str | None = Field(default=None, sa_type=PathText)
    batch: int | None = Field(default=None, index=True)
    approved: bool = False
    refused: bool = False
    evidence: list[str] = Field(default_factory=list, sa_type=Json)


class SpentRow(SQLModel, table=True):
    """When a job was last deleted, trashed, replaced or renamed: what the budgets count."""

    __tablename__ = "spent"

    job_id: int = Field(primary_key=True)
    verb: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    server_at: datetime | None = Field(sa_type=Moment)


class AnswerRow(SQLModel, table=True):
    """What the service answered when it was asked last (``catalog.answers``).

    ``query`` is the query string, its parameters in the order of their names.
    """

    __tablename__ = "answer"

    name: str = Field(primary_key=True)
    query: str = Field(primary_key=True)
    body: Any = Field(sa_type=Json, nullable=False)
    at: datetime = Field(sa_type=Moment)


class RetryRow(SQLModel, table=True):
    """One ``POST /jobs/{id}/retry``; ``error``: what the job showed when it was ``refused``."""

    __tablename__ = "retry"

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(index=True)
    at: datetime = Field(sa_type=Moment)
    server_at: datetime | None = Field(default=None, sa_type=Moment)
    refused: str | None = Field(default=None, sa_type=Message)
    error: str | None = None


class SoundRow(SQLModel, table=True):
    """What was read from a placed file for exports, while it had this size and date.

    ``sample_rate`` is hertz, ``bit_rate`` bits a second; ``None`` where the file does not say it.
    """

    __tablename__ = "sound"

    job_id: int = Field(primary_key=True)
    size: int
    mtime_ns: int
    sample_rate: int | None
    bit_rate: int | None


class MetaRow(SQLModel, table=True):
    """What the catalog as a whole is bound to, by name (see ``store.Binding``)."""

    __tablename__ = "meta"

    key: str = Field(primary_key=True)
    value: str


_tables: Mapping[str, Table] = SQLModel.metadata.tables
JOB, BASELINE, FILE = _tables["job"], _tables["baseline"], _tables["file"]
SWEEP, JOURNAL, META = _tables["sweep"], _tables["journal"], _tables["meta"]
ABSENCE, HOLD, SPENT = _tables["absence"], _tables["hold"], _tables["spent"]
LEARNT, FACET = _tables["learnt"], _tables["facet"]
FACET_VALUE, FACET_FIND = _tables["facet_value"], _tables["facet_find"]
SOUND, ANSWER, RETRY = _tables["sound"], _tables["answer"], _tables["retry"]
"""The same tables for SQLAlchemy Core: bulk work does not go through one object a row."""

KNOWN = Table("known_job", MetaData(), *(Column(c.name, c.type) for c in JOB.columns))
"""The view that shows each job with all that is known of it: what it says, else what was learnt.

What reads jobs reads these; what the service says of one is written to ``JOB`` alone.
"""

_INDEXED = ("words", "display_name", "prompt", "lyrics")
WORDS = Table(
    "words", MetaData(), Column("rowid", Integer), *(Column(name, String) for name in _INDEXED)
)
"""The full-text index of the texts of ``JOB`` as ``indexing`` spells them, ``rowid`` is its id.

New jobs are added by ``news.take_in``, what changes is by triggers. It is matched by the column
that has its own name.
"""
