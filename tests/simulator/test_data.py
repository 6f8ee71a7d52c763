"""The music that the simulator comes with: complete, sound, varied and small."""

import hashlib
import json
import re
import struct
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.flac import FLAC
from mutagen.mp3 import MP3
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

DATA = Path(str(files("syncd") / "simulator" / "data"))
TRACKS: list[dict[str, Any]] = json.loads((DATA / "tracks.json").read_text(encoding="utf-8"))
AUDIO = [(track, kind) for track in TRACKS for kind in track["audio"]]
COVERS = [track["cover"] for track in TRACKS if track["cover"]]

FORMATS = {
    "flac": (FLAC, rb"fLaC"),
    "mp3": (MP3, rb"\xff[\xe2-\xff]"),
    "ogg": (OggVorbis, rb"OggS.{22}\x01\x1e\x01vorbis"),
    "wav": (WAVE, rb"RIFF.{4}WAVEfmt "),
}
KEYS = {
    *("slug", "title", "task", "song_type", "prompt", "lyrics", "lrc", "language", "genre"),
    *("emotion", "occasion", "bpm", "keyscale", "timesignature", "seed", "quality_score"),
    *("liked", "duration", "cover", "audio"),
}


def audio_name(case: tuple[dict[str, Any], str]) -> str:
    return f"{case[0]['slug']}.{case[1]}"


@pytest.fixture(params=AUDIO, ids=audio_name)
def audio(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str, Path]:
    """One audio file, with its track and format."""
    track, kind = request.param
    return track, kind, DATA / track["audio"][kind]


