"""What the works share: a temporary folder, ports, sizes, rivals, and libraries built once."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from benchmarks.account import Spec, spec_text
from benchmarks.library import Library
from benchmarks.pairs import Trouble, run_child
from benchmarks.rivals import Rivals
from benchmarks.serving import Service, serving

T = TypeVar("T")

_MADE = "made.json"
"""What was built in a folder that is kept."""

TINY = 4_000
"""Bytes of an audio file where only the number of files counts."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The figures of one size, by the names of ``growth.CURVES``."""

    jobs: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done. ``quick``: just enough to see that it runs; the figures mean little."""

    quick: bool = False
    rounds: int | None = None

    def of(self, full: T, quick: T) -> T:
        """The one or the other."""
        return quick if self.quick else full

    def times(self, full: int) -> int:
        """How many rounds, where ``full`` is what a work asks for."""
        return self.rounds or (1 if self.quick else full)


def _free_ports() -> tuple[int, int]:
    """Two ports that are free now; the same ones are used for a whole run, since a library belongs
    to its service's address.

    Of none that Linux gives to clients (``ip_local_port_range``, from 32,768 on by default): one
    of those may be taken whenever the server is started anew.
    """
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 1_000):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == 2:
            return found[0], found[1]
    raise Trouble("no port from 20,000 to 32,000 is free; end what listens there")


@dataclass(slots=True)
class Bench:
    """Where and how everything is measured; accounts and libraries in it are built once."""

    folder: Path
    scale: Scale
    rivals: Rivals
    say: Callable[[str], None] = print
    ports: tuple[int, int] = field(default_factory=_free_ports)
    _accounts: dict[Spec, Path] = field(default_factory=dict)
    _in_step: set[int] = field(default_factory=set)
    is_whole: bool = True
    """Whether no work met trouble so far."""
    growth: list[Growth] = field(default_factory=list)
    """What ``growth`` found, from the smallest size to the largest."""

    @classmethod
    def kept(cls, folder: Path, scale: Scale, rivals: Rivals) -> Self:
        """One that goes on with what was built in ``folder`` before, if anything was."""
        bench, made = cls(folder, scale, rivals), folder / _MADE
        if made.exists():
            found = json.loads(made.read_text())
            bench.ports = found["ports"][0], found["ports"][1]
            bench._accounts = {Spec(**spec): folder / name for spec, name in found["accounts"]}
            bench._in_step = set(found["in_step"])
        return bench

    def keep(self) -> None:
        """Leave what takes long to build for another run, and nothing else."""
        accounts = [(asdict(spec), str(path.name)) for spec, path in self._accounts.items()]
        found = {"ports": self.ports, "accounts": accounts, "in_step": sorted(self._in_step)}
        (self.folder / _MADE).write_text(json.dumps(found))
        names = {_MADE, *(name for _, name in accounts), *map(_in_step_name, self._in_step)}
        for path in self.folder.iterdir():
            if path.name not in names and path.is_dir():
                shutil.rmtree(path)
            elif path.name not in names:
                path.unlink()

    @property
    def source(self) -> Path:
        """The folder from which ``python -m benchmarks.…`` can be run."""
        return Path(__file__).parent.parent

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def media_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    def fresh(self, name: str) -> Path:
        """An empty folder; what was there under that name is removed."""
        folder = self.folder / name
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        return folder

    def settle(self) -> None:
        """Let the disk come to rest, so that nobody pays for what another one wrote."""
        os.sync()

    def account(self, jobs: int, audio: int, *, facets: bool = False, covers: bool = False) -> Spec:
        """An account that is made now unless it was before."""
        spec = Spec(jobs=jobs, audio=audio, facets=facets, covers=covers, media_url=self.media_url)
        if spec not in self._accounts:
            folder = self.fresh(f"account {len(self._accounts)}")
            words = ["-m", "benchmarks.account", str(folder), spec_text(spec)]
            run_child([sys.executable, *words], cwd=self.source, measured=False)
            self._accounts[spec] = folder
        return spec

    def where(self, spec: Spec) -> Path:
        """The folder of an account."""
        return self._accounts[spec]

    def addresses_of(self, spec: Spec) -> list[tuple[str, str]]:
        """Where each audio file is, and a name for it: the very addresses that jobs show."""
        rows = json.loads(b"[" + (self.where(spec) / "rows-0").read_bytes()[:-1] + b"]")
        return [(job["output_url"], f"{job['id']}.mp3") for job in rows]

    def serve(self, stack: ExitStack, spec: Spec, *, delayed: bool = False) -> Service:
        """Serve an account until ``stack`` is closed."""
        return stack.enter_context(serving(self.where(spec), self.ports, delayed=delayed))

    def in_step(self, jobs: int) -> tuple[Spec, Library]:
        """A library of so many tiny files in step with its account (``filling``), made once."""
        spec, name = self.account(jobs, TINY, facets=True), _in_step_name(jobs)
        if jobs not in self._in_step:
            library = Library.made(self.fresh(name), self.api_url, parallel=8)
            self.say(f"  a library of {jobs:,} files is brought in step")
            with ExitStack() as stack:
                service = self.serve(stack, spec)
                audio = str(self.where(spec) / "0.mp3")
                command = [sys.executable, "-m", "benchmarks.filling", audio]
                run_child(command, env=library.environ, measured=False)
                service.clear()
                library.run("sync", "--quiet")
                fetched = service.asked().get("GET media", 0)
            found = sum(1 for _ in library.root.rglob("*.mp3"))
            if found != jobs or fetched:
                raise Trouble(f"not in step: {found} of {jobs} files are there, {fetched} fetched")
            self.settle()
            self._in_step.add(jobs)
        return spec, Library(self.folder / name)


def _in_step_name(jobs: int) -> str:
    return f"in step {jobs}"
