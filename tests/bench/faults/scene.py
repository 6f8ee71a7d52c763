"""Scenes: small libraries in which one thing is about to be done, and what a run of it came to.

A scene is set without any fault; then one run is struck; then the fault is gone and the program is
left alone. What it leaves must be what it leaves where nothing ever struck.
"""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncd.actions.holds import approve, reject
from syncd.core.baseline import BaselineTrack, State
from syncd.errors import SyncdError
from syncd.executor import Result
from syncd.outcome import Run
from syncd.rest import run_until_rest
from syncd.simulator.switches import Switches

from .. import canary, oracle
from ..house import Home, House
from ..setup import FACETS, Setup
from .state import state

Change = Callable[[House], object]
Strike = Callable[[House], AbstractContextManager[object]]

PAUSES = (700, 3_700, 90_000, 90_000, 90_000)
"""Seconds between the runs after the struck one: the waits of a first failure, of more, a day."""


@dataclass(frozen=True, slots=True)
class Furnished(Setup):
    """With sections of the configuration that ``Setup`` does not draw."""

    more: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def options(self) -> dict[str, dict[str, object]]:
        # By name: a dataclass with slots is another class than ``super()`` was made for.
        found = Setup.options(self)
        for name, values in self.more.items():
            found[name] = {**found.get(name, {}), **values}
        return found

    def furnish(self, switches: Switches) -> None:
        """The service says all of a job: what must be looked up has scenes of its own."""
        if self.facets:
            switches.facets = FACETS | {"language", "liked"}


