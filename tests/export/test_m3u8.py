"""Playlists: their bytes, and the way from them to the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.export.m3u8 import absolute, playlist, way_from
from syncd.export.tracks import Track

ROOT = Path("/srv/music")


def test_two_lines_for_each_track(track: Callable[..., Track], bare: Track) -> None:
    way = way_from(ROOT / "Playlists", ROOT, {})
    assert playlist([track(), bare], way).decode() == (
        "#EXTM3U\n"
        "#EXTINF:187,AudioPod - Paper Lanterns\n"
        "../AudioPod 2026-03/Paper Lanterns.flac\n"
        "#EXTINF:-1,AudioPod - 7\n"
        "../A/7.mp3\n"
    )


def test_an_empty_list_is_a_playlist_too() -> None:
    assert playlist([], absolute) == b"#EXTM3U\n"


@pytest.mark.parametrize(
    ("folder", "path_map", "way"),
    [
        ("/srv/music", {}, "A/7.mp3"),
        ("/srv/music/My/Lists", {}, "../../A/7.mp3"),
        ("/srv/lists", {}, "../music/A/7.mp3"),
        ("/srv/music/Lists", {"/srv": "/volume1"}, "../A/7.mp3"),
        ("/srv/lists", {"/srv": "/volume1"}, "/volume1/music/A/7.mp3"),
        ("/srv/music-lists", {"/else": "/volume1"}, "../music/A/7.mp3"),
    ],
)
def test_paths_are_relative_unless_another_machine_could_not_follow_them(
    bare: Track, track: Callable[..., Track], folder: str, path_map: dict[str, str], way: str
) -> None:
    seen = track(path="A/7.mp3", location="/volume1/music/A/7.mp3")
    assert way_from(Path(folder), ROOT, path_map)(seen) == way


def test_a_title_stays_on_its_line_and_a_sign_for_comments_starts_no_path(
    track: Callable[..., Track],
) -> None:
    odd = track(title="One\r\nTwo\x07\u2028 Three", artist=" A\tB ", path="#1 hit.mp3")
    assert playlist([odd], way_from(ROOT, ROOT, {})).decode().splitlines() == [
        "#EXTM3U",
        "#EXTINF:187,A B - One Two Three",
        "./#1 hit.mp3",
    ]


@pytest.mark.parametrize("path", ["one\ntwo.mp3", "one\rtwo.mp3", "caf\udce9.mp3", "A/x.mp3 "])
def test_a_file_that_no_line_can_name_is_left_out(track: Callable[..., Track], path: str) -> None:
    assert playlist([track(path=path)], way_from(ROOT, ROOT, {})) == b"#EXTM3U\n"


def test_half_a_letter_in_a_title_spoils_no_playlist(track: Callable[..., Track]) -> None:
    assert "- a?b\n" in playlist([track(title="a\ud800b")], absolute).decode()
