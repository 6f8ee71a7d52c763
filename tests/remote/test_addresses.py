"""Which media addresses are asked for, and which are not."""

from __future__ import annotations

import ipaddress
from typing import Any

import httpx
import pytest

from syncd.errors import AddressRefused
from syncd.remote import AddressPolicy
from syncd.remote.addresses import Scope

PUBLIC = AddressPolicy.of("https://api.audiopod.ai")
LAN = AddressPolicy.of("https://192.168.1.4")
LOOPBACK = AddressPolicy.of("http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("base_url", "scope"),
    [
        ("https://api.audiopod.ai", Scope.PUBLIC),
        ("https://8.8.8.8", Scope.PUBLIC),
        ("https://10.0.0.7:8443", Scope.LAN),
        ("https://100.64.0.9", Scope.LAN),
        ("https://[fd00::1]", Scope.LAN),
        ("https://nas", Scope.LAN),
        ("https://nas.local", Scope.LAN),
        ("http://127.0.0.1:8000", Scope.LOOPBACK),
        ("http://localhost", Scope.LOOPBACK),
        ("https://[::1]", Scope.LOOPBACK),
    ],
)
def test_where_the_service_stands_says_where_its_media_may_stand(
    base_url: str, scope: Scope
) -> None:
    assert AddressPolicy.of(base_url).scope is scope


@pytest.mark.parametrize("host", ["xn--" + "a" * 70, "xn--\u00fc", "xn--99999999999"])
def test_a_host_in_punycode_of_nothing_is_refused(host: str) -> None:
    with pytest.raises(AddressRefused, match="cannot be read"):
        AddressPolicy(Scope.PUBLIC).read(f"https://{host}/a.mp3")


@pytest.mark.parametrize(
    ("ip", "allowed"),
    [
        ("8.8.8.8", {Scope.PUBLIC, Scope.LAN, Scope.LOOPBACK}),
        ("2606:4700::1111", {Scope.PUBLIC, Scope.LAN, Scope.LOOPBACK}),
        ("64:ff9b::808:808", {Scope.PUBLIC, Scope.LAN, Scope.LOOPBACK}),
        ("127.0.0.1", {Scope.LOOPBACK}),
        ("::1", {Scope.LOOPBACK}),
        ("10.1.2.3", {Scope.LAN}),
        ("172.16.0.1", {Scope.LAN}),
        ("192.168.0.1", {Scope.LAN}),
        ("100.64.0.1", {Scope.LAN}),
        ("fd12::1", {Scope.LAN}),
        ("0.0.0.0", set()),
        ("::", set()),
        ("169.254.169.254", set()),
        ("fe80::1", set()),
        ("224.0.0.1", set()),
        ("ff02::1", set()),
        ("255.255.255.255", set()),
        ("240.0.0.1", set()),
        ("192.0.2.1", set()),
        ("::ffff:127.0.0.1", set()),
        ("::ffff:8.8.8.8", set()),
        ("2002:7f00:1::1", set()),
        ("2002:c0a8:101::1", set()),
        ("64:ff9b::7f00:1", set()),
        ("64:ff9b::a00:1", set()),
        ("2001:0:53aa:64c:0:5efe:7f00:1", set()),
        ("fec0::1", set()),
    ],
)
def test_an_address_is_allowed_in_these_scopes(ip: str, allowed: set[Scope]) -> None:
    address = ipaddress.ip_address(ip)
    assert {scope for scope in Scope if AddressPolicy(scope).permits(address)} == allowed


@pytest.mark.parametrize(
    "address",
    [
        "http://media.audiopod.ai/a.flac",
        "file:///etc/passwd",
        "ftp://media.audiopod.ai/a.flac",
        "data:audio/flac;base64,AAAA",
        "//media.audiopod.ai/a.flac",
        "media.audiopod.ai/a.flac",
        "/a.flac",
        "",
        "https://",
        "https:///a.flac",
        "https://user@media.audiopod.ai/a.flac",
        "https://user:word@media.audiopod.ai/a.flac",
        "https://media.audiopod.ai/a\nb",
        "https://media.audiopod.ai/a b",
        "https://media.audiopod.ai/\x00",
        "https://[::1",
        "https://media.audiopod.ai:99999/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_a_public_service_may_not_name_this(address: str, raised: Any) -> None:
    with raised(AddressRefused):
        PUBLIC.read(address)


@pytest.mark.parametrize(
    ("policy", "address"),
    [
        (PUBLIC, "https://media.audiopod.ai/7/a.flac?signature=x"),
        (PUBLIC, "https://media.audiopod.ai:8443/a.flac"),
        (PUBLIC, "https://8.8.8.8/a"),
        (LAN, "https://192.168.1.9/a"),
        (LOOPBACK, "http://127.0.0.1:9/a"),
        (LOOPBACK, "https://media.audiopod.ai/a"),
    ],
)
def test_a_service_may_name_this(policy: AddressPolicy, address: str) -> None:
    assert str(policy.read(address)) == address


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0"])
async def test_a_name_that_leads_to_this_machine_is_refused(host: str, raised: Any) -> None:
    with raised(AddressRefused):
        await PUBLIC.resolve(PUBLIC.read(f"https://{host}/a"))


async def test_this_machine_is_allowed_where_the_service_is_here() -> None:
    await LOOPBACK.resolve(LOOPBACK.read("http://localhost/a"))


async def test_a_name_that_cannot_be_looked_up_is_refused(raised: Any) -> None:
    with raised(AddressRefused):
        await PUBLIC.resolve(httpx.URL(f"https://{'a' * 70}.example/a"))


@pytest.mark.parametrize("peer", [("127.0.0.1", 443), ("fe80::1%2", 443, 0, 2), None, (), "x"])
def test_a_peer_out_of_bounds_is_refused(peer: object, raised: Any) -> None:
    with raised(AddressRefused):
        PUBLIC.check_peer(httpx.URL("https://media.audiopod.ai/a"), peer)


def test_a_refusal_shows_scheme_and_host_alone(raised: Any) -> None:
    with raised(AddressRefused) as caught:
        PUBLIC.read("http://media.audiopod.ai/7/a.flac?signature=secret")
    assert "http://media.audiopod.ai is" in caught.error.message
    assert "flac" not in str(caught.error)
