"""``syncd retry``: failed jobs are made again, ten in a minute, and followed until they settle."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from syncd.catalog import queries
from syncd.simulator import Fault, Simulator

from .daemons import daemon

if TYPE_CHECKING:
    from syncd.simulator.job import Job
    from tests.scenarios.conftest import Bench

AT_ONCE = """
import datetime
from syncd.actions import retry
from syncd.core import pacing
retry.FIRST_LOOK = 0.05
pacing.WINDOW = datetime.timedelta(seconds=1)
"""
"""Put before a command: what takes a minute takes a second, and what takes seconds nothing."""

Fail = Callable[..., list[int]]


@pytest.fixture
def fail(bench: Bench, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Makes so many failed jobs that the catalog knows; what is retried is made within moments."""
    requeue = sim.world.retry

    def soon(job_id: int) -> Job:
        requeue(job_id)
        sim.world.update(job_id, queue_seconds=0.1, run_seconds=0.1)
        (job,) = [job for job in sim.world.jobs() if job.id == job_id]
        return job

    monkeypatch.setattr(sim.world, "retry", soon)

    def fail(count: int) -> list[int]:
        names = [f"Song {number}" for number in range(count)]
        made = [sim.world.add(display_name=name, status="FAILED") for name in names]
        assert bench.run("sync").code == 0
        sim.requests.clear()
        return made

    return fail


def sent(sim: Simulator) -> list[str]:
    return [record.path.rpartition("/music")[2] for record in sim.requests.mutating()]


def test_a_failed_job_is_made_again_and_followed_until_it_is_done(
    bench: Bench, sim: Simulator, fail: Fail
) -> None:
    (job_id,) = fail(1)
    result = bench.run("retry", job_id, before=AT_ONCE)
    assert (result.code, result.out) == (0, f"job {job_id} “Song 0”: completed\n")
    assert sent(sim) == [f"/jobs/{job_id}/retry"]
    with bench.catalog() as catalog:
        (entry,) = [e for e in queries.history(catalog, job_id) if e.verb == "retry-remote"]
    assert entry.outcome == "done"
    assert "Music generation failed" in entry.reason
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 1


def test_all_that_failed_are_sent_ten_in_a_minute(bench: Bench, sim: Simulator, fail: Fail) -> None:
    jobs = fail(12)
    sim.switches.retries_per_minute = 100
    sim.world.add(display_name="Fine")
    result = bench.run("retry", "--failed", "--no-wait", "--json", before=AT_ONCE)
    assert result.code == 0
    assert [job["id"] for job in result.document["retried"]] == jobs
    assert sent(sim) == [f"/jobs/{job_id}/retry" for job_id in jobs]
    assert "10 sent, 2 to go: the service takes 10 in a minute; the next in 1 s" in result.err


def test_what_was_sent_a_moment_ago_counts_for_the_next_command(
    bench: Bench, sim: Simulator, fail: Fail
) -> None:
    jobs = fail(11)
    assert bench.run("retry", *jobs[:10], "--no-wait").code == 0
    ends = "import sys\nfrom syncd.cli import retry\nretry.asyncio.sleep = sys.exit\n"
    result = bench.run("retry", jobs[10], "--no-wait", before=ends)
    assert "0 sent, 1 to go" in result.err
    assert len(sent(sim)) == 10


def test_one_that_fails_again_is_told_and_is_exit_code_1(
    bench: Bench, sim: Simulator, fail: Fail
) -> None:
    (job_id,) = fail(1)
    running = bench.start("retry", job_id, "--json", before=AT_ONCE)
    while not sent(sim):
        pass
    sim.world.fail(job_id, "out of tune")
    result = bench.finish(running)
    assert result.code == 1
    (told,) = result.document["retried"]
    assert (told["status"], told["error_message"], told["settled"]) == (
        "FAILED",
        "out of tune",
        True,
    )


