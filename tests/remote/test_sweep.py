"""Sweeps over a list that holds still, that moves, and that lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from syncd.errors import ContractBroken, Offline
from syncd.remote import AudioPod, Http, Sweep
from syncd.simulator import Fault, Simulator, World

LIST = "/jobs$"


async def swept(sweep: Sweep) -> set[int]:
    """Every id that the sweep's pages held."""
    found: set[int] = set()
    async for jobs in sweep.pages():
        found |= {job.id for job in jobs}
    return found


def ids(sim: Simulator) -> set[int]:
    return {job.id for job in sim.world.jobs()}


def refill(sim: Simulator, count: int) -> None:
    for job in sim.world.jobs():
        sim.world.delete(job.id)
    sim.world.insert(World.synthetic(count, seed=2).jobs())


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 9, 10, 11, 20])
async def test_a_list_of_any_length_is_swept_completely(
    client: AudioPod, sim: Simulator, count: int
) -> None:
    refill(sim, count)
    sweep = Sweep(client, limit=5)
    assert await swept(sweep) == ids(sim)
    assert (sweep.complete, sweep.doubts) == (True, ())
    assert (sweep.total, sweep.count, sweep.rejected) == (count, count, 0)
    assert sweep.seen == ids(sim)


async def test_pages_are_asked_for_oldest_first_with_a_row_of_overlap(
    client: AudioPod, sim: Simulator
) -> None:
    await swept(Sweep(client, limit=10))
    asked = [request.query for request in sim.requests]
    assert [query["skip"] for query in asked] == ["0", "9", "18"]
    assert {(query["sort_by"], query["sort_order"]) for query in asked} == {("created_at", "asc")}
    assert {query["include_interactions"] for query in asked} == {"true"}, "the likes come along"
    assert {len(query) for query in asked} == {5}


async def test_a_service_that_refuses_to_tell_likes_is_asked_without(
    client: AudioPod, sim: Simulator
) -> None:
    sim.faults.add(Fault("status", status=422, query={"include_interactions": "true"}, times=None))
    assert await swept(Sweep(client, limit=10)) == ids(sim)
    assert [request.status for request in sim.requests] == [422, 200, 200, 200]


async def test_each_job_comes_once(client: AudioPod) -> None:
    found = [job.id async for jobs in Sweep(client, limit=7).pages() for job in jobs]
    assert len(found) == len(set(found)) == 20


async def test_a_sweep_that_has_not_ended_is_not_complete(client: AudioPod) -> None:
    sweep = Sweep(client, limit=5)
    before = [sweep.complete async for _ in sweep.pages()]
    assert before == [False] * 5
    assert sweep.complete


async def test_a_job_deleted_behind_the_reader_starts_the_sweep_again(
    client: AudioPod, sim: Simulator
) -> None:
    oldest = min(sim.world.jobs(), key=lambda job: job.created_at).id
    sim.faults.add(Fault("run", path=LIST, after=2, call=lambda world: world.delete(oldest)))
    sweep = Sweep(client, limit=5)
    await swept(sweep)
    assert sweep.complete
    assert sweep.seen == ids(sim)
    assert oldest not in sweep.seen
    assert [request.query["skip"] for request in sim.requests].count("0") == 2


async def test_a_deletion_that_a_new_job_makes_up_for_is_noticed_all_the_same(
    client: AudioPod, sim: Simulator
) -> None:
    oldest = min(sim.world.jobs(), key=lambda job: job.created_at).id

    def swap(world: World) -> None:
        world.delete(oldest)
        world.add()

    sim.faults.add(Fault("run", path=LIST, after=2, call=swap))
    sweep = Sweep(client, limit=5)
    await swept(sweep)
    assert sweep.complete
    assert sweep.seen == ids(sim)


async def test_a_new_job_lands_at_the_end_and_needs_no_fresh_start(
    client: AudioPod, sim: Simulator
) -> None:
    sim.faults.add(Fault("run", path=LIST, after=2, call=lambda world: world.add()))
    sweep = Sweep(client, limit=5)
    assert await swept(sweep) == ids(sim)
    assert sweep.complete
    assert [request.query["skip"] for request in sim.requests].count("0") == 1


async def test_a_list_that_shrinks_to_less_than_was_read_is_read_again(
    client: AudioPod, sim: Simulator
) -> None:
    def shrink(world: World) -> None:
        for job in world.jobs()[2:]:
            world.delete(job.id)

    sim.faults.add(Fault("run", path=LIST, after=2, call=shrink))
    sweep = Sweep(client, limit=5)
    await swept(sweep)
    assert sweep.complete
    assert sweep.seen == ids(sim)
    assert sweep.count == 2


async def test_a_list_that_never_holds_still_is_left_incomplete(
    client: AudioPod, sim: Simulator
) -> None:
    def drop(world: World) -> None:
        world.delete(min(world.jobs(), key=lambda job: job.created_at).id)

    sim.faults.add(Fault("run", path=LIST, times=None, call=drop))
    sweep = Sweep(client, limit=5, attempts=3)
    await swept(sweep)
    assert not sweep.complete
    assert sweep.doubts == ("the list shifted three times in a row while it was read",)
    assert len(sim.requests) == 6


