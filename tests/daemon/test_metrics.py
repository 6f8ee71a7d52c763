"""Figures and health, asked for over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd.daemon.metrics import serve_metrics
from syncd.daemon.status import LATE, STUCK, Disk, Held, Service, Status, Word
from syncd.errors import ConfigError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATUS = Status(
    at=NOW,
    version="1.2.3",
    state="idle",
    since=NOW - timedelta(hours=1),
    last={"poll": NOW - timedelta(seconds=30), "scan": None},
    jobs=12,
    counts={"placed": 9, "wanted": 3},
    held=(Held(verb="delete-remote", count=11, reason="x", since=NOW, batch=1, command="y"),),
    pending=2,
    disk=Disk(free=5_000, total=9_000, enough=True),
    service=Service(reachable=True),
    requests=77,
    cycles=5,
    operations={"download": 9},
)


def ask(url: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"] or "", error.read().decode()


async def answers(status: Status, path: str) -> tuple[int, str, str]:
    async def now() -> Status:
        return status

    async with serve_metrics("127.0.0.1:0", now) as (host, port):
        return await asyncio.to_thread(ask, f"http://{host}:{port}{path}")


async def test_prometheus_can_read_the_figures() -> None:
    code, kind, text = await answers(STATUS, "/metrics")
    assert code == 200
    assert kind.startswith("text/plain; version=0.0.4")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["syncd_info", "idle", "1.2.3"] == 1
    assert found["syncd_jobs",] == 12
    assert found["syncd_tracks", "placed"] == 9
    assert found["syncd_last_look_time_seconds", "poll"] == NOW.timestamp() - 30
    assert ("syncd_last_look_time_seconds", "scan") not in found
    assert found["syncd_held",] == 11
    assert found["syncd_pending_deletions",] == 2
    assert found["syncd_disk_free_bytes",] == 5_000
    assert found["syncd_service_reachable",] == 1
    assert found["syncd_requests_total",] == 77
    assert found["syncd_operations_total", "download"] == 9


@pytest.mark.parametrize("state", ["paused", "offline", "refused", "waiting", "lent"])
async def test_one_that_waits_for_what_it_says_is_healthy(state: Word) -> None:
    long_ago = NOW - timedelta(days=9)
    code, _, text = await answers(replace(STATUS, state=state, progress_at=long_ago), "/health")
    assert code == 200
    assert json.loads(text)["state"] == state


@pytest.mark.parametrize(
    ("status", "healthy"),
    [
        (replace(STATUS, state="working", progress_at=NOW - STUCK / 2), True),
        (replace(STATUS, state="working", progress_at=NOW - STUCK * 2), False),
        (replace(STATUS, state="starting", progress_at=NOW - STUCK / 2), True),
        (replace(STATUS, state="starting", progress_at=NOW - STUCK * 2), False),
        (replace(STATUS, state="idle", next={"poll": NOW + timedelta(seconds=9)}), True),
        (replace(STATUS, state="idle", next={"poll": NOW - LATE * 2}), False),
    ],
    ids=["working", "stuck", "starting", "stuck at the start", "idle", "never polls"],
)
async def test_health_is_about_progress(status: Status, healthy: bool) -> None:
    code, _, text = await answers(status, "/health")
    assert code == (200 if healthy else 503)
    assert json.loads(text)["healthy"] is healthy


async def test_there_is_nothing_else() -> None:
    assert (await answers(STATUS, "/"))[0] == 404


async def test_an_address_that_is_taken_is_a_line_for_the_user() -> None:
    async def now() -> Status:
        return STATUS

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be used"):
            async with serve_metrics(f"127.0.0.1:{port}", now):
                pass
