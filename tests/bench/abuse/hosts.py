"""A public service names hosts that it has no reason to name, in addresses and in redirects.

Played in one process, where each attempt to look a name up or to connect is seen. Names of hosts
mean what ``NAMES`` says, so that ``https://api.audiopod.ai`` is the simulator.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import httpcore
from uvicorn.server import ServerState

import syncd.remote.transport as transport
from syncd.simulator import Fault
from syncd.simulator.sound import tone

from ..account import Account
from ..canary import KEY
from ..member import Member
from ..moment import Loop, Moment
from ..part import Verdict
from ..wire import Protocols, Stream

API, MEDIA = "api.audiopod.ai", "media.audiopod.ai"
PUBLIC = "93.184.216.34"

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        API: (PUBLIC,),
        MEDIA: (PUBLIC,),
        "localhost": ("127.0.0.1",),
        "intranet": ("10.0.0.5",),
        "2130706433": ("127.0.0.1",),
        "0x7f.1": ("127.0.0.1",),
        "inside.example": ("192.168.1.1",),
        "two.example": (PUBLIC, "10.0.0.1"),
        "rebound.example": (PUBLIC,),
        "trap.example": (PUBLIC,),
    }
)
PEERS: Mapping[str, str] = MappingProxyType({"rebound.example": "10.0.0.1"})
"""Where a name leads when it is looked up once more."""

PUBLIC_BUT_NAMED = frozenset({"rebound.example", "trap.example"})
"""May be connected to, since they are public when they are looked up; never with the key."""

ADDRESSES: Mapping[str, str] = MappingProxyType(
    {
        "this machine": "https://127.0.0.1/a.mp3",
        "this machine in IPv6": "https://[::1]/a.mp3",
        "this machine by its name": "https://localhost/a.mp3",
        "this machine in one number": "https://2130706433/a.mp3",
        "this machine in sixteens": "https://0x7f.1/a.mp3",
        "this machine inside IPv6": "https://[::ffff:127.0.0.1]/a.mp3",
        "this machine behind NAT64": "https://[64:ff9b::7f00:1]/a.mp3",
        "this machine behind 6to4": "https://[2002:7f00:1::1]/a.mp3",
        "no machine": "https://0.0.0.0/a.mp3",
        "the cloud's metadata": "https://169.254.169.254/latest/meta-data/",
        "the cloud's metadata in IPv6": "https://[fd00:ec2::254]/latest/",
        "a neighbour on the link": "https://[fe80::1]/a.mp3",
        "a private host": "https://10.0.0.1/a.mp3",
        "a private host by a public name": "https://inside.example/a.mp3",
        "a private host by a short name": "https://intranet/a.mp3",
        "a private host beside a public one": "https://two.example/a.mp3",
        "a private host at the second look": "https://rebound.example/a.mp3",
        "a host of the provider": "https://100.64.0.1/a.mp3",
        "everybody": "https://224.0.0.1/a.mp3",
        "the media host without encryption": f"http://{MEDIA}/a.mp3",
        "the media host with a password": f"https://a:b@{MEDIA}/a.mp3",
        "a file": "file:///etc/passwd",
        "another protocol": f"ftp://{MEDIA}/a.mp3",
        "a public host of somebody's": "https://trap.example/a.mp3",
        "the API itself": f"https://{API}/api/v1/music/jobs",
    }
)


class _Stream(Stream):
    """Encrypted, as far as anybody asks; what is sent is kept."""

    def __init__(self, protocols: Protocols, host: str, sent: list[tuple[str, bytes]]) -> None:
        super().__init__(protocols)
        self._host, self._sent = host, sent

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._sent.append((self._host, bytes(buffer)))
        await super().write(buffer, timeout)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "server_addr":
            return (PEERS.get(self._host, PUBLIC), 443)
        return super().get_extra_info(info)


class Net(httpcore.AsyncNetworkBackend):
    """All hosts there are. Whoever is not the API answers as the media host does."""

    def __init__(self, api: Protocols, media: Protocols) -> None:
        self._api, self._media = api, media
        self.connected: list[tuple[str, int]] = []
        self.sent: list[tuple[str, bytes]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        return _Stream(self._api if host == API else self._media, host, self.sent)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _looked_up(host: str, port: Any, **_: Any) -> list[Any]:
    found = NAMES.get(host, (host,))
    return [(2, 1, 6, "", (address, port or 443)) for address in found]


@contextmanager
def _world(account: Account, moment: Moment) -> Iterator[tuple[Loop, Net]]:
    with ExitStack() as stack:
        stack.enter_context(moment.reigns())
        loop = Loop(moment)
        stack.callback(asyncio.set_event_loop, None)
        stack.callback(loop.close)
        asyncio.set_event_loop(loop)
        protocols = account.sim.protocols(loop, ServerState())
        net = Net(protocols["api"], protocols["media"])

        stack.enter_context(patch.object(loop, "getaddrinfo", _looked_up, create=True))
        stack.enter_context(patch.object(transport, "Network", lambda: net))
        stack.enter_context(patch.object(transport, "getproxies_environment", dict))
        yield loop, net


def cases() -> dict[str, Callable[[Path], Verdict]]:
    """Each by what it is, in words."""
    found: dict[str, Callable[[Path], Verdict]] = {}
    for name, address in ADDRESSES.items():
        found[f"audio at {name}"] = lambda base, address=address: _play(base, _named, address)
        found[f"a redirect of audio to {name}"] = lambda base, address=address: _play(
            base, _redirected, address
        )
        found[f"a redirect of the API to {name}"] = lambda base, address=address: _play(
            base, _redirected_api, address
        )
    return found


def _named(account: Account, victim: int, address: str) -> None:
    """The list says it of a job, and so does the job itself."""
    row = {
        "id": victim,
        "status": "COMPLETED",
        "display_name": "Victim",
        "output_url": address,
        "output_urls": {"mp3": address},
        "thumbnail_url": address,
        "created_at": "2026-03-01T00:00:00Z",
        "user_id": account.world.user_id,
    }
    status = Fault("status", status=200, body=json.dumps(row), path=f"/{victim}/", times=None)
    listed = Fault(
        "status", status=200, body=json.dumps([row]), path="/jobs$", times=None,
        query={"sort_order": "asc", "skip": "0"},
    )  # fmt: skip
    account.sim.faults.add(status, listed)


def _redirected(account: Account, victim: int, address: str) -> None:
    account.sim.faults.add(
        Fault("redirect", origin="media", path=f"/{victim}/", location=address, times=None)
    )


def _redirected_api(account: Account, _victim: int, address: str) -> None:
    account.sim.faults.add(
        Fault("redirect", origin="api", path="/jobs$", location=address, times=None)
    )


def _play(base: Path, abuse: Callable[[Account, int, str], None], address: str) -> Verdict:
    moment = Moment(1_775_000_000.0)
    account = Account(moment)
    account.sim.api_url, account.sim.media_url = f"https://{API}", f"https://{MEDIA}"
    member = Member.make("a", base, account, {"sync": {"deletion_grace": "0s"}})
    world, troubles = account.world, []
    stood = [world.add(display_name=f"S{n}", audio={"mp3": tone("mp3", n, 0.2)}) for n in (1, 2)]
    with _world(account, moment) as (loop, net):
        loop.run_until_complete(member.sync())
        if _placed(member) != {"S1", "S2"}:
            return Verdict((f"it never was in step: {_placed(member)}, {member.errors}",))
        victim = world.add(display_name="Victim", audio={"mp3": tone("mp3", 3, 0.2)})
        net.connected.clear()
        abuse(account, victim, address)
        loop.run_until_complete(member.sync())
        troubles += _out_of_bounds(net, address)
        if not {"S1", "S2"} <= _placed(member):
            troubles.append(f"of {stood} there is no more than {_placed(member)}")
        account.sim.faults.clear()
        for _ in range(3):
            moment.pass_(90_000)
            loop.run_until_complete(member.sync())
        if _placed(member) != {"S1", "S2", "Victim"}:
            told = [str(error) for error in member.errors]
            troubles.append(f"it does not recover: {_placed(member)}, {told}")
        loop.run_until_complete(member.close())
    if account.sim.requests.mutating():
        troubles.append("it changed the account")
    return Verdict(tuple(troubles), tuple(map(str, member.errors)), {"abuses": 1})


def _out_of_bounds(net: Net, address: str) -> Iterator[str]:
    asked = {host for host, _ in net.connected}
    strange = asked - {API, MEDIA} - (PUBLIC_BUT_NAMED if "example" in address else set())
    if strange:
        yield f"it connected to {sorted(strange)}"
    if any(port != 443 for _, port in net.connected):
        yield f"it connected without encryption: {net.connected}"
    secret = KEY.encode()
    leaked = {host for host, data in net.sent if secret in data and host != API}
    if leaked:
        yield f"the key went to {sorted(leaked)}"
    if not any(secret in data for host, data in net.sent if host == API):
        yield "the key was never seen, so this shows nothing"


def _placed(member: Member) -> set[str]:
    return {path.stem for path in member.root.rglob("*.mp3")}
