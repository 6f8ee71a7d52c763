"""What each status means, and how often a call is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncd.core.model import Job
from syncd.errors import (
    ContractBroken,
    CreditsExhausted,
    KeyRefused,
    KeyRevoked,
    NoSuchJob,
    Offline,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
)
from syncd.remote import AudioPod, Http
from syncd.simulator import Fault, Simulator


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRefused),
        (401, KeyRefused),
        (402, CreditsExhausted),
        (403, KeyRevoked),
        (404, NoSuchJob),
        (405, RequestRefused),
        (409, RequestRefused),
        (410, RequestRefused),
        (422, RequestRefused),
        (304, ContractBroken),
        (429, RateLimited),
        (500, Offline),
        (502, Offline),
        (503, Offline),
    ],
)
async def test_a_status_becomes_the_error_that_says_what_happens_next(
    client: AudioPod, sim: Simulator, status: int, kind: Any, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=status, times=None))
    with raised(kind) as caught:
        await client.job(7)
    assert type(caught.error) is kind
    assert "jobs/7/status" in caught.error.message


async def test_404_is_about_a_job_only_where_a_job_was_asked_for(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=404))
    with raised(ContractBroken, "base_url"):
        await client.page()


@pytest.mark.parametrize(("body", "kind"), [("", "text/plain"), ("<html>", "text/html")])
async def test_404_from_something_that_is_no_api_says_nothing_about_a_job(
    client: AudioPod, sim: Simulator, body: str, kind: str, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=404, body=body, content_type=kind))
    with raised(ContractBroken):
        await client.job(7)


@pytest.mark.parametrize("status", [200, 401, 403])
async def test_a_web_page_is_no_answer_whatever_its_status(
    client: AudioPod, sim: Simulator, status: int, raised: Any
) -> None:
    page = "<!DOCTYPE html><title>Log in to the hotel</title>"
    sim.faults.add(Fault("status", status=status, body=page, content_type="text/html"))
    with raised(ContractBroken, "web page"):
        await client.page()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"detail": "no such thing"}', "no such thing"),
        ('{"detail": {"code": "E7", "message": "too wide"}}', "too wide"),
        ('{"detail": {"code": "E7"}}', "E7"),
        ('{"detail": [{"loc": ["query", "limit"], "msg": "too big"}]}', "query.limit: too big"),
        ('{"detail": "a\\u0000\\u001b[31mb\\nc"}', "a [31mb c"),
        ('{"detail": "' + "x" * 5000 + '"}', "x" * 199 + "…"),
        ('{"detail": ["odd", {"msg": "late"}]}', "odd; late"),
        ('{"detail": "no key ap_live_0123456789 here"}', "no key ap_… here"),
        ('{"detail": 7}', None),
        ("[1]", None),
        ("not json", None),
    ],
)
async def test_what_the_service_says_is_passed_on_cleaned_and_shortened(
    client: AudioPod, sim: Simulator, body: str, said: str | None, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=409, body=body))
    with raised(RequestRefused) as caught:
        await client.page()
    answered = "GET /api/v1/music/jobs at 127.0.0.1 answered 409"
    assert caught.error.message == (f"{answered}: {said}" if said else answered)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, times=2),
        Fault("status", status=429, times=2),
        Fault("reset", times=2),
        Fault("close", times=2),
        Fault("truncate", times=2),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_a_reading_call_is_sent_again_after_a_passing_fault(
    client: AudioPod, sim: Simulator, fault: Fault
) -> None:
    sim.faults.add(fault)
    assert (await client.page()).total == 20
    assert len(sim.requests) == 3


async def test_a_reading_call_is_given_up_after_its_attempts(
    client: AudioPod, sim: Simulator, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=500, times=None))
    with raised(Offline):
        await client.page()
    assert len(sim.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_not_sent_again(
    client: AudioPod, sim: Simulator, status: int, raised: Any
) -> None:
    sim.faults.add(Fault("status", status=status, times=None))
    with raised(Exception):
        await client.job(7)
    assert len(sim.requests) == 1


@pytest.mark.parametrize(
    "fault", [Fault("reset"), Fault("status", status=500), Fault("status", status=503)]
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_changing_call_of_unknown_outcome_is_not_sent_again(
    http: Http, sim: Simulator, method: str, fault: Fault, raised: Any
) -> None:
    sim.faults.add(fault)
    with raised(OutcomeUnknown):
        await http.request(method, "/jobs/7", job_id=7)
    assert len(sim.requests) == 1


async def test_a_changing_call_that_never_left_is_plainly_offline(
    opened: Callable[..., Http], raised: Any
) -> None:
    async with opened("http://127.0.0.1:9") as http:
        with raised(Offline, "no connection"):
            await AudioPod(http).delete(Job(id=7, status="COMPLETED"))


async def test_an_answer_that_does_not_come_in_time_is_offline(
    sim: Simulator, opened: Callable[..., Http], raised: Any
) -> None:
    sim.faults.add(Fault("hang", times=None))
    async with opened(sim.api_url, timeout=0.05) as http:
        with raised(Offline, "in time"):
            await AudioPod(http).page()
    assert len(sim.requests) == 3


async def test_an_answer_that_drips_for_ever_is_offline(
    sim: Simulator, opened: Callable[..., Http], raised: Any
) -> None:
    sim.faults.add(Fault("throttle", rate=20.0, times=None))
    async with opened(sim.api_url, timeout=0.1) as http:
        with raised(Offline, "in time"):
            await AudioPod(http).page()
