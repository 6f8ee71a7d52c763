"""The installed command, run against a simulated service over loopback sockets."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack
from syncd.local.root import create_root
from syncd.local.tags import read_fields
from syncd.simulator import Simulator, Switches, World
from syncd.simulator.requests import RequestRecord

from ..configuring import as_toml, tables_for
from .mirroring import Mirror
from .starting import COMMAND, PATIENCE, Running, WarmStart, start_cold

IMPATIENCE = 5.0
"""Seconds after which somebody presses Ctrl-C again."""

HASTE = """
import functools
from syncd.remote import http
http.Retries = functools.partial(
    http.Retries, attempts=3, wait_initial=0.01, wait_max=0.02, longest_wait=0.5
)
"""
"""Put before a command: it gives up on a silent service in milliseconds, not in ten seconds."""

AUDIO = frozenset({".flac", ".mp3", ".ogg", ".wav"})


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, read as one JSON document."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line that says what went wrong; of a daemon the last of its log."""
        lines = self.err.splitlines()
        if lines and lines[-1].startswith("{"):
            said = json.loads(lines[-1])
            assert (said["event"], said["level"]) == ("ended", "error")
            assert said["exit_code"] == self.code
            assert not any(line.startswith("syncd: ") for line in lines)
            return f"syncd: {said['why']}; {said['hint']}"
        (line,) = [line for line in lines if line.startswith("syncd: ")]
        return line


class Entry(NamedTuple):
    """What a file system says of one file; equal entries mean that nothing touched it."""

    mode: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    digest: str


class Bench:
    """A home, a configuration, a root and a state folder of their own, and the command."""

    def __init__(self, folder: Path, sim: Simulator, warm: WarmStart) -> None:
        self.folder = folder
        self.sim = sim
        self.warm = warm
        self.home = folder / "home"
        self.root = folder / "Music"
        self.state = folder / "state"
        self.config = folder / "config.toml"
        self.always: str | None = None
        """Put before each command that has nothing else put before it."""
        self.home.mkdir(parents=True)
        temporary = folder / "tmp"
        temporary.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".local/state"),
            "XDG_DATA_HOME": str(self.home / ".local/share"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "TERM": "xterm-256color",
            "AUDIOPOD_API_KEY": sim.key,
            "SYNCD_CONFIG": str(self.config),
        }

    def beside(self, folder: Path, sim: Simulator) -> Bench:
        """Another bench, ready for its first sync."""
        made = Bench(folder, sim, self.warm)
        made.always = self.always
        made.prepare()
        return made

    # --- setting up ---

    def configure(self, **sections: Mapping[str, object]) -> None:
        """Write the configuration: the simulator's address and these folders, and ``sections``."""
        tables = tables_for(self.sim, self.root, self.state, **sections)
        self.config.write_text(as_toml(tables), encoding="utf-8")

    def prepare(self, **sections: Mapping[str, object]) -> None:
        """What ``syncd init`` leaves behind: a configuration, a root and its marker."""
        self.configure(**sections)
        create_root(self.root, self.sim.api_url)

    # --- running ---

    def run(
        self,
        *arguments: str | Path | int,
        before: str | None = None,
        cold: bool = False,
        **env: str | None,
    ) -> Completed:
        """Run ``syncd`` to its end; see ``start``. No command may show a traceback."""
        return self.finish(self.start(*arguments, before=before, cold=cold, **env))

    def start(
        self,
        *arguments: str | Path | int,
        before: str | None = None,
        cold: bool = False,
        **env: str | None,
    ) -> Running:
        """Start ``syncd`` and leave it running.

        ``before`` is Python that its process runs first; ``env`` adds variables, or takes them
        away with ``None``; ``cold`` runs the installed command instead of forking a warm one.
        """
        argv, merged = [str(argument) for argument in arguments], self._environment(env)
        before = before or self.always
        if cold:
            return start_cold(argv, merged, self.folder, before)
        return self.warm.start(argv, merged, self.folder, before)

    def finish(self, running: Running) -> Completed:
        """What a started command wrote, and how it ended."""
        code, out, err = running.wait()
        assert "Traceback" not in out + err, err
        return Completed(code, out, err)

    def on_terminal(
        self,
        *arguments: str | Path | int,
        typed: Mapping[str, str] | None = None,
        **env: str | None,
    ) -> tuple[int, str]:
        """Run ``syncd`` on a terminal; type each of ``typed`` when its prompt shows.

        Returns the exit code and all that the terminal showed.
        """
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve(COMMAND, ["syncd", *map(str, arguments)], self._environment(env))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        waiting = dict(typed or {})
        interrupts: list[float] = []
        shown = b""
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if not select.select([terminal], [], [], 0.1)[0]:
                    if interrupts and time.monotonic() > interrupts[-1] + IMPATIENCE:
                        # As people do: the first may have come where Python ignores what is raised.
                        interrupts.append(time.monotonic())
                        os.write(terminal, b"\x03")
                    continue
                try:
                    data = os.read(terminal, 65_536)
                except OSError:
                    break  # how Linux says that the other end is closed
                if not data:
                    break
                shown += data
                for prompt in [p for p in waiting if _is_asked(p, shown)]:
                    text = waiting.pop(prompt)
                    interrupts += [time.monotonic()] if "\x03" in text else []
                    os.write(terminal, f"{text}\n".encode())
            else:
                os.kill(pid, signal.SIGKILL)
        finally:
            os.close(terminal)
        _, status = os.waitpid(pid, 0)
        text = shown.decode(errors="replace")
        assert "Traceback" not in text, text
        assert not waiting, f"these were never asked: {list(waiting)}\n{text}"
        return os.waitstatus_to_exitcode(status), text

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        merged = {**self.env, **changes}
        return {name: value for name, value in merged.items() if value is not None}

    # --- looking ---

    def audio(self) -> list[str]:
        """The audio files under the root, relative to it."""
        return sorted(
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if path.suffix in AUDIO and ".syncd" not in path.relative_to(self.root).parts
        )

    def placed(self, job_id: int) -> Path:
        """Where the catalog says that a job's file stands."""
        known = self.baseline(job_id)
        assert known is not None
        assert known.placed is not None
        return self.root / known.placed.path

    def baseline(self, job_id: int) -> BaselineTrack | None:
        """What the catalog holds of a track."""
        with self.catalog() as catalog:
            return catalog.baseline_of(job_id)

    def entries(self) -> dict[int, queries.Entry]:
        """All jobs in the catalog."""
        with self.catalog() as catalog:
            return {entry.id: entry for entry in queries.jobs(catalog, queries.Listing(gone=True))}

    @contextlib.contextmanager
    def catalog(self) -> Iterator[Catalog]:
        catalog = Catalog.read(self.state / "catalog.sqlite3")
        assert catalog is not None
        try:
            yield catalog
        finally:
            catalog.close()

    def requests(self, origin: str | None = None, path: str | None = None) -> list[RequestRecord]:
        return self.sim.requests.select(origin=origin, path=path)  # type: ignore[arg-type]

    def asked(self) -> list[RequestRecord]:
        """The requests to the API, but for those that look up what the jobs do not say."""
        return [record for record in self.requests("api") if not is_lookup(record)]

    def lookups(self) -> list[RequestRecord]:
        """The others."""
        return [record for record in self.requests("api") if is_lookup(record)]

    def downloads(self) -> list[str]:
        """The paths of the audio that was fetched; to look whether it is served is not to fetch."""
        asked = [r for r in self.requests("media") if r.range != "bytes=0-0"]
        return [r.path for r in asked if Path(r.path).suffix in AUDIO]

    def assert_nothing_half_placed(self) -> None:
        """Every audio file is tagged with its id, and what is unfinished bears no audio suffix."""
        for name in self.audio():
            fields = read_fields(self.root / name, Path(name).suffix[1:])
            assert fields["job_id"], name
        private = [path for path in (self.root / ".syncd").rglob("*") if path.is_file()]
        assert not [path for path in private if path.suffix in AUDIO]
        loose = [path for path in self.root.rglob("*.part") if path.parent.name != "incoming"]
        assert not loose


