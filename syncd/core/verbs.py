"""What people are told an operation is: one table of words, by its verb. Scripts get the verb."""

from __future__ import annotations

from dataclasses import dataclass

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
from syncd.core.words import amount


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


TOLD = tuple(dict.fromkeys(found.done for found in _WORDS.values() if found.done))
"""All that can be told as done, in its order."""
