"""What the tags of a file in the library should become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from syncd.core.model import Job
from syncd.core.retagging import Retagging, id3_version, owned_fields, retagging
from syncd.core.tagging import PLAIN, Style

from .trees import ALBUM, HERE, HOME, known, placed_at

SONG = Job(id=7, status="COMPLETED", display_name="Rain", genre=("Folk",), prompt="slow")
TAGS = {"title": ("Rain",), "genre": ("Jazz",), "bpm": ("92",), "cover": ("0f",)}


def asked(job: Job = SONG, style: Style = PLAIN, **track: object) -> Retagging:
    placed = placed_at(HOME, tags=TAGS)
    whole = replace(known(placed=placed), **track)  # type: ignore[arg-type]
    return retagging(whole, placed, job, origin=HERE, artist="Me", style=style)


def test_what_the_account_says_is_wanted_and_what_it_says_no_more_is_not() -> None:
    found = asked()
    assert found.wanted["genre"] == ("Folk",)
    assert found.wanted["bpm"] == ()
    assert found.wanted["album"] == (ALBUM,)
    assert found.owned == {name: TAGS[name] for name in ("title", "genre", "bpm")}
    assert found.force == frozenset()


def test_neither_the_id_nor_a_measured_length_is_touched() -> None:
    assert not {"job_id", "duration", "cover"} & set(asked().wanted)


def test_a_title_that_both_sides_do_not_agree_on_is_left_to_its_own_operation() -> None:
    assert asked().wanted["title"] == ("Rain",)
    assert "title" not in asked(replace(SONG, display_name="Regen")).wanted


def test_an_album_that_was_never_given_is_not_written() -> None:
    assert not {"album", "track"} & set(asked(album=None).wanted)


def test_ownership_forces_all_that_is_wanted_but_a_rating() -> None:
    liked = replace(SONG, liked=True)
    found = asked(liked, Style(ownership="syncd"))
    assert found.wanted["liked"] == ("1",)
    assert found.force == set(found.wanted) - {"liked"}


def test_what_the_audio_brought_along_is_ours_and_comes_back_when_the_account_says_nothing() -> (
    None
):
    served = {"served genre": ("Other",), "served comment": ("Made with AudioPod",)}
    placed = placed_at(HOME, tags={"prompt": ("slow",), **served})
    assert owned_fields(placed) == {
        "genre": ("Other",),
        "prompt": ("slow",),
        "comment": ("Made with AudioPod",),
    }

    def wanted(job: Job) -> Mapping[str, tuple[str, ...]]:
        known_ = known(placed=placed)
        return retagging(known_, placed, job, origin=HERE, artist="Me", style=PLAIN).wanted

    late, silent = wanted(SONG), wanted(Job(id=7, status="COMPLETED", display_name="Rain"))
    assert (late["genre"], late["comment"]) == (("Folk",), ("slow",))
    assert (silent["genre"], silent["prompt"]) == (("Other",), ())
    since = replace(placed, tags={**placed.tags, "genre": ("Folk",)})
    assert owned_fields(since)["genre"] == ("Folk",)


@pytest.mark.parametrize(
    ("tags", "style", "version"),
    [
        ({}, PLAIN, None),
        ({}, Style(profile="dj"), 3),
        ({"id3_version": ("3",)}, PLAIN, 4),
        ({"id3_version": ("3",)}, Style(profile="dj"), 3),
    ],
)
def test_a_tag_goes_back_to_the_newer_version_only_where_we_made_it_of_the_older(
    tags: dict[str, tuple[str, ...]], style: Style, version: int | None
) -> None:
    assert id3_version(placed_at(HOME, tags=tags), style) == version
