"""A few fields changed in tags that other programs wrote too: all else stays byte for byte."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from mutagen import id3
from mutagen.flac import FLAC
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from syncd.errors import CorruptMedia
from syncd.local.audio import check, flac
from syncd.local.tags import Change, changes, edit_fields, read_fields, write_fields

from .fresh import Fields, Fresh, MakeFresh, ReadID3

TITLE = Change("title", ("A",), ("B",))


def test_fields_are_changed_taken_away_and_added(fresh: Fresh, fields: Fields) -> None:
    del fields["liked"]
    owned = write_fields(fresh.path, fresh.fmt, fields, cover=None, duration=fresh.duration)
    wanted = {"title": ("B" * 5000,), "genre": ("a", "b"), "lyrics": (), "liked": ("1",)}
    decided = changes(owned, owned=owned, wanted=wanted)
    assert edit_fields(fresh.path, fresh.fmt, decided) == wanted
    expected = {name: values for name, values in {**owned, **wanted}.items() if values}
    assert read_fields(fresh.path, fresh.fmt) == expected
    assert check(fresh.path, fresh.fmt, expected_duration=None).duration == fresh.duration


def test_what_was_added_can_be_taken_away_again(fresh: Fresh, fields: Fields) -> None:
    owned = write_fields(fresh.path, fresh.fmt, fields, cover=None, duration=fresh.duration)
    wanted: Fields = dict.fromkeys(fields, ())
    edit_fields(fresh.path, fresh.fmt, changes(owned, owned=owned, wanted=wanted))
    assert read_fields(fresh.path, fresh.fmt) == {"duration": owned["duration"]}
    data = fresh.path.read_bytes()
    assert b"FMPS_RATING" not in data
    assert b"POPM" not in data


def test_small_changes_leave_the_audio_where_it_is(make_fresh: MakeFresh) -> None:
    for fmt in ("flac", "mp3"):
        fresh = make_fresh(fmt)
        write_fields(fresh.path, fmt, {"title": ("A",)}, cover=None, duration=1)
        before = fresh.path.read_bytes()
        edit_fields(fresh.path, fmt, [Change("title", ("A",), ("Bee",))])
        after = fresh.path.read_bytes()
        assert len(after) == len(before)
        assert after[-len(before) // 2 :] == before[-len(before) // 2 :]


def test_a_like_is_taken_away_whole_beside_the_rating_of_another_program(
    make_fresh: MakeFresh, id3_of: ReadID3
) -> None:
    fresh = make_fresh("mp3")
    write_fields(fresh.path, "mp3", {"liked": ("1",)}, cover=None, duration=1)
    tags = id3.ID3(fresh.path)
    tags.add(id3.POPM(email="traktor@native-instruments.de", rating=51, count=3))
    tags.save(fresh.path)
    assert edit_fields(fresh.path, "mp3", [Change("liked", ("1",), ())]) == {"liked": ()}
    tags = id3_of(fresh.path)
    assert tags.getall("TXXX:FMPS_RATING") == []
    ratings = [(frame.email, frame.rating) for frame in tags.getall("POPM")]
    assert ratings == [("traktor@native-instruments.de", 51)]


# --- one field, several spellings ----------------------------------------------------------------


def test_a_comment_and_a_grouping_of_the_users_stay_where_the_field_itself_is_ours(
    make_fresh: MakeFresh, id3_of: ReadID3
) -> None:
    fresh = make_fresh("mp3")
    fields = {"prompt": ("slow",), "occasion": ("gym",)}
    write_fields(fresh.path, "mp3", fields, cover=None, duration=1)
    tags = id3_of(fresh.path)
    tags.add(id3.COMM(3, "XXX", "", ["bought at a fair"]))
    tags.add(id3.TIT1(3, ["my group"]))
    tags.save(fresh.path)
    edit_fields(
        fresh.path,
        "mp3",
        [Change("prompt", ("slow",), ("fast",)), Change("occasion", ("gym",), ("bar",))],
    )
    tags = id3_of(fresh.path)
    found = [str(tags[name]) for name in ("COMM::XXX", "TIT1", "GRP1", "TXXX:AUDIOPOD_PROMPT")]
    assert found == ["bought at a fair", "my group", "bar", "fast"]


def test_vorbis_comments_of_the_users_stay_where_the_field_itself_is_ours(
    make_fresh: MakeFresh,
) -> None:
    fresh = make_fresh("ogg")
    fields = {"prompt": ("slow",), "key": ("Am",)}
    write_fields(fresh.path, "ogg", fields, cover=None, duration=1)
    audio = OggVorbis(fresh.path)
    audio["COMMENT"] = ["bought at a fair"]
    audio.save()
    edit_fields(
        fresh.path, "ogg", [Change("prompt", ("slow",), ("fast",)), Change("key", ("Am",), ("C",))]
    )
    audio = OggVorbis(fresh.path)
    assert audio["COMMENT"] == ["bought at a fair"]
    assert audio["AUDIOPOD_PROMPT"] == ["fast"]
    assert audio["KEY"] == audio["INITIALKEY"] == ["C"]


@pytest.mark.parametrize("force", [False, True])
def test_ratings_of_other_programs_are_never_replaced(
    make_fresh: MakeFresh, id3_of: ReadID3, force: bool
) -> None:
    fresh = make_fresh("mp3")
    tags = id3.ID3()
    tags.add(id3.POPM(email="Windows Media Player 9 Series", rating=128, count=3))
    tags.save(fresh.path)
    liked = Change("liked", None if force else (), ("1",))
    assert edit_fields(fresh.path, "mp3", [liked]) == {"liked": ("1",)}
    found = [(frame.email, frame.rating) for frame in id3_of(fresh.path).getall("POPM")]
    assert found == [("Windows Media Player 9 Series", 128)]


def test_a_middling_rating_is_no_place_for_a_like(fresh: Fresh) -> None:
    edit_fields(fresh.path, fresh.fmt, [Change("liked", (), ("1",))])
    data = fresh.path.read_bytes()
    assert data.count(b"1.0") == 1
    fresh.path.write_bytes(data.replace(b"1.0", b"0.4"))
    if fresh.fmt == "ogg":
        fix_checksums(fresh.path)
    before = fresh.path.read_bytes()
    assert edit_fields(fresh.path, fresh.fmt, [Change("liked", (), ("1",))]) == {}
    assert fresh.path.read_bytes() == before


def fix_checksums(path: Path) -> None:
    source = io.BytesIO(path.read_bytes())
    pages = []
    while source.tell() < path.stat().st_size:
        pages.append(OggPage(source).write())
    path.write_bytes(b"".join(pages))


# --- FLAC, Ogg, WAV ------------------------------------------------------------------------------


def test_a_flac_without_comments_gets_some(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("flac")
    with fresh.path.open("rb") as file:
        found = list(flac.blocks(file))
        file.seek(found[-1].start + found[-1].size)
        audio = file.read()
        file.seek(0)
        info = file.read(42)
    fresh.path.write_bytes(info[:4] + b"\x80" + info[5:] + audio)
    edit_fields(fresh.path, "flac", [Change("title", (), ("B",))])
    assert FLAC(fresh.path).tags.as_dict() == {"title": ["B"]}
    assert fresh.path.read_bytes().endswith(audio)
    assert check(fresh.path, "flac", expected_duration=None).duration == fresh.duration


@pytest.mark.parametrize("spare", range(9))
def test_a_flac_with_little_padding_is_whole_afterwards(make_fresh: MakeFresh, spare: int) -> None:
    fresh = make_fresh("flac")
    audio = FLAC(fresh.path)
    audio["title"] = ["A"]
    audio.save(padding=lambda _: spare)
    edit_fields(fresh.path, "flac", [Change("title", ("A",), ("Beee",))])
    assert read_fields(fresh.path, "flac")["title"] == ("Beee",)
    assert check(fresh.path, "flac", expected_duration=None).duration == fresh.duration


def test_comments_that_are_no_text_survive_in_place(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("flac")
    audio = FLAC(fresh.path)
    audio.delete()
    audio["Title"] = ["A"]
    audio["X"] = ["????"]
    audio["Y"] = ["z"]
    audio.save()
    data = fresh.path.read_bytes()
    fresh.path.write_bytes(data.replace(b"X=????", b"X=\xff\xfe\0\x80"))
    edit_fields(fresh.path, "flac", [TITLE])
    one = b"\7\0\0\0Title=B\6\0\0\0X=\xff\xfe\0\x80\3\0\0\0Y=z"
    assert one in fresh.path.read_bytes()


def test_damaged_comments_are_left_alone(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("flac")
    audio = FLAC(fresh.path)
    audio.delete()
    audio["TITLE"] = ["A"]
    audio.save()
    data = fresh.path.read_bytes()
    fresh.path.write_bytes(data.replace(b"\7\0\0\0TITLE=A", b"\xff\0\0\0TITLE=A"))
    before = fresh.path.read_bytes()
    with pytest.raises(CorruptMedia):
        edit_fields(fresh.path, "flac", [Change("title", None, ("B",))])
    assert fresh.path.read_bytes() == before


def test_a_block_that_would_be_too_large_is_not_written(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("flac")
    before = fresh.path.read_bytes()
    with pytest.raises(CorruptMedia, match="16 MiB"):
        edit_fields(fresh.path, "flac", [Change("lyrics", None, ("la" * (1 << 23),))])
    assert fresh.path.read_bytes() == before


def test_more_padding_than_a_block_holds_is_given_up(
    make_fresh: MakeFresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = make_fresh("flac")
    audio = FLAC(fresh.path)
    audio["title"] = ["A"]
    audio.save(padding=lambda _: 9000)
    before = fresh.path.read_bytes()
    monkeypatch.setattr("syncd.local.tags.edit._LARGEST_BLOCK", 8000)
    edit_fields(fresh.path, "flac", [TITLE])
    after = fresh.path.read_bytes()
    assert len(before) - 9000 < len(after) < len(before) - 7000
    assert after.endswith(before[-20_000:])
    assert check(fresh.path, "flac", expected_duration=None).duration == fresh.duration


OPUS_HEAD = b"OpusHead\1\2\x38\1\x80\xbb\0\0\0\0\0"
OPUS_TAGS = b"OpusTags" + b"\3\0\0\0enc" + b"\1\0\0\0" + b"\7\0\0\0TITLE=A" + b"\1binary"
OPUS_AUDIO = bytes(range(200))


def ogg_of(*streams: tuple[int, bytes]) -> bytes:
    """An Ogg of one packet a page, each with the serial number of its stream."""
    pages = []
    numbers: dict[int, int] = {}
    for serial, packet in streams:
        page = OggPage()
        page.serial, page.packets = serial, [packet]
        page.sequence = numbers.get(serial, 0)
        numbers[serial] = page.sequence + 1
        page.first, page.last = page.sequence == 0, packet == OPUS_AUDIO
        page.position = 960 if page.last else 0
        pages.append(page.write())
    return b"".join(pages)


def test_an_opus_file_keeps_what_follows_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.part"
    path.write_bytes(ogg_of((7, OPUS_HEAD), (7, OPUS_TAGS), (7, OPUS_AUDIO)))
    assert edit_fields(path, "ogg", [Change("title", ("A",), ("B" * 70_000,))])
    assert OggOpus(path)["title"] == ["B" * 70_000]
    data = path.read_bytes()
    assert b"B\1binaryOggS" in data
    assert data.endswith(OPUS_AUDIO)


def test_a_stream_beside_the_audio_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.part"
    path.write_bytes(
        ogg_of(
            (7, OPUS_HEAD), (9, b"\x80theora"), (9, b"\x81theora"), (7, OPUS_TAGS), (7, OPUS_AUDIO)
        )
    )
    assert edit_fields(path, "ogg", [TITLE]) == {"title": ("B",)}
    tags = OPUS_TAGS.replace(b"TITLE=A", b"TITLE=B")
    assert path.read_bytes() == ogg_of(
        (7, OPUS_HEAD), (9, b"\x80theora"), (9, b"\x81theora"), (7, tags), (7, OPUS_AUDIO)
    )


@pytest.mark.parametrize(
    "tags", [b"OpusTag?", b"OpusTags\3\0\0\0enc\1\0", b"OpusTags\xff\0\0\0enc"]
)
def test_an_ogg_without_sound_comments_is_left_alone(tmp_path: Path, tags: bytes) -> None:
    path = tmp_path / "a.part"
    path.write_bytes(ogg_of((7, OPUS_HEAD), (7, tags), (7, OPUS_AUDIO)))
    before = path.read_bytes()
    with pytest.raises(CorruptMedia):
        edit_fields(path, "ogg", [Change("title", None, ("B",))])
    assert path.read_bytes() == before


def test_an_info_chunk_that_came_since_stays(make_fresh: MakeFresh) -> None:
    fresh = make_fresh("wav")
    write_fields(fresh.path, "wav", {"title": ("A",)}, cover=None, duration=1)
    data = fresh.path.read_bytes()
    info = b"LIST\x0e\0\0\0INFOINAM\2\0\0\0x\0"
    size = (len(data) + len(info) - 8).to_bytes(4, "little")
    fresh.path.write_bytes(data[:4] + size + data[8:] + info)
    edit_fields(fresh.path, "wav", [TITLE])
    assert info in fresh.path.read_bytes()
    assert read_fields(fresh.path, "wav")["title"] == ("B",)
    assert check(fresh.path, "wav", expected_duration=None).duration == fresh.duration


@pytest.mark.parametrize("fmt", ["flac", "mp3"])
def test_audio_longer_than_a_piece_moves_whole(
    make_fresh: MakeFresh, fmt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.local.tags.edit._PIECE", 1000)
    fresh = make_fresh(fmt)
    write_fields(fresh.path, fmt, {"title": ("A",)}, cover=None, duration=1)
    before = fresh.path.read_bytes()[-20_000:]
    for old, new in ((("A",), ("B" * 9000,)), (("B" * 9000,), ("C" * 19_000,))):
        edit_fields(fresh.path, fmt, [Change("title", old, new)])
        assert read_fields(fresh.path, fmt)["title"] == new
        assert fresh.path.read_bytes().endswith(before)
        assert check(fresh.path, fmt, expected_duration=None).duration == fresh.duration
