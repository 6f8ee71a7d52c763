"""Exports by hand: a format, and where to write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.exporting import Exports, Format
from syncd.core.listing import Listing
from syncd.errors import ConfigError, LocalError
from syncd.export import m3u8, rekordbox, tables
from syncd.export.folders import Maker, playlists, smart_playlists
from syncd.export.lists import track_lists
from syncd.export.placing import digest_at, digest_of, write_whole
from syncd.export.rates import read_rates
from syncd.export.tracks import Track, read_tracks

_SAMPLED = ("csv", "json", "rekordbox")
"""The formats that say rates."""


def tracks_of(
    catalog: Catalog,
    root: Path,
    exports: Exports,
    fmt: Format,
    listing: Listing | None,
    now: datetime,
) -> list[Track]:
    """The tracks of ``listing`` whose files are in place, in its order; all without one.

    Raises ``CatalogUnusable``, and ``SyncdError`` where nothing can mix with ``mixes_with``.
    """
    tracks = read_tracks(
        catalog,
        root,
        artist=exports.artist,
        path_map=exports.path_map,
        rates=read_rates(catalog, root) if fmt in _SAMPLED else {},
    )
    if listing is None:
        return tracks
    track_by_id = {track.id: track for track in tracks}
    ids = queries.ids(catalog, listing, now=now)
    return [track_by_id[job_id] for job_id in ids if job_id in track_by_id]


def as_bytes(fmt: Format, tracks: Sequence[Track]) -> bytes:
    """The one document that a format makes of ``tracks``, to be written to no file.

    Raises ``ConfigError`` for a format of many files.
    """
    if fmt == "nsp":
        raise ConfigError("smart playlists are many files", hint="name a folder for them")
    return _MAKERS[fmt](tracks)


def write(
    fmt: Format,
    tracks: Sequence[Track],
    target: Path,
    *,
    root: Path,
    exports: Exports,
    is_folder: bool,
    force: bool,
) -> list[Path]:
    """Write ``tracks`` to the file ``target``, or a playlist for each list of them into a folder.

    Nothing is replaced without ``force``, but what holds the same already. Returns what was
    written. Raises ``ConfigError`` and ``LocalError``.
    """
    wanted = _files(fmt, tracks, target.absolute(), root, exports, is_folder=is_folder)
    try:
        found = {path: digest_at(path) for path in wanted}
        if other := next((path for path in wanted if found[path] == ""), None):
            raise LocalError(
                f"{other} is a link, or no file; nothing was written",
                hint="name the file that it leads to, or take it away",
            )
        due = [path for path in wanted if found[path] != digest_of(wanted[path]())]
        if taken := [path for path in due if found[path] is not None and not force]:
            more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
            raise LocalError(
                f"{taken[0]} is there already{more}; nothing was written",
                hint="--force replaces it",
            )
        if is_folder and wanted:
            target.mkdir(exist_ok=True)
        for path in due:
            write_whole(path, wanted[path](), replace=found[path] is not None)
    except OSError as error:
        raise LocalError(f"{target} cannot be written: {error.strerror or error}") from None
    return due


def _files(
    fmt: Format,
    tracks: Sequence[Track],
    target: Path,
    root: Path,
    exports: Exports,
    *,
    is_folder: bool,
) -> dict[Path, Maker]:
    if fmt not in ("m3u8", "nsp"):
        if is_folder:
            raise ConfigError(f"{target} is a folder", hint=f"name a file for {fmt}")
        return {target: partial(_MAKERS[fmt], tracks)}
    folder = target if is_folder else target.parent
    way = m3u8.way_from(folder, root, exports.path_map)
    lists = track_lists(tracks, {})
    if fmt == "nsp":
        if not is_folder:
            raise ConfigError(
                f"{target} is no folder", hint="smart playlists are many files: name a folder"
            )
        return smart_playlists(folder, lists, exports.artist)
    if not is_folder:
        return {target: partial(m3u8.playlist, tracks, way)}
    return playlists(folder, lists, way)


def _collection(tracks: Sequence[Track]) -> bytes:
    return rekordbox.document(tracks, track_lists(tracks, {}))


def _standing_nowhere(tracks: Sequence[Track]) -> bytes:
    return m3u8.playlist(tracks, m3u8.absolute)


_MAKERS: dict[str, Callable[[Sequence[Track]], bytes]] = {
    "csv": tables.csv_table,
    "json": tables.json_array,
    "m3u8": _standing_nowhere,
    "rekordbox": _collection,
}
