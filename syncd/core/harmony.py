"""Keys and tempos: their notations, and which of them mix.

The notations are those of tags.md: ``F#m`` is ``11A`` on the Camelot wheel and ``4m`` as an Open
Key; a step round either wheel is a fifth. A key is read in any of the three.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

_CLASSICAL = re.compile(
    r"\s*(?P<note>[A-Ga-g])\s*(?P<accidental>#|♯|b|♭|-?sharp|-?flat)?\s*"
    r"(?P<mode>major|maj|minor|min|m|M)?\s*",
    re.IGNORECASE,
)
_WHEEL = re.compile(r"\s*(?P<number>0?[1-9]|1[0-2])\s*(?P<letter>[ABDM])\s*", re.IGNORECASE)
_SIGNS = {"": "", "#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}
_PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHIFTS = {"": 0, "#": 1, "b": -1}
_CAMELOT_OF_C, _OPENKEY_OF_C = 8, 1
_MAJOR = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
_MINOR = ("Am", "Em", "Bm", "F#m", "C#m", "G#m", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm")
"""The keys of the wheels by fifths, each by the name that it commonly has."""

TEMPO_TOLERANCE = 0.06
"""How far a record is commonly slowed down or sped up to meet another one's beat."""


def classical(key: str | None) -> str | None:
    """``"F# min"``, ``"11A"`` or ``"4m"`` -> ``"F#m"``; ``None`` where the text is no key.

    At most three characters, as ID3's TKEY holds. One that is given in letters keeps its name.
    """
    if name := _in_letters(key):
        return name
    place = _place(key)
    return place and (_MINOR if place[1] else _MAJOR)[place[0]]


def camelot(key: str | None) -> str | None:
    """``"F# min"`` -> ``"11A"``; ``None`` where the text is no key."""
    place = _place(key)
    return place and f"{_number(place[0], _CAMELOT_OF_C)}{'A' if place[1] else 'B'}"


def openkey(key: str | None) -> str | None:
    """``"F# min"`` -> ``"4m"``; ``None`` where the text is no key."""
    place = _place(key)
    return place and f"{_number(place[0], _OPENKEY_OF_C)}{'m' if place[1] else 'd'}"


def neighbours(key: str | None) -> frozenset[str]:
    """The keys that mix with ``key``, as Camelot codes; none where it is no key.

    Itself, a fifth up and down, and its relative of the other mode.
    """
    place = _place(key)
    if place is None:
        return frozenset()
    fifths, minor = place
    mixing = ((fifths, minor), (fifths + 1, minor), (fifths - 1, minor), (fifths, not minor))
    return frozenset(f"{_number(n, _CAMELOT_OF_C)}{'A' if m else 'B'}" for n, m in mixing)


def mixing_tempos(bpm: float) -> tuple[tuple[float, float], ...]:
    """The tempos that mix with ``bpm``: ranges (least, most), both included.

    Within ``TEMPO_TOLERANCE`` of it, of its half, and of its double.
    """
    least, most = bpm * (1 - TEMPO_TOLERANCE), bpm * (1 + TEMPO_TOLERANCE)
    return tuple((least * factor, most * factor) for factor in (1.0, 0.5, 2.0))


def tempo_distance(bpm: float, other: float) -> float:
    """By which part ``other`` must change to beat with ``bpm``, its half or its double.

    From 0 for the same tempo to about 0.41; both are above 0.
    """
    octaves = math.log2(other / bpm)
    return 2 ** abs(octaves - round(octaves)) - 1


def _in_letters(key: str | None) -> str | None:
    match = _CLASSICAL.fullmatch(key or "")
    if not match:
        return None
    sign = _SIGNS[(match["accidental"] or "").lower().lstrip("-")]
    mode = match["mode"] or ""
    minor = mode == "m" or mode.lower() in ("min", "minor")
    return f"{match['note'].upper()}{sign}{'m' if minor else ''}"


@lru_cache(maxsize=512)
def _place(key: str | None) -> tuple[int, bool] | None:
    """Fifths above C, or above A for a minor key (0 … 11), and whether it is one."""
    if name := _in_letters(key):
        minor = name.endswith("m")
        pitch = _PITCHES[name[0]] + _SHIFTS[name.removesuffix("m")[1:]]
        # The relative major is three semitones up; seven of them make a fifth.
        return (pitch + (3 if minor else 0)) * 7 % 12, minor
    match = _WHEEL.fullmatch(key or "")
    if not match:
        return None
    letter = match["letter"].upper()
    first = _CAMELOT_OF_C if letter in "AB" else _OPENKEY_OF_C
    return (int(match["number"]) - first) % 12, letter in "AM"


def _number(fifths: int, of_c: int) -> int:
    """The number on a wheel that gives C the number ``of_c``."""
    return (fifths + of_c - 1) % 12 + 1
