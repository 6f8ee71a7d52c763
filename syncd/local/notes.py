"""The notes beside the marker: what the user decided, so that it survives a lost catalog.

The marker says whose folder this is, the tags which job a file came from. That a file is missing
because the user wanted it so stands nowhere else than in the catalog, and here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.errors import RootUnusable
from syncd.local.ordinary import read_ordinary
from syncd.local.root import Root, advice, fsync_folder, root_error, write_table

_NOTES = "states.json"
_LARGEST_ID = 2**63 - 1
MOST_TIMES = 1_000
_LONGEST = 64 * 1024 * 1024
"""Characters; three million ids of twenty digits."""


@dataclass(frozen=True, slots=True)
class Notes:
    """``.syncd/states.json``: the ids of the jobs in each state that a rebuild must restore.

    ``freed``: those whose file was removed because the selection leaves them out. ``retried``: how
    often each was sent to be made again, where it was; ``MOST_TIMES`` stand for more. ``further``:
    the format of each further tree that was ever set up -> the id in its marker.
    """

    evicted: frozenset[int] = frozenset()
    ignored: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    freed: frozenset[int] = frozenset()
    retried: Mapping[int, int] = field(default_factory=dict)
    further: Mapping[str, str] = field(default_factory=dict)


def read_notes(root: Root) -> Notes | None:
    """The notes, or ``None`` where there are none; raises ``RootUnusable`` for damaged ones."""
    path = root.private / _NOTES
    try:
        return _notes(**json.loads(read_ordinary(path, _LONGEST)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RootUnusable(
            f"the notes {path} cannot be read: {error.strerror}", hint=advice(error)
        ) from None
    except (ValueError, TypeError, RecursionError):
        raise RootUnusable(
            f"the notes {path} are damaged",
            hint="syncd adopt puts them aside and writes them anew from the catalog; nothing was "
            "changed",
        ) from None


def write_notes(root: Root, notes: Notes) -> None:
    """Replace the notes atomically and durably, where they differ from what stands there.

    Raises ``RootUnusable``, also for damaged notes, which are left as they are, or ``DiskFull``.
    """
    if read_notes(root) == notes:
        return
    states = {"evicted": notes.evicted, "ignored": notes.ignored, "held": notes.held}
    if notes.freed:
        states["freed"] = notes.freed
    table: dict[str, object] = {state: sorted(ids) for state, ids in states.items()}
    if notes.retried:
        table["retried"] = sorted(notes.retried.items())
    if notes.further:
        table["further"] = dict(sorted(notes.further.items()))
    write_table(root, _NOTES, table)


def set_aside(root: Root) -> None:
    """Give damaged notes another name, over that of earlier ones; raises ``RootUnusable``."""
    path = root.private / _NOTES
    try:
        path.replace(path.with_suffix(".damaged"))
        fsync_folder(root.private)
    except OSError as error:
        raise root_error(error, root.path) from None


def _notes(
    *,
    evicted: object,
    ignored: object,
    held: object,
    freed: object = None,
    retried: object = None,
    further: object = None,
    **_later: object,
) -> Notes:
    """The notes of a file's fields; raises ``TypeError`` or ``ValueError`` for damaged ones."""
    return Notes(
        evicted=_ids(evicted),
        ignored=_ids(ignored),
        held=_ids(held),
        freed=frozenset() if freed is None else _ids(freed),
        retried={} if retried is None else _times(retried),
        further={} if further is None else _texts(further),
    )


def _ids(listed: object) -> frozenset[int]:
    if not isinstance(listed, list) or not all(type(number) is int for number in listed):
        raise TypeError
    if not all(abs(number) <= _LARGEST_ID for number in listed):
        raise ValueError
    return frozenset(listed)


def _texts(table: object) -> Mapping[str, str]:
    if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
        raise TypeError
    return table


def _times(listed: object) -> Mapping[int, int]:
    """Pairs of a job and how often, each once."""
    if not isinstance(listed, list):
        raise TypeError
    times = dict(listed)
    _ids([*times.keys()])
    if not all(0 < number <= MOST_TIMES for number in _ids([*times.values()])):
        raise ValueError
    return times
