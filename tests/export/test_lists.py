"""Which lists there are, and what their files are called."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.core.exporting import mapped
from syncd.export.lists import file_names, track_lists
from syncd.export.tracks import Track


def test_saved_all_liked_and_one_for_each_value(track: Callable[..., Track]) -> None:
    tracks = [
        track(id=3, genre=("house", "disco"), emotion=(), liked=False),
        track(id=1, genre=("house",), emotion=("house",), occasion=(), liked=True),
    ]
    lists = track_lists(tracks, {"Warm-up": [1, 99, 3], "Empty": []})
    assert [(one.title, [track.id for track in one.tracks]) for one in lists] == [
        ("Warm-up", [1, 3]),
        ("Empty", []),
        ("All", [3, 1]),
        ("Liked", [1]),
        ("Genre - disco", [3]),
        ("Genre - house", [3, 1]),
        ("Emotion - house", [1]),
        ("Occasion - night", [3]),
        ("Occasion - study", [3]),
    ]


def test_without_a_track_there_are_only_the_saved_ones() -> None:
    assert [one.title for one in track_lists([], {"Mine": []})] == ["Mine"]


def test_a_saved_list_takes_the_place_of_one_that_is_called_so(track: Callable[..., Track]) -> None:
    lists = track_lists([track(genre=(), emotion=(), occasion=())], {"liked": [], "Mine": []})
    assert [one.title for one in lists] == ["liked", "Mine", "All"]


def test_names_are_usable_and_none_is_like_another_where_case_is_folded() -> None:
    titles = ["Genre - R&B/Soul", "genre - r&b/soul", "Liked", "LIKED", "..", "\x07", "x" * 300]
    names = file_names(titles, ".m3u8")
    assert names[:4] == [
        "Genre - R&B／Soul.m3u8",
        "genre - r&b／soul (2).m3u8",
        "Liked.m3u8",
        "LIKED (2).m3u8",
    ]
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(not name.startswith(".") and len(name.encode()) < 200 for name in names)


@pytest.mark.parametrize(
    ("path", "path_map", "seen"),
    [
        ("/srv/music/A/b.mp3", {"/srv/music": "/volume1/music"}, "/volume1/music/A/b.mp3"),
        ("/srv/music/A/b.mp3", {"/srv": "/s", "/srv/music/": "/volume1/m/"}, "/volume1/m/A/b.mp3"),
        ("/srv/music-2/b.mp3", {"/srv/music": "/volume1"}, None),
        ("/srv/music", {"/srv/music": "/volume1"}, "/volume1"),
        ("/srv/music/A/b.mp3", {"/": "/mnt/nas"}, "/mnt/nas/srv/music/A/b.mp3"),
        ("/srv/music/A/b.mp3", {"/srv/music": "/"}, "/A/b.mp3"),
        ("/srv/music/A/b.mp3", {"/srv/music": "D:\\Music"}, "D:\\Music\\A\\b.mp3"),
        ("/srv/music/A/b.mp3", {"/srv/music": "D:\\"}, "D:\\A\\b.mp3"),
        ("/srv/music/A/b.mp3", {}, None),
    ],
)
def test_the_longest_prefix_of_whole_folders_is_what_a_path_is_seen_by(
    path: str, path_map: dict[str, str], seen: str | None
) -> None:
    assert mapped(path, path_map) == seen
