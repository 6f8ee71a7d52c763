"""How alike two tracks are."""

from __future__ import annotations

import pytest

from syncd.core.likeness import Traits, likeness

HOUSE = Traits(
    genre={"house"}, emotion={"happy"}, occasion={"party"}, language={"en"}, bpm=124, key="Am"
)


def test_a_track_is_as_like_itself_as_can_be() -> None:
    assert likeness(HOUSE, HOUSE) == 1
    assert likeness(Traits(bpm=90), Traits(bpm=90, genre={"jazz"})) == 1


def test_nothing_in_common_is_nothing() -> None:
    other = Traits(genre={"folk"}, emotion={"sad"}, bpm=174, key="F#", language={"de"})
    assert likeness(HOUSE, other) == 0
    assert likeness(HOUSE, Traits()) == 0
    assert likeness(Traits(), HOUSE) == 0


def test_it_falls_with_each_step_away() -> None:
    def having(**traits: object) -> float:
        same = {name: getattr(HOUSE, name) for name in ("genre", "emotion", "bpm", "key")}
        return likeness(HOUSE, Traits(**{**same, **traits}))

    same = having()
    assert same > having(key="Em") > having(key="F#") >= having(key=None)
    assert same > having(bpm=127.0) > having(bpm=131.0) > having(bpm=150.0) == having(bpm=None)
    assert having(bpm=62.0) == same
    assert same > having(genre={"house", "folk"}) > having(genre={"folk"})
    assert having(genre={"folk"}) < having(emotion={"sad"})


@pytest.mark.parametrize("key", ["8A", "1m", "A minor"])
def test_a_key_counts_the_same_in_any_notation(key: str) -> None:
    assert likeness(Traits(key="Am"), Traits(key=key)) == 1
