"""The tracks that exports are made of: read from the catalog once, for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syncd.catalog import queries
from syncd.catalog.queries import PlacedEntry
from syncd.catalog.sounds import Rates
from syncd.catalog.store import Catalog
from syncd.core.exporting import mapped
from syncd.core.harmony import classical


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A track whose file is in place.

    ``title``, ``artist``, ``album``, ``number``, ``key`` and ``comment`` are as its tags say them;
    the facets are all that the account says, also where a tag holds one alone. ``path`` is
    relative to the root, ``location`` absolute and as another program sees it. ``seconds`` is
    ``None`` where the length is not known, ``size`` is bytes, ``bit_rate`` bits a second,
    ``sample_rate`` hertz.
    """

    id: int
    path: str
    location: str
    title: str
    artist: str
    album: str
    number: int | None = None
    created_at: datetime | None = None
    placed_at: datetime | None = None
    genre: tuple[str, ...] = ()
    emotion: tuple[str, ...] = ()
    occasion: tuple[str, ...] = ()
    language: str | None = None
    song_type: str | None = None
    task: str | None = None
    bpm: float | None = None
    key: str | None = None
    comment: str | None = None
    liked: bool = False
    quality: float | None = None
    seconds: float | None = None
    format: str | None = None
    size: int | None = None
    bit_rate: int | None = None
    sample_rate: int | None = None


def read_tracks(
    catalog: Catalog,
    root: Path,
    *,
    artist: str,
    path_map: Mapping[str, str],
    rates: Mapping[int, Rates] | None = None,
) -> list[Track]:
    """The tracks whose files are in place, the newest first, without those that are kept out.

    Raises ``CatalogUnusable``.

    ``rates`` are by job; where they are not given, those that the catalog knows.
    """
    kept_out = catalog.scans.kept_out()
    found = [entry for entry in queries.placed(catalog) if entry.id not in kept_out]
    if rates is None:
        rates = catalog.sounds.rates()
    return [_track(entry, root, artist, path_map, rates.get(entry.id, Rates())) for entry in found]


def _track(
    entry: PlacedEntry,
    root: Path,
    artist: str,
    path_map: Mapping[str, str],
    rates: Rates,
) -> Track:
    tags = entry.tags
    where = str(root / entry.path)
    number = _first(tags, "track")
    return Track(
        id=entry.id,
        path=entry.path,
        location=mapped(where, path_map) or where,
        title=_first(tags, "title") or entry.display_name or Path(entry.path).stem,
        artist=_first(tags, "artist") or artist,
        album=_first(tags, "album") or entry.album or "",
        number=int(number) if number and number.isdecimal() else entry.number,
        created_at=entry.created_at,
        placed_at=entry.placed_at,
        genre=entry.genre,
        emotion=entry.emotion,
        occasion=entry.occasion,
        language=entry.language or entry.vocal_language,
        song_type=entry.song_type,
        task=entry.task,
        bpm=entry.bpm,
        key=_first(tags, "key") or classical(entry.keyscale),
        comment=_first(tags, "comment") or entry.prompt,
        liked=bool(entry.liked),
        quality=entry.quality_score,
        seconds=_seconds(entry),
        format=entry.format,
        size=entry.size,
        bit_rate=rates.bit_rate,
        sample_rate=rates.sample_rate,
    )


def _seconds(entry: PlacedEntry) -> float | None:
    """The measured length, else the announced one."""
    try:
        measured = float(_first(entry.tags, "duration") or "nan")
    except ValueError:
        measured = -1.0
    for seconds in (measured, entry.audio_duration or 0.0):
        if 0 < seconds < float("inf"):
            return seconds
    return None


def _first(tags: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    return next(iter(tags.get(name, ())), None)
