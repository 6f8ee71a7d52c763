"""What is kept out: ``.syncdignore`` files in gitignore's syntax, and ``library.ignore``.

A pattern stands for names relative to its file's folder. The last one that fits decides, a deeper
file's before one above it, and ``library.ignore`` last. Nothing lets in again what stands in a
folder that is kept out (gitignore(5)), whose own ``.syncdignore`` is not read. Names that look
alike are alike (NFC).
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from syncd.errors import LocalError

NAME = ".syncdignore"
SETTING = "library.ignore"
LARGEST = 1 << 18
"""Bytes of such a file; a larger one was meant for something else."""

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A link is an error (open(2)): what stands elsewhere has no say. A pipe does not block."""

_LONGEST_SHOWN = 200
"""Characters of a line that a message holds."""


class BrokenPatterns(LocalError):
    """Patterns that cannot be followed; the message names their file."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="mend that file, or remove it")


@dataclass(frozen=True, slots=True)
class _Rule:
    """One pattern. ``keeps_out``: else it lets in again; ``of_folders`` alone, or of files too."""

    fits: re.Pattern[str]
    keeps_out: bool
    of_folders: bool

    def decides(self, path: str, *, is_folder: bool) -> bool:
        """Whether ``path`` itself fits, and not only a folder above it."""
        found = self.fits.search(path) if is_folder or not self.of_folders else None
        return found is not None and not any(found.groups())


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one file, the last one first. ``source`` is what it is called."""

    source: str
    rules: tuple[_Rule, ...] = ()

    def say(self, path: str, *, is_folder: bool) -> bool | None:
        """Whether ``path``, relative to the file's folder, is kept out; ``None``: it says nothing.

        ``path`` is in NFC.
        """
        for rule in self.rules:
            if rule.decides(path, is_folder=is_folder):
                return rule.keeps_out
        return None


def parse(source: str, lines: Iterable[str]) -> Patterns:
    """The patterns in ``lines``; raises ``BrokenPatterns``."""
    rules = [
        rule
        for number, line in enumerate(lines, start=1)
        if (rule := _rule(source, number, unicodedata.normalize("NFC", line.rstrip("\r"))))
    ]
    return Patterns(source, tuple(reversed(rules)))


def _rule(source: str, number: int, line: str) -> _Rule | None:
    if not line.strip() or line.startswith("#"):
        return None
    # Not at the top: most libraries have no such file.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = line if line.endswith("\\ ") else line.rstrip()
    of_folders = text.endswith("/") and len(text) > 1
    try:
        with warnings.catch_warnings(action="ignore"):  # of sets that Python may come to read anew
            found = GitIgnoreSpecPattern(text.removesuffix("/") if of_folders else text)
    except (ValueError, re.error, OverflowError, RecursionError):
        found = None
    if found is None or found.regex is None or found.include is None or "\0" in line:
        # git passes over what it does not understand; here that would let in what was meant to be
        # kept out.
        shown = line.strip()
        if len(shown) > _LONGEST_SHOWN:
            shown = f"{shown[:_LONGEST_SHOWN]}…"
        raise BrokenPatterns(f"line {number} of {source} is no pattern: {shown}")
    return _Rule(found.regex, found.include, of_folders)


def read_patterns(folder: str, top: int | Path) -> Patterns | None:
    """What the file in ``folder`` says, relative to ``top``: the open root, or its path.

    ``None`` where there is no such file. Raises ``BrokenPatterns``.
    """
    source = f"{folder}/{NAME}" if folder else NAME
    try:
        text = _read(source, top)
    except FileNotFoundError:
        return None
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        why = "is a link" if is_link else f"cannot be read: {error.strerror}"
        raise BrokenPatterns(f"{source} {why}") from None
    except UnicodeDecodeError:
        raise BrokenPatterns(f"{source} is not UTF-8") from None
    return parse(source, text.split("\n"))


def _read(source: str, top: int | Path) -> str:
    if isinstance(top, int):
        descriptor = os.open(source, _LOOK, dir_fd=top)
    else:
        descriptor = os.open(top / source, _LOOK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BrokenPatterns(f"{source} is no file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            text = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(text) > LARGEST:
        raise BrokenPatterns(f"{source} is larger than {LARGEST // 1024} KiB")
    return text.decode("utf-8-sig")


class Ignored:
    """What is kept out of one library (``core.keeping.KeptOut``), as far as it was told.

    ``patterns`` are those of ``library.ignore``. To be told of a folder before it is asked for what
    stands in it.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._weakest = parse(SETTING, patterns)
        self._files: dict[str, Patterns] = {}
        self._folders: dict[str, str | None] = {"": None}
        self._paths: dict[str, str | None] = {}

    def add(self, folder: str, patterns: Patterns) -> None:
        """``patterns`` stand in ``folder``."""
        if patterns.rules:
            self._files[folder] = patterns

    def by(self, path: str) -> str | None:
        if not self._files and not self._weakest.rules:
            return None
        if path not in self._paths:
            over = self.of_folder(path.rpartition("/")[0])
            self._paths[path] = over or self._said(path, is_folder=False)
        return self._paths[path]

    def of_folder(self, folder: str) -> str | None:
        """The same of a folder and all in it."""
        if folder in self._folders:
            return self._folders[folder]
        for one in above(folder):
            if one not in self._folders:
                over = self._folders[one.rpartition("/")[0]]
                self._folders[one] = over or self._said(one, is_folder=True)
        return self._folders[folder]

    def _said(self, path: str, *, is_folder: bool) -> str | None:
        name = path if path.isascii() else unicodedata.normalize("NFC", path)
        depth = path.count("/")
        over = path.rpartition("/")[0]
        while self._files:
            if patterns := self._files.get(over):
                below = name.split("/", depth)[-1] if over else name
                said = patterns.say(below, is_folder=is_folder)
                if said is not None:
                    return patterns.source if said else None
            if not over:
                break
            over, depth = over.rpartition("/")[0], depth - 1
        return self._weakest.source if self._weakest.say(name, is_folder=is_folder) else None


class Fresh:
    """The same, each file read when it is first asked for: for a look at a few paths.

    Raises ``BrokenPatterns`` from every call that meets one.
    """

    def __init__(self, root: Path, patterns: Iterable[str] = ()) -> None:
        self._root = root
        self._ignored = Ignored(patterns)
        self._read: set[str] = set()

    def by(self, path: str) -> str | None:
        for folder in ("", *above(path.rpartition("/")[0])):
            if folder and (by := self._ignored.of_folder(folder)) is not None:
                return by
            if folder not in self._read:
                found = read_patterns(folder, self._root)
                self._read.add(folder)
                if found is not None:
                    self._ignored.add(folder, found)
        return self._ignored.by(path)


def above(folder: str) -> Iterator[str]:
    """``folder`` and each one that it stands in, the outermost first."""
    return accumulate(folder.split("/"), "{}/{}".format) if folder else iter(())
