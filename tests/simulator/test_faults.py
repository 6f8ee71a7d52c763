"""Every fault, over real sockets."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest

from syncd.simulator import Fault, Simulator, World

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def job(world: World) -> int:
    return world.add(audio={"flac": CONTENT}, created_at=100.0)


@pytest.fixture
def url(api: httpx.Client, job: int) -> str:
    return str(api.get(f"/jobs/{job}/status").json()["output_url"])


def raw_get(url: str, timeout: float = 5.0) -> tuple[bytes, type[OSError] | None]:
    """Everything that comes for a GET until the connection ends, and how it ended if badly."""
    parts = urlsplit(url)
    got = b""
    with socket.create_connection((parts.hostname, parts.port), timeout) as connection:
        request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(request.encode())
        try:
            while piece := connection.recv(65_536):
                got += piece
        except OSError as error:
            return got, type(error)
    return got, None


def body_of(got: bytes) -> bytes:
    return got.partition(b"\r\n\r\n")[2]


class TestWhichRequestsAreMet:
    def test_once_unless_told_otherwise(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", status=503))
        assert [api.get("/jobs").status_code for _ in range(2)] == [503, 200]
        assert len(sim.faults) == 0

    def test_after_some_and_so_many_times(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", after=1, times=2))
        codes = [api.get("/jobs").status_code for _ in range(4)]
        assert codes == [200, 500, 500, 200]

    def test_for_good_until_cleared(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", times=None))
        assert [api.get("/jobs").status_code for _ in range(3)] == [500] * 3
        sim.faults.clear()
        assert api.get("/jobs").status_code == 200

    def test_a_script_is_met_in_its_order(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", status=503, times=2), Fault("status", status=429))
        assert [api.get("/jobs").status_code for _ in range(4)] == [503, 503, 429, 200]

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("status", origin="media"),
            Fault("status", method="DELETE"),
            Fault("status", path=r"/presets$"),
            Fault("status", path=lambda path: path.endswith("/liked")),
            Fault("status", query={"skip": "100"}),
            Fault("status", when=lambda record: not record.has_key),
        ],
        ids=["origin", "method", "path", "predicate", "query", "when"],
    )
    def test_other_requests_pass(self, api: httpx.Client, sim: Simulator, fault: Fault) -> None:
        sim.faults.add(fault)
        assert api.get("/jobs?skip=0").status_code == 200
        assert list(sim.faults) == [fault]

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("status", origin="api"),
            Fault("status", method="get"),
            Fault("status", path=r"/jobs$"),
            Fault("status", path=lambda path: path.endswith("/jobs")),
            Fault("status", query={"skip": "0"}),
            Fault("status", when=lambda record: record.has_key),
        ],
        ids=["origin", "method", "path", "predicate", "query", "when"],
    )
    def test_requests_that_fit_are_met(
        self, api: httpx.Client, sim: Simulator, fault: Fault
    ) -> None:
        sim.faults.add(fault)
        assert api.get("/jobs?skip=0").status_code == 500


class TestAnswersInsteadOfTheRealOne:
    def test_a_status_with_seconds_to_wait(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", status=429, retry_after=2))
        answer = api.get("/jobs")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert answer.json()["detail"]

    def test_a_status_with_a_date_to_wait_for(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", status=503, retry_after=90, retry_after_date=True))
        until = parsedate_to_datetime(api.get("/jobs").headers["retry-after"])
        assert until == datetime(2026, 3, 31, 23, 34, 50, tzinfo=UTC)

    def test_a_status_with_a_body_of_its_own(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("status", status=502, body="<h1>Bad</h1>", content_type="text/html"))
        answer = api.get("/jobs")
        assert (answer.text, answer.headers["content-type"]) == ("<h1>Bad</h1>", "text/html")

    def test_a_captive_portal(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("portal"))
        answer = api.get("/jobs")
        assert answer.status_code == 200
        assert answer.text.startswith("<!DOCTYPE html>")

    def test_an_expired_address(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("expired", origin="media"))
        assert [media.get(url).status_code for _ in range(2)] == [403, 200]

    def test_a_redirect(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("redirect", location="http://127.0.0.1:1/away"))
        answer = api.get("/jobs")
        assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:1/away")

    def test_nothing_is_done_for_a_request_that_fails(
        self, api: httpx.Client, sim: Simulator, world: World, job: int
    ) -> None:
        sim.faults.add(Fault("status", method="DELETE"))
        assert api.delete(f"/jobs/{job}").status_code == 500
        assert world.job(job) is not None


class TestBrokenConnections:
    def test_a_reset_before_any_answer(self, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("reset"))
        assert raw_get(url) == (b"", ConnectionResetError)

    def test_a_reset_in_the_middle_of_the_body(self, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("reset", at=1000))
        got, error = raw_get(url)
        assert body_of(got) == CONTENT[:1000]
        assert error is ConnectionResetError

    def test_the_request_is_carried_out_although_its_answer_is_lost(
        self, api: httpx.Client, sim: Simulator, world: World, job: int
    ) -> None:
        sim.faults.add(Fault("reset", method="DELETE"))
        with pytest.raises(httpx.ReadError):
            api.delete(f"/jobs/{job}")
        assert world.job(job) is None
        assert sim.requests[-1].status is None

    def test_a_close_before_any_answer(self, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("close"))
        assert raw_get(url) == (b"", None)

    def test_a_close_in_the_middle_of_the_body(self, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("close", at=7))
        got, error = raw_get(url)
        assert (body_of(got), error) == (CONTENT[:7], None)

    def test_a_body_shorter_than_its_length(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.faults.add(Fault("truncate", at=5000, times=2))
        got, error = raw_get(url)
        assert b"content-length: 10240\r\n" in got
        assert (body_of(got), error) == (CONTENT[:5000], None)
        with pytest.raises(httpx.RemoteProtocolError):
            media.get(url)

    def test_a_body_cut_short_without_any_sign(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.faults.add(Fault("truncate-silent"))
        answer = media.get(url)
        assert answer.content == CONTENT[:5120]
        assert "content-length" not in answer.headers
        assert "transfer-encoding" not in answer.headers

    @pytest.mark.parametrize("kind", ["short", "duplicate"])
    def test_what_befalls_lists_leaves_audio_as_it_is(
        self, media: httpx.Client, sim: Simulator, url: str, kind: str
    ) -> None:
        sim.faults.add(Fault(kind))
        assert media.get(url).content == CONTENT

    def test_a_wait_beyond_any_date(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("status", status=503, retry_after=1e12))
        assert media.get(url).headers["retry-after"] == "1e+12"

    def test_a_length_that_is_too_long(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("wrong-length", by=10))
        with pytest.raises(httpx.RemoteProtocolError):
            media.get(url)

    def test_a_length_that_is_too_short(self, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("wrong-length", by=-10))
        got, _ = raw_get(url)
        assert b"content-length: 10230\r\n" in got
        assert body_of(got) == CONTENT

    def test_a_large_body_arrives_up_to_the_reset(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        big = CONTENT * 800
        job = world.add(audio={"flac": big})
        url = api.get(f"/jobs/{job}/status").json()["output_url"]
        sim.faults.add(Fault("close", at=8_000_000))
        got, _ = raw_get(url)
        assert body_of(got) == big[:8_000_000]

    def test_the_next_connection_is_sound(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.faults.add(Fault("reset"), Fault("truncate"))
        for _ in range(2):
            with pytest.raises(httpx.TransportError):
                media.get(url)
        assert media.get(url).content == CONTENT


class TestSlowness:
    def test_silence_before_the_answer(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("hang"))
        with pytest.raises(httpx.ReadTimeout):
            media.get(url, timeout=0.1)
        assert media.get(url).status_code == 200

    def test_silence_that_ends(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("hang", seconds=0.05), Fault("hang", seconds=0.05, at=100))
        assert [media.get(url).content for _ in range(2)] == [CONTENT, CONTENT]

    def test_silence_in_the_middle_of_the_body(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.faults.add(Fault("hang", at=100))
        with media.stream("GET", url, timeout=0.1) as answer:
            pieces = answer.iter_raw()
            assert next(pieces) == CONTENT[:100]
            with pytest.raises(httpx.ReadTimeout):
                next(pieces)

    def test_latency_joins_other_faults(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("latency", seconds=0.05), Fault("status"))
        assert api.get("/jobs").status_code == 500
        assert len(sim.faults) == 0

    def test_latency_can_outlast_the_client(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("latency", seconds=60))
        with pytest.raises(httpx.ReadTimeout):
            api.get("/jobs", timeout=0.1)

    def test_throttling_sends_the_body_in_pieces(
        self, media: httpx.Client, sim: Simulator, url: str
    ) -> None:
        sim.faults.add(Fault("throttle", rate=50_000))
        with media.stream("GET", url) as answer:
            pieces = list(answer.iter_raw())
        assert b"".join(pieces) == CONTENT
        assert len(pieces) > 5


class TestSpoiltBodies:
    def test_flipped_bytes(self, media: httpx.Client, sim: Simulator, url: str) -> None:
        sim.faults.add(Fault("corrupt", at=100, count=3))
        content = media.get(url).content
        assert len(content) == len(CONTENT)
        wrong = [n for n, (a, b) in enumerate(zip(content, CONTENT, strict=True)) if a != b]
        assert wrong == [100, 101, 102]

    def test_an_object_where_the_array_should_be(
        self, api: httpx.Client, sim: Simulator, job: int
    ) -> None:
        sim.faults.add(Fault("object"))
        assert [row["id"] for row in api.get("/jobs").json()["items"]] == [job]

    def test_json_that_ends_too_soon(self, api: httpx.Client, sim: Simulator, job: int) -> None:
        sim.faults.add(Fault("cut-json", at=40))
        answer = api.get("/jobs")
        assert (answer.status_code, len(answer.content)) == (200, 40)
        with pytest.raises(json.JSONDecodeError):
            answer.json()

    def test_json_too_deep_to_read(self, api: httpx.Client, sim: Simulator) -> None:
        sim.faults.add(Fault("deep-json"))
        with pytest.raises(RecursionError):
            api.get("/jobs").json()

    def test_a_page_that_never_advances(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        for _ in range(4):
            world.add(audio={})
        sim.faults.add(Fault("stuck", times=None))
        first, second = (api.get(f"/jobs?limit=2&skip={skip}").json() for skip in (0, 2))
        assert first == second

    def test_the_same_id_twice(self, api: httpx.Client, sim: Simulator, job: int) -> None:
        sim.faults.add(Fault("duplicate"))
        answer = api.get("/jobs")
        assert [row["id"] for row in answer.json()] == [job, job]
        assert answer.headers["x-total-count"] == "1"

    def test_rows_that_are_left_out_without_a_word(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        jobs = [world.add(created_at=100.0 + n, audio={}) for n in range(3)]
        sim.faults.add(Fault("short", count=2))
        answer = api.get("/jobs?sort_order=asc")
        assert [row["id"] for row in answer.json()] == jobs[:1]
        assert answer.headers["x-total-count"] == "3"

    def test_something_happens_between_two_pages(
        self, api: httpx.Client, sim: Simulator, world: World
    ) -> None:
        jobs = [world.add(created_at=100.0 + n, audio={}) for n in range(4)]
        gone = Fault("run", path="/jobs$", after=1, call=lambda account: account.delete(jobs[0]))
        sim.faults.add(gone)
        pages = [api.get(f"/jobs?sort_order=asc&limit=2&skip={skip}").json() for skip in (0, 2)]
        assert [[row["id"] for row in page] for page in pages] == [jobs[:2], jobs[3:]]


class TestFaultsAsText:
    def test_a_fault_is_read_from_text(self) -> None:
        text = "status:status=503,times=forever,after=2,path=/jobs,retry_after=1.5,query=skip:100"
        assert Fault.parse(text) == Fault(
            "status",
            status=503,
            times=None,
            after=2,
            path="/jobs",
            retry_after=1.5,
            query={"skip": "100"},
        )
        assert Fault.parse("reset") == Fault("reset")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("explode", "no fault is called 'explode'"),
            ("status:colour=red", "is no argument"),
            ("status:status", "is no argument"),
            ("status:status=many", "status cannot be 'many'"),
            ("reset:origin=moon", "origin cannot be 'moon'"),
            ("latency", "needs seconds"),
            ("redirect", "needs location"),
            ("run", "needs call"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, text: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            Fault.parse(text)


def test_a_script_is_met_exactly_as_often_as_it_says_from_many_threads(sim: Simulator) -> None:
    sim.faults.add(Fault("status", times=20))
    codes: list[int] = []

    def ask() -> None:
        with httpx.Client(headers={"X-API-Key": sim.key}) as client:
            codes.extend(
                client.get(f"{sim.api_url}/api/v1/music/presets").status_code for _ in range(10)
            )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] * 20 + [500] * 20
