"""Large accounts, made quickly."""

from __future__ import annotations

import random
from typing import Any

from .job import Clip, Job, song_type_of
from .sound import tone
from .world import World

_FIRST = ("Amber", "Quiet", "Neon", "Last", "Paper", "Northern", "Hollow", "Golden", "Slow", "Salt")
_SECOND = ("Harbour", "Signal", "Winter", "Mirror", "Engine", "Garden", "Letter", "Tide", "Room")
_THIRD = ("", "", "", " at Dawn", " (Reprise)", " II", " for Two", " & Son", " – live")
_TASKS = ("text2music", "prompt2instrumental", "text2rap", "lyric2vocals", "text2samples", "cover")
_GENRES = ("ambient", "folk", "house", "jazz", "lo-fi", "synthwave")
_EMOTIONS = ("calm", "happy", "melancholic", "tense")
_OCCASIONS = ("focus", "party", "sleep", "workout")
_KEYS = ("C Major", "A minor", "F# minor", "Bb Major", "G Major")
_LANGUAGES = ("en", "de", "es", "ja", None)

HOSTILE_TITLES: tuple[str | None, ...] = (
    None,
    "",
    " ",
    ".",
    "..",
    ".hidden",
    "AC/DC",
    "../../etc/passwd",
    "C:\\Windows\\nul",
    "CON",
    "aux.flac",
    "trailing dot.",
    "trailing blank ",
    "a\0b",
    "line\nbreak\ttab",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "cafe\u0301",
    "caf\u00e9",
    "STRASSE",
    "straße",
    "日本語の歌",
    "👩‍👩‍👧‍👦 family",
    "x" * 400,
    "é" * 200,
    "👾" * 120,
    'quotes "and" <angles> | * ?',
    "Track [48211]",
    "- rf",
    "$(touch x) `id` ${HOME}",
    "{title} %(id)s %s {0}",
    "[bold]markup[/bold]",
    "<script>alert(1)</script>",
    "'; DROP TABLE tracks; --",
    "#EXTINF:1,comment",
)

_EARLIEST = 1_735_689_600.0  # 2025-01-01T00:00:00Z
_CLIPS = 8


def facets(source: random.Random) -> dict[str, Any]:
    """Tempo, key and what else a job may say of its music, as keyword arguments of ``Job``."""
    return {
        "bpm": source.randint(60, 180),
        "keyscale": source.choice(_KEYS),
        "genre": source.choice(_GENRES),
        "emotion": source.choice(_EMOTIONS),
        "occasion": source.choice(_OCCASIONS),
    }


def fill_synthetic(world: World, count: int, seed: int, *, hostile: bool) -> None:
    """Put ``count`` completed jobs into a world; all share a few short mp3 and flac files."""
    source = random.Random(seed)  # noqa: S311
    pools = [
        {kind: Clip.of(tone(kind, seed * 100 + n), kind, _EARLIEST) for kind in ("flac", "mp3")}
        for n in range(_CLIPS)
    ]
    created, jobs = _EARLIEST, []
    job_id = 1000
    for number in range(count):
        job_id += source.randint(1, 9)
        created += source.choice((0.0, 0.25, 61.5, 200.0))
        task = source.choice(_TASKS)
        title: str | None = source.choice(_FIRST) + " " + source.choice(_SECOND)
        title = f"{title}{source.choice(_THIRD)}"
        if hostile and number % 3 == 0:
            title = source.choice(HOSTILE_TITLES)
        language = source.choice(_LANGUAGES)
        jobs.append(
            Job(
                id=job_id,
                user_id=world.user_id,
                created_at=created,
                completed_at=created + 30,
                task=task,
                display_name=title,
                audio_duration=0.25,
                actual_seeds=(job_id,),
                quality_score=0.75,
                prompt="a made-up track",
                vocal_language=language,
                language=language,
                timesignature="4/4",
                **facets(source),
                song_type=song_type_of(task),
                liked=source.random() < 0.2,
                audio=pools[number % _CLIPS],
            )
        )
    world.insert(jobs)
