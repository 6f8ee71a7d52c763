"""Listings of one filter value: pages that meet, a list that moves, a filter that is ignored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from syncd.core.model import ALL_TIME
from syncd.errors import ContractBroken
from syncd.remote import AudioPod
from syncd.remote.facets import (
    FilterIgnored,
    Place,
    check_honoured,
    list_on,
    listed_back_to,
    offered,
)
from syncd.remote.results import AvailableFilters
from syncd.simulator import Fault, Simulator, Switches, World


@pytest.fixture
def folk(sim: Simulator) -> Callable[[int, int], list[int]]:
    """``folk(count, together)``: so many jobs of one genre, as many at a time; oldest first."""

    def add(count: int, together: int = 1) -> list[int]:
        return [
            sim.world.add(genre="folk", created_at=1_000.0 + n // together, audio={})
            for n in range(count)
        ]

    return add


async def listed(
    client: AudioPod,
    value: str = "folk",
    *,
    oldest: datetime | None = None,
    between: Callable[[], object] = lambda: None,
) -> set[int]:
    """The jobs of a whole listing; ``between`` happens after its first page."""
    found, place, is_done = set(), Place(), False
    while not is_done:
        part = await list_on(client, "genre", value, place, oldest=oldest)
        # What is kept of a place brings it back as it was.
        place, is_done = Place.of(part.place.document()), part.is_done
        found |= {job.id for job in part.jobs}
        between()
        between = _nothing
    return found


def _nothing() -> None:
    pass


@pytest.mark.parametrize("together", [1, 3, 90, 200])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 230])
async def test_every_job_of_a_value_is_listed(
    client: AudioPod, sim: Simulator, folk: Callable[..., list[int]], count: int, together: int
) -> None:
    for job in sim.world.jobs():
        sim.world.delete(job.id)
    jobs = folk(count, together)
    sim.world.add(genre="jazz")
    assert await listed(client) == set(jobs)


async def test_jobs_of_one_moment_in_another_order_each_time_are_all_listed(
    client: AudioPod, sim: Simulator, folk: Callable[..., list[int]]
) -> None:
    sim.switches.stable_order = False
    jobs = set(folk(150, 7))
    assert await listed(client) >= jobs


async def test_a_listing_goes_no_further_back_than_it_must(
    client: AudioPod, sim: Simulator, folk: Callable[..., list[int]]
) -> None:
    jobs = folk(350)
    assert await listed(client, oldest=datetime.fromtimestamp(1_300, UTC)) >= set(jobs[300:])
    assert len(sim.requests) == 1


async def test_new_jobs_that_move_the_list_down_hide_none(
    client: AudioPod, folk: Callable[..., list[int]], sim: Simulator
) -> None:
    jobs = folk(150)

    def add() -> None:
        for _ in range(5):
            sim.world.add(genre="folk", audio={})

    assert await listed(client, between=add) >= set(jobs)
    assert [request.query["skip"] for request in sim.requests] == ["0", "99"]


async def test_a_deleted_job_that_moves_the_list_up_begins_it_anew(
    client: AudioPod, folk: Callable[..., list[int]], sim: Simulator
) -> None:
    jobs = folk(150)
    assert await listed(client, between=lambda: sim.world.delete(jobs[-1])) >= set(jobs)
    assert [request.query["skip"] for request in sim.requests] == ["0", "99", "0", "99"]


async def test_a_listing_that_never_gets_on_is_given_up(
    client: AudioPod, folk: Callable[..., list[int]], sim: Simulator
) -> None:
    folk(150)
    sim.faults.add(Fault("stuck", path="/jobs$", times=None))
    with pytest.raises(ContractBroken, match="shifted 3 times in a row"):
        await listed(client)


@pytest.mark.parametrize(("count", "is_cut"), [(90, False), (150, True), (0, False)])
async def test_how_far_back_all_was_listed_is_known(
    client: AudioPod, folk: Callable[..., list[int]], count: int, is_cut: bool
) -> None:
    folk(count)
    late = datetime.fromtimestamp(1_000 + count, UTC)
    part = await list_on(client, "genre", "folk", Place(), oldest=late)
    moment = part.jobs[-1].created_at if is_cut else ALL_TIME
    assert listed_back_to([part.place, Place(is_end=True)]) == moment
    assert listed_back_to([part.place, Place()]) is None


async def test_without_a_count_the_end_is_where_nothing_follows(
    client: AudioPod, folk: Callable[..., list[int]], sim: Simulator
) -> None:
    sim.switches.total_count = False
    jobs = folk(130)
    assert await listed(client) >= set(jobs)


async def test_a_job_that_says_something_else_ends_the_listing(
    client: AudioPod, sim: Simulator
) -> None:
    sim.switches.facets = frozenset({"genre"})
    sim.switches.unknown_filters = frozenset({"genre"})
    with pytest.raises(FilterIgnored):
        await listed(client, "jazz")


@pytest.mark.parametrize("value", ["Jazz", "jazz"])
async def test_the_case_of_a_value_is_no_contradiction(
    client: AudioPod, sim: Simulator, value: str
) -> None:
    sim.switches.facets = frozenset({"genre"})
    for job in sim.world.jobs():
        sim.world.update(job.id, genre=value)
    assert await listed(client, value) == {job.id for job in sim.world.jobs()}


@pytest.mark.parametrize("kind", ["genre", "emotion", "occasion", "language", "song_type", "liked"])
async def test_a_filter_is_seen_to_be_honoured_or_ignored(
    client: AudioPod, sim: Simulator, kind: str
) -> None:
    await check_honoured(client, kind)
    sim.switches.unknown_filters = frozenset({kind})
    with pytest.raises(FilterIgnored):
        await check_honoured(client, kind)


async def test_where_nobody_likes_anything_the_filter_is_honoured(
    client: AudioPod, sim: Simulator
) -> None:
    for job in sim.world.jobs():
        sim.world.like(job.id, liked=False)
    await check_honoured(client, "liked")


@pytest.mark.parametrize("shape", ["text", "counted", "named", "mapping", "absent"])
async def test_what_can_be_listed_is_known_in_every_shape(
    client: AudioPod, sim: Simulator, shape: str
) -> None:
    sim.switches.set_text("filter_values", shape)
    values = offered((await client.stats()).available_filters)
    assert ("jazz" in values["genre"]) == (shape != "absent")
    assert values["song_type"] == ("rap", "instrumental", "samples", "vocals", "song")


def test_no_more_values_are_asked_for_than_anybody_has() -> None:
    genres = ("x" * 201, *(f"genre {number}" for number in range(100_000)))
    values = offered(AvailableFilters(genres=genres))["genre"]
    assert values == tuple(f"genre {number}" for number in range(500))


def test_the_simulator_starts_with_jobs_that_say_nothing() -> None:
    assert Switches().facets == frozenset()
    assert World.synthetic(3).jobs()[0].genre is not None
