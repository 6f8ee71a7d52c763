"""Starting, stopping and the log of requests."""

from __future__ import annotations

import errno
import re
import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from syncd.simulator import Fault, Simulator, World


def test_both_origins_answer_as_soon_as_it_has_started() -> None:
    with Simulator() as sim:
        assert httpx.get(f"{sim.api_url}/").status_code == 404
        assert httpx.get(f"{sim.media_url}/").status_code == 403
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", sim.api_url)


def test_a_port_can_be_chosen_and_is_free_again_afterwards() -> None:
    with Simulator() as sim:
        port = urlsplit(sim.api_url).port or 0
    for _ in range(2):
        with Simulator(port=port) as sim:
            assert sim.api_url == f"http://127.0.0.1:{port}"
            assert httpx.get(sim.api_url).status_code == 404


@pytest.mark.parametrize("which", ["port", "media_port"])
def test_a_port_in_use_is_named(which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            OSError, match=re.escape(f"port {port} on 127.0.0.1 is in use")
        ) as caught:
            Simulator(**{which: port}).__enter__()
    assert caught.value.errno == errno.EADDRINUSE


def test_a_host_of_another_machine_is_named() -> None:
    with pytest.raises(OSError, match=re.escape("cannot listen on 192.0.2.1:0")):
        Simulator(host="192.0.2.1").__enter__()


def test_it_stops_while_connections_hang() -> None:
    world = World()
    world.add()
    before = threading.active_count()
    failures: list[type[Exception]] = []

    def ask(url: str) -> None:
        try:
            httpx.get(url, timeout=30)
        except httpx.TransportError as error:
            failures.append(type(error))

    with Simulator(world) as sim:
        sim.faults.add(
            Fault("hang", times=2, path="jobs|presets"),
            Fault("latency", seconds=60, times=None, path="/liked"),
        )
        idle = socket.create_connection(("127.0.0.1", urlsplit(sim.media_url).port or 0))
        paths = ("/jobs", "/presets", "/liked")
        clients = [
            threading.Thread(target=ask, args=(f"{sim.api_url}/api/v1/music{path}",))
            for path in paths
        ]
        for client in clients:
            client.start()
        while len(sim.requests) < 3:
            threading.Event().wait(0.005)
    for client in clients:
        client.join(10)
    idle.close()
    assert len(failures) == 3
    assert threading.active_count() == before


def test_it_can_run_again() -> None:
    sim = Simulator()
    for _ in range(2):
        with sim:
            assert httpx.get(sim.api_url).status_code == 404
    assert len(sim.requests) == 2


def test_two_can_run_side_by_side() -> None:
    with Simulator(key="ap_one") as one, Simulator(key="ap_two") as two:
        headers = {"X-API-Key": "ap_one"}
        answers = [
            httpx.get(f"{sim.api_url}/api/v1/music/jobs", headers=headers).status_code
            for sim in (one, two)
        ]
    assert answers == [200, 401]


class TestRequestLog:
    def test_every_request_is_written_down(self, api: httpx.Client, sim: Simulator) -> None:
        api.get("/jobs", params={"skip": "5"}, headers={"User-Agent": "tests/1"})
        api.patch("/jobs/3", json={"display_name": "x"})
        first, second = sim.requests
        assert (first.index, first.origin, first.method) == (0, "api", "GET")
        assert (first.path, first.query) == ("/api/v1/music/jobs", {"skip": "5"})
        assert (first.user_agent, first.status) == ("tests/1", 200)
        assert ("x-api-key", sim.key) in first.headers
        assert (second.index, second.status) == (1, 404)
        assert second.body == b'{"display_name":"x"}'

    def test_it_tells_whether_a_key_was_sent(
        self, api: httpx.Client, media: httpx.Client, sim: Simulator, world: World
    ) -> None:
        url = api.get(f"/jobs/{world.add()}/status").json()["output_url"]
        media.get(url, headers={"Range": "bytes=0-1"})
        media.get(url, headers={"X-API-Key": "ap_leaked"})
        media.get(url, headers={"Authorization": "Bearer ap_leaked"})
        media.get(f"{url}&key=ap_leaked")
        plain, *leaked = sim.requests.select(origin="media")
        assert (plain.has_key, plain.range, plain.status) == (False, "bytes=0-1", 206)
        assert [record.has_key for record in leaked] == [True, True, True]

    def test_it_counts_what_fits(self, api: httpx.Client, sim: Simulator) -> None:
        api.get("/jobs")
        api.get("/jobs/7/status")
        api.delete("/jobs/7")
        assert sim.requests.count() == len(sim.requests) == 3
        assert sim.requests.count(method="get") == 2
        assert sim.requests.count(path=r"/jobs$") == 1
        assert sim.requests.count(status=404) == 2
        assert sim.requests.count(origin="media") == 0
        assert [record.method for record in sim.requests.mutating()] == ["DELETE"]
        assert [record.index for record in sim.requests[1:]] == [1, 2]

    def test_it_can_be_cleared_and_goes_on_counting(
        self, api: httpx.Client, sim: Simulator
    ) -> None:
        api.get("/jobs")
        sim.requests.clear()
        api.get("/presets")
        (record,) = sim.requests
        assert (record.index, record.status) == (1, 200)
