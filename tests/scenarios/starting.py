"""Starting the command: the installed one, or a fork of a process that has it loaded."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import pytest

AT_ONCE = "import syncd.core.cases\nsyncd.core.cases.SCANS_APART = 0\n"
"""Put before a command: two scans may follow each other at once, whatever the grace."""

COMMAND = Path(sys.executable).with_name("syncd")
PATIENCE = 60
"""Seconds after which a command that has not ended is a failure."""


class Running:
    """A command that was started: its process id, its output so far, and its end."""

    def __init__(self, pid: int, streams: Streams, ended: Callable[[], int]) -> None:
        self.pid = pid
        self._streams = streams
        self._ended = ended

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def said(self) -> str:
        """What it wrote to standard output so far."""
        return self._streams.read(self._streams.out)

    def complained(self) -> str:
        """What it wrote to standard error so far."""
        return self._streams.read(self._streams.err)

    def wait(self) -> tuple[int, str, str]:
        """Exit code (negative: the signal that ended it), standard output, standard error."""
        code = self._ended()
        streams = self._streams
        with streams.out, streams.err:
            return code, streams.read(streams.out), streams.read(streams.err)


class Streams(NamedTuple):
    """Standard output and standard error of a command, as files without a name."""

    out: IO[bytes]
    err: IO[bytes]

    @classmethod
    def new(cls) -> Streams:
        return cls(tempfile.TemporaryFile(), tempfile.TemporaryFile())

    @staticmethod
    def read(file: IO[bytes]) -> str:
        return os.pread(file.fileno(), 1 << 24, 0).decode()


class WarmStart:
    """Commands forked from a process that has the program loaded (``warm_start.py``)."""

    def __init__(self) -> None:
        self._requests, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = Path(__file__).with_name("warm_start.py")
        self._process = subprocess.Popen([sys.executable, script], stdin=other)
        other.close()

    def start(
        self, argv: list[str], env: dict[str, str], folder: Path, before: str | None
    ) -> Running:
        streams = Streams.new()
        request = {"argv": argv, "env": env, "cwd": str(folder), "before": before}
        reading, writing = os.pipe()
        with Path(os.devnull).open() as nothing:
            descriptors = [nothing.fileno(), streams.out.fileno(), streams.err.fileno(), writing]
            socket.send_fds(self._requests, [json.dumps(request).encode()], descriptors)
        os.close(writing)
        pid = int(self._requests.recv(32))

        def ended() -> int:
            with os.fdopen(reading, "rb") as report:
                if not select.select([report], [], [], PATIENCE)[0]:
                    os.kill(pid, signal.SIGKILL)
                    pytest.fail(f"it did not end: {argv}")
                return int(report.read())

        return Running(pid, streams, ended)

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


def start_cold(argv: list[str], env: dict[str, str], folder: Path, before: str | None) -> Running:
    """Start the installed command, or with ``before`` its ``main`` in a fresh interpreter."""
    command = [str(COMMAND)]
    if before is not None:
        program = f"{before}\nfrom syncd.__main__ import main\nmain()"
        command = [sys.executable, "-c", program]
    streams = Streams.new()
    process = subprocess.Popen(
        [*command, *argv],
        stdin=subprocess.DEVNULL,
        stdout=streams.out,
        stderr=streams.err,
        env=env,
        cwd=folder,
    )

    def ended() -> int:
        try:
            return process.wait(PATIENCE)
        finally:
            process.kill()

    return Running(process.pid, streams, ended)
