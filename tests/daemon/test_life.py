"""A daemon in this process: what ends its life, and what it keeps in memory while it lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from syncd.cycle import Report
from syncd.daemon import pulse, session, timing
from syncd.daemon.clocks import Clocks
from syncd.daemon.daemon import Daemon
from syncd.daemon.events import Deed, Event
from syncd.daemon.systemd import Notifier
from syncd.local.lookout import Lookout
from syncd.local.root import create_root
from syncd.local.watch import Watch
from syncd.secret import Secret
from syncd.settings import Settings
from syncd.simulator import Simulator

from ..configuring import tables_for

PATIENCE = 30.0
"""Seconds after which what has not come about is a failure."""

SONGS = 6


class Bug(Exception):
    """What nobody expected."""


def breaks(*_: object) -> NoReturn:
    raise Bug


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as made:
        for number in range(SONGS):
            made.world.add(display_name=f"Song {number}")
        yield made


@pytest.fixture
async def daemon(sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """One that has not begun to run; it ticks, and looks at what it did, many times a second."""
    monkeypatch.setattr(pulse, "TICK", 0.05)
    monkeypatch.setattr(timing, "_ECHO", 0.05)
    root = tmp_path / "Music"
    create_root(root, sim.api_url)
    settings = Settings.model_validate(tables_for(sim, root, tmp_path / "state"))
    return Daemon(
        settings,
        load=lambda: settings,
        load_key=lambda _: Secret(sim.key),
        notifier=Notifier({}),
    )


async def run(daemon: Daemon) -> None:
    """Have it run until it ends by itself; raises what ended it."""
    running = asyncio.create_task(daemon.run())
    await asyncio.wait([running], timeout=PATIENCE)
    if not running.done():
        daemon.stop()
        await asyncio.wait([running])
        pytest.fail(f"it lives on; then it ended with {running.exception()!r}")
    running.result()


# --- what ends its life ---


async def stirs_once(watch: Watch) -> AsyncGenerator[str, None]:
    yield "the watch began"
    raise Bug


@pytest.mark.parametrize(
    ("owner", "part", "broken"),
    [
        pytest.param(Clocks, "look", breaks, id="its ticker"),
        pytest.param(Watch, "stirrings", stirs_once, id="its watcher"),
        pytest.param(Lookout, "keep", breaks, id="the thread that watches"),
    ],
)
async def test_it_does_not_live_on_without(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, owner: type, part: str, broken: object
) -> None:
    monkeypatch.setattr(owner, part, broken)
    with pytest.raises(Bug):
        await run(daemon)


async def test_it_does_not_wait_for_its_folder_without_its_ticker(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = daemon.settings.library.root

    def look(clocks: Clocks) -> None:
        if daemon.word == "waiting":
            raise Bug
        if daemon.word == "idle" and daemon.session is not None:
            root.rename(root.with_name("Away"))
            daemon.session.retry()

    monkeypatch.setattr(Clocks, "look", look)
    with pytest.raises(Bug):
        await run(daemon)


# --- what it keeps in memory ---


async def told(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> list[list[Report]]:
    """The reports that it told at each rest, until it was idle after its first sync."""
    found: list[list[Report]] = []

    def of(reports: Sequence[Report], root: Path, deeds: Sequence[Deed]) -> tuple[Event, ...]:
        if reports:
            found.append(list(reports))
        return ()

    monkeypatch.setattr(daemon.herald.events, "of", of)

    def look(clocks: Clocks) -> Any:
        if daemon.word == "idle" and daemon.live.cycles > 1:
            daemon.stop()

    monkeypatch.setattr(Clocks, "look", look)
    await run(daemon)
    done = [one for reports in found for report in reports for one in report.outcomes]
    assert len(done) == SONGS, "each is told, and once"
    return found


async def test_of_a_cycle_it_keeps_what_was_done_and_not_all_that_was_seen_and_planned(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = await told(daemon, monkeypatch)
    assert len(first) > 1
    assert [report.plan.operations for report in first[:-1]] == [()] * (len(first) - 1)
    assert not any(report.remote.tracks for report in first)


async def test_of_a_long_first_sync_it_tells_what_was_done_so_far(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_MOST_OUTCOMES", SONGS - 1)
    first, *_ = await told(daemon, monkeypatch)
    assert [len(report.outcomes) for report in first] == [SONGS]
