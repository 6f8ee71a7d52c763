"""A library of its own, and the installed program at work on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.account import KEY
from benchmarks.pairs import Sample, Trouble, run_child

COMMAND = Path(sys.executable).with_name("syncd")
PATIENCE = 3_600.0
"""Seconds after which something that was waited for never comes about."""

_SHUTDOWN = 60


@dataclass(frozen=True, slots=True)
class Library:
    """A root in ``folder``, set up for a service; its settings are the default ones, but for the
    room on the disk and the service's rate limit. ``prefix`` goes before each command."""

    folder: Path
    prefix: tuple[str, ...] = ()

    @classmethod
    def made(
        cls,
        folder: Path,
        api_url: str,
        *,
        prefix: tuple[str, ...] = (),
        parallel: int | None = None,
        **sync: object,
    ) -> Library:
        """``parallel`` is how many downloads at once, ``sync`` are settings of that section."""
        from syncd.local.root import create_root

        library = cls(folder, prefix)
        folder.mkdir(parents=True, exist_ok=True)
        limits = [f"parallel_downloads = {parallel}"] if parallel else []
        lines = [f"{key} = {json.dumps(value)}" for key, value in sync.items()]
        library.config.write_text(
            f'[api]\nbase_url = "{api_url}"\nrequests_per_minute = 0\n'
            f'[library]\nroot = "{library.root}"\n[state]\ndir = "{library.state}"\n'
            '[limits]\nmin_free_space = "1MB"\n' + "\n".join([*limits, "[sync]", *lines]) + "\n",
            encoding="utf-8",
        )
        create_root(library.root, api_url)
        return library

    @property
    def root(self) -> Path:
        return self.folder / "Music"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def log(self) -> Path:
        """What the daemon wrote."""
        return self.folder / "log"

    @property
    def environ(self) -> dict[str, str]:
        said = {"AUDIOPOD_API_KEY": KEY, "SYNCD_CONFIG": str(self.config)}
        here = {"HOME": str(self.folder), "PYTHONPATH": str(Path(__file__).parent.parent)}
        return {**os.environ, **here, **said}

    def run(self, *words: str) -> Sample:
        """One command of the program, to its end."""
        return run_child([*self.prefix, COMMAND, *words], env=self.environ)

    def inside(self, part: str, *words: str) -> Sample:
        """A part of the program by itself, in a process of its own (``inside``)."""
        command = [*self.prefix, sys.executable, "-m", "benchmarks.inside", part, *words]
        return run_child(command, env=self.environ, speaks=True)

    def status(self) -> Any:
        """What ``syncd status --json`` says."""
        said = subprocess.run(
            [*self.prefix, COMMAND, "status", "--json"],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            raise Trouble(f"syncd status ended with {said.returncode}: {said.stderr.strip()}")
        return json.loads(said.stdout)

    def catalog_bytes(self) -> int:
        """Size of the catalog, with what SQLite keeps beside it."""
        return sum(path.stat().st_size for path in self.state.glob("*sqlite*") if path.is_file())


@contextmanager
def daemon(library: Library) -> Iterator[subprocess.Popen[bytes]]:
    """``syncd run``, stopped at the end; raises ``Trouble`` where it does not end in order."""
    with library.log.open("wb") as log:
        running = subprocess.Popen(
            [*library.prefix, COMMAND, "run"],
            env=library.environ,
            stderr=log,
            process_group=0,
        )
    try:
        yield running
    except BaseException:
        running.kill()
        running.wait()
        raise
    running.send_signal(signal.SIGTERM)
    code = running.wait(_SHUTDOWN)
    if code:
        raise Trouble(f"the daemon ended with {code}: {library.log.read_text()[-500:]}")


def until(
    condition: Callable[[], object], *, apart: float = 0.005, patience: float = PATIENCE
) -> float:
    """Seconds until ``condition`` holds; it is looked at every ``apart`` seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise Trouble(f"what was waited for did not come about in {patience:g} seconds")
        time.sleep(apart)
    return time.monotonic() - began


def until_at_rest(library: Library, running: subprocess.Popen[bytes], placed: int) -> float:
    """Seconds until so many tracks are placed and the daemon has nothing to do."""

    def rests() -> bool:
        if running.poll() is not None:
            raise Trouble(f"the daemon ended: {library.log.read_text()[-500:]}")
        shown = library.status()
        counted = shown["counts"].get("placed", 0)
        return bool(shown["state"] == "idle" and counted == placed)

    return until(rests, apart=0.5)


def audio_in(root: Path) -> list[Path]:
    """The audio files in place."""
    found = (path for kind in ("flac", "mp3", "ogg", "wav") for path in root.rglob(f"*.{kind}"))
    return sorted(path for path in found if ".syncd" not in path.relative_to(root).parts)
