"""What happens in the account, and how jobs move as time passes."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from syncd.simulator import Simulator, World
from syncd.simulator.synthetic import HOSTILE_TITLES


class TestTime:
    def test_a_job_waits_runs_and_completes(
        self, api: httpx.Client, world: World, clock: Any
    ) -> None:
        job = world.add(status="PENDING", queue_seconds=10, run_seconds=40, requested_duration=60.0)
        seen = []
        for seconds in (0, 9, 1, 10, 10, 19.9, 0.1):
            clock.advance(seconds)
            row = api.get(f"/jobs/{job}/status").json()
            seen.append((row["status"], row["progress"], row["output_url"] is not None))
        assert seen == [
            ("PENDING", 0, False),
            ("PENDING", 0, False),
            ("PROCESSING", 0, False),
            ("PROCESSING", 25, False),
            ("PROCESSING", 50, False),
            ("PROCESSING", 99, False),
            ("COMPLETED", 100, True),
        ]

    def test_the_length_is_the_requested_one_until_completion(
        self,
        api: httpx.Client,
        world: World,
        clock: Any,
    ) -> None:
        job = world.add(status="PENDING", audio_duration=31.5)
        assert api.get(f"/jobs/{job}/status").json()["audio_duration"] == -1
        clock.advance(30)
        row = api.get(f"/jobs/{job}/status").json()
        assert row["audio_duration"] == 31.5
        assert row["completed_at"] == "2026-03-31T23:33:50.000000Z"

    def test_a_job_can_come_to_fail(self, api: httpx.Client, world: World, clock: Any) -> None:
        job = world.add(status="PENDING", outcome="FAILED", failure="no voice fits")
        clock.advance(31)
        row = api.get(f"/jobs/{job}/status").json()
        assert (row["status"], row["error_message"]) == ("FAILED", "no voice fits")
        assert row["output_urls"] is None

    def test_a_job_with_no_time_to_run_stays_until_told(self, world: World, clock: Any) -> None:
        first, second = (world.add(status="PENDING", run_seconds=None) for _ in range(2))
        clock.advance(10**6)
        assert [job.status for job in world.jobs()] == ["PENDING", "PENDING"]
        world.complete(first)
        world.fail(second, "cancelled")
        assert [job.status for job in world.jobs()] == ["COMPLETED", "FAILED"]

    def test_a_filtered_list_follows_the_time(
        self,
        api: httpx.Client,
        world: World,
        clock: Any,
    ) -> None:
        world.add(status="PENDING")
        counts = []
        for _ in range(3):
            counts.append(
                [
                    len(api.get(f"/jobs?status={status}").json())
                    for status in ("PENDING", "COMPLETED")
                ]
            )
            clock.advance(15)
        assert counts == [[1, 0], [0, 0], [0, 1]]

    def test_a_retried_job_completes(self, api: httpx.Client, world: World, clock: Any) -> None:
        job = world.add(status="FAILED")
        api.post(f"/jobs/{job}/retry")
        clock.advance(30)
        row = api.get(f"/jobs/{job}/status").json()
        assert row["status"] == "COMPLETED"
        assert httpx.get(row["output_url"]).status_code == 200


class TestJobs:
    def test_ids_grow_with_gaps(self, world: World) -> None:
        ids = [world.add(audio={}) for _ in range(20)]
        assert ids == sorted(set(ids))
        assert ids[-1] - ids[0] > 19

    def test_an_id_can_be_chosen_once(self, world: World) -> None:
        assert world.add(id=90_000, audio={}) == 90_000
        with pytest.raises(ValueError, match="job 90000 exists"):
            world.add(id=90_000)
        assert world.add(audio={}) > 90_000

    def test_a_field_that_no_job_has_is_refused(self, world: World) -> None:
        with pytest.raises(TypeError, match="a job has no titel"):
            world.add(titel="x")

    def test_an_unknown_status_is_shown_as_it_is(self, api: httpx.Client, world: World) -> None:
        job = world.add(status="CANCELLED")
        row = api.get(f"/jobs/{job}/status").json()
        assert (row["status"], row["output_url"]) == ("CANCELLED", None)

    def test_a_completed_job_may_have_no_audio(self, api: httpx.Client, world: World) -> None:
        row = api.get(f"/jobs/{world.add(audio={})}/status").json()
        assert (row["output_url"], row["output_urls"]) == (None, None)

    def test_nothing_is_completed_in_the_future(self, world: World, clock: Any) -> None:
        world.add()
        assert world.jobs()[0].completed_at == clock.now

    def test_what_happens_to_an_unknown_job_is_an_error(self, world: World) -> None:
        for act in (world.delete, world.complete, world.like, world.replace_audio):
            with pytest.raises(KeyError):
                act(1)

    def test_each_job_sounds_different(self, world: World) -> None:
        world.add()
        world.add()
        first, second = world.jobs()
        assert first.audio["flac"].content != second.audio["flac"].content
        assert first.audio["flac"].etag != second.audio["flac"].etag


def test_changes_from_many_threads_all_count() -> None:
    world = World()

    def fill() -> None:
        for _ in range(200):
            world.like(world.add(audio={}))

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(job.liked for job in world.jobs()) == 800


class TestSynthetic:
    def test_the_same_seed_gives_the_same_account(self) -> None:
        assert World.synthetic(50, seed=4).jobs() == World.synthetic(50, seed=4).jobs()
        assert World.synthetic(50, seed=4).jobs() != World.synthetic(50, seed=5).jobs()

    def test_titles_repeat_and_audio_is_shared(self) -> None:
        jobs = World.synthetic(2000).jobs()
        assert len(jobs) == 2000
        assert len({job.display_name for job in jobs}) < 1000
        assert len({id(job.audio["mp3"].content) for job in jobs}) == 8

    def test_hostile_titles_are_there_on_demand(self) -> None:
        plain = {job.display_name for job in World.synthetic(1000).jobs()}
        hostile = {job.display_name for job in World.synthetic(1000, hostile=True).jobs()}
        assert not plain & set(HOSTILE_TITLES)
        assert hostile > set(HOSTILE_TITLES)

    def test_hostile_titles_travel(self) -> None:
        world = World.synthetic(300, hostile=True)
        with Simulator(world) as sim:
            rows = httpx.get(
                f"{sim.api_url}/api/v1/music/jobs",
                params={"limit": 100, "sort_order": "asc"},
                headers={"X-API-Key": sim.key},
            ).json()
        names = [job.display_name for job in world.jobs()[:100]]
        assert [row["display_name"] for row in rows] == names

    def test_more_jobs_can_be_added(self) -> None:
        world = World.synthetic(10)
        assert world.add(audio={}) == world.jobs()[-1].id


@pytest.fixture(scope="module")
def demo() -> World:
    return World.demo(clock=lambda: 1_775_000_000.0)


class TestDemo:
    def test_shipped_tracks_one_failed_and_two_in_flight(self, demo: World) -> None:
        jobs = demo.jobs()
        statuses = [job.status for job in jobs]
        assert statuses.count("COMPLETED") == len(jobs) - 3
        assert statuses.count("FAILED") == 1
        assert {job.status for job in jobs if job.in_flight} == {"PENDING", "PROCESSING"}

    def test_completed_tracks_were_made_in_early_2026(self, demo: World) -> None:
        created = [job.created_at for job in demo.jobs() if job.status == "COMPLETED"]
        assert created == sorted(set(created))
        assert created[0] >= 1_767_225_600
        assert 50 * 86_400 < created[-1] - created[0] < 92 * 86_400

    def test_every_track_has_audio_and_facets(self, demo: World) -> None:
        for job in demo.jobs():
            if job.status == "COMPLETED":
                assert job.audio
                assert (job.genre, job.emotion, job.occasion) != (None, None, None)
                assert job.audio_duration > 5

    def test_every_address_of_the_demo_works(self, demo: World) -> None:
        with Simulator(demo) as sim, httpx.Client(headers={"X-API-Key": sim.key}) as client:
            rows = client.get(f"{sim.api_url}/api/v1/music/jobs").json()
            urls = [url for row in rows for url in (row["output_urls"] or {}).values()]
            urls += [row["thumbnail_url"] for row in rows if row["thumbnail_url"]]
            codes = {httpx.get(url).status_code for url in urls}
        assert len(urls) > 20
        assert codes == {200}
