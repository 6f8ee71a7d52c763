"""Where an abuse is played: a library in step, the real command, and what must hold each time.

The command runs in a process of its own, that tells what it opened, what it changed, whom it asked
and how much memory it came to. Nothing of it is taken on trust from the program.
"""

from __future__ import annotations

import atexit
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from stat import S_ISREG

import pytest

from syncd.simulator import Simulator, Switches
from syncd.simulator.sound import tone

from ...scenarios.conftest import HASTE, Bench, Completed
from ...scenarios.starting import AT_ONCE, WarmStart
from .. import canary, sound
from ..canary import KEY
from .villain import API, Villain
from .watched import WATCHED

MOST_SECONDS = 15.0
"""Of the processor that any run may take; a minute of the wall clock ends it."""

MOST_MEMORY = 400
"""MB that any run may come to; without an abuse it is about a hundred."""

MOST_DISK = 64 << 20
"""Bytes that any one file may grow to, and all of them together."""

MOST_WORDS = 100_000
"""Characters that any run may log or complain; what it lists is as long as what is asked for."""

CALM = frozenset({0, 1, 2, 3, 75, 77, 78})
"""How a command may end: as the README lists it. A signal is not among them."""

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")


@cache
def _warm(_process: int) -> WarmStart:
    started = WarmStart()
    atexit.register(started.close)
    return started


@dataclass
class Stage:
    """``healthy`` are jobs that nobody touches: each must have its file in the end."""

    base: Path
    sim: Simulator
    villain: Villain
    bench: Bench
    outside: Path
    healthy: list[int] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    memory: int = 0
    changing: int = 0
    """Requests that change the account which this abuse justifies."""
    before: str = ""
    """Python that each command runs first."""
    stood: set[int] = field(default_factory=set)
    """The jobs that were in step before the abuse."""
    left_out: list[str] = field(default_factory=list)
    """What of the abuse this machine does not permit."""

    @property
    def root(self) -> Path:
        return self.bench.root

    @property
    def state(self) -> Path:
        return self.bench.state

    def job(self, **fields: object) -> int:
        """A job that the service makes, with a sound file; healthy unless it is said otherwise."""
        number = len(self.sim.world.jobs()) + 1
        given = {"display_name": f"Song {number}", "audio": {"mp3": tone("mp3", number, 0.2)}}
        made = self.sim.world.add(**{**given, "created_at": 1.77e9 + number, **fields})
        if not fields:
            self.healthy.append(made)
        return made

    def run(self, *arguments: str, says: str | None = None, code: int | None = None) -> Completed:
        """Run the command, and hold it to what must always be so. ``says``: a regular expression
        that is to be found in what it says."""
        told = self.base / "watched"
        told.write_text("")
        before = WATCHED.format(path=str(told), disk=MOST_DISK) + HASTE + AT_ONCE + self.before
        running = self.bench.start(*arguments, before=before)
        try:
            ended, out, err = running.wait()
        except pytest.fail.Exception:
            self.wrong(f"syncd {' '.join(arguments)} does not end")
            self._judge_secrecy(running.said() + running.complained())
            _warm.cache_clear()  # it died of what it could not report
            self.bench.warm = _warm(os.getpid())
            return Completed(-9, "", "")
        self.trace += [f"syncd {' '.join(arguments)}: {ended}", out, err]
        self._judge_words(ended, out, err)
        if says is not None and not re.search(says, out + err):
            self.wrong(f"it does not say {says!r}: {(out + err)[-600:]!r}")
        if code is not None and ended != code:
            self.wrong(f"it ended with {ended} instead of {code}")
        self._judge_deeds(told)
        return Completed(ended, out, err)

    def sync(self, says: str | None = None, code: int | None = None) -> Completed:
        return self.run("sync", says=says, code=code)

    def wrong(self, text: str) -> None:
        self.troubles.append(text[:1_000])

    def must(self, holds: object, text: str) -> None:
        if not holds:
            self.wrong(text)

    def placed(self) -> dict[int, Path]:
        """The file of each job, as the files themselves tell."""
        found: dict[int, Path] = {}
        for text in _all(self.root):
            path = Path(text)
            is_own = ".syncd" in path.relative_to(self.root).parts
            with suppress(OSError):
                info = path.lstat()
                if is_own or not S_ISREG(info.st_mode) or info.st_size > MOST_DISK:
                    continue
                if (job := sound.job_of(path)) is not None:
                    found[job] = path
        return found

    def lost(self) -> set[int]:
        """The jobs that were in step and have no file any more."""
        return self.stood - self.placed().keys()

    def hurry(self) -> None:
        """What is slow on purpose is given up after a second instead of ten."""
        configure(self.bench, api={"timeout": "1s"})

    def serves(self) -> None:
        """Every healthy job has its file."""
        missing = set(self.healthy) - self.placed().keys()
        self.must(not missing, f"healthy tracks have no file: {sorted(missing)}")

    def relieved(self, code: int = 0) -> None:
        """The abuse is over: the library comes into step again by itself."""
        self.villain.relents()
        self.sync(code=code)
        self.serves()

    def conclude(self) -> None:
        """What must hold of all that was asked, and of all that lies about."""
        changing = [one for one in self.villain.asked if one.method not in ("GET", "HEAD")]
        if len(changing) != self.changing:
            self.wrong(f"it changed the account: {[(a.method, a.target) for a in changing]}")
        for asked in self.villain.asked:
            if asked.origin != API and KEY in asked.head + asked.body.decode("latin-1"):
                self.wrong(f"the key went to {asked.origin}: {asked.target[:100]}")
            if asked.origin == API and KEY in asked.target:
                self.wrong("the key stands in an address")
        self._judge_disk()

    def _judge_secrecy(self, text: str) -> None:
        if canary.is_in(text):
            self.wrong("the key stands in what it says")

    def _judge_words(self, code: int, out: str, err: str) -> None:
        self._judge_secrecy(out + err)
        if code not in CALM:
            self.wrong(f"it ended with {code}: {err[-600:]}")
        if "Traceback" in out + err:
            self.wrong(f"a traceback: {err[-1_500:]}")
        for text in (out, err):
            if found := _CONTROL.search(text):
                where = text[max(0, found.start() - 60) : found.end() + 20]
                self.wrong(f"a character that commands a terminal: {where!r}")
        if len(err) > MOST_WORDS:
            self.wrong(f"it logs {len(err)} characters")

    def _judge_deeds(self, told: Path) -> None:
        lines = told.read_text(errors="surrogateescape").splitlines()
        taken = None
        mine = [str(one) for one in (self.root, self.state, self.bench.home, told)]
        ports = [url.rpartition(":")[2] for url in self.villain.urls.values()]
        for line in lines:
            what, thing = json.loads(line)
            if what == "taken":
                taken = thing
            elif what == "deaf":
                self.wrong(f"what it did cannot be told: {thing}")
            elif what == "connect" and not any(f", {port})" in thing for port in ports):
                if "/run/systemd" not in thing and "control" not in thing:
                    self.wrong(f"it connected to {thing}")
            elif what in ("read", "write") and Path(thing).is_relative_to(self.outside):
                self.wrong(f"it went for what lies outside, to {what} it: {thing}")
            elif what == "write" and thing.startswith(str(self.base)):
                if not any(Path(thing).is_relative_to(one) for one in mine):
                    self.wrong(f"it wrote {thing}")
            elif what == "write" and not thing.startswith(("/dev/", "/proc/")):
                self.wrong(f"it wrote {thing}")
        if taken is None:
            self.wrong("it did not end of itself")
            return
        memory, seconds = taken
        self.memory = max(self.memory, memory)
        self.must(memory <= MOST_MEMORY, f"it came to {memory} MB of memory")
        self.must(seconds <= MOST_SECONDS, f"it took {seconds:.0f} s of the processor")

    def _judge_disk(self) -> None:
        taken = 0
        for top in (self.root, self.state, self.bench.home):
            for path in _all(top):
                with suppress(OSError):
                    taken += os.lstat(path).st_blocks * 512
        self.must(taken <= MOST_DISK, f"it left {taken >> 20} MB on the disk")


