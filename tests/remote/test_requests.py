"""What is sent where: redirects, bodies, the key."""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from syncd.errors import (
    ConfigError,
    ContractBroken,
    RateLimited,
    RequestRefused,
)
from syncd.remote import AudioPod, Http
from syncd.simulator import Fault, Simulator


async def test_a_redirect_within_the_origin_is_followed_with_the_key(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http], key: str
) -> None:
    def reply(head: str, _: int) -> bytes:
        if "GET /api/v1/music/jobs/ " in head:
            return answer("[]", x_total_count="0")
        return answer("", 307, location="/api/v1/music/jobs/")

    url, heads = await serve(reply)
    async with opened(url) as http:
        assert (await AudioPod(http).page()).total == 0
    assert [key in head for head in heads] == [True, True]


async def test_a_redirect_to_elsewhere_is_not_followed(
    sim: Simulator, client: AudioPod, raised: Any
) -> None:
    with Simulator(key="ap_evil") as evil:
        sim.faults.add(Fault("redirect", location=f"{evil.api_url}/api/v1/music/jobs"))
        with raised(ContractBroken, "127.0.0.1"):
            await client.page()
        assert len(evil.requests) == 0


async def test_nothing_at_another_place_is_no_job_that_is_gone(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    job_id = sim.world.add()
    sim.faults.add(Fault("redirect", path="/status$", location="/"))
    with raised(ContractBroken, "was sent elsewhere"):
        await client.job(job_id)
    assert (await client.job(job_id)).id == job_id


async def test_redirects_in_a_circle_end(sim: Simulator, client: AudioPod, raised: Any) -> None:
    sim.faults.add(Fault("redirect", location="/api/v1/music/jobs", times=None))
    with raised(ContractBroken):
        await client.page()
    assert len(sim.requests) == 4


@pytest.mark.parametrize("location", [None, "http://h:99999/"])
async def test_a_redirect_to_nowhere_breaks_the_contract(
    serve: Any,
    answer: Callable[..., bytes],
    opened: Callable[..., Http],
    location: str | None,
    raised: Any,
) -> None:
    url, _ = await serve(lambda *_: answer("", 302, location=location))
    async with opened(url) as http:
        with raised(ContractBroken):
            await AudioPod(http).page()


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_changing_call_follows_no_redirect(
    sim: Simulator, http: Http, method: str, raised: Any
) -> None:
    sim.faults.add(Fault("redirect", location="/api/v1/music/jobs"))
    with raised(ContractBroken):
        await http.request(method, "/jobs/7")
    assert len(sim.requests) == 1


async def test_a_packed_answer_is_unpacked(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http]
) -> None:
    packed = gzip.compress(b'[{"id": 7}]')
    url, heads = await serve(lambda *_: answer(packed, content_encoding="gzip"))
    async with opened(url) as http:
        assert [job.id for job in (await AudioPod(http).page()).jobs] == [7]
    assert "accept-encoding: gzip\r\n" in heads[0].lower()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"[" + b" " * (17 * 1024 * 1024) + b"]"), "gzip"),
        (gzip.compress(b"[]" * 1000)[:-9], "gzip"),
        (b"not packed at all", "gzip"),
        (b"[]", "br"),
    ],
    ids=["bomb", "cut", "plain", "unknown"],
)
async def test_a_body_that_cannot_be_unpacked_within_bounds_breaks_the_contract(
    serve: Any,
    answer: Callable[..., bytes],
    opened: Callable[..., Http],
    body: bytes,
    coding: str,
    raised: Any,
) -> None:
    url, _ = await serve(lambda *_: answer(body, content_encoding=coding))
    async with opened(url) as http:
        with raised(ContractBroken, "too large or cannot be unpacked"):
            await AudioPod(http).page()


async def test_a_body_without_end_is_not_read_to_it(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http], raised: Any
) -> None:
    url, _ = await serve(lambda *_: answer(b" " * (17 * 1024 * 1024)))
    async with opened(url) as http:
        with raised(ContractBroken, "too large"):
            await AudioPod(http).page()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("deep-json", count=200_000),
        Fault("cut-json", at=40),
        Fault("status", status=200, body="[" + "9" * 5000 + "]"),
        Fault("status", status=200, body="[" + "[]," * 600_000 + "[]]"),
        Fault("portal"),
    ],
    ids=["deep-json", "cut-json", "number", "values", "portal"],
)
async def test_what_is_not_json_breaks_the_contract(
    client: AudioPod, sim: Simulator, fault: Fault, raised: Any
) -> None:
    sim.faults.add(fault)
    with raised(ContractBroken):
        await client.page()
    assert len(sim.requests) == 1


