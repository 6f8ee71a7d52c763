"""Names beside the template: which are one, which are taken, and what stands beside a file."""

from __future__ import annotations

import pytest

from syncd.core.naming import (
    Names,
    collision_key,
    has_own_suffix,
    own_suffix,
    same_text,
    sibling,
    stem_of,
    suffix_of,
    uses_facets,
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Rain", "Rain", True),
        ("Cafe\u0301", "Café", True),
        (None, "", True),
        ("Rain", "rain", False),
        ("Rain", "Rain ", False),
        ("Rain", None, False),
    ],
)
def test_which_names_are_one_text(one: str | None, other: str | None, same: bool) -> None:
    assert same_text(one, other) is same
    assert same_text(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("a/x.flac", "A/X.FLAC", True),
        ("a/x.flac", "a/x.mp3", True),
        ("a/Cafe\u0301.flac", "a/café.flac", True),
        ("a/x.flac", "b/x.flac", False),
        ("a/x.flac", "a/x.jpg", False),
        ("a/x.flac", "a/x", False),
        ("a/x.jpg", "a/X.jpg", True),
    ],
)
def test_which_paths_could_not_stand_side_by_side(one: str, other: str, collide: bool) -> None:
    assert (collision_key(one) == collision_key(other)) is collide


def test_a_name_is_free_once_all_that_had_it_have_left() -> None:
    names = Names(["a/x.flac", "a/X.mp3"])
    names.leave("a/x.flac")
    assert not names.is_free("a/x.ogg")
    names.leave("a/X.mp3")
    assert names.is_free("a/x.ogg")
    names.take("a/x.ogg")
    assert not names.is_free("a/x.flac")


@pytest.mark.parametrize(
    ("path", "stem", "suffix", "expected"),
    [
        ("a/b/x.flac", "y", None, "a/b/y.flac"),
        ("x.flac", "y", None, "y.flac"),
        ("a/x.flac", "y", "mp3", "a/y.mp3"),
        ("a/x.y.flac", "z", None, "a/z.flac"),
        ("a.b/x.flac", "v1.2", None, "a.b/v1.2.flac"),
    ],
)
def test_what_stands_beside(path: str, stem: str, suffix: str | None, expected: str) -> None:
    assert sibling(path, stem, suffix) == expected
    assert stem_of(expected) == stem
    assert suffix_of(expected) == (suffix or "flac")


@pytest.mark.parametrize(
    ("stem", "own"), [("Rain [7]", True), ("Rain [8]", False), ("Rain[7]", False), ("Rain", False)]
)
def test_a_tracks_own_suffix_is_told_from_another_tracks(stem: str, own: bool) -> None:
    assert has_own_suffix(stem, 7) is own
    assert has_own_suffix(stem + own_suffix(7), 7)


@pytest.mark.parametrize(
    ("template", "uses"),
    [
        ("{album}/{title}.{ext}", False),
        ("{year}/{track} {title} [{id}].{ext}", False),
        ("{genre}/{title}.{ext}", True),
        ("{title} ({bpm}).{ext}", True),
        ("{occasion}/{title}.{ext}", True),
    ],
)
def test_which_templates_name_what_may_change_in_the_account(template: str, uses: bool) -> None:
    assert uses_facets(template) is uses
