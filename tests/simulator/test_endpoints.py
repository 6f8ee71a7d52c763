"""The eleven endpoints, called over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from syncd.simulator import Simulator, World


def test_status_gives_one_whole_job(api: httpx.Client, world: World) -> None:
    job = world.add(
        display_name="Salt Tide", bpm=92, keyscale="Am", lyrics="la", prompt="sea", seed=5
    )
    wired = api.get(f"/jobs/{job}/status").json()
    assert (wired["id"], wired["display_name"], wired["status"]) == (job, "Salt Tide", "COMPLETED")
    assert (wired["bpm"], wired["keyscale"], wired["lyrics"], wired["seed"]) == (92, "Am", "la", 5)
    assert wired["progress"] == 100
    assert set(wired["output_urls"]) == {"flac", "mp3"}
    assert wired["output_url"] == wired["output_urls"]["flac"]
    assert wired["created_at"] == "2026-03-31T23:33:20.000000Z"


def test_a_job_without_status_in_the_path_is_405_and_says_what_is_allowed(
    api: httpx.Client, world: World
) -> None:
    answer = api.get(f"/jobs/{world.add()}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, PATCH"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs"),
        ("DELETE", "/jobs/counts/"),
        ("GET", "/jobs/7/retry"),
        ("HEAD", "/jobs"),
        ("POST", "/presets"),
    ],
)
def test_other_methods_and_paths_are_refused(api: httpx.Client, method: str, path: str) -> None:
    assert api.request(method, path).status_code in (404, 405)


def test_the_path_jobs_counts_can_not_be_deleted_as_a_job(api: httpx.Client) -> None:
    assert api.delete("/jobs/counts").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs/1/status"),
        ("DELETE", "/jobs/1"),
        ("PATCH", "/jobs/1"),
        ("POST", "/jobs/1/retry"),
    ],
)
def test_an_unknown_job_is_404(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Job not found"}


def test_an_id_that_is_no_number_is_an_invalid_parameter(api: httpx.Client) -> None:
    answer = api.get("/jobs/first/status")
    assert answer.status_code == 400
    assert answer.json()["detail"][0]["loc"] == ["path", "job_id"]


def test_delete_removes_the_job_and_its_audio_for_good(
    api: httpx.Client, media: httpx.Client, world: World
) -> None:
    job = world.add()
    url = api.get(f"/jobs/{job}/status").json()["output_url"]
    assert media.get(url).status_code == 200
    assert api.delete(f"/jobs/{job}").json() == {"message": "Job deleted successfully"}
    assert media.get(url).status_code == 404
    assert api.get(f"/jobs/{job}/status").status_code == 404
    assert api.delete(f"/jobs/{job}").status_code == 404
    assert world.jobs() == []


def test_patch_changes_name_and_thumbnail_and_nothing_else(api: httpx.Client, world: World) -> None:
    job = world.add(display_name="old", bpm=90)
    given = {"display_name": "AC/DC", "thumbnail_url": "https://a.example/c.jpg", "bpm": 120}
    answer = api.patch(f"/jobs/{job}", json=given)
    assert answer.status_code == 200
    wired = answer.json()
    assert (wired["display_name"], wired["bpm"]) == ("AC/DC", 90)
    assert wired["thumbnail_url"] == "https://a.example/c.jpg"
    assert api.get(f"/jobs/{job}/status").json()["display_name"] == "AC/DC"


@pytest.mark.parametrize("body", ["{}", "[]", "{", '{"display_name": 7}', '{"bpm": 120}', ""])
def test_a_patch_that_changes_nothing_is_invalid(
    api: httpx.Client, world: World, body: str
) -> None:
    answer = api.patch(f"/jobs/{world.add(display_name='kept')}", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"][0]["msg"]
    assert world.jobs()[0].display_name == "kept"


def test_retry_queues_a_failed_job_again(api: httpx.Client, world: World) -> None:
    job = world.add(status="FAILED", failure="out of memory")
    assert api.get(f"/jobs/{job}/status").json()["error_message"] == "out of memory"
    answer = api.post(f"/jobs/{job}/retry").json()
    assert answer["job"]["status"] == "PENDING"
    assert answer["job"]["error_message"] is None
    assert answer["message"]


def test_retry_is_for_failed_jobs_only(api: httpx.Client, world: World) -> None:
    assert api.post(f"/jobs/{world.add()}/retry").status_code == 400


def test_retry_is_limited_to_ten_a_minute(api: httpx.Client, world: World, clock: Any) -> None:
    jobs = [world.add(status="FAILED", audio={}) for _ in range(11)]
    clock.advance(1)
    codes = [api.post(f"/jobs/{job}/retry").status_code for job in jobs]
    assert codes == [200] * 10 + [429]
    refused = api.post(f"/jobs/{jobs[10]}/retry")
    assert refused.headers["retry-after"] == "60"
    clock.advance(60)
    assert api.post(f"/jobs/{jobs[10]}/retry").status_code == 200


def test_counts_speak_of_songs_rap_instrumentals_and_edits(api: httpx.Client, world: World) -> None:
    for task in ("text2music", "text2rap", "prompt2instrumental", "cover", "cover"):
        world.add(task=task, audio={})
    world.add(status="FAILED", audio={})
    assert api.get("/jobs/counts").json() == {
        "total": 6,
        "by_task": {"text2music": 2, "text2rap": 1, "prompt2instrumental": 1, "cover": 2},
        "by_song_type": {"songs": 2, "rap": 1, "instrumental": 1, "edits": 2},
        "filters": {"status": None, "song_type": None},
    }
    failed = api.get("/jobs/counts", params={"status": "FAILED", "song_type": "song"}).json()
    assert (failed["total"], failed["filters"]) == (1, {"status": "FAILED", "song_type": "song"})
    assert api.get("/jobs/counts", params={"status": "DONE"}).status_code == 400


def test_liked_lists_liked_tracks_alone(api: httpx.Client, world: World) -> None:
    liked = [world.add(liked=True, task=task) for task in ("text2music", "text2rap")]
    world.add()
    world.like(world.add())
    assert len(api.get("/liked").json()) == 3
    assert [job["id"] for job in api.get("/liked", params={"song_type": "rap"}).json()] == liked[1:]
    assert len(api.get("/liked", params={"limit": 1, "skip": 2}).json()) == 1
    assert api.get("/liked", params={"status": "FAILED"}).json() == []
    assert api.get("/liked", params={"limit": 101}).status_code == 400
    world.like(liked[0], liked=False)
    assert len(api.get("/liked").json()) == 2


def test_stats_offer_every_value_that_some_job_has(api: httpx.Client, world: World) -> None:
    world.add(genre="folk", emotion="calm", occasion="focus", vocal_language="en", liked=True)
    world.add(genre="ambient")
    stats = api.get("/filters/stats").json()
    assert (stats["total_tracks"], stats["liked_count"]) == (2, 1)
    offered = stats["available_filters"]
    assert offered["genres"] == ["ambient", "folk"]
    assert (offered["emotions"], offered["occasions"]) == (["calm"], ["focus"])
    assert offered["languages"] == ["en"]
    assert offered["song_types"] == ["songs", "rap", "instrumental", "edits"]
    assert "COMPLETED" in offered["statuses"]
    assert offered["interactions"] == ["liked"]


def test_presets_model_status_and_sample_data_answer(api: httpx.Client) -> None:
    assert "lofi" in api.get("/presets").json()["genre_presets"]
    assert api.get("/model/status").json()["status"] == "healthy"
    assert api.get("/sample-data").json()["prompt"]


class TestKeys:
    def test_no_key_is_401(self, sim: Simulator) -> None:
        answer = httpx.get(f"{sim.api_url}/api/v1/music/jobs")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "headers", [{"X-API-Key": "ap_wrong"}, {"X-API-Key": ""}, {"Authorization": "Basic x"}]
    )
    def test_a_wrong_key_is_401(self, sim: Simulator, headers: dict[str, str]) -> None:
        assert httpx.get(f"{sim.api_url}/api/v1/music/jobs", headers=headers).status_code == 401

    def test_a_bearer_token_is_the_other_way_in(self, sim: Simulator) -> None:
        headers = {"Authorization": f"Bearer {sim.key}"}
        assert httpx.get(f"{sim.api_url}/api/v1/music/jobs", headers=headers).status_code == 200

    def test_a_revoked_or_expired_key_is_403_until_granted_again(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        world.revoke(sim.key)
        assert api.get("/jobs").json() == {"detail": "API key has been revoked"}
        world.expire(sim.key)
        assert api.get("/jobs").status_code == 403
        world.grant(sim.key)
        assert api.get("/jobs").status_code == 200

    def test_a_read_only_key_may_not_change_anything(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        job = world.add()
        world.grant(sim.key, read_only=True)
        assert api.get("/jobs").status_code == 200
        assert api.delete(f"/jobs/{job}").status_code == 403
        assert world.job(job) is not None

    def test_each_account_sees_its_own_jobs_alone(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        mine, theirs = world.add(), world.add(user_id=9)
        world.grant("ap_other", 9)
        other = {"X-API-Key": "ap_other"}
        assert [job["id"] for job in api.get("/jobs").json()] == [mine]
        assert [job["id"] for job in api.get("/jobs", headers=other).json()] == [theirs]
        assert api.get(f"/jobs/{theirs}/status").status_code == 404
        assert api.delete(f"/jobs/{theirs}").status_code == 404
        assert api.get(f"/jobs/{theirs}/status", headers=other).json()["user_id"] == 9


def test_every_answer_is_dated_by_the_clock_of_the_world(api: httpx.Client, clock: Any) -> None:
    assert api.get("/jobs").headers["date"] == "Tue, 31 Mar 2026 23:33:20 GMT"
    clock.advance(60)
    assert api.get("/nowhere").headers["date"] == "Tue, 31 Mar 2026 23:34:20 GMT"
