"""The demo account, from the tracks that ship with the simulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from .job import FAILED, PENDING, Clip
from .sound import tone
from .world import World

_FIRST_DAY = 1_767_603_720.0  # 2026-01-05T09:02:00Z
_SPAN = 75 * 86_400.0
_DAY_PATTERN = (0.0, 3_725.5, 41_280.25, 9_611.75, 27_045.0)

# The facts a track file states under the names that a job has for them.
_SAME = (
    "task",
    "song_type",
    "prompt",
    "lyrics",
    "genre",
    "emotion",
    "occasion",
    "bpm",
    "keyscale",
    "timesignature",
    "seed",
    "quality_score",
    "liked",
)


def fill_demo(world: World) -> None:
    """Put the shipped tracks into a world, completed between January and March 2026.

    One job that failed, one that is running and one that waits come on top.
    """
    data = files(__package__) / "data"
    tracks: list[dict[str, Any]] = json.loads((data / "tracks.json").read_text("utf-8"))
    step = _SPAN / max(1, len(tracks))
    for number, track in enumerate(tracks):
        created = _FIRST_DAY + number * step + _DAY_PATTERN[number % len(_DAY_PATTERN)]
        if number == len(tracks) // 2:
            _add_failed(world, created - 5_000)
        _add_track(world, data, track, created)
    _add_in_flight(world, "Kitchen Radio", queue_seconds=0.0)
    _add_in_flight(world, "Eleven Windows", queue_seconds=60.0)


def _add_failed(world: World, created: float) -> None:
    world.add(
        status=FAILED,
        task="lyric2vocals",
        display_name="Choir Without a Room",
        prompt="a cappella choir, cathedral reverb",
        created_at=created,
        failure="The lyrics are longer than the requested duration allows",
        requested_duration=6.0,
        audio_duration=6.0,
        audio={"flac": tone("flac", 60, 6.0)},
    )


def _add_in_flight(world: World, name: str, queue_seconds: float) -> None:
    world.add(
        status=PENDING,
        task="prompt2instrumental",
        display_name=name,
        prompt="warm electric piano over brushed drums",
        queue_seconds=queue_seconds,
        run_seconds=90.0,
        requested_duration=6.0,
        audio_duration=6.0,
        audio={"flac": tone("flac", len(name), 6.0)},
        genre="jazz",
        emotion="calm",
        occasion="focus",
        bpm=92,
        keyscale="E minor",
        timesignature="4/4",
    )


def _add_track(world: World, data: Traversable, track: Mapping[str, Any], created: float) -> None:
    audio = {
        kind: Clip.of((data / path).read_bytes(), kind, created)
        for kind, path in track["audio"].items()
    }
    cover = track.get("cover")
    world.add(
        created_at=created,
        completed_at=created + 20.0 + track["duration"] / 4,
        display_name=track["title"],
        stem=track["slug"],
        lrc_content=track.get("lrc"),
        vocal_language=track.get("language"),
        audio_duration=track["duration"],
        requested_duration=float(round(track["duration"])),
        actual_seeds=(track["seed"],),
        format=next(iter(audio), "flac"),
        audio=audio,
        cover=None if cover is None else (data / cover).read_bytes(),
        **{name: track[name] for name in _SAME if name in track},
    )
