"""Commands run in this process, and a daemon that says what a test has it say."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from syncd.cli.app import run
from syncd.daemon.control import Caller, serve
from syncd.errors import SyncdError

Answer = Mapping[str, Any] | SyncdError


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class StandIn:
    """A daemon without a library: ``answers`` by what is asked, after ``events``.

    ``asked`` is what it was asked; ``heard`` is set with the first. What has no answer waits until
    the caller hangs up; ``left`` is set then.
    """

    def __init__(self, state_dir: Path) -> None:
        self.answers: dict[str, Answer] = {}
        self.events: dict[str, list[Mapping[str, Any]]] = {}
        self.asked: list[dict[str, Any]] = []
        self.heard = threading.Event()
        self.left = threading.Event()
        self._state_dir = state_dir
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self._stopped = asyncio.Event()

    async def _run(self) -> None:
        path = self._state_dir / "control.sock"
        async with serve(path, self._handle, state_dir=self._state_dir):
            self._ready.set()
            await self._stopped.wait()

    async def _handle(
        self, do: str, fields: Mapping[str, Any], caller: Caller
    ) -> Mapping[str, Any]:
        self.asked.append({"do": do, **fields})
        for event in self.events.get(do, []):
            caller.tell(event)
        self.heard.set()
        answer = self.answers.get(do)
        if isinstance(answer, SyncdError):
            raise answer
        if answer is None:
            await caller.gone.wait()
            self.left.set()
        return answer or {}

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        """Stop as a daemon does; whoever waits is told."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()
        self._loop.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A configuration of its own, a key that nothing accepts, and logging as it was at the end."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[api]\nbase_url = "http://127.0.0.1:9"\n'
        f"[library]\nroot = {json.dumps(str(tmp_path / 'Music'))}\n"
        f"[state]\ndir = {json.dumps(str(state))}\n"
    )
    monkeypatch.setenv("SYNCD_CONFIG", str(config))
    monkeypatch.setenv("AUDIOPOD_API_KEY", "ap_0123456789abcdef")
    monkeypatch.setenv("COLUMNS", "200")
    yield
    structlog.reset_defaults()


@pytest.fixture
def daemon(state: Path) -> Iterator[StandIn]:
    """A daemon that runs for the configured state folder."""
    stand_in = StandIn(state)
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def syncd(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Runs a command to its end; ``terminal`` has it believe that it speaks to one."""

    def command(*arguments: str, terminal: bool = False) -> Said:
        monkeypatch.setattr(sys, "argv", ["syncd", *arguments])
        monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
        with pytest.raises(SystemExit) as end:
            run()
        said = capsys.readouterr()
        return Said(int(end.value.code or 0), said.out, said.err)

    return command