async def sync(house: House) -> None:
    await house.homes[0].member.sync()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``first``: what there is before the first run, and ``then`` what happens before the one that
    is struck; where it is ``None`` that is the first. ``run``: what is struck, a run of the program
    unless told."""

    name: str
    first: Change
    then: Change | None
    run: Callable[[House], Awaitable[None]] = sync
    setup: Setup = Furnished(grace=0)
    by_hand: bool = False
    """Somebody asks for it, and does so again where it came to nothing."""
    is_rejected: bool = False
    """Somebody rejects what is held in the end, where others approve it."""


@dataclass(slots=True)
class Came:
    """What the struck run came to. ``told`` is what the user reads: the summary, the error, what to
    do, and warnings of the log. ``sent``: each request to the account of the struck run."""

    exit: int = 0
    error: SyncdError | None = None
    told: str = ""
    sent: list[str] = field(default_factory=list)
    seconds: float = 0.0
    results: dict[str, int] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)
    """What it all came to once the fault was gone."""
    was_held: bool = False
    """Whether somebody had to approve something for that."""
    runs: int = 0
    """How many runs that took, the last of them idle."""
    troubles: list[str] = field(default_factory=list)


def staged(scene: Scene, base: Path, strike: Strike, *, restart: bool = True) -> Came:
    """``restart``: the program ends after the struck run and is started again, as a command is."""
    house = House(base, 1, (scene.setup,))
    came = Came()
    with canary.overheard() as heard, house.lives() as loop:
        loop.run_until_complete(_staged(scene, house, strike, came, heard, restart))
    came.troubles += house.troubles
    if heard.is_leaking:
        came.troubles.append("the key stands in what was printed or logged")
    return came


async def _staged(
    scene: Scene, house: House, strike: Strike, came: Came, heard: Any, restart: bool
) -> None:
    home = house.homes[0]
    scene.first(house)
    if scene.then is not None:
        await home.member.sync()
        house.moment.pass_(3_600)
        if home.member.errors:
            came.troubles.append(f"the scene cannot be set: {home.member.errors}")
        scene.then(house)
        await home.member.close()
    began, arrived = house.moment.uptime, len(house.account.sim.requests.select())
    heard.seek(0)
    heard.truncate()
    home.member.errors.clear()
    home.member.reports = []
    try:
        with strike(house):
            try:
                await scene.run(house)
            except SyncdError as error:
                home.member.errors.append(error)
            if restart:
                await home.member.close()
    except Exception as error:
        # No error of any kind may reach the user but the program's own.
        last = traceback.extract_tb(error.__traceback__)[-1]
        came.troubles.append(
            f"{type(error).__name__} escapes: {error} ({Path(last.filename).name}:{last.lineno})"
        )
        await _closed(home)
    came.seconds = house.moment.uptime - began
    came.sent = [
        f"{one.method} {one.path}" for one in house.account.sim.requests.select()[arrived:]
    ]
    _take_in(came, home, heard.getvalue())
    came.troubles += _leaks(house)
    came.troubles += [f"after the struck run: {text}" for text in oracle.lost(home)]
    if scene.by_hand and came.error is not None:
        with suppress(SyncdError):  # it may have been done all the same
            await scene.run(house)
    await _left_alone(house, came)
    if not came.troubles and came.after.get("holds"):
        await _settled(house, came, is_rejected=scene.is_rejected)
    came.troubles += _leaks(house)


def _leaks(house: House) -> list[str]:
    """Looked for after the struck run, whose leavings the next may clear away, and in the end."""
    base = house.homes[0].member.base
    return [f"the key stands in {found}" for found in canary.found_below(base)]


async def _closed(home: Home) -> None:
    try:
        await home.member.close()
    except Exception:
        home.member._engine = home.member._opened = None


def _take_in(came: Came, home: Home, heard: str) -> None:
    reports = home.member.reports
    run = Run(reports) if reports else None
    came.error = home.member.errors[-1] if home.member.errors else None
    if run is not None:
        came.exit = int(run.exit_code)
        came.results = {
            result.value: found
            for result in Result
            if (found := sum(one.result is result for one in run.outcomes))
        }
    if came.error is not None:
        came.exit = int(came.error.exit_code)
    said = [run.summary() if run else "", str(came.error or "")]
    for line in heard.splitlines():
        record = json.loads(line)
        if record.get("level") in ("debug", "info"):
            continue
        said.append(f"{record.get('level')}: {record.get('event')} {_facts(record)}")
    came.told = "\n".join(filter(None, said))


def _facts(record: Mapping[str, object]) -> str:
    known = {"level", "event", "timestamp", "cycle", "logger"}
    return " ".join(f"{name}={value}" for name, value in record.items() if name not in known)


async def _left_alone(house: House, came: Came) -> None:
    """Runs without any fault, until one has nothing to do."""
    home = house.homes[0]
    for pause in PAUSES:
        house.moment.pass_(pause)
        before, sent = _standing(home), house.mutating()
        home.member.errors.clear()
        try:
            await home.member.sync()
        except Exception as error:
            came.troubles.append(f"the fault is gone, and {type(error).__name__} escapes: {error}")
            await _closed(home)
        came.runs += 1
        done = any(
            one.result is not Result.HELD
            for report in home.member.reports
            for one in report.outcomes
        )
        if not (home.member.errors or done or house.mutating() != sent) and (
            before == _standing(home)
        ):
            break
    else:
        came.troubles.append(f"the fault is gone, and it does not rest: {home.member.errors}")
    if home.member.errors:
        await _closed(home)
        return
    engine = await home.member.open()
    came.after = await state(house)
    explained = {one.job_id for one in engine.library.catalog.holds.all()}
    baseline = engine.library.catalog.baseline(engine.library.now())
    explained |= {one.job_id for one in baseline.tracks.values() if _is_explained(one)}
    came.troubles += [f"at rest: {text}" for text in oracle.at_rest(house, home, explained)]
    await home.member.close()


def _is_explained(track: BaselineTrack) -> bool:
    """Whether the program says itself why it is not as the account: given up here, kept though its
    job is gone, or taken in as it was found, so that nobody knows what it was made from."""
    is_as_found = track.placed is not None and track.placed.as_found
    return track.state in (State.EVICTED, State.DETACHED) or is_as_found


async def _settled(house: House, came: Came, *, is_rejected: bool) -> None:
    """What was held is approved or rejected, as a person would."""
    engine = await house.homes[0].member.open()
    held = sorted({one.job_id for one in engine.library.catalog.holds.all()})
    if is_rejected:
        reject(engine.library, engine.policy, jobs=held)
        await run_until_rest(engine.library, engine.executor, engine.policy)
    else:
        await approve(engine.library, engine.executor, engine.policy, jobs=held)
    came.after = await state(house)
    came.was_held = True
    await house.homes[0].member.close()


def _standing(home: Home) -> set[tuple[str, int, int, int]]:
    return {
        (str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns)
        for path in home.files()
        for stat in [path.stat()]
    }


_REFERENCES: dict[str, Any] = {}


def struck(scene: Scene, base: Path, strike: Strike, *, restart: bool = True) -> Came:
    """The scene in a folder of ``base`` that is the same each time, for paths stand in exports."""
    stage = base / "stage"
    stage.mkdir()
    try:
        return staged(scene, stage, strike, restart=restart)
    finally:
        shutil.rmtree(stage)


def unharmed(scene: Scene, base: Path) -> dict[str, object]:
    """What the scene comes to where nothing strikes."""
    if _REFERENCES.get("base") != base:
        _REFERENCES.clear()
        _REFERENCES["base"] = base
    if scene.name not in _REFERENCES:
        came = struck(scene, base, lambda _house: nullcontext())
        if came.troubles or came.error or not came.after:
            raise AssertionError(f"scene {scene.name}: {came.troubles} {came.error}")
        _REFERENCES[scene.name] = came.after
    return _REFERENCES[scene.name]
