"""The exports that the settings ask for, brought up to the catalog: written where their bytes
differ, and removed where they are no longer asked for.

What stands under such a name and was not written here, or was changed since, is the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.exporting import Exports
from syncd.core.safety import is_inside
from syncd.errors import ConfigError, LocalError, SyncdError
from syncd.export import m3u8, rekordbox
from syncd.export.folders import Maker, playlists, smart_playlists
from syncd.export.lists import TrackList, track_lists
from syncd.export.placing import Record, digest_at, digest_of, tidy, write_whole
from syncd.export.rates import learn_rates
from syncd.export.tracks import Track, read_tracks
from syncd.local.files import make_folders
from syncd.local.root import Root


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What was done, each file by its path: relative to the root, or absolute.

    ``left`` are files of the user's that stand where one was to be written, each told once.
    ``is_whole``: it was not stopped before it was done.
    """

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    troubles: tuple[SyncdError, ...] = ()
    is_whole: bool = True


def refresh(
    catalog: Catalog,
    root: Root,
    exports: Exports,
    *,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
    verify: Callable[[], None] = lambda: None,
) -> Refreshed:
    """Bring the exports up to date; for whoever holds the root's lock. ``now`` is for ages.

    What cannot be written is a trouble, and keeps nothing else from it. Raises ``CatalogUnusable``
    and, where the program's own folder cannot be written, ``RootUnusable`` or ``DiskFull``; and
    what ``verify()`` raises, before each change, where the root is not the library's by now.
    """
    record = Record.read(root)
    if exports.is_off and not record.digests:
        return Refreshed()
    return _Refreshing(catalog, root, exports, record, now, stopped, verify).run()


