"""Which tags a job's file should carry."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.core.model import Job, Origin
from syncd.core.tagging import MANAGED, PLAIN, Style, desired_fields, told

ORIGIN = Origin("https://api.audiopod.ai", "42")


def fields_of(job: Job, number: int | None = 3, style: Style = PLAIN) -> dict[str, tuple[str, ...]]:
    return desired_fields(
        job,
        origin=ORIGIN,
        title="Rain",
        artist="AudioPod",
        album="AudioPod 2026-03",
        number=number,
        style=style,
    )


def test_a_full_job_fills_every_managed_field_but_the_measured_one() -> None:
    job = Job(
        id=7,
        status="COMPLETED",
        task="text2music",
        created_at=datetime(2026, 3, 1, 12, 34, 56, 789, tzinfo=UTC),
        completed_at=datetime(2026, 3, 1, 12, 36, tzinfo=UTC),
        genre=("lo-fi", "jazz", "Lo-Fi"),
        emotion=("calm",),
        occasion=("study",),
        vocal_language="en",
        language="de",
        bpm=92.5,
        keyscale="F# minor",
        lyrics="[verse]\nla",
        prompt="slow\0 lofi",
        actual_seeds=(11, 12),
        seed=13,
        quality_score=0.875,
        timesignature="4/4",
        liked=True,
    )
    assert fields_of(job) == {
        "title": ("Rain",),
        "artist": ("AudioPod",),
        "albumartist": ("AudioPod",),
        "album": ("AudioPod 2026-03",),
        "track": ("3",),
        "date": ("2026-03-01T12:34:56",),
        "genre": ("lo-fi", "jazz"),
        "emotion": ("calm",),
        "occasion": ("study",),
        "language": ("eng",),
        "bpm": ("92",),
        "key": ("F#m",),
        "lyrics": ("[verse]\nla",),
        "prompt": ("slow lofi",),
        "comment": ("slow lofi",),
        "job_id": ("7",),
        "origin": ("https://api.audiopod.ai#42",),
        "task": ("text2music",),
        "seed": ("11", "12"),
        "quality": ("0.875",),
        "timesignature": ("4/4",),
        "completed_at": ("2026-03-01T12:36:00",),
        "liked": ("1",),
    }
    assert set(fields_of(job)) == set(MANAGED) - {"duration", "synced_lyrics"}


def test_a_minimal_job_leaves_out_what_it_does_not_know() -> None:
    assert set(fields_of(Job(id=7, status="COMPLETED"), number=None)) == {
        "title",
        "artist",
        "albumartist",
        "album",
        "job_id",
        "origin",
    }


@pytest.mark.parametrize(
    ("field", "job"),
    [
        ("bpm", Job(id=1, status="x", bpm=0)),
        ("bpm", Job(id=1, status="x", bpm=-3)),
        ("bpm", Job(id=1, status="x", bpm=0.2)),
        ("bpm", Job(id=1, status="x", bpm=math.inf)),
        ("bpm", Job(id=1, status="x", bpm=math.nan)),
        ("seed", Job(id=1, status="x", seed=-1)),
        ("liked", Job(id=1, status="x", liked=False)),
        ("genre", Job(id=1, status="x", genre=(" ", "\0"))),
        ("lyrics", Job(id=1, status="x", lyrics=" \n")),
        ("key", Job(id=1, status="x", keyscale="none")),
        ("language", Job(id=1, status="x", vocal_language="unknown")),
    ],
)
def test_a_value_that_says_nothing_is_not_written(field: str, job: Job) -> None:
    assert field not in fields_of(job)


def test_zero_is_a_quality_and_a_seed() -> None:
    fields = fields_of(Job(id=1, status="x", seed=0, quality_score=0.0))
    assert fields["seed"] == ("0",)
    assert fields["quality"] == ("0",)


# --- by the settings ---

FULL = Job(
    id=7,
    status="COMPLETED",
    genre=("lo-fi", "jazz"),
    emotion=("calm", "warm"),
    occasion=("study",),
    keyscale="F# minor",
    bpm=92.4,
    prompt="slow lofi",
    actual_seeds=(11, 12),
    lrc_content="[00:01.5]la",
)


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (Style(), {"key": ("F#m",), "comment": ("slow lofi",), "genre": ("lo-fi", "jazz")}),
        (Style(key="camelot"), {"key": ("11A",), "comment": ("slow lofi",)}),
        (Style(key="openkey"), {"key": ("4m",)}),
        (Style(synced_lyrics=True), {"synced_lyrics": ("[00:01.500]la",)}),
        (
            Style(profile="dj", key="camelot"),
            {
                "genre": ("lo-fi",),
                "emotion": ("calm, warm",),
                "seed": ("11, 12",),
                "prompt": ("slow lofi",),
                "comment": ("11A - 92 BPM - calm, warm - study - slow lofi",),
            },
        ),
    ],
    ids=str,
)
def test_settings_choose_how_it_is_said(style: Style, expected: dict[str, tuple[str, ...]]) -> None:
    found = fields_of(FULL, style=style)
    assert {name: found[name] for name in expected} == expected
    assert ("synced_lyrics" in found) is style.synced_lyrics


def test_a_comment_for_djs_leaves_out_what_is_not_known() -> None:
    dj = Style(profile="dj")
    assert fields_of(Job(id=1, status="x", bpm=120), style=dj)["comment"] == ("120 BPM",)
    assert "comment" not in fields_of(Job(id=1, status="x"), style=dj)


@pytest.mark.parametrize("keyscale", ["F# minor", "11A", "4m"])
def test_a_key_in_any_notation_is_written_in_each(keyscale: str) -> None:
    job = Job(id=1, status="x", keyscale=keyscale)
    styles = [Style(), Style(key="camelot"), Style(key="openkey")]
    assert [fields_of(job, style=style)["key"] for style in styles] == [("F#m",), ("11A",), ("4m",)]


def test_a_language_is_taken_from_where_it_is_one() -> None:
    job = Job(id=1, status="x", vocal_language="unknown", language="en")
    assert fields_of(job)["language"] == ("eng",)


# --- what the account says of tags ---


@pytest.mark.parametrize(
    "change",
    [
        {"genre": ("jazz",)},
        {"emotion": ()},
        {"occasion": ("gym",)},
        {"language": "de"},
        {"vocal_language": "de"},
        {"bpm": 93.0},
        {"keyscale": "Am"},
        {"liked": True},
        {"quality_score": 0.5},
        {"task": "cover"},
        {"prompt": "fast"},
        {"lyrics": "la"},
        {"lrc_content": None},
        {"timesignature": "3/4"},
        {"actual_seeds": (11,)},
        {"seed": 1},
        {"created_at": datetime(2026, 3, 2, tzinfo=UTC)},
        {"completed_at": datetime(2026, 3, 2, tzinfo=UTC)},
    ],
    ids=str,
)
def test_what_a_tag_says_is_told_apart(change: dict[str, Any]) -> None:
    assert told(replace(FULL, **change).track()) != told(FULL.track())


def test_what_no_tag_says_is_told_alike() -> None:
    other = replace(
        FULL, display_name="Regen", progress=3, liked=False, output_url="x", raw="[]", status="x"
    )
    assert told(other.track()) == told(FULL.track())
