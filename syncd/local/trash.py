"""The trash: where files of the library go instead of being removed.

``.syncd/trash/DATE/`` holds them under their own names, so that a person finds and plays them, each
with its note. At any moment a file stands in the library or here, whole; a note without its file
does no harm, and a file without its note is never removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import TypedDict, Unpack

import structlog

from syncd.core.model import FileStat
from syncd.core.safety import is_inside
from syncd.errors import Changed, RootUnusable
from syncd.local.carry import Content, carry, copy, link_or_copy, read_content, translated
from syncd.local.root import Root, fsync_folder
from syncd.local.sidecars import carry_sidecars, is_audio, sidecar_name, sidecars
from syncd.local.trash_back import bring_back
from syncd.local.trash_folder import (
    days,
    entry_of,
    file_of,
    free_file,
    look,
    make_day,
    settle,
    tidy,
    trash_of,
)
from syncd.local.trash_note import LEAVING, Entry, Why, is_due, note_of, own_name, write_note

__all__ = ["Entry", "Facts", "Trash", "Why"]

Move = tuple[Path, Path]
"""From where to where a file goes."""

_log = structlog.get_logger("syncd.trash")


class Facts(TypedDict):
    """What an entry is told of the track; ``now`` is aware, the rest as in ``Entry``."""

    job_id: int
    why: Why
    now: datetime
    server_time: datetime | None
    title: str | None
    audio: str | None
    job: str


class Trash:
    """The trash of one root, for the holder of the root's lock; its threads may share it.

    Each method raises ``RootUnusable`` for links and for what the file system refuses,
    ``FolderUnusable`` where it does so for one folder, ``DiskFull``, and ``Changed`` where a file
    or an entry is gone or is no longer what it was.
    """

    def __init__(self, root: Root, *, mode: int) -> None:
        """``mode`` is that of files which ``keep`` takes in; others keep their own."""
        self._root = root
        self._mode = mode
        self._lock = RLock()

    @property
    def folder(self) -> Path:
        return trash_of(self._root)

    def entries(self) -> list[Entry]:
        """All that can be brought back, oldest first.

        A file without a whole note, and a note without its file, is logged and left out.
        """
        with self._acting():
            found = [entry for folder in days(self._root) for entry in look(folder)]
        return sorted(found, key=lambda entry: (entry.trashed_at, entry.name))

    def find(self, name: str) -> Entry | None:
        """The entry of that ``name`` (``2026-11-22/Rain.flac``)."""
        with self._acting():
            file = file_of(self._root, name)
            if file is None or file.is_symlink() or not file.is_file():
                return None
            return entry_of(file)

    def of_job(self, job_id: int) -> list[Entry]:
        """The entries of one job, newest last."""
        return [entry for entry in self.entries() if entry.job_id == job_id]

    def put(self, path: str, *, beside: bool = True, **facts: Unpack[Facts]) -> Entry:
        """Move the track at ``path``, relative to the root, into the trash.

        Its sidecars go with it, if ``beside``; else they wait where they are for another file.
        """
        source = self._track(path)
        with translated(self._root):
            content = read_content(source)
        with self._acting(), self._noted(path, content, facts, beside=beside) as (entry, moves):
            carry(self._root, source, self.folder / entry.name, content.stat)
            carry_sidecars(self._root, moves)
        return entry

    def secure(self, path: str, *, link: bool = True, **facts: Unpack[Facts]) -> Entry:
        """Make a recovery copy of the track at ``path``, which stays until ``finish``.

        A hard link, which shares later changes of the bytes (``verify`` tells); where there are
        none, or without ``link``, a copy. Sidecars stay with the track for now.
        """
        source = self._track(path)
        with translated(self._root):
            content = read_content(source)
        with self._acting(), self._noted(path, content, facts, beside=False) as (entry, _):
            take = link_or_copy if link else copy
            take(self._root, source, self.folder / entry.name, content.stat)
        return entry

    def finish(self, entry: Entry) -> None:
        """Take a track that ``secure`` made a copy of out of the library, sidecars and all.

        Raises ``Changed``, and leaves both, unless both still hold what ``entry`` says. Where the
        track is gone from its path by now, there is nothing to take.
        """
        source = self._track(entry.path)
        with self._acting():
            entry, file = self._current(entry)
            leaving = file.with_name(file.name + LEAVING)
            if not settle(file):
                raise Changed(f"{leaving.name} in the trash is no copy of {file.name}")
            moves = self._beside(entry.path, file)
            if os.path.lexists(source):
                stat = self._check_copies(entry, source, file)
                entry = _with_sidecars(entry, moves)
                write_note(file, entry)
                # Moved before it is removed: what another program saves in this moment stays.
                carry(self._root, source, leaving, stat)
                leaving.unlink()
                fsync_folder(file.parent)
            # Without the track, those alone that a stop left behind.
            mine = {PurePosixPath(name).name for name in entry.sidecars}
            carry_sidecars(self._root, [move for move in moves if move[1].name in mine])

    def keep(self, part: Path, path: str, **facts: Unpack[Facts]) -> Entry:
        """Take in a finished file from ``.syncd/incoming``, which would stand at ``path``."""
        self._track(path)
        with translated(self._root):
            if part.is_symlink() or not part.exists():
                raise Changed(f"{part.name} is no longer there")
            part.chmod(self._mode)
            content = read_content(part)
        with self._acting(), self._noted(path, content, facts, beside=False) as (entry, _):
            carry(self._root, part, self.folder / entry.name, content.stat)
        return entry

    def gather(self, entry: Entry) -> Entry:
        """Let the sidecars that still stand where the track stood follow it into the trash.

        Not where a track stands there: they are that one's. Nor from out of the library.
        """
        with self._acting():
            entry, file = self._current(entry)
            moves = [] if self._is_taken(entry.path) else self._beside(entry.path, file)
            if moves:
                entry = _with_sidecars(entry, moves)
                write_note(file, entry)
                carry_sidecars(self._root, moves)
        return entry

    def renew(
        self, entry: Entry, *, why: Why, now: datetime, server_time: datetime | None
    ) -> Entry:
        """Let a copy of an earlier try count as made now: its retention begins anew."""
        with self._acting():
            entry, file = self._current(entry)
            times = now.astimezone(UTC), _utc(server_time)
            entry = replace(entry, why=why, trashed_at=times[0], server_time=times[1])
            write_note(file, entry)
        return entry

    def discard(
        self, path: str, *, expected: FileStat, sha256: str, **facts: Unpack[Facts]
    ) -> None:
        """Remove the track at ``path``, which is ``expected``; sidecars stay.

        It is moved here first and looked at, so that what another program saves in its place in
        this moment stays there; what a stop leaves here can be brought back.
        """
        source, content = self._track(path), Content(sha256, expected)
        with self._acting():
            with self._noted(path, content, facts, beside=False) as (entry, _):
                carry(self._root, source, self.folder / entry.name, expected)
            self._remove(entry)
            tidy((self.folder / entry.name).parent)

    def verify(self, entry: Entry) -> bool:
        """Whether the file still holds the bytes that it came with; reads all of it."""
        with translated(self._root):
            file = file_of(self._root, entry.name)
            try:
                return file is not None and read_content(file).sha256 == entry.sha256
            except Changed:
                return False

    def restore(self, entry: Entry, path: str | None = None) -> str:
        """Move the track of ``entry`` back to where it stood, or to ``path``, sidecars and all.

        Where something stands there, to a free name with `` (restored)`` before the suffix; the
        folders are made anew. Gives the path where it is now, relative to the root. Raises
        ``Occupied`` where a link or a file is where a folder should be.
        """
        wanted = entry.path if path is None else path
        if not is_inside(wanted):
            raise RootUnusable(f"{wanted!r} is no path inside the library; nothing was moved")
        with self._acting():
            entry, file = self._current(entry)
            place = bring_back(self._root, entry, file, self._root.path / wanted)
            note_of(file).unlink()
            fsync_folder(file.parent)
            tidy(file.parent)
        return str(place.relative_to(self._root.path))

    def purge(
        self, *, now: datetime, server_now: datetime | None, retention: timedelta
    ) -> list[Entry]:
        """Remove what lies here for ``retention`` by the local clock *and* the API's.

        What only one of them says, or what may be the last copy of a track that went away in the
        account, stays. Gives what was removed. Also tidies what a stop left here.
        """
        with self._acting():
            removed = [
                entry
                for entry in self.entries()
                if is_due(entry, now, server_now, retention) and self._remove(entry) is not None
            ]
            for folder in days(self._root):
                tidy(folder)
        return removed

    def empty(self, entries: Sequence[Entry]) -> int:
        """Remove exactly ``entries``, whatever they are here for; gives the bytes freed."""
        with self._acting():
            freed = sum(self._remove(entry) or 0 for entry in entries)
            for folder in days(self._root):
                tidy(folder)
        return freed

    @contextmanager
    def _acting(self) -> Iterator[None]:
        with self._lock, translated(self._root):
            yield

    def _track(self, path: str) -> Path:
        """The file at ``path``; raises ``RootUnusable`` for what can be no track in the library."""
        if not is_inside(path) or not is_audio(path):
            raise RootUnusable(f"{path!r} is no track inside the library; nothing was moved")
        folders = [self._root.path / folder for folder in PurePosixPath(path).parents][:-1]
        if any(folder.is_symlink() for folder in folders):
            raise Changed(f"{path} lies behind a link")
        return self._root.path / path

    def _is_taken(self, path: str) -> bool:
        try:
            return os.path.lexists(self._track(path))
        except (Changed, RootUnusable):
            return True  # not the library's to take from

    @contextmanager
    def _noted(
        self, path: str, content: Content, facts: Facts, *, beside: bool
    ) -> Iterator[tuple[Entry, list[Move]]]:
        """A new entry whose note is written; taken back where its file does not follow.

        With it, from where to where its sidecars go.
        """
        now = facts["now"].astimezone(UTC)
        folder = make_day(self._root, now.date().isoformat())
        file = free_file(folder, PurePosixPath(path).name)
        moves = self._beside(path, file) if beside else []
        entry = Entry(
            name=f"{folder.name}/{file.name}",
            job_id=facts["job_id"],
            path=path,
            why=facts["why"],
            trashed_at=now,
            server_time=_utc(facts["server_time"]),
            sha256=content.sha256,
            size=content.stat.size,
            title=facts["title"],
            audio=facts["audio"],
            job=facts["job"],
            sidecars=(),
        )
        entry = _with_sidecars(entry, moves)
        write_note(file, entry)
        try:
            yield entry, moves
        except BaseException as error:
            with suppress(OSError):
                # What stands there is not what the note says: without one it is never removed.
                if isinstance(error, Changed | FileExistsError) or not os.path.lexists(file):
                    note_of(file).unlink()
            raise

    def _beside(self, path: str, file: Path) -> list[Move]:
        """From where to where the sidecars of the track at ``path`` go with it to ``file``."""
        track = PurePosixPath(path).name
        moves = []
        for sidecar in sidecars(self._root, path):
            source = self._root.path / sidecar
            target = file.with_name(sidecar_name(source.name, track, file.name))
            # A name that the trash has a use for of its own stays free.
            if own_name(target.name) is None and not os.path.lexists(target):
                moves.append((source, target))
        return moves

    def _current(self, entry: Entry) -> tuple[Entry, Path]:
        """``entry`` as its note has it now, and its file; raises ``Changed`` where it went."""
        found = self.find(entry.name)
        if found is None or not _is_same(found, entry):
            raise Changed(f"{entry.name} is no longer in the trash")
        return found, self.folder / found.name

    def _check_copies(self, entry: Entry, source: Path, file: Path) -> FileStat:
        """What the file system says of ``source``; raises ``Changed`` unless both are whole."""
        content = read_content(source)
        if content.sha256 != entry.sha256:
            raise Changed(f"{entry.path} was changed since its recovery copy was made")
        if not source.samefile(file) and not self.verify(entry):
            raise Changed(f"{entry.name} in the trash is no longer the copy that it was")
        return content.stat

    def _remove(self, entry: Entry) -> int | None:
        """Remove an entry for good; the bytes freed, or ``None`` where it is gone already."""
        found = self.find(entry.name)
        if found is None or not _is_same(found, entry):
            return None
        file = self.folder / found.name
        settle(file)
        freed = 0
        # The file before its note: what is left by a stop is never a file that nobody knows.
        for path in (*(self.folder / name for name in found.sidecars), file):
            with suppress(FileNotFoundError):
                stat = path.lstat()
                path.unlink()
                freed += stat.st_size if stat.st_nlink == 1 else 0
        note_of(file).unlink()
        fsync_folder(file.parent)
        return freed


def _utc(time: datetime | None) -> datetime | None:
    return time and time.astimezone(UTC)


def _is_same(one: Entry, other: Entry) -> bool:
    """Whether both are of one file: by its name alone, another could have come since."""
    return (one.job_id, one.sha256, one.trashed_at) == (
        (other.job_id, other.sha256, other.trashed_at)
    )


def _with_sidecars(entry: Entry, moves: Sequence[Move]) -> Entry:
    day = PurePosixPath(entry.name).parent
    return replace(entry, sidecars=tuple(str(day / target.name) for _, target in moves))
