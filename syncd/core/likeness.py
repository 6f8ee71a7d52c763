"""How alike two tracks are: by facets, tempo and key."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from syncd.core.harmony import TEMPO_TOLERANCE, camelot, neighbours, tempo_distance

_SHARES = {"genre": 4.0, "emotion": 2.0, "occasion": 1.0, "language": 1.0, "bpm": 2.0, "key": 2.0}
"""How much each trait counts."""

_NEIGHBOUR = 0.6
"""What a key beside the same one on the wheel is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What of a track is compared. ``key`` is in any notation."""

    genre: Set[str] = frozenset()
    emotion: Set[str] = frozenset()
    occasion: Set[str] = frozenset()
    language: Set[str] = frozenset()
    bpm: float | None = None
    key: str | None = None


def likeness(one: Traits, other: Traits) -> float:
    """From 0, nothing in common, to 1: alike in all that is known of ``one``.

    Facets count by the part of the values that both have, a tempo by how far it is from the same
    beat, a key by its place on the wheel. What is not known of ``one`` does not count.
    """
    parts = {
        "genre": _common(one.genre, other.genre),
        "emotion": _common(one.emotion, other.emotion),
        "occasion": _common(one.occasion, other.occasion),
        "language": _common(one.language, other.language),
        "bpm": _same_beat(one.bpm, other.bpm),
        "key": _same_key(one.key, other.key),
    }
    known = {name: part for name, part in parts.items() if part is not None}
    whole = sum(_SHARES[name] for name in known)
    return sum(_SHARES[name] * part for name, part in known.items()) / whole if whole else 0.0


def _common(one: Set[str], other: Set[str]) -> float | None:
    return len(one & other) / len(one | other) if one else None


def _same_beat(one: float | None, other: float | None) -> float | None:
    if not one:
        return None
    if not other:
        return 0.0
    # At the limit of what can be mixed it is worth half, at twice that nothing.
    return max(0.0, 1 - tempo_distance(one, other) / (2 * TEMPO_TOLERANCE))


def _same_key(one: str | None, other: str | None) -> float | None:
    place = camelot(one)
    if place is None:
        return None
    if camelot(other) == place:
        return 1.0
    return _NEIGHBOUR if camelot(other) in neighbours(one) else 0.0