class _Refreshing:
    def __init__(
        self,
        catalog: Catalog,
        root: Root,
        exports: Exports,
        record: Record,
        now: datetime,
        stopped: Callable[[], bool],
        verify: Callable[[], None],
    ) -> None:
        self._catalog = catalog
        self._root = root
        self._exports = exports
        self._record = record
        self._now = now
        self._stopped = stopped
        self._verify = verify
        self._troubles: list[SyncdError] = []
        self._unsure = False
        """Not all that is asked for is known: then nothing is removed."""
        self._due: dict[Path, tuple[Maker, str, bool]] = {}
        """What is to be written: how, its digest, and whether there is one of ours."""
        self._left: list[str] = []

    def run(self) -> Refreshed:
        told = set(self._record.told)
        wanted = self._wanted()
        if wanted is None:
            return Refreshed(troubles=tuple(self._troubles), is_whole=False)
        self._verify()
        tidy({path.parent for path in wanted})
        before = dict(self._record.digests)
        for path, make in wanted.items():
            if self._stopped():
                return Refreshed(is_whole=False)
            self._compare(path, make)
        gone = [] if self._unsure else [n for n in before if self._path(n) not in wanted]
        self._record.told = set(self._left)
        if self._due or gone or self._record.digests != before or self._record.told != told:
            # First what is about to be: whoever is stopped half-way still knows its own files.
            self._verify()
            self._record.write(self._root)
        written = [name for path in self._due if (name := self._write(path)) is not None]
        removed = [name for name in gone if self._remove(name)]
        if self._due or gone:
            self._verify()
            self._record.write(self._root)
        return Refreshed(
            written=tuple(written),
            removed=tuple(removed),
            left=tuple(name for name in self._left if name not in told),
            troubles=tuple(self._troubles),
        )

    # --- what is asked for ---

    def _wanted(self) -> dict[Path, Maker] | None:
        """Each file that is asked for, and what makes it; ``None`` where it was stopped."""
        exports = self._exports
        if exports.is_off:
            return {}
        if exports.rekordbox and not learn_rates(self._catalog, self._root, self._stopped):
            return None
        tracks = read_tracks(
            self._catalog, self._root.path, artist=exports.artist, path_map=exports.path_map
        )
        lists = track_lists(tracks, self._saved())
        return {
            **self._playlists(lists),
            **self._smart_playlists(lists),
            **self._collection(tracks, lists),
        }

    def _saved(self) -> Mapping[str, list[int]]:
        found = {}
        for name, listing in self._exports.queries.items():
            try:
                found[name] = queries.ids(self._catalog, listing, now=self._now)
            except SyncdError as error:
                # A job that it names may be unknown for now: what was written of it stays.
                self._unsure = True
                self._troubles.append(SyncdError(f"playlist {name}: {error.message}"))
        return found

    def _playlists(self, lists: list[TrackList]) -> dict[Path, Maker]:
        folder = self._place(self._exports.playlists)
        if folder is None:
            return {}
        way = m3u8.way_from(folder, self._root.path, self._exports.path_map)
        return playlists(folder, lists, way)

    def _smart_playlists(self, lists: list[TrackList]) -> dict[Path, Maker]:
        folder = self._place(self._exports.nsp)
        return {} if folder is None else smart_playlists(folder, lists, self._exports.artist)

    def _collection(self, tracks: list[Track], lists: list[TrackList]) -> dict[Path, Maker]:
        path = self._place(self._exports.rekordbox)
        return {} if path is None else {path: partial(rekordbox.document, tracks, lists)}

    def _place(self, setting: str | None) -> Path | None:
        """Where that is; ``None`` where nothing is asked for, or it must not be there."""
        if setting is None:
            return None
        path = self._root.path / setting
        name = self._name(path)
        if not name.startswith("/") and name != "." and not is_inside(name):
            self._unsure = True
            self._troubles.append(ConfigError(f"exports: {setting} is the program's own folder"))
            return None
        return path

    # --- what stands there ---

    def _compare(self, path: Path, make: Maker) -> None:
        """Find out whether ``path`` is to be written, is as it should be, or is the user's."""
        name, digest = self._name(path), digest_of(make())
        known = self._record.digests.get(name, ())
        try:
            found = digest_at(path)
        except OSError as error:
            self._fail(path, error)
            return
        if found == digest:
            self._record.digests[name] = (digest,)
        elif found is None or found in known:
            self._due[path] = make, digest, found is not None
            self._record.digests[name] = (*((found,) if found else ()), digest)
        else:
            # A file that was ours and is changed stays known: were it put back, it is ours again.
            self._left.append(name)

    def _write(self, path: Path) -> str | None:
        self._verify()
        make, digest, is_ours = self._due[path]
        name = self._name(path)
        try:
            self._make_folder(path.parent)
            write_whole(path, make(), replace=is_ours)
        except OSError as error:
            self._fail(path, error)
            return None
        self._record.digests[name] = (digest,)
        return name

    def _make_folder(self, folder: Path) -> None:
        if folder == self._root.path or self._root.path in folder.parents:
            make_folders(self._root, folder)
        else:
            # That alone: a disk that is not mounted is not made up.
            folder.mkdir(exist_ok=True)

    def _remove(self, name: str) -> bool:
        """Remove what is no longer asked for, if it is as it was written."""
        self._verify()
        path = self._path(name)
        try:
            found = digest_at(path)
            is_ours = found is not None and found in self._record.digests[name]
            if is_ours:
                path.unlink()
        except OSError as error:
            self._fail(path, error)
            return False
        del self._record.digests[name]
        return is_ours

    def _fail(self, path: Path, error: OSError) -> None:
        why = error.strerror or str(error)
        if not any(str(path.parent) in trouble.message for trouble in self._troubles):
            self._troubles.append(
                LocalError(
                    f"{path.parent} cannot be exported to: {why}",
                    hint="make it writable, or change [exports]",
                )
            )

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root.path) if self._is_under(path) else path)

    def _is_under(self, path: Path) -> bool:
        return path.is_relative_to(self._root.path)

    def _path(self, name: str) -> Path:
        return self._root.path / name
