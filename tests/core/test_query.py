"""The language in which jobs are chosen."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.listing import Listing, Range, Word
from syncd.core.query import FIELDS, BadQueryError, parse_query


def day(year: int, month: int = 1, day_: int = 1) -> datetime:
    return datetime(year, month, day_, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("", Listing()),
        ("  ", Listing()),
        ("paper lant*", Listing(match=(Word("paper"), Word("lant", prefix=True)))),
        ('"paper lanterns"', Listing(match=(Word("paper lanterns"),))),
        ('"paper lant"*', Listing(match=(Word("paper lant", prefix=True),))),
        ('"paper lant*"', Listing(match=(Word("paper lant", prefix=True),))),
        ("12:30 don't AC/DC", Listing(match=(Word("12:30"), Word("don't"), Word("AC/DC")))),
        ('"live: x"', Listing(match=(Word("live: x"),))),
        ("id:3 id:5 title:rain state:Placed state:failed",
         Listing(id=(3, 5), title=("rain",), state=("placed", "failed"))),
        ("-rain ^genre:house", Listing(
            without=(Listing(match=(Word("rain"),)), Listing(genre=("house",))))),
        ('^"a phrase"* -lant*', Listing(
            without=(Listing(match=(Word("a phrase", prefix=True),)),
                     Listing(match=(Word("lant", prefix=True),))))),
        ("lo-fi and or not", Listing(match=tuple(map(Word, ("lo-fi", "and", "or", "not"))))),
        ('"OR"', Listing(match=(Word("OR"),))),
        ("sort_by:bpm", Listing(sort_by="bpm")),
        ("match:rain", Listing(match=(Word("rain"),))),
        ("genre:house genre:techno", Listing(genre=("house", "techno"))),
        ('genre:"hip hop"', Listing(genre=("hip hop",))),
        ("GENRE:House", Listing(genre=("House",))),
        ("status:failed", Listing(status=("FAILED",))),
        ("song-type:rap song_type:song", Listing(song_type=("rap", "song"))),
        ("task:cover emotion:calm occasion:party language:en",
         Listing(task=("cover",), emotion=("calm",), occasion=("party",), language=("en",))),
        ("liked:yes", Listing(liked=True)),
        ("liked:false", Listing(liked=False)),
        ('search:"100% *"', Listing(search="100% *")),
        ("search:lant*", Listing(search="lant*")),
        ("bpm:120..128", Listing(bpm=Range(120, 128))),
        ("bpm:120..", Listing(bpm=Range(120, None))),
        ("bpm:..128.5", Listing(bpm=Range(None, 128.5))),
        ("bpm:120", Listing(bpm=Range(119.5, 120.5))),
        ("duration:2:00..4:00", Listing(duration=Range(120, 240))),
        ("duration:..1:02:03", Listing(duration=Range(None, 3723))),
        ("duration:90..", Listing(duration=Range(90, None))),
        ("quality:0.8..", Listing(quality=Range(0.8, None))),
        ("key:Am key:9A", Listing(key=("Am", "9A"))),
        ("mixes-with:48221", Listing(mixes_with=48221)),
        ("since:2026-03-31 until:2026-03-31",
         Listing(since=day(2026, 3, 31), before=day(2026, 4, 1))),
        ("since:2026-12 until:2026-12", Listing(since=day(2026, 12), before=day(2027))),
        ("since:2026 until:2026", Listing(since=day(2026), before=day(2027))),
        ("until:2026-03-31T18:00+02:00", Listing(before=day(2026, 3, 31).replace(hour=16))),
        ("since:30d", Listing(since=timedelta(days=30))),
        ("since:2w until:12h", Listing(since=timedelta(days=14), before=timedelta(hours=12))),
        ("sort_by:status sort-order:asc skip:3 limit:0 gone:yes",
         Listing(sort_by="status", sort_order="asc", skip=3, limit=0, gone=True)),
        ("genre:house bpm:120..128 liked:yes mood",
         Listing(genre=("house",), bpm=Range(120, 128), liked=True, match=(Word("mood"),))),
    ],
)  # fmt: skip
def test_a_query_means(text: str, listing: Listing) -> None:
    assert parse_query(text) == listing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"open', "a quotation mark is not closed"),
        ("genre:", "genre: names no value"),
        ('genre:" "', "genre names no value"),
        ("bpmm:3", "there is no field bpmm; these are: status, "),
        ("http://x", "there is no field http"),
        ("***", "there is no word to look for in ***"),
        ('""', "there is no word to look for in empty quotation marks"),
        ("liked:maybe", "liked must be yes or no"),
        ("bpm:fast", "bpm must be a number or a range"),
        ("bpm:128..120", "bpm must rise: 120..128"),
        ("bpm:..", "bpm names no value"),
        ("bpm:1 bpm:2", "bpm is given twice"),
        ("duration:1:99", "duration must be a length or a range"),
        ("key:H", "key must be a key such as Am, 8A or 1m"),
        ("mixes-with:-1", "mixes-with must be a whole number"),
        ("limit:9999999999999999999", "limit must be a whole number"),
        ("since:yesterday", "since must be a date"),
        ("since:2026-13", "since must be a date"),
        ("until:9999", "until must be a date"),
        ("house OR techno", "OR is no operator: of a field that is given several times, any value"),
        ("NOT rain", "NOT is no operator: a - or ^ before a word"),
        ("a AND b", "AND is no operator: all of a query must hold"),
        ("-limit:3", "limit finds nothing that could be left out"),
        ("- rain", "there is no word to look for in -"),
        ("state:nowhere", "state must be one of "),
        ("id:x", "id must be a whole number"),
        ("sort_by:loudness", "sort_by must be one of created_at, display_name"),
        ('match:"genre:house"', "match takes words alone"),
    ],
)
def test_what_cannot_be_understood_is_said(text: str, words: str) -> None:
    with pytest.raises(BadQueryError) as caught:
        parse_query(text)
    assert str(caught.value).startswith(words)


PIECES = st.sampled_from([*FIELDS, "-", "^", ":", '"', "..", "1", "2026", " ", "*", "yes", "d"])


@given(st.text(max_size=30) | st.lists(PIECES, max_size=8).map("".join))
def test_any_text_is_a_query_or_is_refused(text: str) -> None:
    with suppress(BadQueryError):
        assert isinstance(parse_query(text), Listing)
