"""From any earlier catalog to this one: ordered steps, counted by ``PRAGMA user_version``.

A step is frozen once released: it is plain SQL, so that later changes of ``schema`` cannot change
what it does. Each step and its new version are one transaction.
"""

from __future__ import annotations

import sqlite3

from syncd.errors import CatalogUnusable

_V1 = """
CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY,
    status VARCHAR NOT NULL, task VARCHAR, display_name VARCHAR, progress FLOAT,
    output_url VARCHAR, output_urls TEXT NOT NULL, audio_duration FLOAT,
    created_at VARCHAR, completed_at VARCHAR, user_id VARCHAR, actual_seeds TEXT NOT NULL,
    lrc_content VARCHAR, quality_score FLOAT, error_message VARCHAR, prompt VARCHAR,
    lyrics VARCHAR, vocal_language VARCHAR, bpm FLOAT, keyscale VARCHAR, timesignature VARCHAR,
    genre_preset VARCHAR, thumbnail_url VARCHAR, format VARCHAR, model_version VARCHAR,
    seed INTEGER, genre TEXT NOT NULL, emotion TEXT NOT NULL, occasion TEXT NOT NULL,
    language VARCHAR, song_type VARCHAR, liked BOOLEAN, raw VARCHAR NOT NULL,
    first_seen VARCHAR NOT NULL, last_seen VARCHAR NOT NULL, last_sweep INTEGER,
    absent_since VARCHAR
);
CREATE INDEX ix_job_status ON job (status);
CREATE INDEX ix_job_created_at ON job (created_at);
CREATE TABLE baseline (
    job_id INTEGER NOT NULL PRIMARY KEY,
    state VARCHAR NOT NULL, album VARCHAR, number INTEGER, attempts INTEGER NOT NULL,
    reason VARCHAR, next_try_at VARCHAR, path VARCHAR, title VARCHAR, stem VARCHAR,
    template VARCHAR, format VARCHAR, audio VARCHAR, etag VARCHAR, sha256 VARCHAR,
    inode INTEGER, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, tags TEXT,
    placed_at VARCHAR
);
CREATE INDEX ix_baseline_state ON baseline (state);
CREATE INDEX ix_baseline_path ON baseline (path);
CREATE TABLE file (
    path VARCHAR NOT NULL PRIMARY KEY,
    inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, job_id INTEGER, origin VARCHAR
);
CREATE INDEX ix_file_job_id ON file (job_id);
CREATE TABLE sweep (
    id INTEGER NOT NULL PRIMARY KEY,
    started_at VARCHAR NOT NULL, finished_at VARCHAR, complete BOOLEAN NOT NULL,
    total INTEGER, seen INTEGER NOT NULL, doubts TEXT NOT NULL
);
CREATE TABLE journal (
    id INTEGER NOT NULL PRIMARY KEY,
    cycle VARCHAR NOT NULL, job_id INTEGER NOT NULL, verb VARCHAR NOT NULL, path VARCHAR,
    reason VARCHAR NOT NULL, started_at VARCHAR NOT NULL, finished_at VARCHAR,
    outcome VARCHAR, detail VARCHAR
);
CREATE INDEX ix_journal_job_id ON journal (job_id);
CREATE TABLE meta (key VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL);
"""

MIGRATIONS: tuple[str, ...] = (_V1,)
VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open catalog; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the catalog to ``VERSION``; raises ``CatalogUnusable`` for a newer one."""
    found = version_of(connection)
    if found > VERSION:
        raise CatalogUnusable(
            f"the catalog was written by a newer syncd (schema {found}, this one knows {VERSION})",
            hint="upgrade syncd; the catalog was left as it is",
        )
    for number, script in enumerate(MIGRATIONS[found:], start=found + 1):
        connection.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version={number};COMMIT;")
