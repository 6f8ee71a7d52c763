"""What a plan means for what the user was asked before: pure, so that the catalog only keeps it."""

from __future__ import annotations

from syncd.core.baseline import Held
from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    Free,
    Hold,
    MakeWay,
    MoveLocal,
    Operation,
    Redownload,
    RenameLocal,
    RenameRemote,
    Retag,
    TrashLocal,
)

KEY_MAY_NOT = "the API key may not"
"""How the reason of what was refused begins where another key may do it."""

_NAMING = (Adopt.verb, MoveLocal.verb, RenameLocal.verb, RenameRemote.verb)
_WHATEVER_ITS_NAME = (MoveLocal.verb, Redownload.verb, Free.verb)
"""What is asked about a file that stands in the folder, however it is called."""


def leaves_open(op: Operation, held: Held) -> bool:
    """Whether ``op``, planned for the same track, says nothing of what is held or was released.

    To compare audio, to put off, to make way or to tag decides nothing, and a name says nothing of
    whether a file is to be replaced: the question stands, and so does its answer. What stands for
    itself, neither of a batch nor released nor refused, ends with its cause.
    """
    if held.batch is None and not held.approved and not held.refused:
        return False
    if held.verb == TrashLocal.verb:
        return False  # whatever else is planned, its job is in the account again, or it is kept
    if isinstance(op, Compare | Defer | MakeWay | Retag):
        return True
    if held.verb == Free.verb and isinstance(op, Adopt):
        return False  # taken in as another file, perhaps, than the one that was to go
    verb = op.held if isinstance(op, Hold) else op.verb
    return held.verb in _WHATEVER_ITS_NAME and verb in _NAMING
