"""How the fields are spelled in each language of tags: what players and DJ programs read."""

from __future__ import annotations

import pytest
from mutagen import id3
from mutagen.flac import FLAC
from mutagen.oggvorbis import OggVorbis

from syncd.local.tags import write_fields

from .fresh import Fields, MakeFresh, ReadID3

VORBIS = {
    "TITLE": "title",
    "ARTIST": "artist",
    "ALBUMARTIST": "albumartist",
    "ALBUM": "album",
    "TRACKNUMBER": "track",
    "DATE": "date",
    "GENRE": "genre",
    "MOOD": "emotion",
    "OCCASION": "occasion",
    "GROUPING": "occasion",
    "LANGUAGE": "language",
    "BPM": "bpm",
    "INITIALKEY": "key",
    "KEY": "key",
    "LYRICS": "lyrics",
    "COMMENT": "prompt",
    "AUDIOPOD_PROMPT": "prompt",
    "AUDIOPOD_JOB_ID": "job_id",
    "AUDIOPOD_ORIGIN": "origin",
    "AUDIOPOD_TASK": "task",
    "AUDIOPOD_SEED": "seed",
    "AUDIOPOD_QUALITY": "quality",
    "AUDIOPOD_TIMESIGNATURE": "timesignature",
    "AUDIOPOD_COMPLETED_AT": "completed_at",
    "AUDIOPOD_DURATION": "duration",
}
ID3 = {
    "TIT2": "title",
    "TPE1": "artist",
    "TPE2": "albumartist",
    "TALB": "album",
    "TRCK": "track",
    "TCON": "genre",
    "TMOO": "emotion",
    "GRP1": "occasion",
    "TIT1": "occasion",
    "TXXX:OCCASION": "occasion",
    "TLAN": "language",
    "TBPM": "bpm",
    "TKEY": "key",
    "COMM::XXX": "prompt",
    "TXXX:AUDIOPOD_PROMPT": "prompt",
    "TXXX:AUDIOPOD_JOB_ID": "job_id",
    "TXXX:AUDIOPOD_ORIGIN": "origin",
    "TXXX:AUDIOPOD_TASK": "task",
    "TXXX:AUDIOPOD_SEED": "seed",
    "TXXX:AUDIOPOD_QUALITY": "quality",
    "TXXX:AUDIOPOD_TIMESIGNATURE": "timesignature",
    "TXXX:AUDIOPOD_COMPLETED_AT": "completed_at",
}


@pytest.mark.parametrize("fmt", ["flac", "ogg"])
def test_the_spelling_in_vorbis_comments(make_fresh: MakeFresh, fields: Fields, fmt: str) -> None:
    fresh = make_fresh(fmt)
    written = write_fields(fresh.path, fmt, fields, cover=None, duration=fresh.duration)
    comments = (FLAC if fmt == "flac" else OggVorbis)(fresh.path).tags
    for name, field in VORBIS.items():
        assert comments[name] == list(written[field]), name
    assert comments["FMPS_RATING"] == ["1.0"]


@pytest.mark.parametrize("fmt", ["mp3", "wav"])
def test_the_spelling_in_id3(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields, fmt: str
) -> None:
    fresh = make_fresh(fmt)
    write_fields(fresh.path, fmt, fields, cover=None, duration=12.3456)
    tags = id3_of(fresh.path)
    assert tags.version == (2, 4, 0)
    for name, field in ID3.items():
        assert tags[name].text == list(fields[field]), name
        assert tags[name].encoding == id3.Encoding.UTF8, name
    assert tags["USLT::XXX"].text == fields["lyrics"][0]
    assert str(tags["TDRC"]) == "2026-03-01 12:34:56"
    assert tags["TLEN"].text == ["12346"]
    assert tags["TXXX:FMPS_RATING"].text == ["1.0"]
    assert (tags["POPM:syncd"].rating, len(tags.getall("POPM"))) == (255, 1)


def test_no_tag_that_groups_tracks_wrongly_is_written(
    make_fresh: MakeFresh, id3_of: ReadID3, fields: Fields
) -> None:
    fresh = make_fresh("mp3")
    write_fields(fresh.path, "mp3", fields, cover=None, duration=fresh.duration)
    names = {key.split(":")[0] for key in id3_of(fresh.path)}
    assert not names & {"TSRC", "UFID", "TCMP", "TDRL", "SYLT", "TSSE"}
    assert fresh.path.read_bytes()[-128:-125] != b"TAG"
