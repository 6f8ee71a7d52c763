"""Proxies of the environment: used for https, and for nothing that they could read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from syncd.errors import ConfigError, Offline
from syncd.remote import AudioPod, Http, fetch_bytes
from syncd.remote.transport import KEYED, Transport
from syncd.secret import Secret
from syncd.simulator import Simulator


async def test_https_goes_through_the_proxy_as_a_tunnel_without_the_key(
    serve: Any,
    answer: Callable[..., bytes],
    opened: Callable[..., Http],
    monkeypatch: pytest.MonkeyPatch,
    raised: Any,
    key: str,
) -> None:
    proxy, heads = await serve(lambda *_: answer("", 502))
    monkeypatch.setenv("https_proxy", proxy)
    async with opened("https://api.example.invalid") as http:
        with raised(Offline, "the proxy refused"):
            await AudioPod(http).page()
    assert heads
    assert all(head.startswith("CONNECT api.example.invalid:443 ") for head in heads)
    assert not any(key in head for head in heads)


async def test_media_behind_a_proxy_is_not_looked_up_here(
    serve: Any,
    answer: Callable[..., bytes],
    opened: Callable[..., Http],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, heads = await serve(lambda *_: answer("", 502))
    monkeypatch.setenv("all_proxy", proxy.removeprefix("http://"))
    async with opened("https://api.example.invalid") as http:
        with pytest.raises(Exception, match="the proxy refused"):
            await fetch_bytes(
                http, "https://media.example.invalid/a", policy=http.media_policy, max_size=9
            )
    assert all(head.startswith("CONNECT media.example.invalid:443 ") for head in heads)


async def test_a_service_on_this_machine_is_never_reached_through_a_proxy(
    serve: Any,
    answer: Callable[..., bytes],
    opened: Callable[..., Http],
    monkeypatch: pytest.MonkeyPatch,
    sim: Simulator,
) -> None:
    proxy, heads = await serve(lambda *_: answer("[]"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    async with opened(sim.api_url) as http:
        assert (await AudioPod(http).page()).total == 20
    assert heads == []


async def test_a_host_named_in_no_proxy_is_reached_straight(
    opened: Callable[..., Http], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "media.example.invalid")
    async with opened("https://api.example.invalid") as http:
        policy = http.media_policy
        assert http.is_proxied(policy.read("https://other.example.invalid/a"))
        assert not http.is_proxied(policy.read("https://media.example.invalid/a"))


@pytest.mark.parametrize("proxy", ["gopher://h:1", "http://h:x", "socks5://user:word@h:1"])
async def test_a_proxy_that_cannot_be_used_is_a_mistake_in_the_setting(
    opened: Callable[..., Http], monkeypatch: pytest.MonkeyPatch, proxy: str, raised: Any
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with raised(ConfigError, "proxy") as caught:
        async with opened("https://api.example.invalid"):
            pass
    assert "word" not in str(caught.error)


@pytest.mark.parametrize(
    "elsewhere", ["http://localhost:{port}", "https://127.0.0.1:{port}", "http://127.0.0.1:9"]
)
async def test_a_call_to_another_origin_does_not_carry_the_key(elsewhere: str, key: str) -> None:
    service = httpx.URL("http://127.0.0.1:8000")
    transport = Transport(service=service, key=Secret(key), connections=1, proxies=False)
    try:
        for url, carries in ((str(service), True), (elsewhere.format(port=8000), False)):
            request = httpx.Request("GET", f"{url}/jobs", extensions={KEYED: True})
            assert ("x-api-key" in transport._keyed(request).headers) is carries
    finally:
        await transport.aclose()
