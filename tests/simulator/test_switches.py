"""Every switch, both ways, as a client sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from syncd.simulator import Simulator, Switches, World


@pytest.fixture
def job(world: World) -> int:
    return world.add(
        display_name="Salt Tide",
        prompt="sea",
        genre="folk",
        emotion="calm",
        occasion="sleep",
        vocal_language="en",
        liked=True,
    )


@pytest.fixture
def fetch(api: httpx.Client, job: int) -> Callable[..., dict[str, Any]]:
    """Gets the job, with the query given."""

    def fetched(**query: str) -> dict[str, Any]:
        (row,) = api.get("/jobs", params=query).json()
        assert isinstance(row, dict)
        return row

    return fetched


def test_ids_are_numbers_or_text(fetch: Any, sim: Simulator, job: int) -> None:
    assert (fetch()["id"], fetch()["user_id"]) == (job, 7001)
    sim.switches.ids_as_text = True
    assert (fetch()["id"], fetch()["user_id"]) == (str(job), "7001")


def test_status_is_in_upper_or_lower_case(fetch: Any, sim: Simulator) -> None:
    assert fetch()["status"] == "COMPLETED"
    sim.switches.status_lower = True
    assert fetch()["status"] == "completed"


@pytest.mark.parametrize(
    ("style", "microseconds", "expected"),
    [
        ("z", True, "2026-03-31T23:33:20.000000Z"),
        ("z", False, "2026-03-31T23:33:20Z"),
        ("offset", False, "2026-03-31T23:33:20+00:00"),
        ("naive", True, "2026-03-31T23:33:20.000000"),
        ("naive", False, "2026-03-31T23:33:20"),
    ],
)
def test_times_are_written(
    fetch: Any, sim: Simulator, style: Any, microseconds: bool, expected: str
) -> None:
    sim.switches.time_style = style
    sim.switches.microseconds = microseconds
    assert fetch()["created_at"] == expected


def test_facets_are_absent_unless_asked_for(fetch: Any, sim: Simulator) -> None:
    names = {"genre", "emotion", "occasion", "language", "song_type", "liked"}
    assert not names & fetch().keys()
    sim.switches.facets = frozenset({"genre", "emotion", "language", "song_type", "liked:is_liked"})
    row = fetch()
    assert (row["genre"], row["emotion"], row["language"]) == ("folk", "calm", "en")
    assert (row["song_type"], row["is_liked"]) == ("song", True)
    assert "occasion" not in row
    assert "liked" not in row


def test_interactions_come_only_where_they_were_asked_for(fetch: Any, sim: Simulator) -> None:
    asked = {"include_interactions": "true"}
    assert not {"is_liked", "interactions"} & fetch(**asked).keys()
    sim.switches.interactions = "flag"
    assert fetch(**asked)["is_liked"] is True
    assert "is_liked" not in fetch()
    sim.switches.interactions = "object"
    assert fetch(**asked)["interactions"]["liked"] is True


def test_the_request_is_repeated_or_not(fetch: Any, sim: Simulator) -> None:
    assert (fetch()["prompt"], fetch()["vocal_language"]) == ("sea", "en")
    sim.switches.prompt_name = "caption"
    assert fetch()["caption"] == "sea"
    assert "prompt" not in fetch()
    sim.switches.prompt_name = "both"
    assert fetch()["caption"] == fetch()["prompt"] == "sea"
    sim.switches.request_echo = False
    row = fetch()
    assert not {"prompt", "caption", "lyrics", "bpm", "keyscale", "seed"} & row.keys()


def test_addresses_come_in_one_field_or_the_other(fetch: Any, sim: Simulator) -> None:
    sim.switches.outputs = "url"
    assert fetch()["output_url"].startswith(sim.media_url)
    assert fetch()["output_urls"] is None
    sim.switches.outputs = "urls"
    assert fetch()["output_url"] is None
    assert set(fetch()["output_urls"]) == {"flac", "mp3"}


def test_fields_come_and_go(fetch: Any, sim: Simulator) -> None:
    plain = fetch().keys()
    sim.switches.extra_fields = True
    assert fetch().keys() > plain
    sim.switches.extra_fields = False
    sim.switches.user_id = False
    assert plain - fetch().keys() == {"user_id"}
    sim.switches.missing_fields = frozenset({"progress", "lrc_content"})
    assert plain - fetch().keys() == {"user_id", "progress", "lrc_content"}


def test_the_total_is_missing_or_lies(api: httpx.Client, sim: Simulator, job: int) -> None:
    sim.switches.total_count_offset = 4
    assert api.get("/jobs").headers["x-total-count"] == "5"
    sim.switches.total_count = False
    assert "x-total-count" not in api.get("/jobs").headers


def test_a_filter_that_the_server_does_not_know_is_ignored(
    api: httpx.Client, sim: Simulator, job: int
) -> None:
    assert api.get("/jobs?genre=jazz&limit=500").status_code == 400
    sim.switches.unknown_filters = frozenset({"genre", "limit"})
    answer = api.get("/jobs?genre=jazz&limit=500")
    assert (len(answer.json()), answer.headers["x-total-count"]) == (1, "1")


def test_liked_ignores_what_it_does_not_know_too(
    api: httpx.Client, sim: Simulator, world: World, job: int
) -> None:
    world.add(liked=False)
    sim.switches.unknown_filters = frozenset({"song_type", "liked"})
    assert [row["id"] for row in api.get("/liked?song_type=rap").json()] == [job]


def test_ties_come_in_a_stable_order_or_not(
    api: httpx.Client, sim: Simulator, world: World
) -> None:
    for _ in range(20):
        world.add(created_at=100.0, audio={})

    def orders() -> set[tuple[int, ...]]:
        return {tuple(row["id"] for row in api.get("/jobs").json()) for _ in range(5)}

    assert len(orders()) == 1
    sim.switches.stable_order = False
    assert len(orders()) > 1


def test_lists_come_as_arrays_or_objects(api: httpx.Client, sim: Simulator, job: int) -> None:
    sim.switches.jobs_shape = sim.switches.liked_shape = "object"
    assert api.get("/jobs").json()["jobs"][0]["id"] == job
    assert api.get("/liked").json()["tracks"][0]["id"] == job


@pytest.mark.parametrize(
    ("shape", "genres"),
    [
        ("text", ["folk"]),
        ("counted", [{"value": "folk", "count": 1}]),
        ("named", [{"name": "folk", "count": 1}]),
        ("mapping", {"folk": 1}),
    ],
)
def test_available_filters_come_in_one_of_four_shapes(
    api: httpx.Client, sim: Simulator, job: int, shape: Any, genres: object
) -> None:
    sim.switches.filter_values = shape
    offered = api.get("/filters/stats").json()["available_filters"]
    assert offered["genres"] == genres


def test_available_filters_may_be_absent(api: httpx.Client, sim: Simulator, job: int) -> None:
    sim.switches.filter_values = "absent"
    assert "available_filters" not in api.get("/filters/stats").json()


@pytest.mark.parametrize(
    ("shape", "plain", "parameter"),
    [
        ("fastapi", str, list),
        ("text", str, str),
        ("code", dict, dict),
        ("list", list, list),
    ],
)
def test_errors_come_in_one_of_three_shapes(
    api: httpx.Client, sim: Simulator, shape: Any, plain: type, parameter: type
) -> None:
    sim.switches.error_shape = shape
    assert isinstance(api.get("/jobs/1/status").json()["detail"], plain)
    assert isinstance(api.get("/jobs?limit=0").json()["detail"], parameter)


def test_a_coded_error_has_code_and_message(api: httpx.Client, sim: Simulator) -> None:
    sim.switches.error_shape = "code"
    expected = {"detail": {"code": "NOT_FOUND", "message": "Job not found"}}
    assert api.get("/jobs/1/status").json() == expected


def test_invalid_parameters_are_400_or_422(api: httpx.Client, sim: Simulator) -> None:
    sim.switches.validation_status = 422
    assert api.get("/jobs?limit=0").status_code == 422


class TestNames:
    def patched(self, api: httpx.Client, job: int, name: str) -> str:
        return str(api.patch(f"/jobs/{job}", json={"display_name": name}).json()["display_name"])

    def test_are_taken_as_they_are(self, api: httpx.Client, job: int) -> None:
        assert self.patched(api, job, "  a  " + "x" * 500) == "  a  " + "x" * 500

    def test_are_trimmed_and_cut(self, api: httpx.Client, sim: Simulator, job: int) -> None:
        sim.switches.name_trim = True
        sim.switches.name_limit = 5
        assert self.patched(api, job, "  abcdefgh ") == "abcde"

    def test_are_refused_over_the_limit(
        self, api: httpx.Client, sim: Simulator, world: World, job: int
    ) -> None:
        sim.switches.name_limit = 5
        sim.switches.name_refuse = True
        answer = api.patch(f"/jobs/{job}", json={"display_name": "abcdef"})
        assert answer.status_code == 400
        assert answer.json()["detail"][0]["type"] == "string_too_long"
        assert world.jobs()[0].display_name == "Salt Tide"


def test_a_patch_answers_the_job_a_wrapped_job_or_a_message(
    api: httpx.Client, sim: Simulator, job: int
) -> None:
    sim.switches.patch_answer = "wrapped"
    body = {"display_name": "new"}
    assert api.patch(f"/jobs/{job}", json=body).json()["job"]["display_name"] == "new"
    sim.switches.patch_answer = "message"
    assert api.patch(f"/jobs/{job}", json=body).json() == {"message": "Job updated successfully"}


def test_the_api_as_a_whole_can_be_limited(api: httpx.Client, sim: Simulator, clock: Any) -> None:
    sim.switches.requests_per_minute = 2
    codes = [api.get("/presets").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert api.get("/presets").headers["retry-after"] == "60"
    clock.advance(60)
    assert api.get("/presets").status_code == 200


@pytest.mark.parametrize(("shape", "kind"), [("flat", dict), ("nested", dict), ("text", str)])
def test_undocumented_answers_have_one_shape_or_another(
    api: httpx.Client, sim: Simulator, shape: Any, kind: type
) -> None:
    sim.switches.model_status = sim.switches.sample_data = shape
    for path in ("/model/status", "/sample-data"):
        assert isinstance(api.get(path).json(), kind)


def test_date_can_be_ahead_or_absent(api: httpx.Client, sim: Simulator) -> None:
    sim.switches.date_skew = 3600
    assert api.get("/jobs").headers["date"] == "Wed, 01 Apr 2026 00:33:20 GMT"
    sim.switches.date = False
    assert "date" not in api.get("/jobs").headers


def test_latency_holds_up_every_answer(api: httpx.Client, sim: Simulator) -> None:
    sim.switches.latency = 30.0
    with pytest.raises(httpx.ReadTimeout):
        api.get("/jobs", timeout=0.1)


class TestSwitchesAsText:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("ids_as_text", "true", True),
            ("request_echo", "off", False),
            ("time_style", "naive", "naive"),
            ("media_expiry", "1.5", 1.5),
            ("media_redirects", "2", 2),
            ("name_limit", "80", 80),
            ("name_limit", "none", None),
            ("media_redirect_host", "localhost", "localhost"),
            ("facets", "genre, emotion", frozenset({"genre", "emotion"})),
        ],
    )
    def test_are_read(self, name: str, text: str, value: object) -> None:
        switches = Switches()
        switches.set_text(name, text)
        assert getattr(switches, name) == value

    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            ("colour", "red", "no switch is called 'colour'"),
            ("ids_as_text", "maybe", "ids_as_text: 'maybe' is neither true nor false"),
            ("time_style", "roman", "time_style: 'roman' is none of z, offset, naive"),
            ("media_redirects", "few", "media_redirects: "),
            ("facets", "genre,tempo", "facets: tempo is none"),
        ],
    )
    def test_are_refused(self, name: str, text: str, reason: str) -> None:
        with pytest.raises(ValueError, match=re.escape(reason)):
            Switches().set_text(name, text)


def test_a_misspelt_switch_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Switches().ids_as_txet = True  # type: ignore[attr-defined]
