"""The simulator: both origins on loopback sockets, served by one thread."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from uvicorn.config import Config
from uvicorn.server import ServerState

from .api import Api
from .delivery import Protocol
from .faults import Faults
from .media import Media
from .origin import OriginApp
from .requests import Origin, RequestLog
from .switches import Switches
from .world import World


class Simulator:
    """An AudioPod music API and its media origin, running while the ``with`` block does.

    >>> with Simulator(World.synthetic(10)) as sim:
    ...     sim.api_url.startswith("http://127.0.0.1:")
    True

    Args:
        world: what the account holds; None: nothing yet.
        switches: how the service behaves; None: as documented.
        port: of the API; 0: any that is free. ``media_port`` likewise.
        host: address to listen at, IPv4.
        key: an API key that opens the world's own account.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        switches: Switches | None = None,
        port: int = 0,
        media_port: int = 0,
        host: str = "127.0.0.1",
        key: str = "ap_simulator",
    ) -> None:
        self.world = World() if world is None else world
        self.switches = Switches() if switches is None else switches
        self.faults = Faults()
        self.requests = RequestLog()
        self.key = key
        self.api_url = ""
        self.media_url = ""
        self._host = host
        self._ports = (port, media_port)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self.world.grant(key)

    def __enter__(self) -> Self:
        """Start; both origins answer once this returns.

        Raises:
            OSError: a port is in use, or the host is not an address of this machine.
        """
        sockets = [_listener(self._host, self._ports[0])]
        try:
            sockets.append(_listener(self._host, self._ports[1]))
        except OSError:
            sockets[0].close()
            raise
        self.api_url, self.media_url = (
            f"http://{self._host}:{listener.getsockname()[1]}" for listener in sockets
        )
        ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(sockets, ready)),
            name="simulator",
            daemon=True,
        )
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop at once, whatever connections are open."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = None

    async def _serve(self, sockets: list[socket.socket], ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        state = ServerState()
        servers = [
            await self._loop.create_server(protocol, sock=listener)
            for protocol, listener in zip(
                self.protocols(self._loop, state).values(), sockets, strict=True
            )
        ]
        ready.set()
        await self._stopping.wait()
        for server in servers:
            server.close()
        for connection in tuple(state.connections):
            connection.transport.abort()
        # A lost connection ends whatever its request was waiting for.
        if state.tasks:
            _, stuck = await asyncio.wait(tuple(state.tasks), timeout=0.2)
            for task in stuck:
                task.cancel()

    def protocols(
        self, loop: asyncio.AbstractEventLoop, state: ServerState
    ) -> dict[Origin, Callable[[], Protocol]]:
        """What answers a connection to each origin in ``loop``; ``state`` has what is open.

        ``with`` serves them on sockets; they serve on whatever transport they are given.
        """
        media = Media(self.world, lambda: self.switches, lambda: self.media_url)
        api = Api(self.world, lambda: self.switches, media.address)
        return {
            "api": self._protocol("api", api, loop, state),
            "media": self._protocol("media", media, loop, state),
        }

    def _protocol(
        self,
        name: Origin,
        handler: Api | Media,
        loop: asyncio.AbstractEventLoop,
        state: ServerState,
    ) -> Callable[[], Protocol]:
        app = OriginApp(
            name,
            handler,
            world=self.world,
            switches=lambda: self.switches,
            faults=self.faults,
            log=self.requests,
        )
        config = Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=75,
        )
        config.load()
        return lambda: Protocol(config, state, {}, loop)


def _listener(host: str, port: int) -> socket.socket:
    # Without IPPROTO_TCP asyncio does not turn Nagle's algorithm off, and every request on a
    # kept connection takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise OSError(error.errno, f"port {port} on {host} is in use") from None
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.setblocking(False)
    return listener