def is_lookup(record: RequestRecord) -> bool:
    """Whether a request looks up what the jobs do not say: the filters, listings with one, and
    what is kept of the account as a whole.
    """
    if record.path.endswith(("/jobs/counts", "/presets")):
        return True
    paged = {"skip", "limit", "sort_by", "sort_order", "include_interactions", "status"}
    is_count = record.query.get("limit") == "1" and "sort_by" not in record.query
    is_list = record.path.endswith("/music/jobs") and record.method == "GET"
    return record.path.endswith("/filters/stats") or (
        is_list and (is_count or bool(record.query.keys() - paged))
    )


def _is_asked(prompt: str, shown: bytes) -> bool:
    # Only its last blank says that echo is off and that typing ahead is not thrown away.
    return re.search(re.escape(prompt.encode()) + rb"[^\n]*: ", shown) is not None


def snapshot(*folders: Path) -> dict[str, Entry]:
    """Every file and folder under ``folders``, with all that tells whether it was touched."""
    found: dict[str, Entry] = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:
            stat = path.lstat()
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path)] = Entry(
                stat.st_mode, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, digest
            )
    return found


def eventually(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    return eventually


@pytest.fixture
def look() -> Callable[..., dict[str, Entry]]:
    return snapshot


@pytest.fixture
def haste() -> str:
    return HASTE


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmStart]:
    started = WarmStart()
    yield started
    started.close()


@pytest.fixture
def bench(tmp_path: Path, sim: Simulator, warm: WarmStart) -> Bench:
    """A library that is set up and has never been synced."""
    made = Bench(tmp_path, sim, warm)
    made.prepare()
    return made


@pytest.fixture
def mirror(bench: Bench, look: Callable[..., dict[str, Entry]]) -> Mirror:
    """Four songs in step."""
    return Mirror.of(bench, look)


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory, warm: WarmStart) -> Iterator[Bench]:
    """The demo account, synced once: to be looked at, not to be changed."""
    facets = frozenset({"genre", "emotion", "occasion", "language", "song_type", "liked"})
    # Its clock stands still: what is in flight at the sync is so when it is looked at, too.
    start = time.time()
    world = World.demo(clock=lambda: start)
    with Simulator(world, switches=Switches(facets=facets)) as simulator:
        made = Bench(tmp_path_factory.mktemp("synced"), simulator, warm)
        made.prepare()
        result = made.run("sync", cold=True)
        assert result.code == 0, result.err
        yield made
