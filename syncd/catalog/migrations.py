"""From any earlier catalog to this one: ordered steps, counted by ``PRAGMA user_version``.

A step is frozen once released: it is plain SQL, so that later changes of ``schema`` cannot change
what it does. Each step and its new version are one transaction.
"""

from __future__ import annotations

import sqlite3

from syncd.catalog.indexing import add_function
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

_V2 = """
ALTER TABLE baseline ADD COLUMN source VARCHAR;
ALTER TABLE baseline ADD COLUMN moved BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE baseline ADD COLUMN mounted BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE baseline ADD COLUMN replaced_by VARCHAR;
ALTER TABLE file ADD COLUMN sha256 VARCHAR;
ALTER TABLE journal ADD COLUMN before VARCHAR;
ALTER TABLE journal ADD COLUMN after VARCHAR;
ALTER TABLE journal ADD COLUMN evidence TEXT NOT NULL DEFAULT '[]';
CREATE TABLE absence (
    job_id INTEGER NOT NULL PRIMARY KEY,
    first_at VARCHAR NOT NULL, first_scan INTEGER NOT NULL,
    last_at VARCHAR NOT NULL, last_scan INTEGER NOT NULL, scans INTEGER NOT NULL,
    seen_at VARCHAR, armed_at VARCHAR NOT NULL, armed_server VARCHAR
);
CREATE TABLE hold (
    job_id INTEGER NOT NULL, verb VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, since VARCHAR NOT NULL, path VARCHAR, batch INTEGER,
    approved BOOLEAN NOT NULL, refused BOOLEAN NOT NULL, evidence TEXT NOT NULL,
    PRIMARY KEY (job_id, verb)
);
CREATE INDEX ix_hold_batch ON hold (batch);
CREATE TABLE spent (
    job_id INTEGER NOT NULL, verb VARCHAR NOT NULL, at VARCHAR NOT NULL, server_at VARCHAR,
    PRIMARY KEY (job_id, verb)
);
-- A hold is no state any more; a track that was to be fetched again is simply wanted, even where
-- something stood in its way: that its file is gone must not be taken for a deletion.
UPDATE baseline SET state = 'placed', reason = NULL
    WHERE state = 'held' AND path IS NOT NULL AND attempts = 0;
UPDATE baseline SET state = 'wanted', reason = NULL, attempts = 0, next_try_at = NULL
    WHERE state = 'held';
UPDATE baseline SET state = 'wanted' WHERE state = 'unavailable' AND path IS NOT NULL;
INSERT INTO meta SELECT 'marker_generation', value FROM meta WHERE key = 'generation';
"""

_V3 = """
ALTER TABLE baseline ADD COLUMN next_title VARCHAR;
ALTER TABLE baseline ADD COLUMN next_stem VARCHAR;
ALTER TABLE file ADD COLUMN since INTEGER;
"""

_V4 = """
ALTER TABLE baseline ADD COLUMN declined VARCHAR;
"""