async def test_a_list_without_a_total_is_swept_to_its_end_and_left_incomplete(
    client: AudioPod, sim: Simulator
) -> None:
    sim.switches.total_count = False
    sweep = Sweep(client, limit=5)
    assert await swept(sweep) == ids(sim)
    assert not sweep.complete
    assert sweep.doubts == ("the service gave no X-Total-Count",)


@pytest.mark.parametrize("lie", [-20, -5, -1, 1, 480])
async def test_a_total_that_lies_is_neither_trusted_to_stop_nor_to_be_complete(
    client: AudioPod, sim: Simulator, lie: int
) -> None:
    sim.switches.total_count_offset = lie
    sweep = Sweep(client, limit=5)
    assert await swept(sweep) == ids(sim)
    assert not sweep.complete
    assert sweep.doubts == (f"X-Total-Count says {20 + lie}, the list held 20",)
    assert [request.query["skip"] for request in sim.requests].count("0") == 1


async def test_an_empty_list_that_claims_jobs_is_not_complete(
    client: AudioPod, sim: Simulator
) -> None:
    refill(sim, 0)
    sim.switches.total_count_offset = 7
    sweep = Sweep(client)
    assert await swept(sweep) == set()
    assert not sweep.complete


async def test_a_service_with_smaller_pages_is_swept_all_the_same(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http]
) -> None:
    rows = [{"id": number} for number in range(1, 13)]

    def reply(head: str, _: int) -> bytes:
        skip = int(head.split("skip=")[1].split("&")[0])
        return answer(json.dumps(rows[skip : skip + 4]), x_total_count=12)

    url, heads = await serve(reply)
    async with opened(url) as http:
        sweep = Sweep(AudioPod(http))
        assert await swept(sweep) == set(range(1, 13))
    assert sweep.complete
    assert len(heads) == 4


@pytest.mark.parametrize("limit", [5, 20])
async def test_a_service_that_ignores_skip_breaks_the_contract(
    client: AudioPod, sim: Simulator, limit: int, raised: Any
) -> None:
    sim.faults.add(Fault("stuck", times=None))
    sweep = Sweep(client, limit=limit)
    with raised(ContractBroken, "never advances"):
        await swept(sweep)
    assert not sweep.complete
    assert len(sim.requests) == 2


async def test_a_list_that_never_ends_breaks_the_contract(
    client: AudioPod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.remote.sweep.MOST_JOBS", 12)
    sweep = Sweep(client, limit=5)
    with pytest.raises(ContractBroken, match="the list of jobs has no end: more than 12 came"):
        await swept(sweep)
    assert not sweep.complete
    assert 12 < sweep.count <= 17


async def test_a_row_that_comes_twice_in_a_page_is_taken_once(
    client: AudioPod, sim: Simulator
) -> None:
    sim.faults.add(Fault("duplicate", times=None))
    sweep = Sweep(client, limit=5, attempts=2)
    found = await swept(sweep)
    assert found <= ids(sim)
    assert sweep.complete == (sweep.seen == ids(sim))


async def test_rejected_rows_are_counted_and_are_a_doubt(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http]
) -> None:
    rows: list[object] = [{"id": 1}, None, {"id": 3}, {"id": 4}, "x"]

    def reply(head: str, _: int) -> bytes:
        skip = int(head.split("skip=")[1].split("&")[0])
        return answer(json.dumps(rows[skip : skip + 2]), x_total_count=5)

    url, _ = await serve(reply)
    async with opened(url) as http:
        sweep = Sweep(AudioPod(http), limit=2)
        assert await swept(sweep) == {1, 3, 4}
    assert (sweep.complete, sweep.rejected) == (False, 2)
    assert "2 entries of the list were no jobs" in sweep.doubts


async def test_a_page_with_nothing_that_is_a_job_breaks_the_contract(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=200, body='[{"uuid": "a"}, {"uuid": "b"}]'))
    with raised(ContractBroken, "nothing that is a job"):
        await swept(Sweep(client))


async def test_jobs_of_one_moment_may_come_in_any_order(client: AudioPod, sim: Simulator) -> None:
    sim.switches.stable_order = False
    refill(sim, 0)
    for _ in range(12):
        sim.world.add(created_at=1_770_000_000.0)
    sweep = Sweep(client, limit=12)
    await swept(sweep)
    assert sweep.complete


async def test_an_order_that_hides_a_job_never_makes_a_complete_sweep(
    client: AudioPod, sim: Simulator
) -> None:
    sim.switches.stable_order = False
    refill(sim, 0)
    for _ in range(12):
        sim.world.add(created_at=1_770_000_000.0)
    for _ in range(5):
        sweep = Sweep(client, limit=4)
        await swept(sweep)
        assert sweep.complete == (sweep.seen == ids(sim))


async def test_a_fault_in_the_middle_leaves_the_sweep_incomplete(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=500, path=LIST, after=2, times=None))
    sweep = Sweep(client, limit=5)
    with raised(Offline):
        await swept(sweep)
    assert not sweep.complete


async def test_a_sweep_can_be_made_again(client: AudioPod, sim: Simulator) -> None:
    sweep = Sweep(client, limit=7)
    await swept(sweep)
    sim.world.delete(next(iter(ids(sim))))
    await swept(sweep)
    assert sweep.complete
    assert sweep.seen == ids(sim)