def _all(top: Path) -> Iterator[str]:
    for folder, _, files in os.walk(top):
        for name in files:
            yield os.path.join(folder, name)  # noqa: PTH118 - as it is, however it is spelled


@contextmanager
def stage(base: Path, *, jobs: int = 2, switches: Switches | None = None) -> Iterator[Stage]:
    """A library of so many tracks, in step with the service that the villain will take over."""
    outside = base / "outside"
    outside.mkdir()
    chosen = switches or Switches(facets=frozenset({"genre", "emotion", "occasion", "language"}))
    with Simulator(switches=chosen, key=KEY) as sim, Villain(sim) as villain:
        bench = Bench(base / "bench", sim, _warm(os.getpid()))
        configure(bench)
        bench.prepare(**OPTIONS)
        made = Stage(base, sim, villain, bench, outside)
        for _ in range(jobs):
            made.job()
        if jobs:
            made.sync(code=0)
            made.serves()
        made.stood = set(made.placed())
        yield made
        made.conclude()


OPTIONS: dict[str, dict[str, object]] = {
    "api": {"timeout": "10s"},
    "sync": {"deletion_grace": "0s"},
    "limits": {"max_file_size": "8MB", "min_free_space": "1MB"},
    "library": {"formats": ["mp3", "flac", "ogg", "wav"], "moves": "auto"},
    "log": {"level": "debug"},
}
"""Where deletions and moves wait for nothing, what is wrong with them shows at once; and all that
it can log is looked at."""


def configure(bench: Bench, **more: Mapping[str, object]) -> None:
    """No key in any file: it comes by the environment alone."""
    bench.configure(**{**OPTIONS, **more})


Play = Callable[[Stage], None]
