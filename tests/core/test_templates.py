"""Templates filled with whatever the account says: every path is one that every system takes."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.model import RemoteTrack
from syncd.core.naming import (
    STEM_BYTES,
    TEMPLATE_FIELDS,
    UNKNOWN,
    album_of,
    check_template,
    name_track,
)
from syncd.core.safety import is_inside
from syncd.local.scan import RECYCLE_FOLDERS

from .trees import POLICY

FIELDS = [name for name in TEMPLATE_FIELDS if name != "ext"]
REFUSED = set('/\\:*?"<>|')

ODD = st.one_of(
    st.sampled_from(
        [
            *("", " ", ".", "..", "../..", "/", "/etc/passwd", "a/../b", "~", ".hidden", "end. "),
            *("\0", "\x1b[31m", "\n", "\u202e", "\ud800", "x" * 400, "é" * 300, "👩‍👩‍👧" * 60),
            *("con", "subs", "#recycle", "$RECYCLE.BIN", "@eaDir", "lost+found", "a\u0338"),
            *("{title}", "{0}", "%s"),
        ]
    ),
    st.text(max_size=30),
)
SEVERAL = st.lists(ODD, max_size=4).map(tuple)


@st.composite
def tracks(draw: st.DrawFn) -> RemoteTrack:
    made = RemoteTrack(id=draw(st.integers(1, 2**53)), status="COMPLETED", title=draw(ODD))
    return replace(
        made,
        prompt=draw(ODD),
        genre=draw(SEVERAL),
        emotion=draw(SEVERAL),
        occasion=draw(SEVERAL),
        language=draw(ODD),
        task=draw(ODD),
        song_type=draw(ODD),
        keyscale=draw(ODD),
        bpm=draw(st.one_of(st.none(), st.floats(0, 1e6))),
        created_at=draw(st.one_of(st.none(), st.just(datetime(2026, 3, 9, 8, 7, tzinfo=UTC)))),
    )


@given(track=tracks(), artist=ODD, album=ODD, chosen=st.lists(st.sampled_from(FIELDS), max_size=6))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_the_fields_the_path_is_a_safe_one(
    track: RemoteTrack, artist: str, album: str, chosen: list[str]
) -> None:
    folders = "/".join(f"{{{name}}}" for name in chosen) + ("/" if chosen else "")
    frame = " ".join(f"{{{name}}}" for name in chosen)
    for template in (f"{folders}{{title}}.{{ext}}", f"{frame} {{title}} {frame}.{{ext}}"):
        check_template(template)
        policy = replace(POLICY, template=template, artist=artist, album="{artist} {genre}")
        given_album = album or album_of(track, policy)
        name = name_track(track, policy, album=given_album, number=3, ext="flac", suffixed=True)
        assert is_inside(name.path)
        assert len(name.path.split("/")) == len(template.split("/"))
        assert name.path.endswith(f" [{track.id}].flac")
        for part in name.path.removesuffix(".flac").split("/"):
            assert part
            assert len(part.encode()) <= STEM_BYTES
            assert not set(part) & REFUSED
            assert part == part.strip().strip(".")
            assert unicodedata.is_normalized("NFC", part)
            assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in part)
            assert part.casefold() not in RECYCLE_FOLDERS


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"id", "title", "track"}))
def test_a_field_that_is_empty_is_unknown(field: str) -> None:
    track = RemoteTrack(id=7, status="COMPLETED", title="Rain")
    policy = replace(POLICY, template=f"{{{field}}}/{{title}}.{{ext}}", artist="")
    path = name_track(track, policy, album="", number=None, ext="mp3").path
    undated = {"year": "1970", "month": "01", "day": "01", "date": "1970-01-01"}
    assert path == f"{undated.get(field, UNKNOWN)}/Rain.mp3"


def test_a_facet_with_several_values_is_one_folder() -> None:
    track = RemoteTrack(id=7, status="COMPLETED", title="Rain", genre=("Drum/Bass", "Jazz, Soul"))
    policy = replace(POLICY, template="{genre}/{title}.{ext}")
    path = name_track(track, policy, album="A", number=1, ext="mp3").path
    assert path == "Drum／Bass, Jazz, Soul/Rain.mp3"
