"""Each call of the API, as the simulator and its switches answer it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncd.core.model import Job
from syncd.errors import Changed, ContractBroken, NoSuchJob, OutcomeUnknown, RequestRefused
from syncd.remote import AudioPod, JobQuery
from syncd.simulator import Fault, Simulator
from syncd.simulator.world import World


def first(sim: Simulator) -> int:
    return sim.world.jobs()[0].id


async def test_a_job_is_read_by_its_status_call(client: AudioPod, sim: Simulator) -> None:
    known = sim.world.jobs()[0]
    job = await client.job(known.id)
    assert (job.id, job.display_name, job.status) == (known.id, known.display_name, "COMPLETED")
    assert set(job.audio) == set(known.audio)
    assert json.loads(job.raw)["id"] == known.id
    assert sim.requests[-1].path == f"/api/v1/music/jobs/{known.id}/status"


async def test_a_job_that_does_not_exist_is_told_by_its_id(client: AudioPod, raised: Any) -> None:
    with raised(NoSuchJob, "404") as caught:
        await client.job(999_999)
    assert caught.error.job_id == 999_999


@pytest.mark.parametrize("body", ['{"id": 5, "status": "COMPLETED"}', "[]", "null", ""])
async def test_an_answer_about_no_job_or_another_breaks_the_contract(
    client: AudioPod, sim: Simulator, body: str, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=200, body=body))
    with raised(ContractBroken, "status of job"):
        await client.job(first(sim))


async def test_a_page_holds_jobs_and_the_total(client: AudioPod, sim: Simulator) -> None:
    page = await client.page(JobQuery(skip=5, limit=10, sort_by="created_at", sort_order="asc"))
    assert len(page.jobs) == 10
    assert (page.total, page.rejected) == (20, 0)
    assert page.rows == tuple(job.id for job in page.jobs)


async def test_every_parameter_of_a_query_is_sent(client: AudioPod, sim: Simulator) -> None:
    query = JobQuery(
        skip=0,
        limit=3,
        task="text2music",
        status="COMPLETED",
        song_type="song",
        liked=True,
        search="a",
        language="en",
        genre="jazz",
        emotion="calm",
        occasion="focus",
        sort_by="display_name",
        sort_order="desc",
        include_interactions=False,
    )
    await client.page(query)
    sent = sim.requests[-1].query
    assert sent["liked"] == "true"
    assert sent["include_interactions"] == "false"
    assert len(sent) == 14


async def test_parameters_that_are_left_out_are_not_sent(client: AudioPod, sim: Simulator) -> None:
    await client.page()
    assert dict(sim.requests[-1].query) == {"skip": "0", "limit": "50"}


async def test_an_invalid_parameter_is_refused_with_what_the_service_says(
    client: AudioPod, raised: Any
) -> None:
    with raised(RequestRefused, "limit") as caught:
        await client.page(JobQuery(limit=101))
    assert caught.error.status == 400


async def test_a_page_without_a_total_says_so(client: AudioPod, sim: Simulator) -> None:
    sim.switches.total_count = False
    assert (await client.page()).total is None


async def test_an_entry_that_is_no_job_is_counted_and_left_out(
    client: AudioPod, sim: Simulator
) -> None:
    entries = [{"id": 7, "status": "completed"}, {"id": None}, "text", {"id": -1}]
    sim.faults.add(Fault("status", status=200, body=json.dumps(entries)))
    page = await client.page()
    assert [job.id for job in page.jobs] == [7]
    assert page.rows == (7, None, None, None)
    assert page.rejected == 3


async def test_an_object_where_the_list_should_be_breaks_the_contract(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.switches.jobs_shape = "object"
    with raised(ContractBroken, "list of jobs"):
        await client.page()


async def test_a_deleted_job_is_gone(client: AudioPod, sim: Simulator) -> None:
    job_id = first(sim)
    await client.delete(await client.job(job_id))
    assert sim.world.job(job_id) is None
    assert sim.requests.count(method="DELETE") == 1


async def test_a_deletion_may_be_answered_with_nothing(client: AudioPod, sim: Simulator) -> None:
    sim.faults.add(Fault("status", status=204, body="", method="DELETE"))
    await client.delete(await client.job(first(sim)))
    assert sim.requests.count(method="DELETE") == 1


async def test_deleting_what_is_not_there_is_no_success(client: AudioPod, raised: Any) -> None:
    with raised(NoSuchJob):
        await client.delete(Job(id=999_999, status="COMPLETED"))


@pytest.mark.parametrize("shape", ["job", "wrapped", "message"])
async def test_a_rename_gives_the_job_where_the_answer_holds_it(
    client: AudioPod, sim: Simulator, shape: Any
) -> None:
    sim.switches.patch_answer = shape
    job_id = first(sim)
    job = await client.update(await client.job(job_id), display_name="Nocturne №2")
    renamed = sim.world.job(job_id)
    assert renamed is not None
    assert renamed.display_name == "Nocturne №2"
    assert (job.display_name if job else None) == (None if shape == "message" else "Nocturne №2")


async def test_a_cover_address_is_changed_alone(client: AudioPod, sim: Simulator) -> None:
    await client.update(await client.job(first(sim)), thumbnail_url="https://covers.example/1.jpg")
    assert json.loads(sim.requests[-1].body) == {"thumbnail_url": "https://covers.example/1.jpg"}


async def test_a_change_of_nothing_is_a_mistake_of_the_caller(client: AudioPod) -> None:
    with pytest.raises(ValueError, match="nothing to change"):
        await client.update(Job(id=7, status="COMPLETED"))


async def test_a_name_that_the_service_refuses_is_told(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.switches.name_limit, sim.switches.name_refuse = 5, True
    with raised(RequestRefused):
        await client.update(await client.job(first(sim)), display_name="far too long")
    assert sim.requests.count(method="PATCH") == 1


async def test_a_failed_job_is_retried(client: AudioPod, sim: Simulator) -> None:
    job_id = sim.world.add(status="FAILED")
    job = await client.retry(job_id)
    assert (job.id, job.status) == (job_id, "PENDING")


async def test_only_a_failed_job_is_retried(client: AudioPod, sim: Simulator, raised: Any) -> None:
    with raised(RequestRefused):
        await client.retry(first(sim))


async def test_counts_are_numbers_by_name(client: AudioPod, sim: Simulator) -> None:
    counts = await client.counts(status="COMPLETED", song_type="song")
    assert counts.total == sum(counts.by_task.values()) > 0
    assert dict(sim.requests[-1].query) == {"status": "COMPLETED", "song_type": "song"}


@pytest.mark.parametrize("shape", ["array", "object"])
async def test_liked_tracks_come_in_either_shape(
    client: AudioPod, sim: Simulator, shape: Any
) -> None:
    sim.switches.liked_shape = shape
    liked = {job.id for job in sim.world.jobs() if job.liked}
    page = await client.liked(limit=100)
    assert {job.id for job in page.jobs} == liked != set()


@pytest.mark.parametrize("values", ["text", "counted", "named", "mapping"])
async def test_stats_name_what_can_be_filtered_by(
    client: AudioPod, sim: Simulator, values: Any
) -> None:
    sim.switches.filter_values = values
    stats = await client.stats()
    assert stats.total_tracks == 20
    assert stats.available_filters.statuses[0] == "PENDING"
    assert "jazz" in stats.available_filters.genres


async def test_presets_are_objects_by_name(client: AudioPod) -> None:
    presets = await client.presets()
    assert presets.genre_presets
    assert json.loads(presets.raw)["genre_presets"] == presets.genre_presets


@pytest.mark.parametrize("shape", ["flat", "nested", "text"])
async def test_answers_of_undocumented_shape_are_kept_as_they_came(
    client: AudioPod, sim: Simulator, shape: Any
) -> None:
    sim.switches.model_status = sim.switches.sample_data = shape
    status, sample = await client.model_status(), await client.sample_data()
    assert json.loads(status.raw)
    assert json.loads(sample.raw)
    assert (status.state == "healthy") == (shape == "flat")


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("counts", "[1]"),
        ("counts", '{"total": "many"}'),
        ("counts", '{"total": -1}'),
        ("stats", "[1]"),
        ("presets", "[1]"),
        ("presets", '{"genre_presets": []}'),
        ("liked", '{"a": [], "b": []}'),
        ("page", "null"),
    ],
)
async def test_a_wrong_shape_breaks_the_contract(
    client: AudioPod, sim: Simulator, call: str, body: str, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=200, body=body))
    with raised(ContractBroken, "shape"):
        await getattr(client, call)()


async def test_counts_that_hold_no_parts_are_counts_all_the_same(
    client: AudioPod, sim: Simulator
) -> None:
    sim.faults.add(Fault("status", status=200, body='{"total": "3", "by_task": null}'))
    counts = await client.counts()
    assert (counts.total, counts.by_task, counts.by_song_type) == (3, {}, {})


# --- looking before sending again ---------------------------------------------------------------


async def test_a_deletion_that_was_carried_out_unanswered_is_not_sent_again(
    client: AudioPod, sim: Simulator
) -> None:
    job_id = first(sim)
    sim.faults.add(Fault("reset", method="DELETE"))
    await client.delete(await client.job(job_id))
    assert [request.method for request in sim.requests] == ["GET", "DELETE", "GET"]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_deletion_that_was_not_carried_out_is_sent_again(
    client: AudioPod, sim: Simulator, status: int
) -> None:
    job_id = first(sim)
    sim.faults.add(Fault("status", status=status, method="DELETE"))
    await client.delete(await client.job(job_id))
    assert sim.world.job(job_id) is None
    assert [request.method for request in sim.requests] == ["GET", "DELETE", "GET", "DELETE"]


async def test_a_deletion_that_arrives_late_is_a_success(client: AudioPod, sim: Simulator) -> None:
    job_id = first(sim)
    sim.faults.add(
        Fault("status", status=502, method="DELETE"),
        Fault("run", method="DELETE", after=1, call=lambda world: world.delete(job_id)),
    )
    await client.delete(await client.job(job_id))
    assert sim.requests[-1].status == 404


async def test_a_deletion_is_sent_three_times_at_most(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=500, method="DELETE", times=None))
    with raised(OutcomeUnknown, "deletion of job"):
        await client.delete(await client.job(first(sim)))
    assert sim.requests.count(method="DELETE") == 3


async def test_a_deletion_whose_look_fails_too_stays_unknown(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    seen = await client.job(first(sim))
    sim.faults.add(Fault("reset", times=None))
    with raised(OutcomeUnknown):
        await client.delete(seen)
    assert sim.requests.count(method="DELETE") == 1


async def test_a_rename_that_was_carried_out_unanswered_is_not_sent_again(
    client: AudioPod, sim: Simulator
) -> None:
    job_id = first(sim)
    sim.faults.add(Fault("reset", method="PATCH"))
    job = await client.update(await client.job(job_id), display_name="Aubade")
    assert job is not None
    assert job.display_name == "Aubade"
    assert sim.requests.count(method="PATCH") == 1


async def test_a_rename_that_was_not_carried_out_is_sent_again(
    client: AudioPod, sim: Simulator
) -> None:
    job_id = first(sim)
    sim.faults.add(Fault("status", status=500, method="PATCH"))
    await client.update(await client.job(job_id), display_name="Aubade")
    renamed = sim.world.job(job_id)
    assert renamed is not None
    assert renamed.display_name == "Aubade"
    assert sim.requests.count(method="PATCH") == 2


async def test_what_the_service_made_of_a_name_unanswered_is_what_it_is_called(
    client: AudioPod, sim: Simulator
) -> None:
    sim.switches.name_limit = 5
    seen = await client.job(first(sim))
    sim.faults.add(Fault("reset", method="PATCH"))
    job = await client.update(seen, display_name=" Aubade in blue")
    assert job is not None
    assert job.display_name is not None
    assert job.display_name.strip() in "Aubade"
    assert sim.requests.count(method="PATCH") == 1


@pytest.mark.parametrize("change", ["display_name", "audio"])
async def test_nothing_is_sent_again_over_what_somebody_changed_meanwhile(
    client: AudioPod, sim: Simulator, raised: Any, change: str
) -> None:
    """The look after an answer that did not come shows another job than the one before it."""
    job_id = first(sim)
    seen = await client.job(job_id)

    def changes(world: World) -> None:
        if change == "audio":
            world.replace_audio(job_id)
        else:
            world.update(job_id, display_name="Theirs")

    at_look = Fault("run", path="/status$", call=changes)
    sim.faults.add(Fault("status", status=500, method="DELETE"), at_look)
    with raised(Changed, "its deletion was sent"):
        await client.delete(seen)
    assert sim.requests.count(method="DELETE") == 1


async def test_a_name_is_not_sent_again_over_one_that_somebody_gave_meanwhile(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    job_id = first(sim)
    seen = await client.job(job_id)
    theirs = Fault("run", path="/status$", call=lambda w: w.update(job_id, display_name="Theirs"))
    sim.faults.add(Fault("status", status=500, method="PATCH"), theirs)
    with raised(Changed, "changed in the account"):
        await client.update(seen, display_name="Aubade")
    assert sim.requests.count(method="PATCH") == 1
    assert (await client.job(job_id)).display_name == "Theirs"


async def test_a_retry_that_was_carried_out_unanswered_is_not_sent_again(
    client: AudioPod, sim: Simulator
) -> None:
    job_id = sim.world.add(status="FAILED")
    sim.faults.add(Fault("reset", method="POST"))
    assert (await client.retry(job_id)).status == "PENDING"
    assert sim.requests.count(method="POST") == 1


async def test_a_changing_call_over_the_rate_is_sent_again_by_itself(
    client: AudioPod, sim: Simulator
) -> None:
    sim.faults.add(Fault("status", status=429, retry_after=0, method="DELETE"))
    await client.delete(await client.job(first(sim)))
    assert [request.method for request in sim.requests] == ["GET", "DELETE", "DELETE"]
