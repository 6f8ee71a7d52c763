"""Tracks as a table of comma-separated values, and as JSON: one row, or object, for each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from syncd.export.tracks import Track

COLUMNS = (
    "id", "display_name", "artist", "album", "track", "created_at", "genre", "emotion", "occasion",
    "language", "song_type", "task", "bpm", "key", "comment", "liked", "quality_score",
    "audio_duration", "format", "size", "bit_rate", "sample_rate", "placed_at", "path",
)  # fmt: skip
"""By the names of the API where it has one. ``path`` is absolute, as other programs see it."""


def csv_table(tracks: Iterable[Track]) -> bytes:
    """RFC 4180 in UTF-8, with a line of headings; several values are joined by ``; ``."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for track in tracks:
        writer.writerow([_cell(value) for value in _row(track).values()])
    return stream.getvalue().encode("utf-8", "backslashreplace")


def json_array(tracks: Iterable[Track]) -> bytes:
    """An array of objects with the fields ``COLUMNS``; what is not known is null."""
    rows = [
        {name: _iso(value) if isinstance(value, datetime) else value for name, value in row.items()}
        for row in map(_row, tracks)
    ]
    return (json.dumps(rows, indent=2) + "\n").encode("ascii")


def _row(track: Track) -> dict[str, object]:
    values = (
        track.id,
        track.title,
        track.artist,
        track.album,
        track.number,
        track.created_at,
        track.genre,
        track.emotion,
        track.occasion,
        track.language,
        track.song_type,
        track.task,
        track.bpm,
        track.key,
        track.comment,
        track.liked,
        track.quality,
        track.seconds,
        track.format,
        track.size,
        track.bit_rate,
        track.sample_rate,
        track.placed_at,
        track.location,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return value


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
