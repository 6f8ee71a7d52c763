"""What the tags of a file in the library should become."""

from __future__ import annotations

from dataclasses import replace

from syncd.core.model import Job
from syncd.core.retagging import Retagging, owned_fields, retagging
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


def test_a_comment_that_was_written_with_the_prompt_is_known_as_ours() -> None:
    before = placed_at(HOME, tags={"prompt": ("slow",)})
    assert owned_fields(before) == {"prompt": ("slow",), "comment": ("slow",)}
    since = placed_at(HOME, tags={"prompt": ("slow",), "comment": ("Am - slow",)})
    assert owned_fields(since)["comment"] == ("Am - slow",)
