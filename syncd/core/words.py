"""How texts for people are put: on one line, and counted."""

from __future__ import annotations

import re
from datetime import datetime

# Titles come from elsewhere: control and bidi characters could rewrite what the terminal shows.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """``text`` on one line, without characters that command a terminal."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def due_words(until: datetime | None) -> str:
    """When a pending deletion is due, in words."""
    if until is None:
        return "its grace has not begun: the service does not say its time"
    return f"its job is deleted in the account after {until:%Y-%m-%d %H:%M} UTC"


def plural(number: int, one: str, many: str = "") -> str:
    """``one``, or ``many`` (without one: with an s) where ``number`` is not 1."""
    return one if number == 1 else many or f"{one}s"


def amount(number: int, one: str, many: str = "") -> str:
    """``number`` of them, such as ``1 file`` and ``2 files``."""
    return f"{number} {plural(number, one, many)}"


def looking_again(missed: int) -> str:
    """That so many files are looked for once more, in words that a time follows."""
    return f"{amount(missed, 'file is', 'files are')} missing; looking again"


def these(number: int, one: str) -> str:
    """``number`` of them that were shown, such as ``this file`` and ``these 2 files``."""
    return f"this {one}" if number == 1 else f"these {amount(number, one)}"


def of_tree(text: str, format_: str) -> str:
    """``text`` with the commands that it names as they are for the further tree of ``format_``."""
    return _FOR_ONE_TREE.sub(rf"syncd --tree {format_} \1", text)


_FOR_ONE_TREE = re.compile(
    r"\bsyncd (adopt|approve|evict|fetch|history|identify|pending|plan|rebuild|reject|retag|trash)"
)
