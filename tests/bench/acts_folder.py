"""What people and other programs do to a folder, one small function each.

Each takes two numbers that choose what it is done to, and says in words what it did; where there is
nothing to do it to it says nothing, so that any of it can be left out of a history. Nothing here
reads more than the disk.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from . import sound

if TYPE_CHECKING:
    from .house import Home

NAMES = (
    "Rain", "Sun", "Moon", "rain", "AC／DC", "Cafe\u0301", "Café", "01 Sun", "Rain (live)", "con",
    "Sun ", "Sun.", "Zoë", "雨", "a [b]", "x" * 150,
)  # fmt: skip
FOLDERS = ("Mine", "Mine/Deep", "AudioPod 2026-03", "AudioPod 2026-04", ".")


def _tracks(home: Home) -> list[Path]:
    return [path for path in home.files() if path.suffix in sound.SUFFIXES]


def _one(home: Home, number: int) -> Path | None:
    found = _tracks(home)
    return found[number % len(found)] if found else None


def _at(home: Home, path: Path) -> str:
    return str(path.relative_to(home.root))


def rename(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None:
        return None
    new = path.with_name(NAMES[other % len(NAMES)] + path.suffix)
    if os.path.lexists(new):
        return None
    path.rename(new)
    return f"mv {_at(home, path)!r} {_at(home, new)!r}"


def rename_upon(home: Home, one: int, other: int) -> str | None:
    path, target = _one(home, one), _one(home, other)
    if path is None or target is None or path == target:
        return None
    home.ledger.leaves(target)
    if home.read(path).job == home.read(target).job:
        home.attic.takes(path)
    _prefer_others(home, target)
    path.replace(target)
    return f"mv -f {_at(home, path)!r} {_at(home, target)!r}"


def swap(home: Home, one: int, other: int) -> str | None:
    path, target = _one(home, one), _one(home, other)
    if path is None or target is None or path == target:
        return None
    between = path.with_name("between" + path.suffix)
    path.rename(between)
    target.rename(path)
    between.rename(target)
    return f"swap {_at(home, path)!r} {_at(home, target)!r}"


def chain(home: Home, one: int, other: int) -> str | None:
    found = _tracks(home)
    if not found:
        return None
    new = found[-1].with_name(NAMES[other % len(NAMES)] + found[-1].suffix)
    if os.path.lexists(new):
        return None
    for path, target in reversed(list(zip(found, [*found[1:], new], strict=True))):
        path.rename(target)
    return f"chain of {len(found)}, the last to {_at(home, new)!r}"


def move(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None:
        return None
    new = home.root / FOLDERS[other % len(FOLDERS)] / path.name
    if os.path.lexists(new):
        return None
    new.parent.mkdir(parents=True, exist_ok=True)
    path.rename(new)
    return f"mv {_at(home, path)!r} {_at(home, new)!r}"


def move_folder(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None or path.parent == home.root:
        return None
    new = home.root / f"Folder {other}"
    if os.path.lexists(new):
        return None
    path.parent.rename(new)
    return f"mv {_at(home, path.parent)!r} {_at(home, new)!r}"


def copy(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None:
        return None
    new = path.with_name(f"{path.stem} (copy {other}){path.suffix}")
    if os.path.lexists(new):
        return None
    shutil.copy2(path, new)
    return f"cp {_at(home, path)!r} {_at(home, new)!r}"


def delete(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None:
        return None
    home.attic.put(path, home.root)
    home.ledger.leaves(path)
    _prefer_others(home, path)
    path.unlink()
    return f"rm {_at(home, path)!r}"


def _prefer_others(home: Home, path: Path) -> None:
    """Of several files of a job they will not have the one at ``path``: the others are theirs."""
    job = home.read(path).job
    for other in home.files() if job is not None else ():
        if other != path and other.suffix in sound.SUFFIXES and home.read(other).job == job:
            home.attic.takes(other)


def delete_folder(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None or path.parent == home.root or other % 4:
        return None
    inside = [file for file in home.files() if path.parent in file.parents]
    for file in inside:
        if file.suffix in sound.SUFFIXES:
            home.attic.put(file, home.root)
        home.ledger.leaves(file)
        file.unlink()
    shutil.rmtree(path.parent, ignore_errors=True)
    return f"rm -r {_at(home, path.parent)!r}, {len(inside)} files"


def put_back(home: Home, one: int, other: int) -> str | None:
    return home.attic.back(one, home.root)


def edit(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None:
        return None
    text = f"mark {next(home.numbers)}"
    # What was marked before is gone, for a person wrote over it.
    if sound.opened(path) is None:
        return None
    home.ledger.leaves(path)
    if other % 2:
        sound.mark(path, text)
    else:
        beside = path.with_name(f"{path.stem}.tmp-editor")
        shutil.copy2(path, beside)
        edited = beside.rename(beside.with_suffix(path.suffix))
        sound.mark(edited, text)
        edited.replace(path)
    home.ledger.marked(path, text)
    if (title := sound.title_of(path) or "").startswith("My own"):
        home.ledger.titled(path, title)
    return f"tag {_at(home, path)!r} with {text!r}"


def retitle(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None:
        return None
    text = f"My own {next(home.numbers)}"
    if sound.opened(path) is None:
        return None
    home.ledger.leaves(path)
    if not sound.retitle(path, text):
        return None
    for kept in sound.marks_of(path):
        home.ledger.marked(path, kept)
    home.ledger.titled(path, text)
    return f"title of {_at(home, path)!r} is {text!r}"


def strip(home: Home, one: int, other: int) -> str | None:
    path = _one(home, one)
    if path is None or other % 3:
        return None
    home.ledger.leaves(path)
    if sound.opened(path) is None:
        return None
    _prefer_others(home, path)
    sound.strip(path)
    home.ledger.keeps(path)
    return f"tags of {_at(home, path)!r} removed"


def own_file(home: Home, one: int, other: int) -> str | None:
    name = ("notes.txt", "cover.jpg", "mine.flac", "mine.mp3", "list.m3u8", "Rain.flac", "Sun.lrc")
    path = home.root / FOLDERS[one % len(FOLDERS)] / name[other % len(name)]
    if os.path.lexists(path):
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"somebody's own, {next(home.numbers)}")
    home.ledger.keeps(path)
    return f"own file {_at(home, path)!r}"


ACTS = (
    rename, rename, rename_upon, swap, chain, move, move_folder, copy, delete, delete,
    delete_folder, put_back, put_back, edit, retitle, strip, own_file,
)  # fmt: skip
"""As often as they stand here."""

NAMED = {act.__name__: act for act in ACTS}