_V5 = """
ALTER TABLE job ADD COLUMN gist VARCHAR;
ALTER TABLE baseline ADD COLUMN told VARCHAR;
ALTER TABLE baseline ADD COLUMN lyrics VARCHAR;
ALTER TABLE baseline ADD COLUMN kept VARCHAR;
-- The comment was no field of its own, and held the prompt.
UPDATE baseline SET tags = json_set(tags, '$.comment', json_extract(tags, '$.prompt'))
    WHERE json_type(tags, '$.prompt') = 'array' AND json_type(tags, '$.comment') IS NULL;
-- What these two hold is worked out from the jobs (told.py).
INSERT INTO meta SELECT 'untold', '1' WHERE EXISTS (SELECT 1 FROM job);
CREATE TABLE learnt (
    job_id INTEGER NOT NULL PRIMARY KEY,
    genre TEXT, emotion TEXT, occasion TEXT, language VARCHAR, song_type VARCHAR, liked BOOLEAN
);
CREATE TABLE facet (
    kind VARCHAR NOT NULL PRIMARY KEY, begun_at VARCHAR, offered TEXT, asked_at VARCHAR,
    ignored_at VARCHAR, tries INTEGER NOT NULL, tried_at VARCHAR
);
CREATE TABLE facet_value (
    kind VARCHAR NOT NULL, value VARCHAR NOT NULL, listed_at VARCHAR, place TEXT,
    is_done BOOLEAN NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE TABLE facet_find (
    kind VARCHAR NOT NULL, job_id INTEGER NOT NULL, is_target BOOLEAN NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (kind, job_id)
);
CREATE TABLE answer (
    name VARCHAR NOT NULL, "query" VARCHAR NOT NULL, body TEXT NOT NULL, at VARCHAR NOT NULL,
    PRIMARY KEY (name, "query")
);
CREATE TABLE retry (
    id INTEGER NOT NULL PRIMARY KEY,
    job_id INTEGER NOT NULL, at VARCHAR NOT NULL, server_at VARCHAR, refused VARCHAR, error VARCHAR
);
CREATE INDEX ix_retry_job_id ON retry (job_id);
CREATE TABLE sound (
    job_id INTEGER NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sample_rate INTEGER,
    bit_rate INTEGER
);
CREATE VIEW known_job AS SELECT
    job.id, status, task, display_name, progress, output_url, output_urls, audio_duration,
    created_at, completed_at, user_id, actual_seeds, lrc_content, quality_score, error_message,
    prompt, lyrics, vocal_language, bpm, keyscale, timesignature, genre_preset, thumbnail_url,
    format, model_version, seed,
    iif(job.genre = '[]', ifnull(learnt.genre, '[]'), job.genre) AS genre,
    iif(job.emotion = '[]', ifnull(learnt.emotion, '[]'), job.emotion) AS emotion,
    iif(job.occasion = '[]', ifnull(learnt.occasion, '[]'), job.occasion) AS occasion,
    coalesce(job.language, nullif(learnt.language, '')) AS language,
    coalesce(job.song_type, nullif(learnt.song_type, '')) AS song_type,
    coalesce(job.liked, learnt.liked) AS liked,
    raw, first_seen, last_seen, last_sweep, absent_since, gist
FROM job LEFT JOIN learnt ON learnt.job_id = job.id;
-- The index of words. Whoever writes new jobs adds them to it, all at once, which a trigger cannot;
-- of the others it is kept in step here, and only where a text changed.
CREATE VIRTUAL TABLE words USING fts5(
    display_name, prompt, lyrics, content='', tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER words_of_changed_job AFTER UPDATE OF display_name, prompt, lyrics ON job
WHEN old.display_name IS NOT new.display_name OR old.prompt IS NOT new.prompt
    OR old.lyrics IS NOT new.lyrics
BEGIN
    INSERT INTO words (words, rowid, display_name, prompt, lyrics) VALUES (
        'delete', old.id, indexed(old.display_name), indexed(old.prompt), indexed(old.lyrics)
    );
    INSERT INTO words (rowid, display_name, prompt, lyrics)
        VALUES (new.id, indexed(new.display_name), indexed(new.prompt), indexed(new.lyrics));
END;
CREATE TRIGGER words_of_deleted_job AFTER DELETE ON job BEGIN
    INSERT INTO words (words, rowid, display_name, prompt, lyrics) VALUES (
        'delete', old.id, indexed(old.display_name), indexed(old.prompt), indexed(old.lyrics)
    );
END;
INSERT INTO words (rowid, display_name, prompt, lyrics)
    SELECT id, indexed(display_name), indexed(prompt), indexed(lyrics) FROM job;
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V2, _V3, _V4, _V5)
VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open catalog; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the catalog to ``VERSION``; raises ``CatalogUnusable`` for a newer one."""
    add_function(connection)
    found = version_of(connection)
    if found > VERSION:
        raise CatalogUnusable(
            f"the catalog was written by a newer syncd (schema {found}, this one knows {VERSION})",
            hint="upgrade syncd; the catalog was left as it is",
        )
    for number, script in enumerate(MIGRATIONS[found:], start=found + 1):
        connection.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version={number};COMMIT;")
