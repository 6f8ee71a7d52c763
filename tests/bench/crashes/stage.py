"""One library on which something is done, the program's death meanwhile, and what it comes to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from syncd.daemon.upkeep import is_due, keep_up
from syncd.engine import Engine
from syncd.executor import Result
from syncd.further import run_further
from syncd.rest import run_until_rest

from .. import oracle
from ..house import Home, House, audio
from ..member import Member
from ..setup import Setup
from ..sound import SUFFIXES, heard
from .seams import Steps, Stop

QUIET = 8
"""Runs after which a library rests."""

_PAUSE = 3_700


@dataclass(frozen=True)
class Outfit(Setup):
    """``more``: sections of the configuration over those of a ``Setup``."""

    more: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def options(self) -> dict[str, dict[str, object]]:
        found = Setup.options(self)
        for name, values in self.more.items():
            found[name] = {**found.get(name, {}), **values}
        return found


class Sound(NamedTuple):
    """What one file of the account sounds like: what scenarios call it, and whose it is."""

    name: str
    job: int


OWN = ("Mine/Song.flac", "notes.txt")
"""Files of somebody's that every library begins with, and that are no job's."""


class Stage:
    """A house with one home, and what scenarios need of it."""

    def __init__(self, base: Path, setup: Setup) -> None:
        self.base = base
        self.house = House(base, 7, (setup,))
        self.jobs: list[int] = []
        self.sounds: dict[str, Sound] = {}
        """All that the account ever had to hear, by what ``sound.heard`` says of it."""
        self.kept: dict[str, Any] = {}
        """What a scenario remembers from its beginning."""

    @property
    def home(self) -> Home:
        return self.house.homes[0]

    @property
    def member(self) -> Member:
        return self.home.member

    @property
    def root(self) -> Path:
        return self.member.root

    @property
    def world(self):
        return self.house.world

    def job(self, title: str, kind: str = "flac", **values: Any) -> int:
        clips = values.pop("audio", None) or {kind: self.house.audio(kind)}
        number = self.world.add(display_name=title, audio=clips, **values)
        self.jobs.append(number)
        self._hears(clips, title, number)
        return number

    def other(self, number: int) -> dict[str, bytes]:
        """Other audio for a job."""
        found = self.world.job(number)
        assert found is not None
        clips = {kind: self.house.audio(kind) for kind in found.audio}
        self._hears(clips, "anew", number)
        return clips

    def _hears(self, clips: Mapping[str, bytes], name: str, number: int) -> None:
        """A name that another job has already gets a 2."""
        others = {one.name for one in self.sounds.values() if one.job != number}
        name = f"{name} 2" if name in others else name
        self.sounds |= {heard(data): Sound(name, number) for data in clips.values()}

    def furnish(self) -> None:
        """Put somebody's own files there, one that sounds of something among them."""
        song, notes = (self.root / place for place in OWN)
        song.parent.mkdir()
        song.write_bytes(audio("flac", 50))
        notes.write_text("somebody's own")
        for path in (song, notes):
            self.home.ledger.keeps(path)

    def roots(self) -> dict[str, Path]:
        """The folders of all trees, by what places in them begin with: nothing in the first."""
        settings = self.member.settings
        further = {f"{kind}:": tree.library.root for kind, tree in settings.trees.items()}
        return {"": settings.library.root, **further}

    def people(self, act: Callable[[Home], object]) -> None:
        """Something that people do in the folder, noted in the ledger."""
        before = self.home.ledger.bearers()
        act(self.home)
        self.home.ledger.after(before, self.house.moment.uptime)

    def file(self, title: str) -> Path:
        """The only file of that title, or stem."""
        found = [path for path in self.home.files() if path.suffix in SUFFIXES]
        (one,) = [path for path in found if title in (path.stem, self.home.read(path).title)]
        return one

    def rename(self, title: str, name: str) -> None:
        def act(_: Home) -> None:
            path = self.file(title)
            target = self.root / f"{name}{path.suffix}" if "/" in name else None
            target = target or path.with_name(f"{name}{path.suffix}")
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)

        self.people(act)

    def delete(self, title: str) -> None:
        def act(home: Home) -> None:
            path = self.file(title)
            home.ledger.leaves(path)
            path.unlink()

        self.people(act)

    async def engine(self) -> Engine:
        return await self.member.open()

    async def sync(self) -> None:
        """As ``syncd sync``: to rest, with all trees and what is due once a day."""
        await self.member.sync()
        reports, engine = self.member.reports, self.member._engine
        if engine is None or not reports or reports[-1].error:
            return

        async def first(sweep: bool) -> list[Any]:
            library = engine.library
            more = await run_until_rest(library, engine.executor, engine.policy, sweep=sweep)
            reports.extend(more)
            return more

        async def rested(tree: Engine) -> None:
            if is_due(tree.library, tree.library.now()):
                await keep_up(tree.library, tree.settings, tree.library.now())

        for tree in await run_further(engine, first, rested=rested):
            reports.extend(tree.reports)
            if tree.error is not None:
                self.member.errors.append(tree.error)
        await rested(engine)

    async def end(self) -> None:
        """The program is ended in the ordinary way."""
        await self.member.close()

    def forget(self) -> None:
        """The program is dead: what knew of it is thrown away, and the folders stay."""
        before = self.member
        self.home.member = Member(
            before.name, before.base, before.account, before.settings, before.key
        )


