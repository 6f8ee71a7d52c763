"""Keys in three notations, and what mixes with what."""

from __future__ import annotations

import pytest

from syncd.core.harmony import (
    camelot,
    classical,
    mixing_tempos,
    neighbours,
    openkey,
    tempo_distance,
)

NOTES = [
    "C",
    "C#",
    "Db",
    "D",
    "D#",
    "Eb",
    "E",
    "F",
    "F#",
    "Gb",
    "G",
    "G#",
    "Ab",
    "A",
    "A#",
    "Bb",
    "B",
]
MAJOR = ["{}", "{} Major", "{} major", "{}maj", "{} MAJ", "{}M", " {}  major "]
MINOR = ["{}m", "{} minor", "{} Minor", "{} min", "{}min", "{} MINOR", "{} m"]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("case", [str, str.lower])
def test_a_key_of_any_note_and_spelling(note: str, case: type[str]) -> None:
    signs = {note, note.replace("#", "♯").replace("b", "♭")}
    signs |= {note.replace("#", " sharp").replace("b", "-flat")} if len(note) == 2 else set()
    for sign in signs:
        assert {classical(form.format(case(sign))) for form in MAJOR} == {note}
        assert {classical(form.format(case(sign))) for form in MINOR} == {f"{note}m"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("B♭m", "Bbm"),
        ("bb", "Bb"),
        ("b", "B"),
        ("bm", "Bm"),
        ("B minor", "Bm"),
        ("H minor", None),
        ("Cmaj7", None),
        ("8B", "C"),
        ("11A", "F#m"),
        ("4m", "F#m"),
        ("1a", "G#m"),
        ("13A", None),
        ("C Dorian", None),
        ("", None),
        (None, None),
        ("random", None),
    ],
)
def test_what_is_and_is_not_a_key(text: str | None, key: str | None) -> None:
    assert classical(text) == key


# The wheel as DJ programs print it, from one o'clock on.
WHEEL = [
    ("B", "G#m"), ("F#", "D#m"), ("Db", "Bbm"), ("Ab", "Fm"), ("Eb", "Cm"), ("Bb", "Gm"),
    ("F", "Dm"), ("C", "Am"), ("G", "Em"), ("D", "Bm"), ("A", "F#m"), ("E", "C#m"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "keys"), [*enumerate(WHEEL, start=1)])
def test_every_key_has_its_place_on_both_wheels(number: int, keys: tuple[str, str]) -> None:
    major, minor = keys
    other = (number + 4) % 12 + 1
    assert (camelot(major), camelot(minor)) == (f"{number}B", f"{number}A")
    assert (openkey(major), openkey(minor)) == (f"{other}d", f"{other}m")


def test_the_keys_that_are_known_by_heart() -> None:
    assert [(camelot(key), openkey(key)) for key in ("C Major", "F# minor", "Am")] == [
        ("8B", "1d"),
        ("11A", "4m"),
        ("8A", "1m"),
    ]


@pytest.mark.parametrize("same", ["F# minor", "Gbm", "11A", "11a", " 11A ", "4m", "04M"])
def test_a_key_is_read_in_any_notation(same: str) -> None:
    assert (camelot(same), openkey(same)) == ("11A", "4m")


@pytest.mark.parametrize("text", [None, "", "H", "13A", "0A", "8C", "random", "８A"])
def test_what_is_no_key_has_no_place(text: str | None) -> None:
    assert (camelot(text), openkey(text), neighbours(text)) == (None, None, frozenset())


def test_the_neighbours_are_beside_it_on_the_wheel_and_across_it() -> None:
    assert neighbours("Am") == {"8A", "7A", "9A", "8B"}
    assert neighbours("12B") == {"12B", "11B", "1B", "12A"}


def test_mixing_works_both_ways() -> None:
    keys = [key for pair in WHEEL for key in pair]
    pairs = {(one, other) for one in keys for other in keys if camelot(other) in neighbours(one)}
    assert len(pairs) == 24 * 4
    assert pairs == {(other, one) for one, other in pairs}


@pytest.mark.parametrize(
    ("other", "mixes"),
    [(120, True), (113, True), (112, False), (127, True), (128, False), (60, True), (240, True),
     (63, True), (64, False), (180, False)],
)  # fmt: skip
def test_a_tempo_mixes_within_six_percent_of_the_beat(other: float, mixes: bool) -> None:
    assert any(least <= other <= most for least, most in mixing_tempos(120)) is mixes


def test_the_distance_of_tempos_knows_half_and_double() -> None:
    assert [tempo_distance(120, other) for other in (60.0, 120.0, 240.0)] == [0, 0, 0]
    assert tempo_distance(100, 106) == pytest.approx(0.06)
    assert tempo_distance(100, 53) == pytest.approx(0.06)
    assert max(tempo_distance(100, bpm) for bpm in range(30, 301)) < 0.415
