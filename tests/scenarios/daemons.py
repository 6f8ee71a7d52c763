"""A daemon that runs while a test looks at it, through the installed command and its socket."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.daemon.contact import Contact, DaemonGone

from .starting import PATIENCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench
    from tests.scenarios.starting import Running

SWIFT = """
import functools
from syncd.daemon import pulse, room, timing, waiting, weather
from syncd.remote import http
http.Retries = functools.partial(
    http.Retries, attempts=2, wait_initial=0.01, wait_max=0.02, longest_wait=0.5
)
for module, names in {
    pulse: ["TICK"],
    room: ["_FULL"],
    timing: ["_ECHO"],
    waiting: ["_ROOT", "_KEY", "_LOCK", "_OTHER"],
    weather: ["FIRST_WAIT"],
}.items():
    for name in names:
        assert hasattr(module, name), name
        setattr(module, name, 0.1)
"""
"""Put before ``run``: the waits of the daemon are tenths of a second."""


class Daemon:
    """A running ``syncd run``: how it is, what it is told, and how it ended."""

    def __init__(self, bench: Bench, running: Running) -> None:
        self.bench = bench
        self.running = running
        self.has_ended = False
        self.complaint = ""
        """The line with which it ended, if that was one of need."""

    @property
    def contact(self) -> Contact:
        """The way to it; fails where it does not answer."""
        found = self._find()
        assert found is not None, "no daemon answers"
        return found

    def ask(self, do: str, **fields: Any) -> Any:
        """The result of a request over its socket."""
        return self.contact.ask(do, **fields)

    def status(self) -> Any:
        """How it says that it is: ``Status.document()``."""
        return self.ask("status")["status"]

    @property
    def state(self) -> str | None:
        """Its state in one word; ``None`` as long as it does not answer."""
        try:
            found = self._find()
            return found.ask("status")["status"]["state"] if found else None
        except DaemonGone:
            return None

    def _find(self) -> Contact | None:
        # As it sees the folder itself, where a disk of its own is mounted there.
        seen = Path(f"/proc/{self.running.pid}/root{self.bench.state}")
        return Contact.find(seen if seen.exists() else self.bench.state)

    def log(self) -> list[str]:
        """The lines of its log so far, as ``syncd logs`` shows them."""
        lines: list[str] = []
        self.contact.ask("logs", lambda event: lines.append(event["line"]), lines=1000)
        return lines

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition`` holds, asked often but not without a pause."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it never came about"
            os.kill(self.running.pid, 0)  # fails where it ended of itself
            time.sleep(0.03)

    def wait_for(self, state: str) -> None:
        """Wait until its state is ``state``; ``idle`` only counts once it has looked."""

        def is_so() -> bool:
            if self.state != state:
                return False
            return state != "idle" or bool(self.status()["cycles"])

        self.wait_until(is_so)

    def reload(self) -> None:
        """Have it read its configuration again (SIGHUP); it has done so when this returns."""
        before = self._readings()
        self.running.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self._readings() > before)

    def _readings(self) -> int:
        return sum("the configuration was" in line for line in self.log())

    def stop(self, number: int = signal.SIGTERM, code: int = 0) -> list[dict[str, Any]]:
        """Stop it as systemd does, and see that it ends in order; the lines that it logged."""
        self.running.send_signal(number)
        return self.ended(code)

    def ended(self, code: int = 0) -> list[dict[str, Any]]:
        """See that it ends with ``code``, without a traceback; the lines that it logged."""
        self.has_ended = True
        ended = self.bench.finish(self.running)
        assert ended.code == code, ended.out + ended.err
        if code:
            self.complaint = ended.complaint
        return [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]


@contextmanager
def daemon(
    bench: Bench, *, state: str = "idle", before: str | None = SWIFT, **env: str | None
) -> Iterator[Daemon]:
    """``syncd run``, once its state is ``state``; stopped in order at the end, if not before."""
    made = Daemon(bench, bench.start("run", before=before, **env))
    try:
        made.wait_for(state)
        yield made
    except BaseException as error:
        if not made.has_ended:
            with suppress(ProcessLookupError):
                made.running.send_signal(signal.SIGKILL)
            error.add_note(made.running.wait()[2])
        raise
    if not made.has_ended:
        made.stop()


def warnings(lines: list[dict[str, Any]]) -> list[str]:
    """What a log says that is worth a warning or worse."""
    return [line["event"] for line in lines if line["level"] in ("warning", "error", "critical")]