async def ended_here(stage: Stage, steps: Steps, act: Callable[[], Awaitable[None]]) -> bool:
    """Whether ``act`` was ended at a step; then nothing of it is left in this process."""
    with steps.counted():
        stage.member.seam = steps.arriving
        main = asyncio.ensure_future(act())
        steps.ended = main.cancel
        with suppress(Stop, asyncio.CancelledError, BaseExceptionGroup):
            try:
                await main
            except BaseException as error:
                if not steps.dead:
                    raise
                if not isinstance(error, Stop | asyncio.CancelledError | BaseExceptionGroup):
                    stage.house.trace.append(f"  died as {error!r}")
                    return await _bury(stage, steps)
        return await _bury(stage, steps)


async def _bury(stage: Stage, steps: Steps) -> bool:
    if not steps.dead:
        return False
    opened = stage.member._opened
    if opened is not None:
        with suppress(BaseException):
            await opened.aclose()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    with suppress(BaseException):
        await asyncio.gather(*others, return_exceptions=True)
    steps.bury()
    return True


class Databases:
    """The catalogs as they stood at one moment: what the dead still do to theirs is undone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held = {
            path: path.read_bytes() for path in _databases(folder) if not path.name.endswith("-shm")
        }

    def back(self) -> None:
        for path in _databases(self.folder):
            if path not in self._held:
                path.unlink()
        for path, data in self._held.items():
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)

    def lose(self, logs: Mapping[Path, list[int]], *, some: int | None = None) -> None:
        """What was committed since the log was synced last goes with the power: all of it, or what
        came after the ``some``-th of its commits (the remainder of that by their number)."""
        for path in _databases(self.folder):
            if path.name.endswith("-wal"):
                lengths = logs.get(path, [0])
                left = lengths[0] if some is None else lengths[some % len(lengths)]
                if left < path.stat().st_size:
                    os.truncate(path, left)


def _databases(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.sqlite3*") if path.is_file()]


async def to_rest(stage: Stage) -> list[str]:
    """Runs until one changes nothing; what is wrong with how it rests."""
    for _ in range(QUIET):
        stage.house.moment.pass_(_PAUSE)
        stood, sent = standing(stage), stage.house.mutating()
        await stage.sync()
        reports = stage.member.reports
        if not reports or reports[-1].error:
            continue
        done = [one for report in reports for one in report.outcomes]
        if all(one.result is Result.HELD for one in done) and not reports[-1].plan.pending:
            found = []
            if standing(stage) != stood:
                found.append(f"a second run changes files: {sorted(standing(stage) ^ stood)}")
            if stage.house.mutating() != sent:
                found.append("a second run changes the account")
            return found + stage.house.troubles + list(oracle.lost(stage.home))
    error = stage.member.reports[-1].error if stage.member.reports else stage.member.errors[-1:]
    return [f"it does not come to rest: {error}", *stage.house.troubles]


def standing(stage: Stage) -> set[tuple[str, int, int, int]]:
    """Every file of every library, and whether it is still the same."""
    return {
        (str(path), path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns)
        for path in stage.home.files()
    }
