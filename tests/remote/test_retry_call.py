"""``POST /jobs/{id}/retry``: sent once; its errors tell whether it may have been carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncd.errors import KeyRevoked, Offline, OutcomeUnknown, RateLimited
from syncd.remote import AudioPod
from syncd.simulator import Fault, Simulator


@pytest.fixture
def job_id(sim: Simulator) -> int:
    return sim.world.add(status="FAILED")


@pytest.mark.parametrize("status", [408, 500, 502, 503])
async def test_a_retry_that_was_not_carried_out_is_looked_up_and_not_sent_again(
    client: AudioPod, sim: Simulator, job_id: int, status: int, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=status, method="POST"))
    with raised(OutcomeUnknown, f"the retry of job {job_id}"):
        await client.retry(job_id)
    assert [request.method for request in sim.requests] == ["POST", "GET"]


@pytest.mark.parametrize("status", [401, 402, 403, 404, 422, 429, 500])
async def test_what_the_look_meets_says_nothing_of_what_was_sent(
    client: AudioPod, sim: Simulator, job_id: int, status: int, raised: Any
) -> None:
    sim.faults.add(
        Fault("reset", method="POST"),
        Fault("status", status=status, method="GET", retry_after=900, times=None),
    )
    with raised(OutcomeUnknown):
        await client.retry(job_id)
    assert sim.requests.count(method="POST") == 1


async def test_a_job_that_no_answer_holds_is_looked_up(
    client: AudioPod, sim: Simulator, job_id: int, raised: Any
) -> None:
    bare = Fault("status", status=200, body='{"message": "queued"}', method="POST", times=None)
    sim.faults.add(bare)
    assert (await client.retry(job_id)).id == job_id
    sim.faults.add(Fault("status", status=403, method="GET"))
    with raised(OutcomeUnknown):
        await client.retry(job_id)


@pytest.mark.parametrize(
    ("status", "retry_after", "error"),
    [(403, None, KeyRevoked), (429, 30, RateLimited), (429, None, RateLimited)],
)
async def test_what_was_certainly_not_carried_out_is_told_as_it_is(
    client: AudioPod,
    sim: Simulator,
    job_id: int,
    status: int,
    retry_after: float | None,
    error: type,
    raised: Any,
) -> None:
    fault = Fault("status", status=status, method="POST", retry_after=retry_after, times=None)
    sim.faults.add(fault)
    with raised(error):
        await client.retry(job_id)
    assert sim.requests.count() == 1


async def test_what_never_left_was_not_carried_out(opened: Callable[..., Any], raised: Any) -> None:
    async with opened("http://127.0.0.1:1") as http:
        with raised(Offline):
            await AudioPod(http).retry(1)