async def test_a_page_of_far_more_jobs_than_were_asked_for_breaks_the_contract(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    rows = ",".join(f'{{"id": {number}}}' for number in range(1, 10_002))
    sim.faults.add(Fault("status", status=200, body=f"[{rows}]"))
    with raised(ContractBroken, "10001 entries, far more than were asked for"):
        await client.page()


async def test_a_refusal_of_a_million_addresses_is_told_at_once(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    said = "http://" * 1_000_000
    sim.faults.add(Fault("status", status=400, body=f'{{"detail": "{said}"}}'))
    with raised(RequestRefused, "answered 400"):
        await client.page()


@pytest.mark.parametrize("depth", [700, 800, 900, 940, 960, 970, 980, 990])
async def test_json_just_deep_enough_to_be_read_is_no_crash(
    client: AudioPod, sim: Simulator, depth: int, raised: Any
) -> None:
    deep = "[" * depth + "]" * depth
    sim.faults.add(Fault("status", status=200, body=f'[{{"id": 7, "x": {deep}}}]'))
    try:
        page = await client.page()
    except ContractBroken:
        return
    assert page.rows in ((7,), (None,))


async def test_the_services_time_is_kept(sim: Simulator, opened: Callable[..., Http]) -> None:
    sim.switches.date_skew = 7200
    async with opened(sim.api_url) as http:
        client = AudioPod(http)
        assert client.server_time is None
        await client.page()
        assert client.server_time is not None
        assert client.server_time.timestamp() == pytest.approx(time.time() + 7200, abs=3)


async def test_a_step_of_the_wall_clock_does_not_move_the_services_time(
    sim: Simulator, opened: Callable[..., Http]
) -> None:
    wall, elapsed = [0.0], [50.0]
    settings = {"clock": lambda: wall[0], "uptime": lambda: elapsed[0]}
    async with opened(sim.api_url, **settings) as http:
        await AudioPod(http).page()
        heard = http.server_time
        assert heard is not None
        wall[0] += 40 * 86_400
        assert (http.server_time, http.now) == (heard, heard)
        elapsed[0] += 90
        assert (http.server_time, http.now) == (heard + 90, heard + 90)


async def test_where_the_service_tells_no_time_the_wall_clock_measures_pauses_alone(
    sim: Simulator, opened: Callable[..., Http]
) -> None:
    sim.switches.date = False
    async with opened(sim.api_url, clock=lambda: 7.0) as http:
        await AudioPod(http).page()
        assert http.server_time is None
        assert http.now == 7.0


async def test_a_pause_given_as_a_date_is_measured_by_the_services_clock(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http], raised: Any
) -> None:
    ahead = time.time() + 86_400 * 30
    dates = {"date": formatdate(ahead, usegmt=True)}
    until = formatdate(ahead + 600, usegmt=True)
    url, _ = await serve(lambda *_: answer("{}", 429, retry_after=until, **dates))
    async with opened(url) as http:
        with raised(RateLimited) as caught:
            await AudioPod(http).page()
    assert caught.error.retry_after == pytest.approx(600, abs=3)


async def test_a_request_names_the_program_and_keeps_no_cookies(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http]
) -> None:
    url, heads = await serve(lambda *_: answer("[]", set_cookie="id=7; path=/"))
    async with opened(url) as http:
        await AudioPod(http).page()
        await AudioPod(http).page()
    assert "user-agent: syncd/" in heads[1].lower()
    assert "cookie" not in heads[1].lower()


async def test_the_key_goes_to_the_api_and_never_to_its_media(
    http: Http, sim: Simulator, key: str
) -> None:
    await AudioPod(http).page()
    async with http.stream(http.media_policy.read(f"{sim.media_url}/a.flac"), {}):
        pass
    # Media that stands on the API's own origin gets no key either.
    async with http.stream(http.media_policy.read(f"{sim.api_url}/a.flac"), {}):
        pass
    shown = [key in repr(request.headers) for request in sim.requests]
    assert shown == [True, False, False]


async def test_the_transports_own_log_lines_are_silenced(
    http: Http, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    await AudioPod(http).page()
    assert not [record for record in caplog.records if record.name.startswith("http")]
    assert logging.getLogger("httpx").level == logging.WARNING


def test_nothing_shows_the_key(opened: Callable[..., Http], key: str) -> None:
    http = opened("http://127.0.0.1:1")
    assert repr(http) == "Http(http://127.0.0.1)"
    assert key not in repr(vars(http))


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.audiopod.ai",
        "http://192.168.1.4:8000",
        "http://127.0.0.1.example.com",
        "ftp://api.audiopod.ai",
        "https://user:word@api.audiopod.ai",
        "https://api.audiopod.ai/?x=1",
        "api.audiopod.ai",
        "https://",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_the_key_must_not_go_to_is_refused(
    opened: Callable[..., Http], base_url: str, raised: Any
) -> None:
    with raised(ConfigError):
        opened(base_url)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:1", "http://127.8.9.1", "http://[::1]:5", "https://a.example/x"]
)
def test_an_address_that_the_key_may_go_to_is_taken(
    opened: Callable[..., Http], base_url: str
) -> None:
    assert opened(base_url).server_time is None


@pytest.mark.parametrize("key", ["", "ap_a b", "ap_a\nX-Evil: 1", "ap_ä", "ap_\x7f"])
def test_a_key_that_cannot_be_sent_is_refused(
    opened: Callable[..., Http], key: str, raised: Any
) -> None:
    with raised(ConfigError, "key"):
        opened("https://api.audiopod.ai", key=key)


async def test_a_path_in_the_base_address_is_kept(
    serve: Any, answer: Callable[..., bytes], opened: Callable[..., Http]
) -> None:
    url, heads = await serve(lambda *_: answer("[]"))
    async with opened(f"{url}/audiopod/") as http:
        await AudioPod(http).page()
    assert heads[0].startswith("GET /audiopod/api/v1/music/jobs?skip=0&limit=50 ")


@pytest.mark.parametrize("change", ["update", "delete", "retry"])
async def test_a_client_that_may_change_nothing_sends_get_alone(
    sim: Simulator, opened: Callable[..., Http], raised: Any, change: str
) -> None:
    job_id = sim.world.add(display_name="Song")
    options = {"display_name": "Other"} if change == "update" else {}
    async with opened(sim.api_url, may_change=False) as http:
        client = AudioPod(http)
        seen = await client.job(job_id)
        assert seen.display_name == "Song"
        with raised(ConfigError, "was not sent"):
            given = job_id if change == "retry" else seen
            await getattr(client, change)(given, **options)
    assert {request.method for request in sim.requests} == {"GET"}
