"""Three-way tags: which managed fields of a file may be changed, and to what (tags.md).

What this program wrote last, what the file holds now, and what it should hold decide; a value
that another hand wrote stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from syncd.core.tagging import MANAGED, Fields

_DATE = "date"
_WHOLE = 19
_UP_TO = (4, 7, 10, 13, 16)
"""Lengths of an ISO 8601 date that ends with the year, month, day, hour or minute."""


def says(field: str, found: tuple[str, ...], value: tuple[str, ...]) -> bool:
    """Whether ``found`` in a file is ``value``, which we wrote or would write in ``field``.

    A date may be less precise: the frames of ID3v2.3 end with the minute, which is read as its
    first second, and some editors keep the year alone.
    """
    if field == _DATE and found and len(found) == len(value):
        return all(map(_is_date, found, value))
    return found == value


def _is_date(found: str, value: str) -> bool:
    known = found.removesuffix(":00") if len(found) == _WHOLE else found
    return found == value or (len(known) in _UP_TO and value.startswith(known))


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
        return self.before is None or says(self.field, found, before)


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
        and not says(field, found.get(field, ()), wanted[field])
        and (field in force or says(field, found.get(field, ()), owned.get(field, ())))
    )
