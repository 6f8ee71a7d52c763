"""The key that every run uses, and where it must never be found."""

from __future__ import annotations

import io
import logging
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from syncd import log

KEY = "ap_canary_7f3c1e55a90b4d21"
_SECRET = KEY.removeprefix("ap_").encode()
"""Without what every key begins with: that alone says nothing."""


def found_below(base: Path) -> list[str]:
    """Where in ``base``, in names or in contents, the key stands."""
    found = []
    for folder, folders, files in os.walk(os.fsencode(base)):
        named = [name for name in (*folders, *files) if _SECRET in name]
        found += [f"a name in {os.fsdecode(folder)}" for _ in named]
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118 - bytes, for names that are not UTF-8
            if os.path.islink(path) or not os.path.isfile(path):  # noqa: PTH113, PTH114
                continue
            try:
                with open(path, "rb") as stream:  # noqa: PTH123
                    if _SECRET in stream.read():
                        found.append(os.fsdecode(path))
            except PermissionError:
                continue
    return found


class Ear(io.StringIO):
    """What is said meanwhile. Each word is searched as it is said: whatever is done with the text
    afterwards, and also where a forked child says it that is killed the moment after."""

    def __init__(self, *, keeps: bool = True) -> None:
        super().__init__()
        self._keeps = keeps
        self._noticed = mmap.mmap(-1, 1)  # shared with the children
        self._last = ""

    @property
    def is_leaking(self) -> bool:
        """Whether the key was heard at any time."""
        return self._noticed[0] != 0

    def hears(self, text: str) -> None:
        said = self._last + text
        if is_in(said):
            self._noticed[0] = 1
        self._last = said[-len(_SECRET) :]

    def write(self, text: str) -> int:
        for ear in {self, *_EARS}:
            ear.hears(text)
        return super().write(text) if self._keeps else len(text)


_EARS: list[Ear] = []
"""All that listen, the outermost first: what the inner ones hear is heard by the outer ones too."""


@contextmanager
def overheard(level: str = "debug", *, keeps: bool = True) -> Iterator[Ear]:
    """Everything that is written to either output or to the log meanwhile. ``keeps``: the text too,
    not only whether the key was in it."""
    heard = Ear(keeps=keeps)
    handlers, before = logging.root.handlers[:], logging.root.level
    with redirect_stdout(heard), redirect_stderr(heard):
        log.configure(level, "json")
        _EARS.append(heard)
        try:
            yield heard
        finally:
            _EARS.remove(heard)
            logging.root.handlers[:] = handlers
            logging.root.setLevel(before)


def is_in(text: str) -> bool:
    return KEY.removeprefix("ap_") in text
