"""The looks at the folder that a watch is made of: they block, and begin again after an error."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path, PurePath
from typing import Literal, NamedTuple

import structlog
import watchfiles

from syncd.core.naming import AUDIO_SUFFIXES
from syncd.core.safety import PRIVATE_FOLDER
from syncd.local.ignore import NAME, BrokenPatterns, Fresh
from syncd.local.mounts import mount_of, mount_points
from syncd.local.scan import RECYCLE_FOLDERS
from syncd.local.watchable import (
    has_room,
    is_network,
    is_odd_name,
    limits,
    watchers_ran_out,
    watches_ran_out,
)

Mode = Literal["inotify", "polling", "none"]

_LONGEST_PAUSE = 60.0
_ODD_NAMES = 3
"""How often in a row a name that is not UTF-8 may end the watch: the look at a folder of such a
name ends it before it has begun."""
_MAKESHIFT = 3600.0
"""How long it makes do, before it tries again to watch all of the folder."""

_MANY, _AWAY = 1000, 2.0
"""Names in one batch, and seconds in which nothing was asked for, after which events may have been
lost (``max_queued_events`` of inotify(7)): a folder that was made meanwhile would be unwatched."""

_OF_FILES = frozenset({
    ".accurip", ".aria2", ".backup", ".bak", ".bmp", ".cfg", ".conf", ".crdownload", ".csv", ".cue",
    ".db", ".dmg", ".doc", ".docx", ".download", ".epub", ".exe", ".gif", ".gz", ".heic", ".htm",
    ".html", ".ico", ".ini", ".jpeg", ".jpg", ".json", ".jsonl", ".jxl", ".lnk", ".lock", ".log",
    ".lrc", ".m3u", ".m3u8", ".md", ".md5", ".mid", ".midi", ".mkv", ".mov", ".mp4", ".new",
    ".nfo", ".old", ".opf", ".orig", ".part", ".partial", ".pdf", ".pls", ".png", ".rar", ".rtf",
    ".sfv", ".sha256", ".sqlite", ".srt", ".svg", ".swp", ".swx", ".tar", ".temp", ".tif", ".tiff",
    ".tmp", ".toml", ".torrent", ".txt", ".url", ".webm", ".webp", ".xls", ".xlsx", ".xml", ".xmp",
    ".xspf", ".yaml", ".yml", ".zip",
})  # fmt: skip
"""Suffixes that folders do not have: ``St.Ives`` may have been one, ``cover.jpg`` was none."""

_log = structlog.get_logger("syncd.local.watch")


class Lookout:
    """Keeps watch, for a thread of its own: to begin is to walk through the whole folder.

    Every ``step`` seconds it asks for what came, every ``check`` seconds whether the root is still
    what is watched. After an error it begins again, ``pause`` seconds later and twice as long each
    time; where the system tells nothing, it looks through the folder every ``poll`` seconds.
    """

    def __init__(
        self,
        root: Path,
        step: float,
        check: float,
        pause: float,
        poll: float,
        ignore: tuple[str, ...] = (),
    ) -> None:
        self.mode: Mode = "none"
        self.has_failed = False
        """Once it could not begin; until it does, what stirs is found by scans alone."""
        self._root = root
        self._ignore = ignore
        self._step = step
        self._check = check
        self._pause = pause
        self._poll = poll
        self._said: set[str] = set()
        self._full_at: tuple[int | None, int | None] | None = None
        """The limits at which there was no more room."""
        self._odd_names = 0
        self._polled_until = 0.0
        self._in_part_until = 0.0
        self._renewed_until = 0.0

    def keep(self, stop: threading.Event, hear: Callable[[Collection[str]], None]) -> None:
        """Watch until ``stop``, again after whatever ends it. ``hear`` is as ``_Burst.hear``."""
        # At INFO it tells of every change, those of this program's own files too.
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        pause = self._pause
        while not stop.is_set():
            began = time.monotonic()
            try:
                place = _Place.of(self._root)
                if place is None:
                    # Others say that it is missing.
                    self.has_failed = True
                    stop.wait(self._check)
                else:
                    self._watch(place, stop, hear)
                continue
            except BaseException as error:  # a panic in watchfiles is no Exception
                self.has_failed = True
                if time.monotonic() - began > _LONGEST_PAUSE:
                    pause, self._odd_names = self._pause, 0
                if self._finds_another_way(error):
                    continue
            finally:
                self.mode = "none"
            stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _watch(
        self, place: _Place, stop: threading.Event, hear: Callable[[Collection[str]], None]
    ) -> None:
        """Watch until ``stop``, or until there is another folder, or another way, to watch."""
        why, in_part = self._why_poll(), self._in_part()

        def stands() -> None:
            self.mode = "inotify" if why is None else "polling"
            hear(())

        top = os.path.realpath(self._root)
        asked = _Asked(stop, stands)
        batches = watchfiles.watch(
            top,
            watch_filter=None,
            debounce=0,
            step=max(1, round(self._step * 1000)),
            stop_event=asked,
            rust_timeout=max(1, round(self._check * 1000)),
            yield_on_timeout=True,
            debug=False,
            force_polling=why is not None,
            poll_delay_ms=max(1, round(self._poll * 1000)),
            ignore_permission_denied=in_part,
        )
        due = time.monotonic() + self._check
        may_lack = False
        with closing(batches):
            for batch in batches:
                names = {path for _, path in batch if matters(Path(top), path)}
                if names := self._let_in(Path(top), names):
                    hear(names)
                if why is None and self._outgrew(batch, in_part=in_part):
                    return
                away = asked.held_up() > _AWAY
                may_lack = may_lack or len(batch) >= _MANY or bool(batch and away)
                if why is None and may_lack and time.monotonic() >= self._renewed_until:
                    # Not for each batch of many: to begin is to walk through the whole folder.
                    self._renewed_until = time.monotonic() + self._check
                    return
                if (watchfiles.Change.deleted, top) in batch:
                    # One that was made anew at once has the same inode.
                    return
                if batch and time.monotonic() < due:
                    continue
                if (self._why_poll(), self._in_part()) != (why, in_part):
                    return
                if _Place.of(self._root) != place:
                    return
                due = time.monotonic() + self._check

    def _let_in(self, top: Path, names: set[str]) -> set[str]:
        """``names`` but for those that are kept out; all where that cannot be told."""
        kept_out = Fresh(top, self._ignore)
        try:
            return {name for name in names if not is_left_alone(kept_out, top, name)}
        except BrokenPatterns:
            return names

    def _outgrew(self, batch: Collection[tuple[watchfiles.Change, str]], *, in_part: bool) -> bool:
        """Whether a folder came that can no longer be watched, or there was one from the start."""
        came = (path for change, path in batch if change is watchfiles.Change.added)
        if not (in_part or any(map(_is_folder, came))) or has_room(self._root):
            return False
        self._fill()
        return True

    def _in_part(self) -> bool:
        """Whether the watch is to end at the first folder that cannot be read, or not be at all.

        That is what ``ignore_permission_denied`` comes to, and it passes over the limits too.
        """
        return time.monotonic() < self._in_part_until

    def _why_poll(self) -> str | None:
        """Why the folder has to be looked through; ``None`` where the system tells of changes."""
        kind = is_network(self._root)
        if kind is not None:
            self._say("network", "it is on the network", kind=kind)
            return kind
        if self._full_at is not None and self._full_at == limits():
            return "limit"
        return "names" if time.monotonic() < self._polled_until else None

    def _finds_another_way(self, error: BaseException) -> bool:
        """Whether there is another way to watch at once, after ``error``."""
        if is_odd_name(error):
            self._odd_names += 1
            if self._odd_names < _ODD_NAMES:
                return False
            self._polled_until = time.monotonic() + _MAKESHIFT
            self._odd_names = 0
            self._say("names", "a name in it is not UTF-8", hint="rename it", why=str(error))
            return True
        if watches_ran_out(error) and self._full_at != limits():
            self._fill()
            return True
        if watchers_ran_out(error) and self._full_at != limits():
            self._full_at = limits()
            self._say(
                "watchers",
                "there are too many watchers, or open files",
                hint=f"raise fs.inotify.max_user_instances (now {self._full_at[1]}) with sysctl",
            )
            return True
        if isinstance(error, PermissionError) and not self._in_part():
            self._in_part_until = time.monotonic() + _MAKESHIFT
            self._warn(
                "unreadable",
                "the folder is watched in part: there is a folder in it that cannot be read",
                hint="make it readable for this user",
                why=str(error),
            )
            return True
        if not isinstance(error, FileNotFoundError):
            cause = type(error).__name__
            self._warn(cause, "the watch broke off and begins again", why=str(error))
        return False

    def _fill(self) -> None:
        self._full_at = limits()
        self._say(
            "watches",
            "there are more folders than may be watched",
            hint=f"raise fs.inotify.max_user_watches (now {self._full_at[0]}) with sysctl",
        )

    def _say(self, cause: str, because: str, **facts: str) -> None:
        every = f"the folder is looked through every {self._poll:g} seconds instead of watched"
        self._warn(cause, f"{every}: {because}", **facts)

    def _warn(self, cause: str, event: str, **facts: str) -> None:
        if cause not in self._said:
            self._said.add(cause)
            _log.warning(event, root=str(self._root), **facts)


def matters(root: Path, path: str) -> bool:
    """Whether a scan could find anything new in ``root`` after ``path`` under it stirred.

    So it is for audio, and for what is, or may have been, a folder.
    """
    try:
        inside = PurePath(path).relative_to(root).parts
    except ValueError:
        return True
    if not inside:
        return True
    if any(_is_recycled(part) for part in inside) or inside[0] == PRIVATE_FOLDER:
        return False
    suffix = PurePath(path).suffix.lower()
    if not suffix or suffix in AUDIO_SUFFIXES:
        return True
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return suffix not in _OF_FILES


def is_left_alone(kept_out: Fresh, top: Path, path: str) -> bool:
    """Whether ``path`` is kept out; a file that says what is has a say nevertheless.

    Raises ``BrokenPatterns``.
    """
    name = PurePath(path)
    if name.name == NAME or not name.is_relative_to(top) or name == top:
        return False
    return kept_out.by(str(name.relative_to(top))) is not None


class _Place(NamedTuple):
    """Which folder it is that is watched, and what is mounted in it."""

    device: int
    inode: int
    mount: int | None
    mounted: frozenset[str]

    @classmethod
    def of(cls, root: Path) -> _Place | None:
        """``None`` where there is no folder."""
        try:
            found = root.stat(follow_symlinks=False)
        except OSError:
            return None
        if not stat.S_ISDIR(found.st_mode):
            return None
        mount = mount_of(root)
        number = None if mount is None else mount.number
        return cls(found.st_dev, found.st_ino, number, mount_points(root))


class _Asked:
    """The stop event, as watchfiles asks for it: for the first time once its watch stands, then
    with each step."""

    def __init__(self, stop: threading.Event, stands: Callable[[], None]) -> None:
        self._stop = stop
        self._stands: Callable[[], None] | None = stands
        self._at = time.monotonic()
        self._longest = 0.0

    def held_up(self) -> float:
        """Seconds that went by between two steps at most, since this was asked last."""
        longest = max(self._longest, time.monotonic() - self._at)
        self._longest, self._at = 0.0, time.monotonic()
        return longest

    def is_set(self) -> bool:
        self._longest = 0.0 if self._stands else max(self._longest, time.monotonic() - self._at)
        self._at = time.monotonic()
        if self._stands is not None:
            self._stands()
            self._stands = None
        return self._stop.is_set()


def _is_recycled(part: str) -> bool:
    folded = part.casefold()
    return folded in RECYCLE_FOLDERS or folded.startswith(".trash-")


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
