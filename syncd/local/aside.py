"""What takes several steps where the file system has none for it: a name that changes in case
alone, two names exchanged, a new file in the place of another.

In between a file stands aside, under a hidden name that no program takes for a track. What it is
called, and where it belongs, is noted in ``.syncd/incoming`` before: after a stop at any moment the
next start puts it there, before anything looks at the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, count
from pathlib import Path

from syncd.core.naming import fold, shortened
from syncd.core.safety import PRIVATE_FOLDER
from syncd.errors import FolderUnusable
from syncd.local.audio.signature import audio_format
from syncd.local.digest import sha256
from syncd.local.exchange import exchange
from syncd.local.rename import forget_target, rename_without_replacing
from syncd.local.root import Root, fsync_folder
from syncd.local.under_way import in_library, read_note, write_note

ASIDE_NOTE = re.compile(r"syncd-([0-9a-f]{32})\.aside")
"""The name of a note in ``.syncd/incoming``; the group is in the name of the file aside, too."""

_STALE = 3.0
"""Seconds; FUSE lets the system believe for one, by default, that a name is still there."""


def rename_anew(root: Root, source: Path, target: Path, *, part: Path | None = None) -> None:
    """``rename_without_replacing``, also where the file system takes both for one name.

    That is where it folds case and they differ in it alone: renaming a file to its own name changes
    nothing. Raises as that does.
    """
    try:
        rename_without_replacing(root, source, target, part=part)
    except FileExistsError:
        if source.name == target.name or not is_one_name(root, source, target):
            raise
        with _set_aside(root, source, [target, source]) as aside:
            _once_free(target, partial(rename_without_replacing, root, aside, target, part=part))


def is_one_name(root: Root, one: Path, other: Path) -> bool:
    """Whether a file system that folds case takes both for the name of one file.

    Asked of the listings of folders: under two spellings of its name FUSE may show two inodes.
    """
    if fold(str(one)) != fold(str(other)) or not os.path.lexists(other):
        return False
    listed = _as_listed(root, one)
    return listed is not None and listed == _as_listed(root, other)


def _as_listed(root: Root, path: Path) -> Path | None:
    """``path`` as the folders spell it; ``None`` where that cannot be told."""
    found = root.path
    for part in path.relative_to(root.path).parts:
        names = {path.name for path in found.iterdir()}
        alike = [name for name in names if fold(name) == fold(part)]
        if part in names:
            found /= part
        elif len(alike) == 1:
            found /= alike[0]
        else:
            return None
    return found


def swap(root: Root, a: Path, b: Path) -> None:
    """Exchange the names ``a`` and ``b``, in one step where that can be.

    Raises ``OSError``: ``FileNotFoundError`` where one of them is missing, ``FileExistsError``
    where another program takes one of the names meanwhile; ``Changed``; ``FolderUnusable``.
    """
    if exchange(a, b):
        return
    b.lstat()
    with _set_aside(root, a, [b, a]) as aside:
        for source, target in ((b, a), (aside, b)):
            part = _part(root, target)
            rename_without_replacing(root, source, target, part=part)
            fsync_folder(target.parent)
            forget_target(part)


def put_in_steps(
    root: Root, part: Path, target: Path, *, old: str, is_old: Callable[[Path], bool]
) -> bool:
    """Give ``part`` the name of ``target``, which was read: ``old`` is the SHA-256 of what it held.

    ``False``, and what another program wrote is at ``target``, unless ``is_old`` of what stood
    there. What stood there is gone otherwise. Raises ``OSError``.
    """
    new = {"part": str(part.relative_to(root.path)), "old": old, "new": sha256(part)}
    with _set_aside(root, target, [target], new) as aside:
        if not is_old(aside):
            return False
        note = _part(root, target)
        try:
            rename_without_replacing(root, part, target, part=note)
        except FileExistsError:
            return False  # what was set aside stays, under a name beside it
        fsync_folder(target.parent)
        forget_target(note)
        aside.unlink()
    return True


def recover_aside(root: Root, note: Path) -> None:
    """Put the file that ``note`` names where it belongs, then remove ``note``; raises ``OSError``.

    The note stays while the disk of that file is not there. Where it cannot be read, the file is
    looked for in the whole library, on what is mounted, and gets a name that is free.
    """
    named = ASIDE_NOTE.fullmatch(note.name)
    if named is None or not stat.S_ISREG(note.lstat().st_mode):
        return
    noted = read_note(note)
    if isinstance(noted.get("aside"), str):
        aside, places = in_library(root, noted["aside"]), noted.get("places")
        if aside is None or aside.name != _hidden(named[1]) or not isinstance(places, list):
            return
        try:
            folder = aside.parent.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return
        if noted.get("away") and folder.st_dev == root.device:
            return
        if os.path.lexists(aside):
            found = [path for path in (in_library(root, place) for place in places) if path]
            _settle(root, aside, found, noted)
    else:
        for aside in _hidden_as(root, _hidden(named[1])):
            _put_back(root, aside, [])
    note.unlink()


@contextmanager
def _set_aside(
    root: Root, source: Path, places: Iterable[Path], new: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Where the file ``source`` stands for the moment; at the end it is in the first of ``places``
    that is free, or beside it, unless it was given a name by then, or removed.

    Raises ``FolderUnusable`` where one of an earlier time stands there still.
    """
    digest = hashlib.sha256(os.fsencode(source)).hexdigest()[:32]
    aside, note = source.with_name(_hidden(digest)), root.incoming / f"syncd-{digest}.aside"
    if os.path.lexists(aside):
        with suppress(FileNotFoundError):
            recover_aside(root, note)  # of an earlier try that failed at every step
        if os.path.lexists(aside):
            # Never over it: it may be all that there is of a file.
            raise FolderUnusable(
                f"{aside.relative_to(root.path)} is in the way: a file that stood aside once",
                hint="look at it, and rename or remove it",
            )
    places = list(places)
    table = {
        "aside": str(aside.relative_to(root.path)),
        "places": [str(place.relative_to(root.path)) for place in places],
        "away": source.parent.lstat().st_dev != root.device,
        **(new or {}),
    }
    write_note(note, table)
    try:
        # Plainly: nobody else gives a file such a name, and it was looked for.
        source.rename(aside)
    except OSError:
        note.unlink()
        raise
    try:
        yield aside
    finally:
        if os.path.lexists(aside):
            _put_back(root, aside, places)
        fsync_folder(source.parent)
        with suppress(OSError):
            note.unlink()  # one that stays does no harm: nothing stands aside by then


