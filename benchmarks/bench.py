"""What the benchmarks share: a library of its own, and the installed daemon at work on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncd.local.root import create_root
from syncd.simulator import Simulator

COMMAND = Path(sys.executable).with_name("syncd")


@dataclass(frozen=True, slots=True)
class Library:
    """A root in ``folder``, set up for a simulated service; its settings are the default ones."""

    folder: Path
    sim: Simulator

    @classmethod
    def made(cls, folder: Path, sim: Simulator, **sync: object) -> Library:
        """``sync`` are settings of that section."""
        library = cls(folder, sim)
        lines = [f"{key} = {json.dumps(value)}" for key, value in sync.items()]
        library.config.write_text(
            f'[api]\nbase_url = "{sim.api_url}"\nrequests_per_minute = 0\n'
            f'[library]\nroot = "{library.root}"\n[state]\ndir = "{folder / "state"}"\n'
            f'[limits]\nmin_free_space = "1MB"\n[sync]\n' + "\n".join(lines) + "\n",
            encoding="utf-8",
        )
        create_root(library.root, sim.api_url)
        return library

    @property
    def root(self) -> Path:
        return self.folder / "Music"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        """What the daemon wrote."""
        return self.folder / "log"

    @property
    def environ(self) -> dict[str, str]:
        said = {"AUDIOPOD_API_KEY": self.sim.key, "SYNCD_CONFIG": str(self.config)}
        return {**os.environ, "HOME": str(self.folder), **said}

    def status(self) -> Any:
        """What ``syncd status --json`` says."""
        said = subprocess.run(  # noqa: S603
            [COMMAND, "status", "--json"], env=self.environ, capture_output=True, check=True
        )
        return json.loads(said.stdout)


@contextmanager
def daemon(library: Library) -> Iterator[subprocess.Popen[bytes]]:
    """``syncd run``, stopped at the end; raises ``SystemExit`` where it does not end in order."""
    with library.log.open("wb") as log:
        running = subprocess.Popen([COMMAND, "run"], env=library.environ, stderr=log)  # noqa: S603
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        code = running.wait(60)
    if code:
        raise SystemExit(f"the daemon ended with {code}:\n{library.log.read_text()}")


def audio_in(root: Path) -> list[Path]:
    """The audio files in place."""
    found = (path for kind in ("flac", "mp3", "ogg", "wav") for path in root.rglob(f"*.{kind}"))
    return sorted(path for path in found if ".syncd" not in path.relative_to(root).parts)


def memory_of(process: int) -> tuple[int, int]:
    """Bytes in memory of a process: now, and at the most."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    said = dict(line.split(":", 1) for line in lines if line.startswith("Vm"))
    now, most = (int(said[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, most
