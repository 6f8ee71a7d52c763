"""Polls of an account that holds still, that changes, and that lies."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from syncd.core.model import Job
from syncd.errors import ContractBroken, Offline
from syncd.remote import AudioPod
from syncd.remote.poll import Polled, Poller
from syncd.simulator import Fault, Simulator, World

SHIFTED = "the list has shifted since the page before was read"
BEHIND = "every job of the newest page is new, so that more may stand behind it"
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
ROLLING = {"sort_order": "asc"}
NEWEST = {"sort_order": "desc", "limit": "50"}


class Watch:
    """Polls, and remembers as the catalog would which jobs there are."""

    def __init__(self, client: AudioPod, sim: Simulator) -> None:
        self.poller = Poller(client)
        self.known: set[int] = set()
        self.passed: set[int] = set()
        """The jobs that a rolling page has shown."""
        self._sim = sim

    async def look(self) -> tuple[Polled, tuple[str, ...]]:
        polled = await self.poller.poll()
        seen = {job.id for job in polled.jobs}
        new, self.known = seen - self.known, self.known | seen
        self.passed |= {job.id for job in polled.rolling.jobs} if polled.rolling else set()
        return polled, self.poller.doubts(polled, new)

    async def doubts(self, polls: int = 1) -> list[tuple[str, ...]]:
        return [(await self.look())[1] for _ in range(polls)]

    def sweep(self) -> None:
        self.known = {job.id for job in self._sim.world.jobs()}
        self.poller.swept(len(self.known) if self._sim.switches.total_count else None)


@pytest.fixture
def fill(sim: Simulator) -> Callable[[int], list[int]]:
    """``fill(count)``: the account holds that many jobs and no others; their ids, oldest first."""

    def refill(count: int) -> list[int]:
        for job in sim.world.jobs():
            sim.world.delete(job.id)
        sim.world.insert(World.synthetic(count, seed=2).jobs())
        jobs = sorted(sim.world.jobs(), key=lambda job: job.created_at)
        return [job.id for job in jobs]

    return refill


@pytest.fixture
def watch(client: AudioPod, sim: Simulator, fill: Callable[[int], list[int]]) -> Watch:
    """Of 250 jobs, just swept."""
    fill(250)
    watch = Watch(client, sim)
    watch.sweep()
    return watch


def asked(sim: Simulator) -> list[dict[str, str]]:
    """The queries that came since the last time."""
    queries = [dict(request.query) for request in sim.requests]
    sim.requests.clear()
    return queries


# --- what it costs ---


@pytest.mark.parametrize(("count", "requests"), [(0, 2), (1, 2), (49, 2), (50, 3), (250, 3)])
async def test_a_poll_is_three_requests_at_most(
    client: AudioPod,
    sim: Simulator,
    fill: Callable[[int], list[int]],
    count: int,
    requests: int,
) -> None:
    ids = fill(count)
    watch = Watch(client, sim)
    watch.sweep()
    for _ in range(6):
        polled, doubts = await watch.look()
        assert len(asked(sim)) == requests
        assert doubts == ()
        assert polled.total == count
        assert {job.id for job in polled.newest.jobs} == set(ids[-50:])
        assert (polled.rolling is None) == (requests == 2)


async def test_what_is_asked_for(watch: Watch, sim: Simulator) -> None:
    order = {"sort_by": "created_at", "sort_order": "desc"}
    oldest_first = {"sort_by": "created_at", "sort_order": "asc"}
    likes = {"include_interactions": "true"}
    for status, skip in [("PENDING", 0), ("PROCESSING", 99), ("PENDING", 198), ("PROCESSING", 0)]:
        assert await watch.doubts() == [()]
        assert asked(sim) == [
            {"skip": "0", "limit": "100", "status": status, **order, **likes},
            {"skip": str(skip), "limit": "100", **oldest_first, **likes},
            {"skip": "0", "limit": "50", **order, **likes},
        ]


async def test_without_a_sweep_before_it_the_first_poll_finds_out_what_there_is(
    client: AudioPod, sim: Simulator
) -> None:
    watch = Watch(client, sim)
    assert [(await watch.doubts(), len(asked(sim))) for _ in range(3)] == [
        ([()], 3),
        ([()], 2),
        ([()], 2),
    ]


async def test_an_account_that_outgrows_the_newest_page_is_rolled_through(
    client: AudioPod, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    ids = fill(49)
    watch = Watch(client, sim)
    watch.sweep()
    newest = sim.world.add()
    assert await watch.doubts(2) == [(), ()]
    assert watch.passed == {*ids, newest}
    sim.world.delete(newest)
    await watch.doubts()
    watch.sweep()
    asked(sim)
    assert await watch.doubts(2) == [(), ()]
    assert len(asked(sim)) == 4


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("count", [50, 51, 99, 100, 101, 198, 199, 200, 250])
async def test_the_rolling_page_passes_every_job(
    client: AudioPod,
    sim: Simulator,
    fill: Callable[[int], list[int]],
    count: int,
    header: bool,
) -> None:
    ids = fill(count)
    sim.switches.total_count = header
    watch = Watch(client, sim)
    watch.sweep()
    polls = math.ceil(count / 99) + 1
    for _ in range(2):
        assert await watch.doubts(polls) == [()] * polls
        assert watch.passed == set(ids)
        watch.passed.clear()


async def test_a_service_with_smaller_pages_is_rolled_through_all_the_same(
    watch: Watch, sim: Simulator
) -> None:
    smaller = Fault(
        "short",
        query=ROLLING,
        when=lambda request: int(request.query["skip"]) < 150,
        count=60,
        times=None,
    )
    sim.faults.add(smaller)
    assert await watch.doubts(5) == [()] * 5
    assert watch.passed == watch.known
    skips = [query["skip"] for query in asked(sim) if query["sort_order"] == "asc"]
    assert skips == ["0", "39", "78", "117", "156"]


async def test_each_job_comes_once_and_as_it_was_shown_last(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    ids = fill(90)
    watch.sweep()
    sim.faults.add(Fault("run", query=NEWEST, call=lambda world: world.rename(ids[-1], "Rain")))
    polled, _ = await watch.look()
    assert sorted(job.id for job in polled.jobs) == sorted(ids)
    names = {job.id: job.display_name for job in polled.jobs}
    assert names[ids[-1]] == "Rain"


# --- what it doubts ---


async def test_new_jobs_explain_the_total(watch: Watch, sim: Simulator) -> None:
    for count in (1, 0, 3, 49):
        for _ in range(count):
            sim.world.add()
        assert await watch.doubts() == [()]


async def test_a_deletion_is_doubted_until_a_sweep_has_ended(watch: Watch, sim: Simulator) -> None:
    await watch.doubts()
    sim.world.delete(sorted(watch.known)[100])
    doubt = ("the account holds 249 jobs, 250 were expected",)
    assert await watch.doubts() == [doubt]
    sim.world.add()
    assert (await watch.doubts())[0][-1] == "the account holds 250 jobs, 251 were expected"
    watch.sweep()
    assert await watch.doubts(4) == [()] * 4


async def test_the_last_job_but_one_is_still_a_job(
    client: AudioPod, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    ids = fill(2)
    watch = Watch(client, sim)
    watch.sweep()
    sim.world.delete(ids[0])
    assert await watch.doubts() == [("the account holds 1 job, 2 were expected",)]


async def test_a_deletion_that_a_new_job_makes_up_for_is_doubted(
    watch: Watch, sim: Simulator
) -> None:
    sim.world.delete(min(watch.known))
    sim.world.add()
    assert await watch.doubts() == [("the account holds 250 jobs, 251 were expected",)]


async def test_a_known_job_that_was_taken_for_gone_is_doubted(
    watch: Watch, fill: Callable[[int], list[int]]
) -> None:
    watch.known.discard(fill(250)[120])
    assert await watch.doubts(2) == [(), ("the account holds 250 jobs, 251 were expected",)]


async def test_more_new_jobs_than_the_newest_page_shows_are_doubted(
    watch: Watch, sim: Simulator
) -> None:
    sim.switches.total_count = False
    watch.sweep()
    for _ in range(49):
        sim.world.add()
    assert await watch.doubts() == [()]
    for _ in range(51):
        sim.world.add()
    assert await watch.doubts(2) == [(BEHIND,), (BEHIND,)]
    watch.sweep()
    assert await watch.doubts(2) == [(), ()]


async def test_a_full_page_of_new_jobs_with_nothing_behind_it_is_believed(
    client: AudioPod, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    fill(0)
    watch = Watch(client, sim)
    watch.sweep()
    fill(50)
    assert await watch.doubts() == [()]


async def test_a_job_deleted_behind_the_rolling_page_is_doubted_without_a_total(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    ids = fill(250)
    sim.switches.total_count = False
    watch.sweep()
    await watch.doubts()
    sim.world.delete(ids[3])
    assert await watch.doubts(2) == [(SHIFTED,), (SHIFTED,)]
    assert [query["skip"] for query in asked(sim) if query["sort_order"] == "asc"] == [
        "0",
        "99",
        "0",
    ]
    watch.sweep()
    assert await watch.doubts(4) == [()] * 4


async def test_a_list_that_ends_before_the_rolling_page_is_doubted(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    sim.switches.total_count = False
    watch.sweep()
    await watch.doubts(2)
    fill(60)
    assert (await watch.doubts())[0] == (SHIFTED,)


async def test_a_service_that_ignores_skip_is_doubted(watch: Watch, sim: Simulator) -> None:
    sim.faults.add(Fault("stuck", query=ROLLING, times=None))
    assert await watch.doubts(2) == [(), (SHIFTED,)]


async def test_jobs_of_one_moment_may_come_in_any_order(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    for job_id in fill(250):
        sim.world.update(job_id, created_at=1_760_000_000.0)
    sim.switches.stable_order = False
    watch.sweep()
    assert await watch.doubts(12) == [()] * 12


async def test_jobs_without_a_moment_follow_each_other_by_their_ids(
    watch: Watch, sim: Simulator
) -> None:
    sim.switches.missing_fields = frozenset({"created_at"})
    assert await watch.doubts(4) == [()] * 4
    assert watch.passed == watch.known
    sim.world.delete(min(watch.known))
    assert SHIFTED in (await watch.doubts(2))[1]


async def test_a_missing_total_is_no_cause_for_doubt(watch: Watch, sim: Simulator) -> None:
    sim.switches.total_count = False
    sim.world.add()
    assert await watch.doubts(3) == [(), (), ()]
    sim.switches.total_count = True
    sim.world.add()
    assert await watch.doubts(3) == [(), (), ()]


@pytest.mark.parametrize("lie", [-200, -3, 3, 700])
async def test_a_total_that_lies_all_the_time_is_no_cause_for_doubt(
    client: AudioPod, sim: Simulator, fill: Callable[[int], list[int]], lie: int
) -> None:
    ids = fill(250)
    sim.switches.total_count_offset = lie
    watch = Watch(client, sim)
    watch.sweep()
    watch.poller.swept(250 + lie)
    assert await watch.doubts(6) == [()] * 6
    assert watch.passed == set(ids)
    sim.world.add()
    assert await watch.doubts() == [()]
    sim.switches.total_count_offset -= 1
    assert await watch.doubts() == [
        (f"the account holds {250 + lie} jobs, {251 + lie} were expected",)
    ]


@pytest.mark.parametrize("page", [ROLLING, NEWEST, {"limit": "100", "sort_order": "desc"}])
async def test_a_job_that_comes_while_the_poll_goes_on_is_no_cause_for_doubt(
    watch: Watch, sim: Simulator, page: dict[str, str]
) -> None:
    sim.faults.add(Fault("run", query=page, times=4, call=lambda world: world.add()))
    assert await watch.doubts(6) == [()] * 6


async def test_what_this_program_deleted_is_no_cause_for_doubt(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    ids = fill(250)
    watch.sweep()
    await watch.doubts()
    for job_id in (ids[0], ids[50], ids[240]):
        sim.world.delete(job_id)
    watch.poller.deleted(3)
    assert await watch.doubts(4) == [()] * 4
    assert watch.passed.issuperset(job.id for job in sim.world.jobs())
    sim.world.delete(ids[1])
    assert "the account holds 246 jobs, 247 were expected" in (await watch.doubts())[0]


async def test_a_deletion_of_its_own_before_any_total_is_known_is_nothing(
    client: AudioPod, sim: Simulator
) -> None:
    watch = Watch(client, sim)
    watch.poller.deleted(1)
    assert await watch.doubts(2) == [(), ()]


# --- jobs in flight ---


async def test_an_old_job_that_was_retried_is_seen_wherever_it_stands(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    old = fill(250)[125]
    sim.world.fail(old)
    watch.sweep()
    sim.world.retry(old)
    sim.world.update(old, queue_seconds=3600.0)
    polled, doubts = await watch.look()
    assert (polled.status, polled.complete, doubts) == ("PENDING", True, ())
    assert {job.id: job.status for job in polled.jobs}[old] == "PENDING"


@pytest.mark.parametrize("lower", [True, False])
async def test_a_job_that_left_its_status_is_missing(
    watch: Watch, sim: Simulator, fill: Callable[[int], list[int]], lower: bool
) -> None:
    sim.switches.status_lower = lower
    ids = fill(250)
    begun = {"status": "PENDING", "queue_seconds": 3600.0}
    shown = sim.world.add(created_at=1_735_000_000.0, **begun)
    watch.sweep()
    believed = {
        shown: ("PENDING", NOW),
        ids[120]: ("PENDING", NOW),
        ids[121]: ("PROCESSING", NOW),
        ids[249]: ("PENDING", NOW),
    }
    polled, _ = await watch.look()
    assert polled.status == "PENDING"
    assert watch.poller.missing_in_flight(polled, believed) == (ids[120],)
    polled, _ = await watch.look()
    assert polled.status == "PROCESSING"
    assert watch.poller.missing_in_flight(polled, believed) == ()
    polled, _ = await watch.look()
    assert watch.poller.missing_in_flight(polled, believed) == (ids[120],)


async def test_of_many_missing_jobs_the_youngest_are_named_first(
    client: AudioPod, sim: Simulator, fill: Callable[[int], list[int]]
) -> None:
    fill(0)
    poller = Poller(client)
    polled = await poller.poll()
    ages: dict[int, datetime | None] = {n: NOW - timedelta(hours=n) for n in range(1, 5)}
    believed = {n: ("PENDING", when) for n, when in {**ages, 7: None, 8: None, 9: NOW}.items()}
    assert poller.missing_in_flight(polled, believed) == (9, 1, 2, 3, 4)
    few = {n: believed[n] for n in (7, 2, 8)}
    assert poller.missing_in_flight(polled, few) == (2, 8, 7)


async def test_a_service_that_does_not_know_the_filter_says_nothing_of_what_is_missing(
    watch: Watch, sim: Simulator
) -> None:
    sim.switches.unknown_filters = frozenset({"status"})
    polled, doubts = await watch.look()
    assert (polled.complete, doubts) == (False, ())
    assert watch.poller.missing_in_flight(polled, {1: (polled.status, NOW)}) == ()
    sim.world.add()
    assert await watch.doubts(5) == [()] * 5


async def test_a_service_that_refuses_the_filter_is_polled_without_it(
    watch: Watch, sim: Simulator
) -> None:
    # Twice: the first time the like status may be to blame, and it is asked without it.
    sim.faults.add(Fault("status", query={"status": "PENDING"}, status=400, times=2))
    sim.faults.add(Fault("object", query={"status": "PROCESSING"}))
    sim.world.add()
    for _ in range(2):
        polled, doubts = await watch.look()
        assert (polled.complete, polled.total, doubts) == (False, 251, ())
        assert watch.poller.missing_in_flight(polled, {1: (polled.status, NOW)}) == ()
    polled, _ = await watch.look()
    assert polled.complete


async def test_a_hundred_jobs_in_flight_may_not_be_all(watch: Watch, sim: Simulator) -> None:
    for number in range(100):
        sim.world.add(status="PENDING", queue_seconds=3600.0, created_at=1_735_000_000.0 + number)
    watch.sweep()
    polled, _ = await watch.look()
    assert sum(job.status == "PENDING" for job in polled.jobs) == 100
    assert not polled.complete


async def test_an_entry_that_is_no_job_leaves_the_list_incomplete(
    client: AudioPod, sim: Simulator
) -> None:
    sim.world.add(status="PENDING", queue_seconds=3600.0)
    sim.switches.missing_fields = frozenset({"id"})
    watch = Watch(client, sim)
    polled, doubts = await watch.look()
    assert (polled.jobs, polled.complete, doubts) == ((), False, ())


# --- when it fails ---


@pytest.mark.parametrize("page", [ROLLING, NEWEST])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("object"), ContractBroken),
        (Fault("status", status=500, times=3), Offline),
    ],
    ids=["object", "500"],
)
async def test_a_poll_that_fails_is_made_up_for_by_the_next(
    watch: Watch, sim: Simulator, page: dict[str, str], fault: Fault, error: type[Exception]
) -> None:
    await watch.doubts()
    added = sim.world.add()
    sim.faults.add(Fault(fault.kind, query=page, status=fault.status, times=fault.times))
    with pytest.raises(error):
        await watch.look()
    asked(sim)
    polled, doubts = await watch.look()
    assert doubts == ()
    assert added in {job.id for job in polled.jobs}
    assert (polled.status, polled.skip) == ("PROCESSING", 99)


async def test_what_was_polled_and_never_taken_in_is_polled_again(
    watch: Watch, sim: Simulator
) -> None:
    first = await watch.poller.poll()
    added = sim.world.add()
    await watch.poller.poll()
    polled, doubts = await watch.look()
    assert doubts == ()
    assert (first.skip, polled.skip) == (0, 0)
    assert added in {job.id for job in polled.jobs}
    assert all(isinstance(job, Job) for job in polled.jobs)


# --- after a sweep that did not see all ---


async def test_what_a_sweep_missed_is_no_cause_for_another(watch: Watch) -> None:
    missed = sorted(watch.known)[100:220]
    watch.known -= set(missed)
    watch.poller.swept(250, 130)
    assert await watch.doubts(6) == [()] * 6
    assert watch.known >= set(missed)


async def test_beside_what_a_sweep_missed_a_new_job_is_one(watch: Watch, sim: Simulator) -> None:
    watch.known -= set(sorted(watch.known)[100:103])
    watch.poller.swept(250, 247)
    sim.world.add(display_name="New")
    assert await watch.doubts(6) == [()] * 6


async def test_a_job_that_goes_away_after_such_a_sweep_is_doubted(
    watch: Watch, sim: Simulator
) -> None:
    gone, missed = min(watch.known), sorted(watch.known)[100:103]
    watch.known -= set(missed)
    watch.poller.swept(250, 247)
    assert await watch.doubts(6) == [()] * 6
    sim.world.delete(gone)
    assert "the account holds 249 jobs, 250 were expected" in (await watch.doubts())[0]
