"""The user unit: its text, what starts the daemon in it, and whether a file is ours.

The unit is ``syncd.service`` beside this file; in the repository it is ``systemd/user/`` too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from syncd.errors import SyncdError

NAME = "syncd.service"

_MARK = "# Written by syncd service install; to change it: systemctl --user edit syncd"
_MARKED = re.compile(re.escape(_MARK) + r" \(([0-9a-f]{12})\)\n")


def unit_path(home: Path) -> Path:
    """Where the unit of the user whose home this is belongs: systemd.unit(5)."""
    return home / ".config/systemd/user" / NAME


def unit_text(command: Sequence[str]) -> str:
    """The unit that runs ``command``: the program by its absolute path, and its arguments.

    Raises ``SyncdError`` for words that no unit can hold.
    """
    template = files("syncd.daemon").joinpath(NAME).read_text(encoding="utf-8")
    if {"'", '"', "\\"} & {*command[0]}:
        # systemd takes no such name for the program, only for an argument.
        command = ["/usr/bin/env", *command]
    words = [_quoted(command[0]), *(_quoted(word).replace("$", "$$") for word in command[1:])]
    start = f"ExecStart={' '.join(words)}\n"
    text = re.sub(r"^ExecStart=.*\n", lambda _: start, template, flags=re.MULTILINE)
    return f"{_MARK} ({_digest(text)})\n{text}"


def is_ours(text: str) -> bool:
    """Whether ``unit_text`` made this, of this version or another, and nobody changed it since."""
    found = _MARKED.match(text)
    return found is not None and _digest(text[found.end() :]) == found[1]


def _quoted(word: str) -> str:
    """As systemd reads it in ``ExecStart=``: see "Quoting" and "Specifiers", systemd.syntax(7)."""
    if not word.isprintable():
        raise SyncdError(
            f"{word!r} cannot stand in a unit of systemd", hint="choose a name that can be printed"
        )
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", escaped) else f'"{escaped}"'


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