def _settle(root: Root, aside: Path, places: list[Path], noted: Mapping[str, object]) -> None:
    """Go on where a stop was: a new file that is whole takes the place, what was there goes."""
    old, new = noted.get("old"), noted.get("new")
    if isinstance(old, str) and places and sha256(aside) == old:
        (target,) = places
        if not os.path.lexists(target):
            part = _unfinished(root, noted.get("part"))
            if part is not None and _holds(part, new):
                rename_without_replacing(root, part, target, part=_part(root, target))
        if _holds(target, new):
            fsync_folder(target.parent)
            forget_target(_part(root, target))
            aside.unlink()
            return
    _put_back(root, aside, places)


def _put_back(root: Root, aside: Path, places: list[Path]) -> None:
    """Give what stands at ``aside`` the first name that is free, or one beside it.

    With no ``places`` one beside a name that says nothing, which is no title
    (``core.renaming.title_of``).
    """
    for place in chain(places, _beside(places or [_nameless(aside)])):
        part = _part(root, place)
        try:
            _once_free(place, partial(rename_without_replacing, root, aside, place, part=part))
        except FileExistsError:
            continue
        fsync_folder(place.parent)
        forget_target(part)
        return


def _hidden_as(root: Root, name: str) -> list[Path]:
    """The files of that name in the library; raises ``OSError`` where it cannot all be seen."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    found = []
    for folder, inner, names in os.walk(root.path, onerror=refuse):
        if PRIVATE_FOLDER in inner and Path(folder) == root.path:
            inner.remove(PRIVATE_FOLDER)
        if name in names:
            found.append(Path(folder, name))
    return [path for path in found if _is_file(path)]


def _nameless(aside: Path) -> Path:
    suffix = ""
    if _is_file(aside):
        with aside.open("rb") as stream:
            format_ = audio_format(stream)
        suffix = f".{format_}" if format_ else ""
    return aside.with_name(f"{aside.stem[1:15]}{suffix}")


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _beside(places: list[Path]) -> Iterator[Path]:
    """Names beside those, as for what the trash brings back (``core.renaming.is_beside``)."""
    for number in count(1):
        for place in places:
            behind = f" (restored {number})" if number > 1 else " (restored)"
            yield place.with_name(f"{shortened(place.stem)}{behind}{place.suffix}")


def _once_free(target: Path, act: Callable[[], None]) -> None:
    """``act``, tried again for as long as ``target`` is said to be taken and is not listed."""
    until = time.monotonic() + _STALE
    while True:
        try:
            act()
        except FileExistsError:
            taken = any(fold(path.name) == fold(target.name) for path in target.parent.iterdir())
            if taken or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _unfinished(root: Root, noted: object) -> Path | None:
    """The new file that a note names: in ``incoming``, or hidden beside the one it is for."""
    if not isinstance(noted, str):
        return None
    part = root.incoming / noted.rpartition("/")[2]
    return part if noted == str(part.relative_to(root.path)) else in_library(root, noted)


def _holds(path: Path, digest: object) -> bool:
    try:
        return _is_file(path) and sha256(path) == digest
    except FileNotFoundError:
        return False


def _hidden(digest: str) -> str:
    return f".syncd-{digest}.aside"


def _part(root: Root, path: Path) -> Path:
    """What the note of a rename to or from ``path`` is named for."""
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    return root.incoming / f"{digest}.aside.part"