def test_only_failed_jobs_are_sent(bench: Bench, sim: Simulator, fail: Fail) -> None:
    fine = sim.world.add(display_name="Fine")
    (job_id,) = fail(1)
    result = bench.run("retry", fine, job_id, job_id + 1000, before=AT_ONCE)
    assert result.code == 1
    assert f"job {fine} is COMPLETED: only a failed one can be retried" in result.err
    assert f"job {job_id + 1000} is not known" in result.err
    assert sent(sim) == [f"/jobs/{job_id}/retry"]
    assert bench.run("retry").code == bench.run("retry", fine, "--failed").code == 2


def test_a_limit_that_others_use_up_is_waited_for_without_the_library(
    bench: Bench, sim: Simulator, fail: Fail
) -> None:
    jobs = fail(2)
    sim.faults.add(Fault("status", method="POST", after=1, status=429, retry_after=1))
    result = bench.run("retry", *jobs, "--no-wait", before=AT_ONCE)
    assert result.code == 0
    assert "1 sent, 1 to go: the service asked to wait; the next in 1 s" in result.err
    first, second = (f"/jobs/{job_id}/retry" for job_id in jobs)
    assert sent(sim) == [first, second, second]


@pytest.mark.parametrize(("status", "code", "said"), [(402, 1, "credits"), (429, 75, "429")])
def test_no_credits_and_too_many_requests_end_the_sending(
    bench: Bench, sim: Simulator, fail: Fail, haste: str, status: int, code: int, said: str
) -> None:
    jobs = fail(3)
    sim.faults.add(
        Fault("status", method="POST", after=1, times=None, status=status, retry_after=900)
    )
    result = bench.run("retry", *jobs, before=haste + AT_ONCE)
    assert result.code == code
    assert said in result.complaint
    assert result.out == f"job {jobs[0]} “Song 0”: completed\n"
    assert set(sent(sim)) == {f"/jobs/{job_id}/retry" for job_id in jobs[:2]}
    not_tried = jobs[2:] if status == 402 else jobs[1:]
    assert result.err.endswith(f" not tried: {' '.join(map(str, not_tried))}\n")
    document = bench.run("retry", *jobs[1:], "--json", before=haste + AT_ONCE).document
    assert f"answered {status}" in document["error"]
    assert (document["exit_code"], document["left"]) == (code, not_tried)


def test_who_stops_the_following_is_told_what_was_sent(
    bench: Bench, sim: Simulator, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = fail(2)
    monkeypatch.setattr(sim.world, "retry", type(sim.world).retry.__get__(sim.world))
    for arguments in ((jobs[0],), (jobs[1], "--json")):
        count = len(sent(sim))
        following = bench.start("retry", *arguments)
        while len(sent(sim)) == count or not sim.requests.select()[-1].path.endswith("/status"):
            pass
        following.send_signal(signal.SIGINT)
        result = bench.finish(following)
        assert result.code == 130
        assert "stopped; what was sent is being made; syncd sync fetches it" in result.err
        if "--json" in arguments:
            (told,) = result.document["retried"]
            assert (told["id"], told["settled"]) == (jobs[1], False)
            assert (result.document["exit_code"], result.document["error"]) == (130, "stopped")
        else:
            assert result.out == f"job {jobs[0]} “Song 0”: sent to be made again\n"


def test_nothing_is_sent_one_way_only(bench: Bench, sim: Simulator, fail: Fail) -> None:
    jobs = fail(1)
    bench.configure(sync={"direction": "down"})
    result = bench.run("retry", *jobs)
    assert result.code == 2
    assert 'sync.direction = "down"' in result.complaint
    assert sent(sim) == []


def test_a_daemon_stands_aside_for_the_sending_alone_and_fetches_what_is_finished(
    bench: Bench, sim: Simulator, fail: Fail
) -> None:
    (job_id,) = fail(1)
    bench.configure(sync={"poll_interval": "10s"})
    with daemon(bench) as running:
        following = bench.start("retry", job_id)
        running.wait_until(lambda: sent(sim))
        running.wait_for("idle")
        running.wait_until(lambda: len(bench.audio()) == 1)
        assert bench.finish(following).code == 0
