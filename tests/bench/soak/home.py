"""One folder of a soak with its daemon: a real process, which is started, ended and looked at."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import syncd
from syncd.errors import ExitCode
from syncd.local.root import create_root
from syncd.simulator import Simulator

from ...configuring import as_toml, tables_for
from ..canary import KEY
from ..chronicle import Chronicle
from ..ledger import Attic, walk
from ..setup import Setup
from ..told import Told
from .clock import WORKS, Clock, Sleeper
from .notes import Notes, Patient

PATIENCE = 300
"""Real seconds for what has no reason to take one: only what is stuck takes so long."""

_HERE = Path(__file__).parents[3]
Sections = Mapping[str, Mapping[str, object]]

_SYNCD = Path(syncd.__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Name:
    """What the oracle asks of a member."""

    name: str


class Home:
    """``setup`` is what the oracle knows of its configuration; ``requests`` counts those so far.

    It is the first tree of its library, and the only one.
    """

    def __init__(
        self,
        name: str,
        base: Path,
        sim: Simulator,
        clock: Clock,
        chronicle: Chronicle,
        setup: Setup,
        sections: Sections,
    ) -> None:
        self.member = Name(name)
        self.format = None
        self.trees = (self,)
        self.key = f"{KEY}_{name}"
        self.setup = setup
        self.folder = base / name
        self.root = self.folder / "Music"
        self.state = self.folder / "state"
        self.log = self.folder / "log"
        self._said = self.folder / "commands"
        self.folder.mkdir()
        self.read = Patient()
        self.ledger = Notes(self.root, self.read)
        self.attic = Attic(self.folder / "attic")
        self.told = Told(chronicle)
        self.requests = 0
        self.restarts = 0
        self.clock = clock
        self.sleeper = Sleeper(self.folder / "clock")
        clock.join(self.sleeper)
        sim.world.grant(self.key)
        create_root(self.root, sim.api_url)
        tables = tables_for(sim, self.root, self.state)
        for section in (setup.options(), sections):
            for table, values in section.items():
                tables[table] = {**tables.get(table, {}), **values}
        self._config = self.folder / "config.toml"
        self._config.write_text(as_toml(tables), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.member.name

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether its daemon runs, and its machine does not sleep."""
        return self.sleeper.counts

    def files(self) -> list[Path]:
        return list(walk(self.root))

    def _command(self, bell: int, *arguments: str) -> list[str]:
        program = [sys.executable, "-m", f"{__package__}.daemon"]
        return [*program, str(self.sleeper.path), str(bell), "--config", self._config, *arguments]

    def _environment(self) -> dict[str, str]:
        given = os.environ.get("PYTHONPATH", "")
        paths = os.pathsep.join(filter(None, [given, str(_SYNCD), str(_HERE)]))
        return {
            **os.environ,
            "PYTHONPATH": paths,
            "HOME": str(self.folder),
            "AUDIOPOD_API_KEY": self.key,
            "COLUMNS": "200",
        }

    def start(self) -> None:
        self.sleeper.page.rests_until = WORKS
        self.sleeper.page.has_rested = False
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(self.sleeper.bell, "run"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd=self.folder,
                pass_fds=(self.sleeper.bell,),
            )
        self.sleeper.counts = True

    def ended(self) -> int | None:
        """How its daemon ended; ``None`` while it runs."""
        assert self._process is not None
        return self._process.poll()

    def end(self, number: int) -> int:
        """Send it a signal that ends it; how it ended."""
        assert self._process is not None
        self.sleeper.counts = False
        self._process.send_signal(number)
        return self._process.wait(PATIENCE)

    def restart(self, number: int) -> str | None:
        """What is wrong with how it ended."""
        was_up = self.sleeper.page.has_rested
        code = self.end(number)
        self.restarts += 1
        self.start()
        # Python itself dies of a signal that comes before the program says what to do then.
        expected = {-number} if number == signal.SIGKILL else {0} if was_up else {0, -number}
        return None if code in expected else f"{self.name}: it ended with {code}"

    def freeze(self) -> None:
        """Its machine sleeps from now on, or has no time for it."""
        os.kill(self.pid, signal.SIGSTOP)
        self.sleeper.counts = False

    def thaw(self, slept: float) -> None:
        """It goes on; its machine was asleep for ``slept`` seconds."""
        self.sleeper.page.slept += slept
        os.kill(self.pid, signal.SIGCONT)
        self.sleeper.counts = True
        self.clock.wake([self.sleeper])

    def tell(self, *arguments: str) -> tuple[int, str]:
        """Run a command beside the daemon, as people do: its exit code, and what it prints."""
        done = subprocess.run(
            self._command(-1, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self.folder,
            timeout=PATIENCE,
        )
        with self._said.open("a") as said:
            said.write(f"{arguments} {done.returncode}\n{done.stdout}{done.stderr}")
        return done.returncode, done.stdout

    def asks(self) -> dict[str, Any]:
        """What waits for somebody: ``syncd pending``."""
        code, out = self.tell("pending", "--json")
        assert code in (ExitCode.IN_STEP, ExitCode.HELD), f"syncd pending: {code}"
        found: dict[str, Any] = json.loads(out)
        return found

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.sleeper.close()
