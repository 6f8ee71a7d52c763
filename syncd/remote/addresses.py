"""Which addresses may be asked for: the API's own, and those that its answers name as media."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from enum import StrEnum

import httpx

from syncd.errors import AddressRefused, ConfigError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

LOCAL_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa")
"""Ends of names that public DNS does not hold (RFC 6762, RFC 8375, ICANN's ``.internal``)."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SHARED = ipaddress.ip_network("100.64.0.0/10")


class Scope(StrEnum):
    """Where the API itself stands, which bounds where its media may stand."""

    PUBLIC = "public"
    LAN = "lan"
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What a media address must look like, and which hosts it may lead to.

    An answer of the service names these addresses, and a document that names an address is not a
    reason to reach into the user's own network.
    """

    scope: Scope

    @classmethod
    def of(cls, base_url: str) -> AddressPolicy:
        """The policy for the media of the service at ``base_url``.

        A public service may only name public hosts, over https. One on a private address (a
        literal one, or a name that only a local network knows) may name private hosts too; one on
        this machine may name this machine, over http as well.
        """
        host = service_url(base_url).host
        if is_loopback(host):
            return cls(Scope.LOOPBACK)
        ip = _literal(host)
        if ip is not None:
            return cls(Scope.LAN if _is_private(ip) else Scope.PUBLIC)
        local = "." not in host or host.lower().endswith(LOCAL_SUFFIXES)
        return cls(Scope.LAN if local else Scope.PUBLIC)

    def read(self, address: str) -> httpx.URL:
        """``address`` as a URL of an allowed form. Raises ``AddressRefused``."""
        if any(ord(mark) < 33 or ord(mark) == 127 for mark in address):
            raise AddressRefused("a media address holds blanks or control characters")
        url = _url(address)
        if url is None:
            raise AddressRefused("a media address cannot be read")
        schemes = ("http", "https") if self.scope is Scope.LOOPBACK else ("https",)
        if url.scheme not in schemes or not url.host:
            raise AddressRefused(
                f"the media address {shown(url)} is not one of {' or '.join(schemes)}"
            )
        if url.userinfo:
            raise AddressRefused(f"the media address {shown(url)} carries a user name")
        ip = _literal(url.host)
        if ip is not None and not self.permits(ip):
            raise self._refusal(url)
        return url

    async def resolve(self, url: httpx.URL) -> None:
        """Look the host up, and refuse it if any of its addresses is out of bounds.

        Odd spellings of an address (``0x7f.1``, ``2130706433``) are names to the resolver, so they
        are caught here. Raises ``AddressRefused``, or ``OSError`` where the name does not resolve.
        """
        host = url.raw_host.decode("ascii")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, url.port, type=socket.SOCK_STREAM
            )
        except UnicodeError:
            found = []
        if not found or not all(self._permits_text(entry[4][0]) for entry in found):
            raise self._refusal(url)

    def check_peer(self, url: httpx.URL, peer: object) -> None:
        """Refuse an answer whose other end is out of bounds: a name can resolve anew.

        ``peer`` is a socket address, ``(host, port, …)``. Raises ``AddressRefused``.
        """
        if not (isinstance(peer, tuple) and peer and self._permits_text(peer[0])):
            raise self._refusal(url)

    def permits(self, ip: IpAddress) -> bool:
        """Whether media may be fetched from ``ip``."""
        if self.scope is Scope.LOOPBACK and _is_loopback(ip):
            return True
        if self.scope is Scope.LAN and _is_private(ip):
            return True
        return _is_public(ip)

    def _permits_text(self, text: object) -> bool:
        ip = _literal(str(text))
        return ip is not None and self.permits(ip)

    def _refusal(self, url: httpx.URL) -> AddressRefused:
        return AddressRefused(
            f"the media address {shown(url)} leads to a host that a {self.scope} service "
            "has no reason to name"
        )


def service_url(base_url: str) -> httpx.URL:
    """``base_url`` as a URL that a key may be sent to. Raises ``ConfigError``.

    Plain http would show the key to the network, so it is for this machine only.
    """
    url = _url(base_url.rstrip("/"))
    hint = "set api.base_url to an address such as https://api.audiopod.ai"
    if url is None or url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("api.base_url is not a web address", hint=hint)
    if url.userinfo or url.query or url.fragment:
        raise ConfigError("api.base_url holds more than a host and a path", hint=hint)
    if url.scheme == "http" and not is_loopback(url.host):
        raise ConfigError(f"the key is not sent to {url.host} over plain http", hint=hint)
    return url


def is_loopback(host: str) -> bool:
    """``localhost``, 127.0.0.0/8 and ::1."""
    ip = _literal(host)
    return host.lower() == "localhost" or (ip is not None and _is_loopback(ip))


def shown(url: httpx.URL) -> str:
    """Scheme and host of ``url``: what of it may stand in a message."""
    return f"{url.scheme[:20] or '(no scheme)'}://{url.host[:100]}"


def _url(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
        # httpx escapes what no host may hold, lets any port through, and reads the Punycode of a
        # host only where that is asked for.
        sound = "%" not in url.host and (url.port or 0) < 65_536
    except (httpx.InvalidURL, ValueError):
        return None
    return url if sound else None


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(ip: IpAddress) -> bool:
    # From Python 3.13 on is_loopback holds for ::ffff:127.0.0.1 too, a form that is no one's need.
    mapped = isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None
    return ip.is_loopback and not mapped


def _is_private(ip: IpAddress) -> bool:
    # is_private also holds for loopback, link-local, unspecified and reserved ranges.
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in ipaddress.ip_network("fc00::/7")
    return ip in _SHARED or any(
        ip in ipaddress.ip_network(block)
        for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    )


def _is_public(ip: IpAddress) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None or ip.teredo is not None or ip.is_site_local:
            return False
        # Through these two prefixes a packet ends at the IPv4 address inside.
        if ip in _NAT64:
            return _is_public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip.sixtofour is not None:
            return _is_public(ip.sixtofour)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
