"""Which tags a job's file should carry."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from syncd.core.model import Job, Origin
from syncd.core.tagging import MANAGED, classical_key, desired_fields, language_code

ORIGIN = Origin("https://api.audiopod.ai", "42")


def fields_of(job: Job, number: int | None = 3) -> dict[str, tuple[str, ...]]:
    return desired_fields(
        job, origin=ORIGIN, title="Rain", artist="AudioPod", album="AudioPod 2026-03", number=number
    )


def test_a_full_job_fills_every_managed_field_but_the_measured_one() -> None:
    job = Job(
        id=7,
        status="COMPLETED",
        task="text2music",
        created_at=datetime(2026, 3, 1, 12, 34, 56, 789, tzinfo=UTC),
        completed_at=datetime(2026, 3, 1, 12, 36, tzinfo=UTC),
        genre=("lo-fi", "jazz", "lo-fi"),
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
        "job_id": ("7",),
        "origin": ("https://api.audiopod.ai#42",),
        "task": ("text2music",),
        "seed": ("11", "12"),
        "quality": ("0.875",),
        "timesignature": ("4/4",),
        "completed_at": ("2026-03-01T12:36:00",),
        "liked": ("1",),
    }
    assert set(fields_of(job)) == set(MANAGED) - {"duration"}


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


NOTES = [
    "C",
    "C#",
    "Db",
    "D",
    "D#",
    "Eb",
    "E",
    "F",
    "F#",
    "Gb",
    "G",
    "G#",
    "Ab",
    "A",
    "A#",
    "Bb",
    "B",
]
MAJOR = ["{}", "{} Major", "{} major", "{}maj", "{} MAJ", "{}M", " {}  major "]
MINOR = ["{}m", "{} minor", "{} Minor", "{} min", "{}min", "{} MINOR", "{} m"]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("case", [str, str.lower])
def test_a_key_of_any_note_and_spelling(note: str, case: type[str]) -> None:
    signs = {note, note.replace("#", "♯").replace("b", "♭")}
    signs |= {note.replace("#", " sharp").replace("b", "-flat")} if len(note) == 2 else set()
    for sign in signs:
        assert {classical_key(form.format(case(sign))) for form in MAJOR} == {note}
        assert {classical_key(form.format(case(sign))) for form in MINOR} == {f"{note}m"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("B♭m", "Bbm"),
        ("bb", "Bb"),
        ("b", "B"),
        ("bm", "Bm"),
        ("B minor", "Bm"),
        ("H minor", None),
        ("Cmaj7", None),
        ("8B", None),
        ("C Dorian", None),
        ("", None),
        (None, None),
        ("random", None),
    ],
)
def test_what_is_and_is_not_a_key(text: str | None, key: str | None) -> None:
    assert classical_key(text) == key


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "eng"),
        ("EN-gb", "eng"),
        ("pt_BR", "por"),
        ("eng", "eng"),
        (" English ", "eng"),
        ("Mandarin", "zho"),
        ("zh-Hant", "zho"),
        ("yue", "yue"),
        ("ja", "jpn"),
        ("Klingon", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_as_iso_639_2(text: str | None, code: str | None) -> None:
    assert language_code(text) == code
