"""What of a retry counts as a try: what may have been carried out, whoever asked for it."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from syncd.actions.retry import MOST_UNKNOWN, Turn, send
from syncd.core.pacing import MOST_RETRIES
from syncd.engine import Engine
from syncd.errors import KeyRefused, Offline, OutcomeUnknown, RateLimited, RequestRefused
from syncd.executor import SILENT_IN_A_ROW
from syncd.remote.http import Http
from syncd.simulator import Fault, Simulator

from .library import Clocks, sync

HOUR = timedelta(hours=1)


@pytest.fixture
def sim(sim: Simulator) -> Simulator:
    sim.switches.retries_per_minute = 100
    return sim


@pytest.fixture(autouse=True)
def _many_at_once(sim: Simulator) -> None:
    sim.switches.retries_per_minute = 100


async def by_hand(engine: Engine, *jobs: int) -> Turn:
    turn = Turn()
    await send(engine.library, engine.context, engine.policy, jobs, turn=turn)
    return turn


def failing(sim: Simulator, count: int = 1) -> list[int]:
    return [sim.world.add(display_name=f"Song {n}", status="FAILED") for n in range(count)]


def sent(sim: Simulator) -> list[int]:
    return [int(record.path.split("/")[-2]) for record in sim.requests.mutating()]


def spent(engine: Engine) -> dict[int, int]:
    retried = engine.library.catalog.baseline(engine.library.now()).retried
    return {job_id: one.times for job_id, one in retried.items()}


def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that changes the account reaches the service."""
    request = Http._request

    def elsewhere(
        http: Http, method: str, url: httpx.URL, *, body: dict[str, str] | None
    ) -> httpx.Request:
        url = url if method == "GET" else url.copy_with(port=1)
        return request(http, method, url, body=body)

    monkeypatch.setattr(Http, "_request", elsewhere)


# --- unasked ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", method="POST", status=500, times=None),
        Fault("status", method="POST", status=200, body="<html>", times=None),
    ],
    ids=["500", "a web page"],
)
async def test_what_became_of_one_is_unknown_and_the_others_get_on(
    engine: Engine, sim: Simulator, clocks: Clocks, fault: Fault
) -> None:
    (job_id,) = failing(sim)
    sim.world.add(display_name="New")
    sim.faults.add(fault)
    run = await sync(engine)
    assert run.error is None
    assert len(list(engine.library.root.path.rglob("*.flac"))) == 2
    assert (sent(sim), spent(engine)) == ([job_id], {job_id: 1})
    assert "the retry came to nothing certain" in run.summary()
    for _ in range(5):
        clocks.go_on(24 * HOUR)
        await sync(engine)
    assert (sent(sim), spent(engine)) == ([job_id] * 3, {job_id: 3})


async def test_many_in_a_row_whose_outcome_is_unknown_end_the_run(
    engine: Engine, sim: Simulator
) -> None:
    jobs = failing(sim, SILENT_IN_A_ROW + 1)
    sim.faults.add(Fault("status", method="POST", status=500, times=None))
    assert isinstance((await sync(engine)).error, OutcomeUnknown)
    once = sent(sim)
    assert len(once) == len(set(once)) >= SILENT_IN_A_ROW
    # What was under way as the run ended may have left: it is spent whether it arrived or not.
    assert set(once) <= set(spent(engine)) <= set(jobs)
    assert set(spent(engine).values()) == {1}


async def test_one_that_was_lost_counts_whatever_the_service_would_say_next(
    engine: Engine, sim: Simulator, clocks: Clocks
) -> None:
    (job_id,) = failing(sim)
    for _ in range(5):
        sim.faults.add(
            Fault("status", method="POST", status=502),
            Fault("status", method="POST", status=429, retry_after=30),
        )
        await sync(engine)
        sim.faults.clear()
        clocks.go_on(24 * HOUR)
    assert (sent(sim), spent(engine)) == ([job_id] * 3, {job_id: 3})


async def test_a_refused_key_spends_nothing(engine: Engine, sim: Simulator) -> None:
    (job_id,) = failing(sim)
    sim.faults.add(Fault("status", method="POST", status=401))
    assert isinstance((await sync(engine)).error, KeyRefused)
    assert (sent(sim), spent(engine)) == ([job_id], {})


async def test_what_never_left_spends_nothing(
    engine: Engine, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(sim)
    unsent(monkeypatch)
    assert isinstance((await sync(engine)).error, Offline)
    assert (sent(sim), spent(engine)) == ([], {})


# --- by hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RequestRefused), (401, KeyRefused), (403, RequestRefused), (429, RateLimited)],
)
async def test_by_hand_too_nothing_is_spent_on_what_was_not_done(
    engine: Engine, sim: Simulator, status: int, error: type[Exception]
) -> None:
    (job_id,) = failing(sim)
    sim.faults.add(Fault("status", method="POST", status=status, retry_after=900))
    turn = await by_hand(engine, job_id)
    assert isinstance(turn.refused.get(job_id, turn.error), error)
    assert (sent(sim), spent(engine)) == ([job_id], {})


async def test_by_hand_too_nothing_is_spent_on_what_never_left(
    engine: Engine, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsent(monkeypatch)
    assert isinstance((await by_hand(engine, *failing(sim))).error, Offline)
    assert spent(engine) == {}


async def test_by_hand_too_one_that_was_lost_is_sent_once_and_counts(
    engine: Engine, sim: Simulator
) -> None:
    lost, good = failing(sim, 2)
    sim.faults.add(
        Fault("status", method="POST", status=502),
        Fault("status", method="POST", path=f"/{lost}/", status=429, retry_after=30),
    )
    turn = await by_hand(engine, lost, good)
    assert isinstance(turn.refused[lost], OutcomeUnknown)
    assert (turn.error, [job.id for job in turn.sent]) == (None, [good])
    assert (sent(sim), spent(engine)) == ([lost, good], {lost: 1, good: 1})


async def test_many_in_a_row_that_were_lost_end_the_sending(engine: Engine, sim: Simulator) -> None:
    jobs = failing(sim, MOST_UNKNOWN + 2)
    sim.faults.add(Fault("status", method="POST", status=500, times=None))
    turn = await by_hand(engine, *jobs)
    assert isinstance(turn.error, OutcomeUnknown)
    assert (sent(sim), list(turn.left)) == (jobs[:MOST_UNKNOWN], jobs[MOST_UNKNOWN:])


async def test_what_was_refused_keeps_the_pace_all_the_same(
    engine: Engine, sim: Simulator, clocks: Clocks
) -> None:
    jobs = failing(sim, MOST_RETRIES + 2)
    sim.faults.add(Fault("status", method="POST", status=400, times=None))
    turn = await by_hand(engine, *jobs)
    assert (len(sent(sim)), len(turn.left)) == (MOST_RETRIES, 2)
    assert turn.wait > 0
    further = Turn(refused=turn.refused, vain=turn.vain)
    parts = (engine.library, engine.context, engine.policy)
    await send(*parts, turn.left, turn=further)
    assert len(sent(sim)) == MOST_RETRIES
    clocks.go_on(timedelta(seconds=62))
    await send(*parts, further.left, turn=further)
    assert (sent(sim), spent(engine)) == (jobs, {})
