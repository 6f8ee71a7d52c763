"""Tracks as comma-separated values and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from syncd.export.tables import COLUMNS, csv_table, json_array
from syncd.export.tracks import Track


def test_a_worked_example(track: Callable[..., Track], bare: Track) -> None:
    one = track(title='Say "Hi", now', comment="two\nlines")
    assert csv_table([one, bare]).decode() == (
        "id,display_name,artist,album,track,created_at,genre,emotion,occasion,language,song_type,"
        "task,bpm,key,comment,liked,quality_score,audio_duration,format,size,bit_rate,sample_rate,"
        "placed_at,path\n"
        '48221,"Say ""Hi"", now",AudioPod,AudioPod 2026-03,3,2026-03-03T01:06:42Z,lo-fi; R&B/Soul,'
        'calm,study; night,en,song,text2music,92.5,F#m,"two\nlines",yes,0.75,187.4,flac,12345678,'
        "527041,44100,2026-03-05T12:00:00Z,/srv/music/AudioPod 2026-03/Paper Lanterns.flac\n"
        "7,7,AudioPod,,,,,,,,,,,,,no,,,,,,,,/srv/music/A/7.mp3\n"
    )


def test_json_has_the_same_columns_with_their_types(
    track: Callable[..., Track], bare: Track
) -> None:
    full, empty = json.loads(json_array([track(), bare]))
    assert tuple(full) == tuple(empty) == COLUMNS
    assert full["genre"] == ["lo-fi", "R&B/Soul"]
    assert (full["bpm"], full["liked"], full["track"]) == (92.5, True, 3)
    assert full["created_at"] == "2026-03-03T01:06:42Z"
    assert (empty["bpm"], empty["genre"], empty["liked"]) == (None, [], False)


def test_a_name_that_is_not_utf8_spoils_neither(bare: Track, track: Callable[..., Track]) -> None:
    odd = track(location="/srv/caf\udce9.mp3")
    (row,) = csv.DictReader(io.StringIO(csv_table([odd]).decode()))
    assert row["path"] == "/srv/caf\\udce9.mp3"
    assert json.loads(json_array([odd]))[0]["path"] == "/srv/caf\udce9.mp3"
