"""``sync.retry_failed``: failed jobs are made again unasked. An engine, and a service over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from syncd.catalog import queries
from syncd.cli.listed import print_lines
from syncd.core.baseline import Retried
from syncd.core.listing import Listing
from syncd.core.pacing import MOST_RETRIES
from syncd.engine import Engine
from syncd.errors import ExitCode
from syncd.executor import Context, retry
from syncd.local.notes import read_notes
from syncd.simulator import Fault, Simulator
from syncd.simulator.job import Job

from .library import Clocks, sync

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = "retried 3 times, and failed again"


@pytest.fixture
def fails_again(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    requeue = sim.world.retry

    def again(job_id: int) -> Job:
        made = requeue(job_id)
        sim.world.fail(job_id)
        return made

    monkeypatch.setattr(sim.world, "retry", again)


def sent(sim: Simulator) -> list[int]:
    return [int(record.path.split("/")[-2]) for record in sim.requests.mutating()]


def tries(engine: Engine, job_id: int) -> Retried | None:
    catalog = engine.library.catalog
    return catalog.baseline(engine.library.now()).retried.get(job_id)


def failing(sim: Simulator, count: int = 1) -> list[int]:
    return [sim.world.add(display_name=f"Song {n}", status="FAILED") for n in range(count)]


async def test_a_failed_job_is_made_again_and_fetched_once_it_is_finished(
    engine: Engine, sim: Simulator
) -> None:
    (job_id,) = failing(sim)
    generation = engine.library.catalog.binding()
    run = await sync(engine)
    assert (run.exit_code, sent(sim)) == (ExitCode.IN_STEP, [job_id])
    assert "1 sent to be made again" in run.summary()
    assert engine.library.catalog.binding() == generation, "no placed file has changed"
    (entry,) = queries.history(engine.library.catalog, job_id)
    assert (entry.verb, entry.outcome) == ("retry-remote", "done")
    assert entry.reason == "the job failed, and is made again (try 1 of 3)"
    sim.world.update(job_id, queue_seconds=0.0, run_seconds=0.0)
    await sync(engine)
    assert sent(sim) == [job_id]
    assert len(list(engine.library.root.path.rglob("*.flac"))) == 2


@pytest.mark.parametrize("policy", [{"retry_failed": 0}, {"direction": "down"}])
async def test_none_is_sent_where_nothing_may_be(
    engine: Engine, sim: Simulator, policy: dict[str, object]
) -> None:
    failing(sim)
    assert (await sync(engine, **policy)).exit_code is ExitCode.IN_STEP
    assert sent(sim) == []


async def test_how_often_one_was_sent_is_kept_beside_the_marker(
    engine: Engine, sim: Simulator
) -> None:
    (job_id,) = failing(sim)
    await sync(engine)
    notes = read_notes(engine.library.root)
    assert notes is not None
    assert notes.retried == {job_id: 1}


async def test_none_is_sent_on_behalf_of_a_folder_that_lost_its_marker(
    engine: Engine, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job_id,) = failing(sim)
    look = retry.fresh

    async def then_it_goes(context: Context, of: int) -> object:
        found = await look(context, of)
        (context.root.private / "library.json").unlink()
        return found

    monkeypatch.setattr(retry, "fresh", then_it_goes)
    await sync(engine)
    assert sent(sim) == []
    assert tries(engine, job_id) is None


@pytest.mark.usefixtures("fails_again")
async def test_it_is_tried_so_often_ever_more_rarely_and_then_told_once(
    engine: Engine, sim: Simulator, clocks: Clocks, capsys: pytest.CaptureFixture[str]
) -> None:
    (job_id,) = failing(sim)
    for number, pause in enumerate((HOUR, 6 * HOUR), 1):
        await sync(engine)
        clocks.go_on(pause - timedelta(minutes=1))
        run = await sync(engine)
        assert [one.reason for one in run.waits] == [
            f"the job failed, and is made again (try {number + 1} of 3)"
        ]
        assert sent(sim) == [job_id] * number
        capsys.readouterr()
        print_lines(queries.jobs(engine.library.catalog, Listing(status=("FAILED",))))
        retried = "once" if number == 1 else f"{number} times"
        assert f"(FAILED; retried {retried})" in capsys.readouterr().out
        clocks.go_on(timedelta(minutes=2))
    assert (await sync(engine)).exit_code is ExitCode.IN_STEP
    assert sent(sim) == [job_id] * 3
    run = await sync(engine)
    assert run.exit_code is ExitCode.FAILED
    assert f"failed: job {job_id}: {TOLD}" in run.summary()
    clocks.go_on(3 * DAY)
    run = await sync(engine)
    assert (run.exit_code, run.waits, len(sent(sim))) == (ExitCode.IN_STEP, [], 3)
    entry = queries.job(engine.library.catalog, job_id)
    assert entry is not None
    assert entry.reason == TOLD


async def test_ten_are_sent_in_a_minute(engine: Engine, sim: Simulator, clocks: Clocks) -> None:
    sim.switches.retries_per_minute = 100
    jobs = failing(sim, MOST_RETRIES + 2)
    run = await sync(engine)
    assert sorted(sent(sim)) == jobs[:MOST_RETRIES]
    waiting = [wait.job_id for wait in run.waits if "10 in a minute" in wait.reason]
    assert waiting == jobs[MOST_RETRIES:]
    clocks.go_on(timedelta(seconds=62))
    await sync(engine)
    assert sorted(sent(sim)) == jobs


async def test_a_stop_between_the_sending_and_its_record_sends_nothing_twice(
    engine: Engine, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job_id,) = failing(sim)

    def stopped(*_: object) -> None:
        raise RuntimeError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(retry, "_record", stopped)
        with pytest.raises(ExceptionGroup):
            await sync(engine)
    assert sent(sim) == [job_id]
    sim.world.fail(job_id)
    await sync(engine)
    assert sent(sim) == [job_id], "it was spent before it was sent"


async def test_a_service_that_asks_to_wait_is_left_alone_and_nothing_is_spent(
    engine: Engine, sim: Simulator, clocks: Clocks
) -> None:
    first, second = failing(sim, 2)
    sim.world.add(display_name="New")
    sim.faults.add(Fault("status", method="POST", status=429, retry_after=300, times=None))
    run = await sync(engine)
    assert run.exit_code is ExitCode.IN_STEP
    assert {wait.job_id for wait in run.waits} == {first, second}
    assert len(list(engine.library.root.path.rglob("*.flac"))) == 2, "the others get on"
    assert (tries(engine, first), tries(engine, second)) == (None, None)
    met = len(sent(sim))
    sim.faults.clear()
    await sync(engine)
    assert len(sent(sim)) == met
    clocks.go_on(timedelta(minutes=6))
    await sync(engine)
    assert sorted(sent(sim)[met:]) == [first, second]


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_what_the_service_refuses_is_told_once_and_not_sent_again_until_it_changes(
    engine: Engine, sim: Simulator, clocks: Clocks, status: int
) -> None:
    (job_id,) = failing(sim)
    body = '{"detail": "its source is gone"}'
    sim.faults.add(Fault("status", method="POST", status=status, body=body))
    run = await sync(engine)
    assert run.exit_code is ExitCode.FAILED
    assert "the service will not make it again" in run.summary()
    assert "its source is gone" in run.summary()
    clocks.go_on(3 * DAY)
    assert (await sync(engine)).exit_code is ExitCode.IN_STEP
    assert sent(sim) == [job_id]
    sim.world.fail(job_id, "something else")
    await sync(engine)
    assert sent(sim) == [job_id] * 2


@pytest.mark.parametrize("status", [402, 403])
async def test_without_credits_or_scope_it_is_put_off_and_nothing_is_spent(
    engine: Engine, sim: Simulator, clocks: Clocks, status: int
) -> None:
    (job_id,) = failing(sim)
    sim.faults.add(Fault("status", method="POST", status=status))
    assert (await sync(engine)).exit_code is ExitCode.FAILED
    assert (await sync(engine)).exit_code is ExitCode.IN_STEP
    assert (sent(sim), tries(engine, job_id)) == ([job_id], None)
    other = sim.world.add(display_name="Other", status="FAILED")
    await sync(engine)
    assert sent(sim) == [job_id], "another one would fare no better"
    clocks.go_on(HOUR)
    await sync(engine)
    assert sorted(sent(sim)) == sorted([job_id, job_id, other])


async def test_one_that_was_retried_or_deleted_elsewhere_meanwhile_is_not_sent(
    engine: Engine, sim: Simulator
) -> None:
    first, second = failing(sim, 2)
    changes: list[tuple[int, Callable[[], object]]] = [
        (first, partial(sim.world.retry, first)),
        (second, partial(sim.world.delete, second)),
    ]
    for job_id, change in changes:
        sim.faults.add(Fault("run", path=f"/jobs/{job_id}/status", call=lambda _, do=change: do()))
    assert (await sync(engine)).exit_code is ExitCode.IN_STEP
    assert sent(sim) == []
