"""The command itself, killed by the system: ``python -m syncd sync``, a process of its own that
talks HTTP over sockets with the simulator, keeps its files on a disk and its time by the clock.

What it adds to ``kill``: nothing of it is the bench's. Its threads, its connections, SQLite and the
interpreter die wherever they are, between two steps as well as within one that ``seams`` takes for
one (a tagger that writes, a log that is folded in); the command line, the configuration and the
lock are those that people use; and what it said until then is looked at for the key. Where it dies
is told by the requests that it has sent, and a few milliseconds more, so that no two runs are quite
the same: what holds has to hold wherever it was.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import syncd

from ...configuring import as_toml, tables_for
from .. import account, canary, house, oracle
from ..part import Verdict
from .census import census, unwhole
from .ends import end_of, wrong
from .scenarios import Scenario
from .stage import Stage, standing

SCENARIOS = {
    "first-flac": 8, "rename-up": 6, "swap-down": 8, "deletion-up": 3, "deletion-down": 6,
    "other-audio": 8,
}  # fmt: skip
"""How many points of each, spread over its requests. A file that was deleted is looked for twice,
half a minute apart, by the clock: a point takes a minute there."""

_DELAYS = (0.0, 0.0, 0.003, 0.02, 0.06)
"""Seconds after a request at which it is killed."""

_PATIENCE = 60
_BEFORE = 43_200.0
"""Seconds for which the library has existed when the process begins."""


@dataclass
class _Fate:
    """``at``: after which of its requests a process dies, if at all; ``delay``: how long after."""

    at: int | None = None
    delay: float = 0.0
    sent: int = 0
    pid: int | None = None

    def arriving(self, _what: str) -> None:
        self.sent += 1
        if self.sent == self.at:
            if self.delay:
                threading.Timer(self.delay, self.strike).start()
            else:
                self.strike()

    def strike(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)


def play(scenario: Scenario, base: Path, *only: str) -> Verdict:
    """All points, or one alone."""
    sent, troubles = _told(scenario, base / "whole", _Fate())
    if troubles:
        return Verdict(tuple(f"{scenario.name}, never killed: {text}" for text in troubles))
    count = SCENARIOS[scenario.name]
    points = [int(one) for one in only] or list(range(1, count + 1))
    kills = 0
    for at in points:
        rng = random.Random(f"{scenario.name}/{at}")
        fate = _Fate(max(1, at * sent // count), rng.choice(_DELAYS))
        _, found = _told(scenario, base / f"{at}", fate)
        kills += fate.pid is None
        what = f"{scenario.name}/process/{at} (request {fate.at}, and {fate.delay} s)"
        troubles += [f"{what}: {text}" for text in found]
    return Verdict(tuple(troubles), (), {"points": len(points), "kills of the command": kills})


def _told(scenario: Scenario, base: Path, fate: _Fate) -> tuple[int, list[str]]:
    """How many requests the first process sent, and what went wrong. Of one that was killed the
    ``fate`` has no process any more."""
    start = time.time() - _BEFORE
    month = time.strftime("AudioPod %Y-%m", time.gmtime(start))
    base.mkdir(parents=True)
    with ExitStack() as stack:
        stack.enter_context(patch.object(house, "START", start))
        for name, port in zip(("API", "MEDIA"), _free_ports(), strict=True):
            stack.enter_context(patch.object(account, name, port))
        stage = Stage(base, scenario.setup)
        stage.furnish()
        with stage.house.lives() as loop:
            loop.run_until_complete(scenario.before(stage))
        stack.enter_context(_served(stage))
        before = census(stage)
        env = _environment(stage)
        stage.member.seam = fate.arriving
        code = _run(base, env, fate)
        sent, found = fate.sent, []
        if code == -signal.SIGKILL:
            fate.pid = None
            found += [f"where it died: {text}" for text in unwhole(stage, before)]
            code = _run(base, env)
        found += [f"it ended with {code}"] if code else []
        stood, mutating = standing(stage), stage.house.mutating()
        code = _run(base, env)
        found += [f"a second run ended with {code}"] if code else []
        if standing(stage) != stood or stage.house.mutating() != mutating:
            found.append("a second run changes something")
        found += [*stage.house.troubles, *oracle.lost(stage.home)]
        found += wrong(stage, end_of(scenario.name), before, month=month)
    said = (base / "said").read_text(errors="replace")
    found += ["what it said has the key"] if canary.is_in(said) else []
    return sent, found


def _run(base: Path, env: dict[str, str], fate: _Fate | None = None) -> int:
    """One process to its end; what it says is kept."""
    with (base / "said").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "syncd", "sync"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=env,
            cwd=base,
        )
        if fate is not None:
            fate.pid = process.pid
        try:
            return process.wait(_PATIENCE)
        finally:
            process.kill()
            process.wait()


@contextmanager
def _served(stage: Stage) -> Iterator[None]:
    """The account is reached by sockets, and its clock is the machine's."""
    sim = stage.house.account.sim
    sim._ports = (account.API, account.MEDIA)
    stage.world.clock = time.time
    stage.house.moment.pass_(time.time() - stage.house.moment.time())
    with sim:
        yield


def _environment(stage: Stage) -> dict[str, str]:
    folder = stage.base / "home"
    folder.mkdir()
    config = folder / "config.toml"
    options = stage.home.setup.options()
    tables = tables_for(stage.house.account.sim, stage.root, stage.member.base / "state", **options)
    config.write_text(as_toml(tables), encoding="utf-8")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(syncd.__file__).parents[1]),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "AUDIOPOD_API_KEY": stage.member.key,
        "SYNCD_CONFIG": str(config),
    }


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
