"""Jobs that are being made again are followed until they settle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pytest

from syncd.actions.retry import follow
from syncd.core.model import Job
from syncd.errors import KeyRefused, NoSuchJob, Offline, RateLimited, RemoteError
from syncd.remote.client import AudioPod


def job(job_id: int, status: str) -> Job:
    return Job(id=job_id, status=status)


class Service:
    """Answers looks one after the other."""

    def __init__(self, *answers: Job | RemoteError) -> None:
        self._answers = list(answers)

    async def job(self, _: int) -> Job:
        answer = self._answers.pop(0)
        if isinstance(answer, RemoteError):
            raise answer
        return answer


class Following:
    """What is told while jobs are followed."""

    def __init__(self) -> None:
        self.settled: dict[int, Job | NoSuchJob] = {}
        self.told: list[str] = []
        self.slept: list[float] = []

    async def run(self, jobs: Iterable[int], *answers: Job | RemoteError) -> None:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        await follow(
            cast(AudioPod, Service(*answers)),
            [job(job_id, "PENDING") for job_id in jobs],
            lambda job: self.told.append(f"{job.id} {job.status}"),
            settled=self.settled,
            waits=lambda error: self.told.append(error.message),
            sleep=sleep,
        )


@pytest.fixture
def following() -> Following:
    return Following()


async def test_an_outage_is_waited_out_and_told_once(following: Following) -> None:
    away: list[Any] = [Offline("no answer"), Offline("no answer")]
    await following.run([1], *away, job(1, "PROCESSING"), Offline("gone"), job(1, "COMPLETED"))
    assert following.told == ["no answer", "1 PROCESSING", "gone", "1 COMPLETED"]
    assert following.settled[1] == job(1, "COMPLETED")


async def test_the_wait_that_the_service_asks_for_is_kept(following: Following) -> None:
    await following.run([1], RateLimited("429", retry_after=300.0), job(1, "FAILED"))
    assert following.slept == [2.0, 300.0]


async def test_a_refused_key_ends_it_and_what_had_settled_is_known(following: Following) -> None:
    with pytest.raises(KeyRefused):
        await following.run([1, 2], job(1, "COMPLETED"), KeyRefused("401"))
    assert list(following.settled) == [1]


async def test_one_that_is_gone_is_settled(following: Following) -> None:
    await following.run([1], NoSuchJob("gone", job_id=1))
    assert isinstance(following.settled[1], NoSuchJob)