@pytest.fixture(params=TRACKS, ids=lambda track: str(track["slug"]))
def track(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_an_audio_file_is_the_format_it_says(audio: tuple[dict[str, Any], str, Path]) -> None:
    _, kind, path = audio
    reader, magic = FORMATS[kind]
    assert re.match(magic, path.read_bytes()[:64], re.DOTALL)
    assert type(mutagen.File(path)) is reader


def test_an_audio_file_lasts_as_long_as_its_track_says(
    audio: tuple[dict[str, Any], str, Path],
) -> None:
    track, _, path = audio
    length = mutagen.File(path).info.length
    assert 8 <= length <= 30
    assert length == pytest.approx(track["duration"], abs=0.1)


def test_an_audio_file_carries_no_tags_of_its_own(audio: tuple[dict[str, Any], str, Path]) -> None:
    _, _, path = audio
    file = mutagen.File(path)
    assert {key.lower() for key in dict(file.tags or {})} <= {"encoder"}
    assert not getattr(file, "pictures", [])


def test_an_ogg_stream_is_whole_pages_from_the_first_to_the_last() -> None:
    for path in DATA.glob("audio/*.ogg"):
        stream, place, flags = path.read_bytes(), 0, []
        while place < len(stream):
            assert stream[place : place + 4] == b"OggS", path.name
            flags.append(stream[place + 5])
            lacing = stream[place + 27 : place + 27 + stream[place + 26]]
            assert struct.unpack_from("<I", stream, place + 22)[0] == crc(
                stream[place : place + 22]
                + bytes(4)
                + stream[place + 26 : place + 27 + len(lacing) + sum(lacing)]
            )
            place += 27 + len(lacing) + sum(lacing)
        assert place == len(stream)
        assert flags[0] & 2
        assert flags[-1] & 4


def crc(page: bytes) -> int:
    """The checksum of RFC 3533 as a long division, apart from the generator's table."""
    remainder = int.from_bytes(page + bytes(4))
    for bit in range(len(page) * 8 + 31, 31, -1):
        if remainder >> bit & 1:
            remainder ^= 0x104C11DB7 << (bit - 32)
    return remainder


def test_a_track_has_exactly_the_documented_keys(track: dict[str, Any]) -> None:
    assert set(track) == KEYS


def test_a_track_speaks_the_words_of_the_api(track: dict[str, Any]) -> None:
    assert track["song_type"] in {"rap", "song", "vocals", "instrumental", "samples"}
    assert re.fullmatch(r"[A-G][b#]? (Major|minor)", track["keyscale"])
    assert re.fullmatch(r"[234]/4", track["timesignature"])
    assert isinstance(track["bpm"], int)
    assert 30 <= track["bpm"] <= 300
    assert 0 <= track["quality_score"] <= 1
    assert isinstance(track["liked"], bool)
    assert track["language"] is None or re.fullmatch("[a-z]{2}", track["language"])


def test_words_come_with_a_language_and_synchronised_lines(track: dict[str, Any]) -> None:
    given = {key: track[key] is not None for key in ("lyrics", "lrc", "language")}
    assert len(set(given.values())) == 1, given


def test_every_sung_line_falls_within_the_track(track: dict[str, Any]) -> None:
    lines = (track["lrc"] or "").splitlines()[1:]
    stamps = [re.fullmatch(r"\[(\d\d):([0-5]\d\.\d\d)\](.+)", line) for line in lines]
    assert all(stamps)
    starts = [int(stamp[1]) * 60 + float(stamp[2]) for stamp in stamps if stamp]
    assert starts == sorted(set(starts))
    assert all(0 <= start < track["duration"] - 0.5 for start in starts)
    words = [line for line in (track["lyrics"] or "").splitlines() if not line.startswith("[")]
    assert [stamp[3] for stamp in stamps if stamp] == words


@pytest.mark.parametrize("place", COVERS)
def test_a_cover_is_a_small_square_baseline_jpeg_or_png(place: str) -> None:
    image = (DATA / place).read_bytes()
    assert len(image) < 40_000
    if place.endswith(".png"):
        assert image.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        width, height = struct.unpack_from(">II", image, 16)
    else:
        assert image.startswith(b"\xff\xd8\xff")
        assert image.endswith(b"\xff\xd9")
        width, height = baseline_size(image)
    assert width == height
    assert 300 <= width <= 500


def baseline_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height from the SOF0 segment; another kind of frame fails the test."""
    place = 2
    while jpeg[place + 1] not in range(0xC0, 0xC4):
        place += 2 + struct.unpack_from(">H", jpeg, place + 2)[0]
    assert jpeg[place + 1] == 0xC0, "not a baseline JPEG"
    height, width = struct.unpack_from(">HH", jpeg, place + 5)
    return width, height


def test_the_folder_holds_the_named_files_and_no_others() -> None:
    named = [place for track in TRACKS for place in track["audio"].values()] + COVERS
    there = [path.relative_to(DATA).as_posix() for path in DATA.glob("*/*") if path.is_file()]
    assert sorted(named) == sorted(there)


def test_everything_together_stays_under_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 3_000_000


def test_no_two_tracks_are_the_same_music() -> None:
    names = [track["slug"] for track in TRACKS]
    assert len(set(names)) == len(names) >= 14
    for key in ("genre", "seed", "duration"):
        assert len({track[key] for track in TRACKS}) == len(TRACKS), key
    assert len({(track["bpm"], track["keyscale"]) for track in TRACKS}) == len(TRACKS)
    contents = [(DATA / t["audio"][kind]).read_bytes() for t, kind in AUDIO]
    contents += [(DATA / place).read_bytes() for place in COVERS]
    assert len({hashlib.sha256(content).digest() for content in contents}) == len(contents)


def test_the_formats_on_offer_cover_every_choice() -> None:
    offers = Counter(tuple(sorted(track["audio"])) for track in TRACKS)
    assert set(offers) == {
        *(("flac",), ("flac", "mp3"), ("mp3",)),
        *(("mp3", "ogg"), ("ogg",), ("wav",)),
    }


def test_the_titles_hold_what_makes_file_names_hard() -> None:
    titles = [track["title"] for track in TRACKS]
    assert max(Counter(titles).values()) == 2
    assert any("/" in title for title in titles)
    assert any(not title.isascii() and title.isprintable() for title in titles)
    assert {"ja", "bn"} <= {track["language"] for track in TRACKS}
    assert any(ord(letter) > 0xFFFF for title in titles for letter in title)


def test_some_tracks_have_no_cover_and_some_covers_are_png() -> None:
    assert 1 <= sum(track["cover"] is None for track in TRACKS) <= 2
    assert sum(place.endswith(".png") for place in COVERS) >= 2
