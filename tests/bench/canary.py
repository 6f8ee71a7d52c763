"""The key that every run uses, and where it must never be found."""

from __future__ import annotations

import io
import logging
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


@contextmanager
def overheard(level: str = "warning") -> Iterator[io.StringIO]:
    """Everything that is written to either output or to the log meanwhile."""
    heard = io.StringIO()
    handlers, before = logging.root.handlers[:], logging.root.level
    with redirect_stdout(heard), redirect_stderr(heard):
        log.configure(level, "json")
        try:
            yield heard
        finally:
            logging.root.handlers[:] = handlers
            logging.root.setLevel(before)


def is_in(text: str) -> bool:
    return KEY.removeprefix("ap_") in text
