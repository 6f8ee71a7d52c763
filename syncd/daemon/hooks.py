"""Hooks: programs of the user that are run when something happened.

Without a shell; with the facts as JSON on standard input and in the environment; each for a limited
time, one after the other, and never more than one of a kind waiting: what happens meanwhile is told
to it together.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import structlog

from syncd.core.words import printable
from syncd.daemon.events import Event, Name
from syncd.daemon.tasks import cancelled
from syncd.settings import Settings

MOST_FACTS = 1_000
"""Facts that one run is told of; ``SYNCD_COUNT`` says how many there are."""

_FAREWELL = 1.0
"""Seconds that a program has to end by itself, once it was told to."""

_KEPT, _LONGEST_SAID = 4_096, 300
"""Bytes of what a program writes that are kept, and characters of its last line that are told."""

_SECRET = ("AUDIOPOD_API_KEY", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
"""What a hook has no business with."""

_log = structlog.get_logger("syncd.hooks")


class Hooks:
    """Runs the programs of ``settings.hooks``. Close it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: dict[Name, list[Mapping[str, Any]]] = {}
        self._worker: asyncio.Task[None] | None = None

    def take(self, settings: Settings) -> None:
        """From now on as ``settings`` say."""
        self._settings = settings

    def tell(self, events: Iterable[Event]) -> None:
        """Have the programs run for ``events``, as soon as it is their turn."""
        for event in events:
            if self._command(event.name):
                self._waiting.setdefault(event.name, []).extend(event.facts)
        if self._waiting and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work())

    async def finish(self, seconds: float) -> None:
        """Wait until all were run for what they were told, for so long at most."""
        if self._worker is not None:
            await asyncio.wait({self._worker}, timeout=seconds)

    async def close(self) -> None:
        """Stop what runs; what waits is not run any more."""
        self._waiting.clear()
        if self._worker is not None:
            await cancelled(self._worker)

    def _command(self, name: Name) -> Sequence[str]:
        return getattr(self._settings.hooks, f"on_{name}")  # type: ignore[no-any-return]

    async def _work(self) -> None:
        while self._waiting:
            name = next(iter(self._waiting))
            facts, command = self._waiting.pop(name), self._command(name)
            if not command:
                continue  # taken out of the settings meanwhile
            try:
                await self._run(name, command, facts)
            except OSError as error:
                _log.warning("the hook could not be run", hook=f"on_{name}", why=str(error))

    async def _run(
        self, name: Name, command: Sequence[str], facts: Sequence[Mapping[str, Any]]
    ) -> None:
        told = facts[:MOST_FACTS]
        document = {"event": name, "count": len(facts), "tracks": told}
        limit, took_too_long = self._settings.hooks.timeout, False
        with _Heard() as heard:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=heard.to_write,
                cwd="/",
                env=_environment(name, facts, self._settings.library.root),
                # A group of its own, so that what it starts is stopped with it.
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(limit):
                    await process.communicate(json.dumps(document, default=_plain).encode())
            except TimeoutError:
                took_too_long = True
            finally:
                await _stopped(process)
            about = {"hook": f"on_{name}", "said": heard.last_line()}
        if took_too_long:
            _log.warning("the hook took too long and was stopped", limit=limit, **about)
        elif process.returncode:
            _log.warning("the hook failed", exit_code=process.returncode, **about)


class _Heard:
    """The end of what a program writes to standard error.

    Not a pipe of the process's own: that would be waited for as long as anything holds it that the
    program has started.
    """

    def __enter__(self) -> Self:
        self._reader, self.to_write = os.pipe()
        os.set_blocking(self._reader, False)
        self._end = bytearray()
        asyncio.get_running_loop().add_reader(self._reader, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)
        os.close(self.to_write)

    def last_line(self) -> str | None:
        """The last line that says something, shortened."""
        self._read()
        lines = self._end.decode(errors="replace").splitlines()
        said = next((line.strip() for line in reversed(lines) if line.strip()), None)
        return None if said is None else printable(said[-_LONGEST_SAID:])

    def _read(self) -> None:
        with suppress(BlockingIOError):
            # What fits into a pipe, so that one who writes on and on holds up nobody.
            self._end += os.read(self._reader, 1 << 16)
            del self._end[:-_KEPT]


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """End ``process`` and all that it started, if it has not ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), _FAREWELL)


def _environment(name: Name, facts: Sequence[Mapping[str, Any]], root: Path) -> Mapping[str, str]:
    """This process's own, without its secrets; and the first fact, for programs that read no JSON.

    Paths are as the file system has them, so also where they are not UTF-8.
    """
    kept = {key: value for key, value in os.environ.items() if key not in _SECRET}
    first = facts[0]
    said = {
        "SYNCD_EVENT": name,
        "SYNCD_COUNT": str(len(facts)),
        "SYNCD_ROOT": str(root),
        "SYNCD_JOB_ID": first.get("job_id"),
        "SYNCD_PATH": first.get("path"),
        "SYNCD_REASON": first.get("reason"),
    }
    # The kernel takes no NUL, and nothing longer than 128 KiB.
    usable = {key: str(value).replace("\0", "")[:10_000] for key, value in said.items() if value}
    return {**kept, **usable}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")
