"""What the tests of both directions are written with: a library in step, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mutagen import File

from syncd.core.baseline import BaselineTrack
from syncd.local.files import default_mode
from syncd.local.root import open_root
from syncd.local.trash import Entry, Trash
from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench, Completed

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"
SONGS = ("Alpha", "Beta", "Gamma", "Delta")

NO_GRACE = {"deletion_grace": "0s"}

Look = Callable[..., dict[str, Any]]
Sent = tuple[str, int, dict[str, str] | None]


def stepped(seconds: float) -> str:
    """Put before a command: the local clock is ahead by ``seconds``."""
    return f"import time, time_machine\ntime_machine.travel(time.time() + {seconds}).start()\n"


def dies_before(function: str) -> str:
    """Put before a command: its process is killed where ``function`` is about to run."""
    return f"""
import os, pkgutil
owner, _, name = "{function}".rpartition(".")
setattr(pkgutil.resolve_name(owner), name, lambda *_, **__: os._exit(9))
"""


def dies_after(function: str) -> str:
    """Put before a command: its process is killed as soon as ``function`` has run."""
    return f"""
import inspect, os, pkgutil
owner, _, name = "{function}".rpartition(".")
real = getattr(pkgutil.resolve_name(owner), name)
def dead(*arguments, **named):
    result = real(*arguments, **named)
    if not inspect.isawaitable(result):
        os._exit(9)
    async def ended():
        await result
        os._exit(9)
    return ended()
setattr(pkgutil.resolve_name(owner), name, dead)
"""


def patch(job_id: int, name: str) -> Sent:
    """The request that gives a job another name."""
    return "PATCH", job_id, {"display_name": name}


def delete(job_id: int) -> Sent:
    """The request that deletes a job."""
    return "DELETE", job_id, None


def title_of(path: Path) -> str:
    """The title in the tags of a file."""
    return str(File(path)["title"][0])


@dataclass(frozen=True, slots=True)
class Mirror:
    """A library and the account that it is in step with; ``jobs`` by the names they began with."""

    bench: Bench
    sim: Simulator
    look: Look
    jobs: dict[str, int]

    @classmethod
    def of(
        cls,
        bench: Bench,
        look: Look,
        *names: str,
        sync: dict[str, object] | None = None,
        **sections: dict[str, object],
    ) -> Mirror:
        """A library of ``names``, each with lyrics, synced; the log of requests is empty."""
        bench.configure(sync=sync or {}, **sections)
        made = cls(bench, bench.sim, look, {})
        for name in names or SONGS:
            made.add(name)
        made.sync()
        return made

    def add(self, name: str, **job: Any) -> int:
        """Another job of the account."""
        given = {"created_at": MARCH + len(self.jobs), "lrc_content": LRC, **job}
        self.jobs[name] = self.sim.world.add(display_name=name, **given)
        return self.jobs[name]

    # --- what is done ---

    def sync(self, code: int = 0, before: str | None = None, **env: str | None) -> Completed:
        """Forget the requests so far, run ``syncd sync``, and see that it ends with ``code``."""
        self.sim.requests.clear()
        result = self.bench.run("sync", before=before, **env)
        assert result.code == code, result.out + result.err
        return result

    def path(self, name: str, folder: str = ALBUM) -> Path:
        """Where a song stands, or would."""
        return self.bench.root / folder / (name if Path(name).suffix else f"{name}.flac")

    def rename(self, old: str, new: str, folder: str = ALBUM) -> Path:
        """Rename a file in the folder, and nothing that stands beside it."""
        target = self.path(new, folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists()
        return self.path(old).rename(target)

    # --- what came of it ---

    def sent(self) -> list[Sent]:
        """What was sent to change the account, in its order."""
        return [
            (r.method, int(r.path.rpartition("/")[2]), json.loads(r.body) if r.body else None)
            for r in self.sim.requests.mutating()
        ]

    def asked(self) -> list[tuple[str, str]]:
        """The requests to the API, without its prefix, and without those that look up facets."""
        return [(r.method, r.path.rpartition("/music")[2]) for r in self.bench.asked()]

    def files(self) -> list[str]:
        """The names of the audio files, without the album that they are in from the start."""
        return [name.removeprefix(f"{ALBUM}/") for name in self.bench.audio()]

    def account(self) -> dict[int, str | None]:
        """The names in the account, by job."""
        return {job.id: job.display_name for job in self.sim.world.jobs()}

    def trash(self) -> list[Entry]:
        """What is in the trash; every entry is whole."""
        trash = Trash(open_root(self.bench.root), mode=default_mode())
        entries = trash.entries()
        assert all(trash.verify(entry) for entry in entries)
        return entries

    def in_trash(self, entry: Entry) -> Path:
        """The file of an entry."""
        return self.bench.root / ".syncd" / "trash" / entry.name

    def known(self, name: str) -> BaselineTrack:
        """What the catalog holds of a song."""
        known = self.bench.baseline(self.jobs[name])
        assert known is not None
        return known

    def history(self, name: str) -> list[dict[str, Any]]:
        """What was done about a song after it was placed."""
        with self.bench.catalog() as catalog:
            return catalog.journal.entries(self.jobs[name])[1:]

    def done(self, name: str) -> list[tuple[str, str | None]]:
        """What was done about a song after it was placed: verb and outcome."""
        return [(entry["verb"], entry["outcome"]) for entry in self.history(name)]

    def assert_rests(self, code: int = 0) -> None:
        """Another run changes nothing: nothing is sent, fetched or written."""
        before = self._written()
        self.sync(code)
        assert self.sent() == []
        assert self.bench.requests("media") == []
        assert self._written() == before

    def _written(self) -> dict[str, Any]:
        found = self.look(self.bench.root)
        return {path: entry for path, entry in found.items() if not path.endswith("/lock")}
