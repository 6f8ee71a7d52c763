"""Three-way tags: which managed fields of a file may be changed, and to what (tags.md).

What this program wrote last, what the file holds now, and what it should hold decide; a value
that another hand wrote stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from syncd.core.tagging import MANAGED, Fields


@dataclass(frozen=True, slots=True)
class Change:
    """One managed field that may be set to ``after`` wherever it still holds ``before``.

    ``before`` is ``None`` where whatever stands there may go; an empty ``after`` takes it away.
    """

    field: str
    before: tuple[str, ...] | None
    after: tuple[str, ...]

    def may_replace(self, found: tuple[str, ...], before: tuple[str, ...]) -> bool:
        """Whether ``found`` may go, where ``before`` is how our last value is spelled there."""
        return self.before is None or found == before


def changes(
    found: Fields,
    *,
    owned: Mapping[str, tuple[str, ...]],
    wanted: Mapping[str, tuple[str, ...]],
    force: Collection[str] = (),
) -> tuple[Change, ...]:
    """What brings the fields ``found`` in a file to ``wanted`` and leaves the user's alone.

    ``owned`` is what this program last wrote; a field in ``force`` is set whoever wrote it.
    """
    # A name that the mapping lacks (the cover's, in the baseline) is no field that can be spelled.
    return tuple(
        Change(field, None if field in force else owned.get(field, ()), wanted[field])
        for field in MANAGED
        if field in wanted
        and wanted[field] != found.get(field, ())
        and (field in force or found.get(field, ()) == owned.get(field, ()))
    )
