"""What people are told an operation is: one table of words, by its verb. Scripts get the verb."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Evict,
    Forget,
    Free,
    Hold,
    Ignore,
    MakeWay,
    MoveLocal,
    Redownload,
    RenameLocal,
    RenameRemote,
    Restore,
    Retag,
    TrashLocal,
)

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


@dataclass(frozen=True, slots=True)
class Words:
    """``do`` is the operation as a command, ``done`` as a participle (empty: not told).

    ``one`` and ``many`` name it as a thing, where that is not the command itself.
    """

    do: str
    done: str = ""
    one: str = ""
    many: str = ""


_WORDS = {
    Download.verb: Words("download", "placed", "download", "downloads"),
    Restore.verb: Words("restore", "restored", "restored file", "restored files"),
    Adopt.verb: Words("adopt", "adopted"),
    RenameRemote.verb: Words(
        "rename in the account",
        "renamed in the account",
        "rename in the account",
        "renames in the account",
    ),
    RenameLocal.verb: Words("rename here", "renamed here", "rename here", "renames here"),
    MakeWay.verb: Words("rename here for now", "", "rename here", "renames here"),
    MoveLocal.verb: Words("move here", "moved here", "move here", "moves here"),
    Retag.verb: Words("tag anew", "tagged anew", "file to be tagged", "files to be tagged"),
    Redownload.verb: Words("replace", "replaced", "file to be replaced", "files to be replaced"),
    DeleteRemote.verb: Words(
        "delete in the account",
        "deleted in the account",
        "deletion in the account",
        "deletions in the account",
    ),
    TrashLocal.verb: Words(
        "move to the trash", "moved to the trash", "file to the trash", "files to the trash"
    ),
    Evict.verb: Words("evict", "evicted"),
    Free.verb: Words("free", "freed", "file to be freed", "files to be freed"),
    Ignore.verb: Words("ignore", "ignored"),
    Detach.verb: Words("detach", "detached"),
    Forget.verb: Words("forget", "gone on both sides"),
    Compare.verb: Words("compare", "compared"),
    Defer.verb: Words("put off"),
    Hold.verb: Words("hold"),
    "identify": Words("identify", "identified", "file to be identified", "files to be identified"),
    "cover": Words("change the cover"),
    "retry-remote": Words(
        "retry in the account",
        "sent to be made again",
        "failed job to be made again",
        "failed jobs to be made again",
    ),
    "trash-restore": Words("bring back from the trash"),
    "trash-empty": Words("remove from the trash for good"),
}
"""By verb, in the order in which a run is told. What is not here is called by its verb."""


def words(verb: str) -> Words:
    """What people are told that ``verb`` is."""
    known = _WORDS.get(verb, Words(verb))
    return Words(known.do, known.done, known.one or known.do, known.many or known.do)


def counted(verb: str, number: int) -> str:
    """``number`` of them, such as ``2 renames here``."""
    found = words(verb)
    return amount(number, found.one, found.many)


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


TOLD = tuple(dict.fromkeys(found.done for found in _WORDS.values() if found.done))
"""All that can be told as done, in its order."""


def of_tree(text: str, format_: str) -> str:
    """``text`` with the commands that it names as they are for the further tree of ``format_``."""
    return _FOR_ONE_TREE.sub(rf"syncd --tree {format_} \1", text)


_FOR_ONE_TREE = re.compile(
    r"\bsyncd (adopt|approve|evict|fetch|history|identify|pending|plan|rebuild|reject|retag|trash)"
)
