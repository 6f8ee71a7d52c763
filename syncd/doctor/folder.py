"""The folder of the library: whose it is, and what can be done in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from syncd.binding import without_marker
from syncd.core.safety import PRIVATE_FOLDER
from syncd.core.words import amount
from syncd.doctor import filesystem
from syncd.doctor.check import Check, failure, of_error, ok, unseen, warning
from syncd.errors import CatalogUnusable, RootUnusable, SyncdError, Uninitialised
from syncd.local.ignore import NAME, BrokenPatterns, Ignored, read_patterns
from syncd.local.owner import owner_of
from syncd.local.root import Root, open_root, read_marker
from syncd.local.scan import RECYCLE_FOLDERS
from syncd.local.watch import watch_limit
from syncd.settings import Settings

NAMES = ("marker", "writable", "file system", "permissions", "patterns", "watching")
"""What cannot be looked at without the folder."""

_ALLOW = "give the user that runs syncd the right to read and write it"
_ALL = os.R_OK | os.W_OK | os.X_OK
_LEFT_OUT = RECYCLE_FOLDERS | {PRIVATE_FOLDER}
_SHOWN = 3
_CROWDED = 0.8
"""Other programs of the user watch folders too: the limit is for all of them."""


def look(settings: Settings) -> Iterator[Check]:
    try:
        root = open_root(settings.library.root, settings.library.ignore)
    except RootUnusable as error:
        yield of_error("root", _why_away(settings, error))
        for name in NAMES:
            yield unseen(name, "there is no library folder")
    else:
        if os.access(root.path, os.R_OK | os.X_OK):
            yield ok("root", str(root.path))
        else:
            yield failure("root", f"{root.path} cannot be read", _ALLOW)
        yield from _inside(settings, root)


def _why_away(settings: Settings, error: RootUnusable) -> SyncdError:
    """``error``; or that there is no library yet, where none was ever made."""
    if os.path.lexists(settings.library.root):
        return error
    try:
        found = without_marker(settings)
    except CatalogUnusable:
        return error
    return found if isinstance(found, Uninitialised) else error


def _inside(settings: Settings, root: Root) -> Iterator[Check]:
    marker = _marker(settings, root)
    yield marker
    if root.private.is_dir():
        yield from _abilities(root)
    else:
        yield unseen("writable", "it has no folder of syncd's own")
        yield unseen("file system", "it has no folder of syncd's own")
    seen = _walk(root)
    yield _permissions(root, seen.folders, seen.closed)
    yield _patterns(seen)
    yield _watching(seen.folders)


def _marker(settings: Settings, root: Root) -> Check:
    try:
        marker = read_marker(root)
        if marker is None:
            raise without_marker(settings)
    except SyncdError as error:
        return of_error("marker", error)
    said = f"library {marker.library_id} of {marker.base_url}, generation {marker.generation}"
    if marker.base_url != settings.api.base_url:
        return failure(
            "marker", f"{said}; api.base_url is {settings.api.base_url}", "correct api.base_url"
        )
    return ok("marker", said)


def _abilities(root: Root) -> Iterator[Check]:
    private = root.private
    if private.is_symlink():
        yield failure("writable", f"{private} is a link", "replace it by a real folder")
        yield unseen("file system", f"{PRIVATE_FOLDER} is a link")
        return
    try:
        found = filesystem.try_out(private)
    except OSError as error:
        why = error.strerror or str(error)
        yield failure("writable", f"no file can be written to {private}: {why}", _ALLOW)
        yield unseen("file system", "no file can be written there")
        return
    closed = [path for path in _own(private) if not os.access(path, _needed(path))]
    foreign = [path for path in _own(private) if path.lstat().st_uid != private.stat().st_uid]
    elsewhere = [path.name for path in (private, *_kept(root)) if path.stat().st_dev != root.device]
    if closed or foreign:
        shown = _shown([f"{path} (of the user {owner_of(path)})" for path in closed or foreign])
        fix = f"chown -R {owner_of(private)} {private}, as root"
        if closed:
            yield failure("writable", f"cannot be written: {shown}", fix)
        else:
            yield warning("writable", f"not of the user {owner_of(private)}: {shown}", fix)
    elif elsewhere:
        yield warning(
            "writable",
            f"another disk is mounted at {', '.join(elsewhere)} in it: files are copied there",
            "let the whole library be on one disk",
        )
    else:
        yield ok("writable", "a file was written and removed again")
    yield filesystem.check(private, found)


def _own(private: Path) -> list[Path]:
    """What is in the program's own folder, that itself included; links are left alone."""
    found = [private]
    for name, folders, files in os.walk(private):
        found += [Path(name, one) for one in (*folders, *files)]
    return [path for path in found if not path.is_symlink()]


def _needed(path: Path) -> int:
    return _ALL if path.is_dir() else os.R_OK | os.W_OK


def _shown(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _kept(root: Root) -> list[Path]:
    return [path for path in (root.incoming, root.private / "trash") if path.is_dir()]


@dataclass(slots=True)
class _Seen:
    """How many folders a watch has to watch, and those that cannot be read and written; how many
    of them have patterns of what is kept out, and what is wrong with those."""

    folders: int = 0
    closed: list[str] = field(default_factory=list)
    patterns: int = 0
    broken: list[str] = field(default_factory=list)


def _walk(root: Root) -> _Seen:
    seen = _Seen(closed=[] if os.access(root.path, _ALL) else ["."])
    kept_out = Ignored(root.ignore)
    for name, folders, files in os.walk(root.path):
        folder = Path(name)
        folders[:] = [one for one in folders if one.casefold() not in _LEFT_OUT]
        seen.folders += 1
        below = [folder / one for one in folders]
        seen.closed += [
            str(one.relative_to(root.path)) for one in below if not os.access(one, _ALL)
        ]
        if NAME in (*folders, *files):
            _heed(seen, kept_out, root, folder)
    return seen


def _heed(seen: _Seen, kept_out: Ignored, root: Root, folder: Path) -> None:
    path = "" if folder == root.path else str(folder.relative_to(root.path))
    if path and kept_out.of_folder(path):
        return  # as in a scan, it has no say
    seen.patterns += 1
    try:
        found = read_patterns(path, root.path)
    except BrokenPatterns as error:
        seen.broken.append(error.message)
    else:
        if found is not None:
            kept_out.add(path, found)


def _patterns(seen: _Seen) -> Check:
    if not seen.broken:
        return ok("patterns", f"{amount(seen.patterns, f'{NAME} file')} can be followed")
    return failure(
        "patterns",
        f"{_shown(seen.broken)}: its folder is left alone, and nothing is deleted",
        "mend that file, or remove it",
    )


def _permissions(root: Root, folders: int, closed: list[str]) -> Check:
    if not closed:
        return ok("permissions", f"all folders ({folders}) can be read and written")
    return warning(
        "permissions",
        f"folders that cannot be read or written ({len(closed)}): {_shown(closed)}",
        f"give the user that runs syncd all rights to them: chmod -R u+rwX {root.path}, or chown",
    )


def _watching(folders: int) -> Check:
    limit = watch_limit()
    if limit is None:
        return ok("watching", f"{folders} folders")
    said = f"{folders} folders, of {limit} that may be watched"
    if folders > limit * _CROWDED:
        return warning(
            "watching",
            f"{said}: changes may be noticed late",
            f"sysctl fs.inotify.max_user_watches={max(4 * folders, 2 * limit)}, and the same line "
            "in /etc/sysctl.d/ to keep it",
        )
    return ok("watching", said)
