"""The last byte and the first letter: where a name is cut, and what is left out of it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from syncd.core.model import Origin, RemoteTrack
from syncd.core.naming import (
    Names,
    album_of,
    collision_key,
    encode,
    name_track,
    shortened,
    stem_of,
    suffix_of,
)
from syncd.core.policy import Policy

POLICY = Policy(origin=Origin("https://api.audiopod.ai"))
TONES = ["\U0001f3fb", "\U0001f3ff", "\U000e0020", "\U000e007f"]
VOWELS = ["\u1160", "\u11ff"]


def stem_by(template: str, title: str, **fields: object) -> str:
    track = replace(RemoteTrack(id=7, status="COMPLETED", title=title), **fields)  # type: ignore[arg-type]
    policy = replace(POLICY, template=template)
    return name_track(track, policy, album="Album", number=0, ext="flac").stem


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Rain", "Rain"),
        ("X" * 300, "X" * 180),
        ("\udcffRain", "\udcffRain"),
        ("ab" + "\u0301" * 300, "a"),
        # All of it one letter, which ends in a joiner: that joins nothing any more.
        ("\u00a9\u200d" + "\U0001f469\u200d" * 60, "\u00a9\u200d" + "\U0001f469\u200d" * 25),
        ("x" * 174 + "‛‛" + "y" * 9, "x" * 174 + "‛‛"),
        ("x" * 171 + "‛‛‛" + "y" * 9, "x" * 171 + "‛‛"),
        ("x" * 176 + "\U0001f1e9" + "y" * 9, "x" * 176 + "\U0001f1e9"),
        *(("x" * 176 + "\U0001f44d" + tone * 2, "x" * 176) for tone in TONES),
        *(("x" * 177 + "\u1100" + vowel * 2, "x" * 177) for vowel in VOWELS),
    ],
)
def test_a_stem_is_cut_before_what_does_not_fit(text: str, kept: str) -> None:
    assert shortened(text) == kept.removesuffix("\u200d")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("XéX", "XéX"),
        ("é\u2028a\u2029b", "é a b"),
        ("a\u2066b\u2069c\u202ad\u202ee", "abcde"),
        ("x" * 175 + ".part", "x" * 175 + ".par_"),
    ],
)
def test_what_is_made_of_a_title(title: str, text: str) -> None:
    assert encode(title).text == text


@pytest.mark.parametrize(
    ("path", "stem", "suffix"),
    [
        ("A/Rain.mp3", "Rain", "mp3"),
        ("A/.hidden", ".hidden", ""),
        ("A/Rain.", "Rain.", ""),
        ("A.B/Rain", "Rain", ""),
    ],
)
def test_stem_and_suffix_are_of_the_last_part(path: str, stem: str, suffix: str) -> None:
    assert (stem_of(path), suffix_of(path)) == (stem, suffix)


def test_a_name_that_two_have_is_free_when_both_have_left() -> None:
    names = Names()
    names.take("Rain.mp3")
    names.take("Rain.mp3")
    names.leave("Rain.mp3")
    assert not names.is_free("Rain.mp3")
    names.leave("Rain.mp3")
    assert names.is_free("Rain.mp3")


def test_two_formats_of_one_stem_collide_with_a_dot_in_it_too() -> None:
    assert collision_key("A.B/Rain.2.mp3") == collision_key("A.B/Rain.2.flac")
    assert collision_key("A.B/Rain.2.mp3") != collision_key("A.B/Rain.3.mp3")


def test_a_job_without_a_date_is_of_1970_wherever_that_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Honolulu")
    time.tzset()
    try:
        policy = replace(POLICY, album="{year}-{month}-{day}")
        undated = RemoteTrack(id=7, status="COMPLETED", title="Rain")
        assert album_of(undated, policy) == "1970-01-01"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_track_without_a_number_is_number_nought() -> None:
    assert stem_by("{track} {title}.{ext}", "Rain") == "00 Rain"


def test_a_field_beside_the_title_has_sixty_bytes() -> None:
    assert stem_by("{genre} {title}.{ext}", "Rain", genre=("g" * 99,)) == "g" * 60 + " Rain"


def test_of_a_long_name_the_title_alone_is_cut() -> None:
    assert stem_by("{title} - {artist}.{ext}", "x" * 300) == "x" * 169 + " - AudioPod"
    assert stem_by("{title} - {title}.{ext}", "x" * 300) == "x" * 88 + " - " + "x" * 88


def test_beside_a_frame_that_is_too_long_sixteen_bytes_of_the_title_are_left() -> None:
    assert stem_by("{title} " + "y" * 200 + ".{ext}", "x" * 300) == "x" * 16 + " " + "y" * 163
