"""Starting what serves, and asking it what it was asked; with a delay on the way where wanted.

The delay is the kernel's (``tc netem`` on the loopback interface of a network namespace of its
own) where root and the kernel allow it, else the server's own (``service``).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.pairs import Trouble, processor_of

ONE_WAY = 0.015
"""Seconds that a packet takes, each way."""

_SHAPED = (
    "ip link set lo up && "
    f"tc qdisc add dev lo root netem delay {ONE_WAY * 1000:g}ms limit 100000 && "
    'exec "$@"'
)
"""A loopback interface of its own, with the delay on each packet, then the command. Without a
larger ``limit`` netem drops what exceeds 1,000 packets (tc-netem(8))."""


@cache
def shapes() -> bool:
    """Whether a namespace with ``tc netem`` can be had here."""
    if any(shutil.which(tool) is None for tool in ("unshare", "nsenter", "ip", "tc")):
        return False
    tried = subprocess.run(
        [*_namespace(), "true"], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    return tried.returncode == 0


def delay_in_words() -> str:
    """Which delay is used here."""
    if shapes():
        return f"tc netem, {ONE_WAY * 1000:g} ms each way, in a network namespace"
    return (
        f"the server's own, {2 * ONE_WAY * 1000:g} ms before each answer and as much for each "
        "connection, with TCP's slow start (tc netem is refused, or ip and tc are not installed)"
    )


@dataclass(slots=True)
class Service:
    """What serves an account. ``prefix`` goes before the command of whatever is to reach it."""

    process: subprocess.Popen[str]
    prefix: tuple[str, ...]

    def show_signatures(self, epoch: int) -> None:
        """Show the media addresses with other signatures, or with the first ones (0) again."""
        self._ask(do="epoch", number=epoch)

    def clear(self) -> None:
        """Forget what was asked so far."""
        self._ask(do="clear")

    def asked(self) -> Mapping[str, int]:
        """How often each kind of request came: ``GET /jobs``, ``GET status``, ``PATCH …``."""
        counted: Mapping[str, int] = self._ask(do="count")["asked"]
        return counted

    def requests(self) -> int:
        """How many requests came to the API."""
        return sum(count for name, count in self.asked().items() if not name.endswith(" media"))

    def renamed(self) -> int:
        """How many jobs have a new name."""
        return int(self._ask(do="count")["renamed"])

    def processor(self) -> float:
        """Seconds of the processor that serving has taken so far."""
        return processor_of(self.process.pid)

    def last_patch(self) -> float:
        """When the last PATCH was answered, as ``time.monotonic`` has it."""
        return float(self._ask(do="count")["last_patch"])

    def names(self) -> dict[int, str]:
        """The new names of the jobs that were renamed."""
        return {int(job_id): name for job_id, name in self._ask(do="names").items()}

    def _ask(self, **command: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Trouble("what serves has ended; its last words stand above")
        return json.loads(line)


@contextmanager
def serving(folder: Path, ports: tuple[int, int], *, delayed: bool = False) -> Iterator[Service]:
    """Serve the account in ``folder`` while the ``with`` block runs."""
    shaped = delayed and shapes()
    held_back = 2 * ONE_WAY if delayed and not shaped else 0.0
    command = [sys.executable, "-m", "benchmarks.service", folder, *ports, held_back]
    process = subprocess.Popen(
        [*(_namespace() if shaped else ()), *(str(part) for part in command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        process_group=0,  # Ctrl-C is for this process alone, which ends that one
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise Trouble(f"nothing can be served at the ports {ports}; its words stand above")
        prefix = ("nsenter", f"--net=/proc/{process.pid}/ns/net", "--") if shaped else ()
        yield Service(process, prefix)
    finally:
        process.terminate()
        process.communicate()


def _namespace() -> Sequence[str]:
    return ("unshare", "--net", "sh", "-c", _SHAPED, "sh")
