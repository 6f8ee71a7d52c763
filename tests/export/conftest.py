"""Tracks as exports see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.export.tracks import Track

MakeTrack = Callable[..., Track]

LANTERNS: dict[str, Any] = {
    "id": 48221,
    "path": "AudioPod 2026-03/Paper Lanterns.flac",
    "location": "/srv/music/AudioPod 2026-03/Paper Lanterns.flac",
    "title": "Paper Lanterns",
    "artist": "AudioPod",
    "album": "AudioPod 2026-03",
    "number": 3,
    "created_at": datetime(2026, 3, 3, 1, 6, 42, tzinfo=UTC),
    "placed_at": datetime(2026, 3, 5, 12, 0, tzinfo=UTC),
    "genre": ("lo-fi", "R&B/Soul"),
    "emotion": ("calm",),
    "occasion": ("study", "night"),
    "language": "en",
    "song_type": "song",
    "task": "text2music",
    "bpm": 92.5,
    "key": "F#m",
    "comment": "slow & warm",
    "liked": True,
    "quality": 0.75,
    "seconds": 187.4,
    "format": "flac",
    "size": 12_345_678,
    "bit_rate": 527_041,
    "sample_rate": 44_100,
}


@pytest.fixture
def track() -> MakeTrack:
    """A track of which all is known, but for what is given instead."""

    def make(**given: Any) -> Track:
        return Track(**{**LANTERNS, **given})

    return make


@pytest.fixture
def bare() -> Track:
    """A track of which nothing is known but its file."""
    return Track(
        id=7, path="A/7.mp3", location="/srv/music/A/7.mp3", title="7", artist="AudioPod", album=""
    )
