"""Filters, order and pages of ``GET /jobs``."""

from __future__ import annotations

import httpx
import pytest

from syncd.simulator import Simulator, World


@pytest.fixture
def library(world: World) -> dict[str, int]:
    return {
        "rap": world.add(
            task="text2rap",
            display_name="Bravo",
            genre="hip-hop",
            liked=True,
            vocal_language="en",
            created_at=300.0,
            audio_duration=90.0,
        ),
        "piano": world.add(
            task="prompt2instrumental",
            display_name="Alpha",
            genre="ambient",
            emotion="calm",
            occasion="sleep",
            prompt="Slow Piano",
            created_at=100.0,
            audio_duration=30.0,
        ),
        "broken": world.add(
            status="FAILED",
            lyrics="the PIANO is broken",
            created_at=200.0,
            language="de",
            audio={},
        ),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["rap", "broken", "piano"]),
        ({"sort_order": "asc"}, ["piano", "broken", "rap"]),
        ({"sort_by": "display_name", "sort_order": "asc"}, ["piano", "rap", "broken"]),
        ({"sort_by": "audio_duration"}, ["rap", "piano", "broken"]),
        ({"sort_by": "status", "sort_order": "asc"}, ["rap", "piano", "broken"]),
        ({"skip": "1"}, ["broken", "piano"]),
        ({"skip": "1", "limit": "1"}, ["broken"]),
        ({"skip": "9"}, []),
        ({"task": "text2rap"}, ["rap"]),
        ({"task": "never heard of"}, []),
        ({"status": "FAILED"}, ["broken"]),
        ({"song_type": "instrumental"}, ["piano"]),
        ({"liked": "true"}, ["rap"]),
        ({"liked": "false"}, ["broken", "piano"]),
        ({"search": "piano"}, ["broken", "piano"]),
        ({"search": "BRAVO"}, ["rap"]),
        ({"language": "en"}, ["rap"]),
        ({"language": "de"}, ["broken"]),
        ({"genre": "ambient"}, ["piano"]),
        ({"emotion": "calm"}, ["piano"]),
        ({"occasion": "sleep"}, ["piano"]),
        ({"genre": "ambient", "liked": "true"}, []),
        ({"include_interactions": "true"}, ["rap", "broken", "piano"]),
        ({"nobody_knows_this": "1"}, ["rap", "broken", "piano"]),
    ],
    ids=str,
)
def test_a_query_lists(
    api: httpx.Client, library: dict[str, int], query: dict[str, str], expected: list[str]
) -> None:
    answer = api.get("/jobs", params=query)
    assert [job["id"] for job in answer.json()] == [library[name] for name in expected]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"limit": "101"}, "less_than_equal"),
        ({"limit": "0"}, "greater_than_equal"),
        ({"limit": "many"}, "int_parsing"),
        ({"skip": "-1"}, "greater_than_equal"),
        ({"skip": "1.5"}, "int_parsing"),
        ({"status": "completed"}, "enum"),
        ({"song_type": "songs"}, "enum"),
        ({"liked": "perhaps"}, "bool_parsing"),
        ({"include_interactions": ""}, "bool_parsing"),
        ({"sort_by": "id"}, "enum"),
        ({"sort_order": "up"}, "enum"),
    ],
    ids=str,
)
def test_a_query_is_refused(api: httpx.Client, query: dict[str, str], kind: str) -> None:
    answer = api.get("/jobs", params=query)
    assert answer.status_code == 400
    (entry,) = answer.json()["detail"]
    assert (entry["type"], entry["loc"]) == (kind, ["query", *query])
    assert entry["msg"]


def test_every_parameter_at_fault_is_named(api: httpx.Client) -> None:
    detail = api.get("/jobs", params={"limit": "0", "skip": "-1"}).json()["detail"]
    assert sorted(entry["loc"][1] for entry in detail) == ["limit", "skip"]


def test_total_count_is_of_what_matches_not_of_the_page(
    api: httpx.Client, library: dict[str, int]
) -> None:
    answer = api.get("/jobs", params={"search": "piano", "limit": 1})
    assert len(answer.json()) == 1
    assert answer.headers["x-total-count"] == "2"


def test_a_change_shows_in_the_next_list(
    api: httpx.Client, world: World, library: dict[str, int]
) -> None:
    assert len(api.get("/jobs").json()) == 3
    world.delete(library["rap"])
    world.rename(library["piano"], "Zulu")
    listed = api.get("/jobs", params={"sort_by": "display_name"}).json()
    assert [job["display_name"] for job in listed] == [None, "Zulu"]


def test_pages_meet_without_gap_or_overlap() -> None:
    world = World.synthetic(250, seed=3)
    with (
        Simulator(world) as sim,
        httpx.Client(headers={"X-API-Key": sim.key}, base_url=sim.api_url) as client,
    ):
        pages = [
            client.get(
                "/api/v1/music/jobs", params={"skip": skip, "limit": 100, "sort_order": "asc"}
            ).json()
            for skip in (0, 100, 200, 300)
        ]
    ids = [job["id"] for page in pages for job in page]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    assert ids == [job.id for job in world.jobs()]
