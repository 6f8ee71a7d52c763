"""The published Python client, unmodified, against the simulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from audiopod import AsyncClient, Client
from audiopod.exceptions import APIError, AuthenticationError, RateLimitError

from syncd.simulator import Fault, Simulator, World


@pytest.fixture
def client(sim: Simulator) -> Iterator[Client]:
    with Client(api_key=sim.key, base_url=sim.api_url, max_retries=0) as opened:
        yield opened


def test_lists_jobs_by_page_and_task(client: Client, world: World) -> None:
    songs = [world.add(created_at=float(n)) for n in range(3)]
    rap = world.add(task="text2rap", created_at=9.0)
    assert [job["id"] for job in client.music.list_jobs()] == [rap, *reversed(songs)]
    assert [job["id"] for job in client.music.list_jobs(skip=1, limit=2)] == songs[:0:-1]
    assert [job["id"] for job in client.music.list_jobs(task="text2rap")] == [rap]


def test_gets_a_job(client: Client, world: World) -> None:
    job = world.add(display_name="Salt Tide")
    assert client.music.get_job(job)["display_name"] == "Salt Tide"


def test_deletes_a_job(client: Client, world: World) -> None:
    job = world.add()
    assert client.music.delete_job(job) == {"message": "Job deleted successfully"}
    assert world.jobs() == []


def test_gets_presets(client: Client) -> None:
    assert "lofi" in client.music.get_presets()["genre_presets"]


def test_raises_its_own_errors(client: Client, sim: Simulator, world: World) -> None:
    with pytest.raises(APIError, match="Job not found"):
        client.music.get_job(1)
    with pytest.raises(APIError):
        client.music.list_jobs(limit=101)
    world.revoke(sim.key)
    with pytest.raises(APIError, match="revoked"):
        client.music.list_jobs()
    with (
        Client(api_key="ap_wrong", base_url=sim.api_url) as stranger,
        pytest.raises(AuthenticationError, match="Invalid API key"),
    ):
        stranger.music.list_jobs()


def test_retries_what_it_retries(sim: Simulator, world: World) -> None:
    world.add()
    sim.faults.add(Fault("status", status=503, times=1))
    with Client(api_key=sim.key, base_url=sim.api_url, max_retries=1) as patient:
        assert len(patient.music.list_jobs()) == 1
    assert [record.status for record in sim.requests] == [503, 200]


async def test_works_asynchronously_too(sim: Simulator, world: World) -> None:
    kept, gone = world.add(created_at=1.0), world.add(created_at=2.0)
    async with AsyncClient(api_key=sim.key, base_url=sim.api_url) as client:
        assert [job["id"] for job in await client.music.list_jobs()] == [gone, kept]
        assert [job["id"] for job in await client.music.list_jobs(limit=1)] == [gone]
        assert (await client.music.get_job(kept))["status"] == "COMPLETED"
        await client.music.delete_job(gone)
        assert "genre_presets" in await client.music.get_presets()
        with pytest.raises(APIError):
            await client.music.get_job(gone)
        sim.faults.add(Fault("status", status=429, retry_after=1))
        with pytest.raises(RateLimitError):
            await client.music.list_jobs()
    assert [job.id for job in world.jobs()] == [kept]
