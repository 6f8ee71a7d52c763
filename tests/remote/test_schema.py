"""The job object, in every shape that it may come in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.remote import AudioPod
from syncd.remote.schema import Rejected as RejectedEntry
from syncd.remote.schema import WireJob, parse_job
from syncd.simulator import Fault, Simulator

NOON = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("given_id", [7, "7", " 7 ", 7.0])
def test_an_id_may_be_a_number_or_its_text(given_id: object) -> None:
    assert parse_job({"id": given_id}).id == 7


@pytest.mark.parametrize(
    "given_id",
    [None, "", "seven", 0, -7, "-7", 7.5, True, [7], 2**63, str(2**63), "9" * 30, "٧", "1_000"],
)
def test_an_entry_without_a_valid_id_is_rejected(given_id: object) -> None:
    with pytest.raises(RejectedEntry):
        parse_job({"id": given_id})


@pytest.mark.parametrize("entry", [None, 7, "7", [], [{"id": 7}]])
def test_an_entry_that_is_no_object_is_rejected(entry: object) -> None:
    with pytest.raises(RejectedEntry):
        parse_job(entry)


def test_the_largest_id_is_kept_exactly() -> None:
    assert parse_job({"id": str(2**63 - 1)}).id == 2**63 - 1


CASES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "status in lower case": ({"status": "completed"}, "status", "COMPLETED"),
    "an unknown status": ({"status": "Cancelled"}, "status", "CANCELLED"),
    "no status": ({}, "status", "UNKNOWN"),
    "a null status": ({"status": None}, "status", "UNKNOWN"),
    "a time with Z": ({"created_at": "2026-02-03T12:00:00Z"}, "created_at", NOON),
    "a time with an offset": ({"created_at": "2026-02-03T14:00:00+02:00"}, "created_at", NOON),
    "a time without": ({"created_at": "2026-02-03T12:00:00"}, "created_at", NOON),
    "a time with a blank": ({"created_at": "2026-02-03 12:00:00"}, "created_at", NOON),
    "nanoseconds": ({"created_at": "2026-02-03T12:00:00.000000123Z"}, "created_at", NOON),
    "no time": ({"created_at": "yesterday"}, "created_at", None),
    "a time out of range": ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at", None),
    "a number for a time": ({"created_at": 1770120000}, "created_at", None),
    "a duration of -1": ({"audio_duration": -1}, "audio_duration", None),
    "a duration of null": ({"audio_duration": None}, "audio_duration", None),
    "a duration as text": ({"audio_duration": "61.5"}, "audio_duration", 61.5),
    "an infinite duration": ({"audio_duration": float("inf")}, "audio_duration", None),
    "a duration of true": ({"audio_duration": True}, "audio_duration", None),
    "a progress beyond 100": ({"progress": 180}, "progress", None),
    "a quality beyond 1": ({"quality_score": 7}, "quality_score", None),
    "a tempo as text": ({"bpm": "120"}, "bpm", 120.0),
    "a tempo in words": ({"bpm": "fast"}, "bpm", None),
    "a tempo as a list": ({"bpm": [120]}, "bpm", None),
    "a number for a name": ({"display_name": 1999}, "display_name", "1999"),
    "a list for a name": ({"display_name": ["a"]}, "display_name", None),
    "an empty name": ({"display_name": ""}, "display_name", ""),
    "a user as a number": ({"user_id": 7001}, "user_id", "7001"),
    "a user as text": ({"user_id": "u-7"}, "user_id", "u-7"),
    "seeds": ({"actual_seeds": [1, "2", None, "x", 2**70]}, "actual_seeds", (1, 2)),
    "a single seed": ({"actual_seeds": 5}, "actual_seeds", (5,)),
    "null for seeds": ({"actual_seeds": None}, "actual_seeds", ()),
    "a seed beyond 64 bits": ({"seed": 2**64}, "seed", None),
    "a caption": ({"caption": "a waltz"}, "prompt", "a waltz"),
    "a null prompt beside a caption": ({"prompt": None, "caption": "x"}, "prompt", "x"),
    "a prompt beside a caption": ({"prompt": "p", "caption": "c"}, "prompt", "p"),
    "one genre": ({"genre": "jazz"}, "genre", ("jazz",)),
    "genres": ({"genres": ["jazz", " folk ", "", 7, "jazz"]}, "genre", ("jazz", "folk")),
    "null genre beside genres": ({"genre": None, "genres": ["jazz"]}, "genre", ("jazz",)),
    "coded genres": (
        {"genre": [{"id": "dnb", "label": "Drum"}, {"id": 3, "name": "Soul"}, {"label": "Go"}]},
        "genre",
        ("dnb", "Soul", "Go"),
    ),
    "valued genres": ({"genre": [{"name": "Jazz", "value": "jazz"}]}, "genre", ("jazz",)),
    "named emotions": ({"emotion": [{"name": "calm"}, {"x": 1}]}, "emotion", ("calm",)),
    "emotions": ({"emotions": "calm"}, "emotion", ("calm",)),
    "occasions": ({"occasions": ["focus"]}, "occasion", ("focus",)),
    "liked": ({"liked": True}, "liked", True),
    "liked by another name": ({"is_liked": False}, "liked", False),
    "liked as an interaction": ({"interactions": {"liked": True}}, "liked", True),
    "liked among interactions": ({"interactions": ["liked"]}, "liked", True),
    "liked in nonsense": ({"liked": "perhaps"}, "liked", None),
    "no outputs": ({"output_urls": None}, "output_urls", {}),
    "a list of outputs": ({"output_urls": ["https://a/b"]}, "output_urls", {}),
    "an address that cannot be split": ({"output_url": "https://[x"}, "output_url", None),
    "a number for an address": ({"output_url": 7}, "output_url", None),
}


@pytest.mark.parametrize(("entry", "name", "value"), CASES.values(), ids=CASES.keys())
def test_a_field_is_read(entry: dict[str, Any], name: str, value: object) -> None:
    assert getattr(parse_job({"id": 7, **entry}), name) == value


def test_outputs_that_are_no_addresses_are_dropped() -> None:
    outputs = {"FLAC": "https://a/b.flac", "mp3": None, "ogg": "", "wav": 5, "x": "http://]/["}
    assert parse_job({"id": 7, "output_urls": outputs}).output_urls == {"flac": "https://a/b.flac"}


def test_the_object_is_kept_as_it_came() -> None:
    entry = {"id": "7", "status": "completed", "future": {"a": [1, None]}, "title": "ñ"}
    raw = parse_job(entry).raw
    assert json.loads(raw) == entry
    assert raw.isascii()


def test_what_is_nested_too_deep_to_be_written_is_rejected() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RejectedEntry):
        parse_job({"id": 7, "x": deep})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(WireJob.model_fields)), anything))
def test_no_value_of_any_field_loses_the_job(entry: dict[str, Any]) -> None:
    job = parse_job({"id": 7, **entry})
    assert job.id == 7
    assert job.track().id == 7
    for moment in (job.created_at, job.completed_at):
        assert moment is None or moment.tzinfo is UTC


@pytest.mark.parametrize("switch", ["ids_as_text", "status_lower", "extra_fields"])
async def test_the_switches_of_the_wire_make_no_difference(
    client: AudioPod, sim: Simulator, switch: str
) -> None:
    plain = (await client.page()).jobs
    setattr(sim.switches, switch, True)
    switched = (await client.page()).jobs
    assert [job.track() for job in switched] == [job.track() for job in plain]


@pytest.mark.parametrize("style", ["z", "offset", "naive"])
async def test_the_style_of_times_makes_no_difference(
    client: AudioPod, sim: Simulator, style: Any
) -> None:
    sim.switches.time_style, sim.switches.microseconds = style, True
    job = (await client.page()).jobs[0]
    known = sim.world.job(job.id)
    assert known is not None
    assert job.created_at is not None
    assert job.created_at.timestamp() == pytest.approx(known.created_at, abs=1e-5)


@pytest.mark.parametrize("outputs", ["both", "url", "urls"])
async def test_audio_is_found_whichever_field_is_filled(
    client: AudioPod, sim: Simulator, outputs: Any
) -> None:
    sim.switches.outputs = outputs
    assert all("flac" in job.audio for job in (await client.page()).jobs)


async def test_numbers_that_are_none_and_torn_characters_do_no_harm(
    client: AudioPod, sim: Simulator
) -> None:
    body = r'[{"id": 7, "bpm": NaN, "audio_duration": 1e999, "x": -Infinity,'
    body += r' "display_name": "a\ud800b\udc00", "lyrics": "\ud83c\udfb5", "prompt": "\\ud800"}]'
    sim.faults.add(Fault("status", status=200, body=body))
    job = (await client.page()).jobs[0]
    assert (job.bpm, job.audio_duration) == (None, None)
    assert (job.display_name, job.lyrics, job.prompt) == ("a\ufffdb\ufffd", "🎵", "\\ud800")
    assert json.loads(job.raw, parse_constant=pytest.fail)["x"] is None
    assert "\\ud800b" not in job.raw
