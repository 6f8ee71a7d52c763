"""The daily upkeep of a real library: what it does, and what stops it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.catalog.backup import backups
from syncd.catalog.store import Catalog
from syncd.core.model import Job
from syncd.core.policy import Now
from syncd.daemon.upkeep import Upkept, is_due, keep_up
from syncd.engine import open_engine
from syncd.errors import CatalogUnusable
from syncd.library import Library
from syncd.local.root import create_root
from syncd.local.trash import Why
from syncd.secret import Secret
from syncd.settings import Api as ApiSettings
from syncd.settings import Library as LibrarySettings
from syncd.settings import Settings, State
from syncd.simulator import Simulator

DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path, sim: Simulator) -> Settings:
    create_root(tmp_path / "Music", sim.api_url)
    return Settings(
        api=ApiSettings(base_url=sim.api_url, requests_per_minute=0),
        library=LibrarySettings(root=tmp_path / "Music"),
        state=State(dir=tmp_path / "state", history="30d"),
    )


@pytest.fixture
async def library(settings: Settings, sim: Simulator) -> AsyncIterator[Library]:
    """A library with one job, whose service has told its time."""
    async with open_engine(settings, Secret(sim.key)) as engine:
        await engine.library.client.page()
        engine.library.catalog.observe([Job(id=7, status="COMPLETED")], datetime.now(UTC))
        yield engine.library


@pytest.fixture
def put_in_trash(library: Library) -> Callable[[int], None]:
    """A file that was replaced, in the trash for so many days."""

    def put(days: int) -> None:
        file = library.root.path / f"{days}.flac"
        file.write_bytes(b"fLaC")
        now = datetime.now(UTC) - days * DAY
        library.trash.put(
            file.name,
            job_id=7,
            why=Why.REPLACED,
            now=now,
            server_time=now,
            title=None,
            audio=None,
            job="{}",
        )

    return put


def wrote(library: Library, days: int) -> None:
    """An operation in the history, done so many days ago."""
    began = datetime.now(UTC) - days * DAY
    entry = library.catalog.journal.start(
        cycle=f"c{days}", job_id=8, verb="download", path="a", reason="r", now=began
    )
    library.catalog.journal.finish(entry, began, outcome="done")


async def test_it_backs_up_forgets_and_purges(
    library: Library, settings: Settings, put_in_trash: Callable[[int], None]
) -> None:
    wrote(library, 31), wrote(library, 1)
    put_in_trash(31), put_in_trash(1)
    now = library.now()
    done = await keep_up(library, settings, now)
    ((backup, made_at),) = backups(settings.state.dir / "backups")
    assert done == Upkept(backed_up=backup, pruned=1, purged=1, troubles=())
    assert made_at == now.local.replace(microsecond=0)
    assert [one["cycle"] for one in library.catalog.journal.entries()] == ["c1"]
    assert [entry.path for entry in library.trash.entries()] == ["1.flac"]
    assert settings.catalog.with_name("catalog.sqlite3-wal").stat().st_size < 100_000
    copy = Catalog.read(backup)
    assert copy is not None
    assert copy.binding() == library.catalog.binding()
    copy.close()


async def test_it_forgets_what_is_gone_unless_the_trash_has_a_copy(
    library: Library, settings: Settings, put_in_trash: Callable[[int], None]
) -> None:
    catalog, then = library.catalog, datetime.now(UTC) - 31 * DAY
    catalog.observe([Job(id=number, status="COMPLETED") for number in (7, 8)], then)
    catalog.finish_sweep(catalog.begin_sweep(then), then, complete=True, total=0, seen=0)
    put_in_trash(1)  # of the job 7
    assert (await keep_up(library, settings, library.now())).forgotten == 1
    assert catalog.upkeep.known() == {7}


async def test_two_backups_are_kept(library: Library, settings: Settings) -> None:
    now = library.now()
    for day in range(3):
        await keep_up(library, settings, Now(now.local + day * DAY, now.server))
    kept = [made_at.date() for _, made_at in backups(settings.state.dir / "backups")]
    assert kept == [(now.local + day * DAY).date() for day in (2, 1)]


@pytest.mark.parametrize(
    ("later", "due"),
    [
        (timedelta(), False),
        (timedelta(hours=23, minutes=59), False),
        (DAY, True),
        (30 * DAY, True),
        (timedelta(seconds=-1), True),
    ],
    ids=["at once", "within the day", "a day later", "much later", "the clock was set back"],
)
async def test_it_is_due_once_a_day(
    library: Library, settings: Settings, later: timedelta, due: bool
) -> None:
    now = library.now()
    assert is_due(library, now)
    await keep_up(library, settings, now)
    assert is_due(library, Now(now.local + later, now.server)) is due


async def test_when_it_was_done_survives_a_restart(settings: Settings, sim: Simulator) -> None:
    async with open_engine(settings, Secret(sim.key)) as engine:
        now = engine.library.now()
        await keep_up(engine.library, settings, now)
    async with open_engine(settings, Secret(sim.key)) as engine:
        assert not is_due(engine.library, now)
        assert is_due(engine.library, Now(now.local + DAY))


async def test_an_empty_catalog_takes_no_backups_place(settings: Settings, sim: Simulator) -> None:
    async with open_engine(settings, Secret(sim.key)) as engine:
        done = await keep_up(engine.library, settings, engine.library.now())
    assert done.backed_up is None
    assert backups(settings.state.dir / "backups") == []


@pytest.mark.parametrize("server", ["unknown", "behind"])
async def test_a_clock_that_jumped_ahead_forgets_nothing(
    library: Library, settings: Settings, server: str
) -> None:
    wrote(library, 5)
    now = library.now()
    ahead = Now(now.local + 4000 * DAY, None if server == "unknown" else now.server)
    assert (await keep_up(library, settings, ahead)).pruned == 0
    assert len(library.catalog.journal.entries()) == 1


async def test_a_damaged_catalog_is_said_and_takes_no_backups_place(
    library: Library, settings: Settings, spoil_jobs: Callable[[Path], None]
) -> None:
    await keep_up(library, settings, library.now())
    before = backups(settings.state.dir / "backups")
    library.catalog.close()
    spoil_jobs(settings.catalog)
    later = Now(library.now().local + DAY)
    with pytest.raises(CatalogUnusable) as caught:
        await keep_up(library, settings, later)
    assert str(settings.catalog) in caught.value.message
    assert "syncd rebuild" in str(caught.value)
    assert str(settings.state.dir / "backups") in str(caught.value)
    assert "syncd adopt" in str(caught.value)
    assert backups(settings.state.dir / "backups") == before


async def test_a_backup_that_fails_stops_nothing_else(
    library: Library, settings: Settings, put_in_trash: Callable[[int], None]
) -> None:
    (settings.state.dir / "backups").write_text("in the way")
    wrote(library, 31), put_in_trash(31)
    now = library.now()
    done = await keep_up(library, settings, now)
    assert (done.backed_up, done.pruned, done.purged) == (None, 1, 1)
    (trouble,) = done.troubles
    assert "was not backed up" in trouble.message
    assert not is_due(library, now)


async def test_nothing_is_purged_in_a_folder_that_is_not_the_librarys(
    library: Library, settings: Settings, put_in_trash: Callable[[int], None]
) -> None:
    put_in_trash(31)
    library.root.path.rename(library.root.path.with_name("unmounted"))
    foreign, _ = create_root(library.root.path, settings.api.base_url)
    library.root.path.with_name("unmounted").joinpath(".syncd", "trash").rename(
        foreign.private / "trash"
    )
    done = await keep_up(library, settings, library.now())
    assert (done.purged, len(done.troubles)) == (0, 1)
    assert len(library.trash.entries()) == 1
    assert done.backed_up is not None


async def test_one_that_is_cancelled_throws_its_backup_away_and_stays_due(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    checking, cancelled = asyncio.Event(), threading.Event()
    real = Catalog.check

    def check(catalog: Catalog) -> str:
        loop.call_soon_threadsafe(checking.set)
        cancelled.wait()
        return real(catalog)

    monkeypatch.setattr(Catalog, "check", check)
    work = asyncio.create_task(keep_up(library, settings, library.now()))
    await checking.wait()
    work.cancel()
    for _ in range(5):  # until it has heard of it
        await asyncio.sleep(0)
    cancelled.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert list((settings.state.dir / "backups").iterdir()) == []
    assert is_due(library, library.now())
