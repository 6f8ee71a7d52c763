"""Figures for Prometheus, and the daemon's health, over HTTP on an address of this machine.

``/metrics`` is the Prometheus text format; ``/health`` answers 200 where the daemon gets on, or
waits for what it says, else 503, with the state as JSON. There is nothing else to ask for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from syncd.daemon.status import Status
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric
    from starlette.requests import Request
    from starlette.responses import Response

_log = structlog.get_logger("syncd.daemon")

_BEFORE_CLOSING = 1
"""Seconds that a scraper has to read on when the daemon stops."""


@contextlib.asynccontextmanager
async def serve_metrics(
    listen: str, status: Callable[[], Awaitable[Status]]
) -> AsyncIterator[tuple[str, int]]:
    """Answer at ``listen`` (``HOST:PORT``) until the end; gives the address in use.

    Raises ``ConfigError`` where it cannot be had.
    """
    # Only where it is wanted: a web server is a third of the daemon's memory.
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def metrics(request: Request) -> Response:
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

        text = await asyncio.to_thread(exposition, await status())
        return Response(text, media_type=None, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def health(request: Request) -> Response:
        now = await status()
        document = {"healthy": now.healthy, "state": now.state, "awaits": now.awaits}
        return JSONResponse(document, status_code=200 if now.healthy else 503)

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # Signals are the daemon's.
            yield

    listener = listener_at(listen)
    host, port = listener.getsockname()[:2]
    _log.info("figures are served", host=host, port=port)
    server = Server(
        uvicorn.Config(
            Starlette(routes=[Route("/metrics", metrics), Route("/health", health)]),
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_BEFORE_CLOSING,
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield host, port
    finally:
        server.should_exit = True
        await serving
        listener.close()


def host_and_port(listen: str) -> tuple[str, int]:
    """``HOST:PORT`` in two, an IPv6 address without its brackets."""
    host, _, port = listen.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def listener_at(listen: str) -> socket.socket:
    """A socket that listens there, to be closed; raises ``ConfigError`` where it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            *host_and_port(listen), type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # The protocol is given, or asyncio would leave Nagle's algorithm on.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ConfigError(
            f"metrics.listen: {listen} cannot be used: {error.strerror}",
            hint="choose another port",
        ) from None
    return listener


def exposition(status: Status) -> bytes:
    """The figures of ``status`` in the Prometheus text format (version 0.0.4)."""
    from prometheus_client import CollectorRegistry, generate_latest

    class Figures:
        def collect(self) -> Iterator[Metric]:
            yield from _figures(status)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return generate_latest(registry)


def _figures(status: Status) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    def gauge(name: str, words: str, value: float | None) -> Iterator[Metric]:
        if value is not None:
            yield GaugeMetricFamily(f"syncd_{name}", words, value)

    info = GaugeMetricFamily(
        "syncd_info", "The version that runs, and the state.", labels=["version", "state"]
    )
    info.add_metric([status.version, status.state], 1)
    yield info
    yield from gauge("healthy", "Whether it gets on, or waits for what it says.", status.healthy)
    yield from gauge("start_time_seconds", "When the daemon started.", _seconds(status.since))
    yield from gauge("jobs", "Jobs in the account, as the catalog knows them.", status.jobs)
    tracks = GaugeMetricFamily("syncd_tracks", "Tracks by state of the catalog.", labels=["state"])
    for state, count in status.counts.items():
        tracks.add_metric([state], count)
    yield tracks
    looks = GaugeMetricFamily(
        "syncd_last_look_time_seconds", "When it last looked.", labels=["look"]
    )
    for look, moment in status.last.items():
        if moment is not None:
            looks.add_metric([look], moment.timestamp())
    yield looks
    held = sum(one.count for one in status.held)
    yield from gauge("held", "Operations that wait for the user.", held)
    yield from gauge("pending_deletions", "Deletions that wait out their grace.", status.pending)
    yield from gauge("transfers", "Files that are being fetched.", len(status.transfers))
    speeds = [one.speed for one in status.transfers if one.speed is not None]
    yield from gauge("transfer_bytes_per_second", "How fast, all together.", sum(speeds))
    yield from gauge("troubles", "Things that go wrong at the moment.", len(status.errors))
    if status.disk:
        yield from gauge("disk_free_bytes", "Free on the library's disk.", status.disk.free)
    if status.service.reachable is not None:
        yield from gauge(
            "service_reachable", "Whether the service answers.", status.service.reachable
        )
    yield CounterMetricFamily("syncd_requests", "API requests sent.", value=status.requests)
    yield CounterMetricFamily("syncd_cycles", "Cycles since the start.", value=status.cycles)
    done = CounterMetricFamily(
        "syncd_operations", "Operations done since the start.", labels=["verb"]
    )
    for verb, count in status.operations.items():
        done.add_metric([verb], count)
    yield done


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
