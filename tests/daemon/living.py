"""A daemon that runs in the test's own event loop, over a real account, folder and catalog."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncd import config
from syncd.cycle import Look
from syncd.daemon.contact import Contact
from syncd.daemon.daemon import Daemon
from syncd.daemon.systemd import Notifier
from syncd.local.root import create_root
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Simulator
from syncd.simulator.sound import tone

from ..configuring import as_toml, tables_for

PATIENCE = 30.0
ALBUM = "AudioPod 2026-03"
_MARCH = 1_772_500_000.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)


class Manager:
    """The side of systemd: a socket, and what it was told."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)
        self._told: list[str] = []

    def told(self) -> list[str]:
        """All messages so far."""
        with suppress(BlockingIOError):
            while True:
                self._told.append(self._socket.recv(65_536).decode())
        return self._told

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take in what comes: who tells much at once would wait for a socket that is full."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self.told)
        try:
            yield
        finally:
            loop.remove_reader(self._socket)

    @property
    def status(self) -> str:
        """The last ``STATUS=``."""
        lines = [line for message in self.told() for line in message.splitlines()]
        return next(line[7:] for line in reversed(lines) if line.startswith("STATUS="))

    @property
    def signs_of_life(self) -> int:
        """How often its watchdog was fed."""
        return self.told().count("WATCHDOG=1")

    def close(self) -> None:
        self._socket.close()


@dataclass(slots=True)
class House:
    """A library of its own, and the daemon that is to keep it."""

    folder: Path
    sim: Simulator
    jobs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        create_root(self.root, self.sim.api_url)
        self.configure()

    @property
    def root(self) -> Path:
        return self.folder / "Music"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def configure(self, **sections: Mapping[str, object]) -> None:
        """Write the configuration: the simulator's address and these folders, and ``sections``."""
        tables = tables_for(self.sim, self.root, **sections)
        self.config.write_text(as_toml(tables), encoding="utf-8")

    def load(self) -> Settings:
        """The settings, as a daemon reads them whose configuration nobody named."""
        return config.load(None, {"CONFIGURATION_DIRECTORY": str(self.folder)})

    def add(self, name: str) -> int:
        """Another job of the account."""
        created_at = _MARCH + len(self.jobs)
        audio = {"flac": tone("flac", 1)}
        self.jobs[name] = self.sim.world.add(display_name=name, created_at=created_at, audio=audio)
        return self.jobs[name]

    def path(self, name: str) -> Path:
        """Where a song stands, or would."""
        return self.root / ALBUM / f"{name}.flac"

    def sent(self) -> list[tuple[str, str]]:
        """What was sent to change the account."""
        return [(r.method, r.path.rpartition("/")[2]) for r in self.sim.requests.mutating()]

    @asynccontextmanager
    async def inhabited(
        self, manager: Manager | None = None, *, watchdog: float | None = None, state: str = "idle"
    ) -> AsyncIterator[Living]:
        """The daemon, once its state is ``state``; stopped in order at the end, if not before."""
        daemon = Daemon(
            self.load(),
            load=self.load,
            load_key=lambda _: Secret(self.sim.key),
            notifier=Notifier({"NOTIFY_SOCKET": manager.address} if manager else {}),
            watchdog=watchdog,
        )
        running = asyncio.create_task(daemon.run())
        living = Living(self, daemon, running)
        with manager.listening() if manager else nullcontext():
            try:
                await living.come_to(state)
                yield living
            finally:
                daemon.stop()
                with suppress(Exception):  # whoever expects one has looked at it
                    await running


@dataclass(frozen=True, slots=True)
class Living:
    """A daemon that runs."""

    house: House
    daemon: Daemon
    running: asyncio.Task[None]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition`` holds; fails with what the daemon failed with."""

        def is_so() -> bool:
            if self.running.done():
                self.running.result()
            return bool(condition())

        await until(is_so)

    async def come_to(self, word: str) -> None:
        """Wait until its state is ``word``; ``idle`` only counts where no look follows."""
        daemon = self.daemon

        def is_so() -> bool:
            if daemon.word != word:
                return False
            rests = daemon.live.cycles and daemon.schedule.next("again") is None
            return word != "idle" or bool(rests)

        await self.until(is_so)

    async def look(self, **what: bool) -> None:
        """Have it look at something; the cycle has ended, and all that follows, on return."""
        done = self.daemon.live.cycles
        self.daemon.wakes.wake(Look(**what), "a test")
        await self.until(lambda: self.daemon.live.cycles > done)
        await self.come_to("idle")

    async def reload(self) -> None:
        """Have it read its configuration again, and wait until it is at rest with it."""
        done = self.daemon.live.cycles
        self.daemon.reload()
        await self.until(lambda: self.daemon.live.cycles > done)
        await self.come_to("idle")

    @property
    def troubles(self) -> list[str]:
        return [trouble.message for trouble in self.daemon.live.troubles]

    async def ask(self, do: str, **fields: Any) -> Mapping[str, Any]:
        """The result of a request over its socket."""
        contact = await asyncio.to_thread(Contact.find, self.daemon.settings.state.dir)
        assert contact is not None, "no daemon answers"
        return await asyncio.to_thread(contact.ask, do, **fields)

    @asynccontextmanager
    async def lent(self, what: str = "syncd x") -> AsyncIterator[None]:
        """The library is lent to a command; the daemon is at rest again on return."""
        contact = await asyncio.to_thread(Contact.find, self.daemon.settings.state.dir)
        assert contact is not None, "no daemon answers"
        borrowed = contact.borrowed(what)
        await asyncio.to_thread(borrowed.__enter__)
        done = self.daemon.live.cycles
        try:
            assert self.daemon.word == "lent"
            yield
        finally:
            await asyncio.to_thread(borrowed.__exit__, None, None, None)
        await self.until(lambda: self.daemon.live.cycles > done)
        await self.come_to("idle")
