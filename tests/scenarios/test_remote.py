"""``syncd remote``: each call of the API by hand, and what of it is told without a network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from syncd.simulator import Fault, Simulator, World

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MUSIC = "/api/v1/music"


@pytest.fixture
def account(sim: Simulator) -> World:
    """Three jobs: a liked rap, a song, and an instrumental that failed."""
    world = sim.world
    world.add(display_name="Rain", task="text2rap", song_type="rap", liked=True, genre="house")
    world.add(display_name="Snow\x1b[2J", genre="folk")
    world.add(display_name="Hail", task="prompt2instrumental", status="FAILED")
    return world


@pytest.fixture
def alone(bench: Bench, account: World) -> Bench:
    """A configuration and a key; no library, no catalog."""
    bench.configure(library={"root": str(bench.folder / "nowhere")})
    return bench


@pytest.fixture
def synced(bench: Bench, account: World) -> Bench:
    assert bench.run("sync").code == 0
    bench.sim.requests.clear()
    return bench


def test_every_parameter_of_the_listing_is_an_option(alone: Bench, sim: Simulator) -> None:
    options = {
        "--status": "COMPLETED",
        "--task": "text2rap",
        "--song-type": "rap",
        "--search": "rain",
        "--language": "en",
        "--genre": "house",
        "--emotion": "calm",
        "--occasion": "party",
        "--sort-by": "display_name",
        "--sort-order": "asc",
        "--skip": "2",
        "--limit": "7",
    }
    given = [text for option in options.items() for text in option]
    result = alone.run("remote", "jobs", *given, "--liked", "--include-interactions", "--json")
    assert (result.code, result.document) == (0, [])
    (request,) = sim.requests.select()
    asked = {name[2:].replace("-", "_"): value for name, value in options.items()}
    assert request.query == asked | {"liked": "true", "include_interactions": "true"}
    assert not alone.state.exists()


def test_a_table_shows_no_control_characters_and_no_signature(alone: Bench) -> None:
    result = alone.run("remote", "jobs", "--sort-by", "display_name", "--sort-order", "asc")
    assert result.code == 0
    lines = result.out.splitlines()
    shown = [line.split()[-1] for line in lines]
    assert shown == ["title", "Hail", "Rain", "Snow\N{REPLACEMENT CHARACTER}[2J"]
    document = alone.run("remote", "jobs", "--json").out
    assert "https://" in document or "http://" in document
    assert "signature=" not in document


def test_all_pages_are_read_and_each_job_is_listed_once(alone: Bench, sim: Simulator) -> None:
    for number in range(230):
        sim.world.add(display_name=f"Song {number}", audio={})
    document = alone.run("remote", "jobs", "--all", "--json").document
    assert len({job["id"] for job in document}) == len(document) == 233
    assert [r.query["skip"] for r in sim.requests.select()] == ["0", "100", "200"]
    page = alone.run("remote", "jobs", "--limit", "5")
    assert len(page.out.splitlines()) == 6
    assert "these are 5 of 233 jobs" in page.err


@pytest.mark.parametrize("shape", ["flat", "nested", "text"])
def test_what_has_no_documented_shape_is_shown_as_it_is(
    alone: Bench, sim: Simulator, shape: str
) -> None:
    sim.switches.set_text("model_status", shape)
    assert "healthy" in alone.run("remote", "model").out
    sim.switches.set_text("sample_data", shape)
    result = alone.run("remote", "sample-data", "--json")
    assert result.code == 0
    assert result.document


def test_one_job_is_shown_as_it_is_now(alone: Bench, sim: Simulator) -> None:
    (rain,) = [job.id for job in sim.world.jobs() if job.display_name == "Rain"]
    sim.world.rename(rain, "Drizzle")
    assert "Drizzle" in alone.run("remote", "job", rain).out
    document = alone.run("remote", "job", rain, "--json").document
    assert (document["id"], document["display_name"]) == (rain, "Drizzle")
    missing = alone.run("remote", "job", rain + 1000)
    assert missing.code == 1
    assert "404" in missing.complaint
    assert missing.complaint.endswith("syncd remote jobs lists those of the account")
    assert [
        job["id"] for job in alone.run("remote", "jobs", "--status", "failed", "--json").document
    ]


def test_an_answer_of_another_shape_is_an_error_for_a_table_and_shown_as_json(
    alone: Bench, sim: Simulator
) -> None:
    sim.switches.set_text("jobs_shape", "object")
    assert alone.run("remote", "jobs").code == 1
    assert alone.run("remote", "jobs", "--json").document["total"] == 3


def test_counts_filters_and_presets_are_served_offline_with_their_age(
    synced: Bench, sim: Simulator
) -> None:
    for name in ("counts", "filters", "presets"):
        result = synced.run("remote", name, "--offline", AUDIOPOD_API_KEY=None)
        assert result.code == 0
        assert "this is what the service answered" in result.err
        now = synced.run("remote", name)
        assert (now.out, now.err) == (result.out, "")
    assert synced.run("remote", "counts", "--offline", "--json").document["by_task"] == {
        "text2rap": 1,
        "text2music": 1,
        "prompt2instrumental": 1,
    }


def test_what_was_asked_by_hand_is_told_where_the_service_cannot_be_reached(
    synced: Bench, sim: Simulator, haste: str
) -> None:
    before = synced.run("remote", "liked", "--song-type", "rap", "--json").document
    sim.faults.add(Fault("status", status=503, times=None))
    result = synced.run("remote", "liked", "--song-type", "rap", "--json", before=haste)
    assert (result.code, result.document) == (0, before)
    assert "answered 503" in result.err
    assert re.search(r"this is what the service answered \d+ seconds? ago", result.err)
    sim.faults.clear()
    sim.faults.add(Fault("portal", times=None))
    behind_portal = synced.run("remote", "liked", "--song-type", "rap", "--with-source")
    assert behind_portal.code == 0
    sourced = behind_portal.document
    assert list(sourced) == ["source", "at", "total", "body"]
    assert (sourced["source"], sourced["body"]) == ("kept", before)
    assert sourced["at"].endswith("Z")


def test_the_catalog_counts_itself_what_was_never_asked_and_says_so(
    synced: Bench, sim: Simulator
) -> None:
    counts = synced.run("remote", "counts", "--status", "FAILED", "--offline", "--json")
    assert "this is what the catalog knows" in counts.err
    asked = synced.run("remote", "counts", "--status", "FAILED", "--json").document
    assert counts.document["total"] == asked["total"] == 1
    assert counts.document["by_task"] == asked["by_task"]
    liked = synced.run("remote", "liked", "--offline")
    assert "this is what the catalog knows" in liked.err
    assert liked.out == synced.run("remote", "liked").out


def test_what_nobody_knows_is_an_error(alone: Bench, haste: str) -> None:
    assert alone.run("remote", "presets", "--offline").code in (1, 2)
    alone.sim.faults.add(Fault("status", status=503, times=None))
    result = alone.run("remote", "presets", before=haste)
    assert result.code == 75
    assert result.out == ""


def test_what_another_key_was_told_is_not_kept(synced: Bench, sim: Simulator) -> None:
    sim.world.grant("ap_other_key", user_id=99)
    assert synced.run("remote", "counts", "--json", AUDIOPOD_API_KEY="ap_other_key").code == 0
    kept = synced.run("remote", "counts", "--offline", "--json").document
    assert kept["total"] == 3


def test_a_signature_is_not_kept_either(synced: Bench) -> None:
    synced.run("remote", "liked")
    with synced.catalog() as catalog:
        kept = catalog.answers.find("liked", {"skip": 0, "limit": 50})
    assert kept is not None
    assert "signature=" not in json.dumps(kept.body)
