"""Which jobs are wanted in the folder at all: the selection, ``[library.only]``. Values only."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from syncd.core.listing import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """The jobs that are wanted: all of what is given must hold; of several values any will do.

    Texts are compared without case. ``title`` is a pattern with ``*`` and ``?`` for the name
    that a file gets, a ``language`` may be named or given by a code, ``duration`` is seconds,
    ``min_quality`` 0 … 1; ``since`` is included.
    """

    task: tuple[str, ...] = ()
    song_type: tuple[str, ...] = ()
    genre: tuple[str, ...] = ()
    emotion: tuple[str, ...] = ()
    occasion: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    liked: bool | None = None
    min_quality: float | None = None
    since: datetime | None = None
    duration: Range | None = None
    title: str | None = None

    @property
    def everything(self) -> bool:
        """Whether it leaves nothing out."""
        return self is ALL or self == ALL

    @property
    def digest(self) -> str:
        """The same for two selections that ask for the same; empty where nothing is left out."""
        if self.everything:
            return ""
        asked = [
            [field.name, sorted(map(folded, value)) if isinstance(value, tuple) else str(value)]
            for field in fields(self)
            if (value := getattr(self, field.name)) not in ((), None)
        ]
        return hashlib.blake2b(repr(asked).encode(), digest_size=8).hexdigest()


ALL = Only()
"""It leaves nothing out."""


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """``values`` without those that say another one again: of two spellings the first stands."""
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(folded(value), value)
    return tuple(found.values())


def folded(text: str) -> str:
    """``text`` as it is compared: without case, in one normal form."""
    return unicodedata.normalize("NFC", text).casefold()
