"""What people ask for by command, stopped on the way; and then asked for again, where that is not
refused because it was done."""

from __future__ import annotations

import math
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from syncd.actions import bind, evict, fetch, holds, identify, remove, retag, tags, tracks
from syncd.actions import trash as trashed
from syncd.actions.removal import removals
from syncd.actions.undo import renamings, undo
from syncd.catalog.migrations import MIGRATIONS, VERSION
from syncd.core.policy import Now
from syncd.cycle import policy_for
from syncd.engine import open_unbound
from syncd.errors import SyncdError
from syncd.local.root import create_root
from syncd.rest import run_until_rest
from syncd.secret import Secret
from syncd.simulator import Fault

from .. import sound
from .scenarios import SCENARIOS, configure, mark, more, scenario, sync, three, two
from .stage import Outfit, Stage


async def _evict(stage: Stage, *, force: bool = False) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        job = stage.jobs[0]
        await evict.evict(engine.library, engine.context, engine.policy, job, force=force)
    await stage.end()


async def _evict_edited(stage: Stage) -> None:
    await _evict(stage, force=True)


@scenario("evict", act=_evict)
async def _before_evict(stage: Stage) -> None:
    await two(stage)


@scenario("evict-edited", act=_evict_edited)
async def _before_evict_edited(stage: Stage) -> None:
    await two(stage)
    mark(stage, "Rain")


async def _fetch(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        await fetch.fetch(
            engine.library, engine.executor, engine.context, engine.policy, stage.jobs[:1]
        )
    await stage.end()


@scenario("fetch", act=_fetch)
async def _before_fetch(stage: Stage) -> None:
    await two(stage)
    await _evict(stage)


async def _restore(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        for entry in engine.context.trash.entries():
            await trashed.restore(engine.library, engine.context, entry.name)
    await stage.end()


@scenario("restore", act=_restore)
async def _before_restore(stage: Stage) -> None:
    await three(stage)
    stage.world.delete(stage.jobs[2])
    await sync(stage)


async def _empty(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        await trashed.empty(engine.library, engine.context, engine.context.trash.entries())
    await stage.end()


@scenario("trash-empty", act=_empty)
async def _before_empty(stage: Stage) -> None:
    await three(stage)
    stage.world.delete(stage.jobs[2])
    await sync(stage)


async def _rename(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        await tracks.rename(
            engine.library, engine.executor, engine.context, engine.policy, stage.jobs[0], "Snow"
        )
    await stage.end()


def _asked(stage: Stage, name: str, job: int) -> None:
    """A name that people ask for otherwise than by the name of a file."""
    stage.home.ledger.asked.setdefault(job, set()).add(name)


@scenario("rename-command", act=_rename)
async def _before_rename(stage: Stage) -> None:
    await two(stage)
    _asked(stage, "Snow", stage.jobs[0])


async def _remove(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        for one in await removals(engine.library, engine.policy, stage.jobs[:1]):
            await remove.remove(engine.library, engine.context, engine.policy, one)
    await stage.end()


@scenario("rm", act=_remove)
async def _before_remove(stage: Stage) -> None:
    await two(stage)
    # It is asked for by name, whatever stands in the folder.
    stage.house.troubles = _Without("DELETE", "a file of it is there", "people never took")


class _Without(list[str]):
    """Troubles, but for those that are none where a person asked for it by name."""

    def __init__(self, *said: str) -> None:
        super().__init__()
        self._said = said

    def __iadd__(self, others: list[str]) -> _Without:  # type: ignore[override, misc]
        what, *reasons = self._said
        self.extend(
            one
            for one in others
            if not (one.startswith(what) and any(reason in one for reason in reasons))
        )
        return self


async def _undo(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        found = renamings(engine.library.catalog, job_id=stage.jobs[0])
        found = tuple(one for one in found if one.before == "Rain")
        await undo(engine.library, engine.executor, engine.policy, found)
    await stage.end()


@scenario("undo", act=_undo)
async def _before_undo(stage: Stage) -> None:
    await two(stage)
    stage.rename("Rain", "Snow")
    await sync(stage)
    _asked(stage, "Rain", stage.jobs[0])


async def _approve(stage: Stage) -> None:
    removed = stage.home.ledger.removed
    if stage.jobs[2] in removed:
        removed[stage.jobs[2]] = -math.inf  # people were asked: no budget counts it
    engine = await stage.engine()
    with suppress(SyncdError):
        await holds.approve(engine.library, engine.executor, engine.policy, jobs=[stage.jobs[2]])
    await stage.end()


async def _reject(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        holds.reject(engine.library, engine.policy, jobs=[stage.jobs[2]])
    await sync(stage)


ASKING = Outfit(grace=0, budget=0)


@scenario("approve", act=_approve, setup=ASKING)
@scenario("reject", act=_reject, setup=ASKING)
async def _before_approve(stage: Stage) -> None:
    await three(stage)
    stage.delete("Rain")
    await sync(stage)


async def _identify(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        path = str(stage.kept["path"])
        await identify.identify(engine.library, engine.context, engine.policy, path, stage.jobs[0])
    await sync(stage)


@scenario("identify", act=_identify)
async def _before_identify(stage: Stage) -> None:
    await two(stage)
    path = stage.file("Rain")
    stage.kept["path"] = path.relative_to(stage.root)
    sound.strip(path)
    await sync(stage)


async def _retag(stage: Stage) -> None:
    engine = await stage.engine()
    with suppress(SyncdError):
        library, settings = engine.library, engine.context.settings
        origin = policy_for(library, engine.policy).origin
        asked = tags.Asked(origin, settings.artist, settings.style)
        found = tags.proposals(library.catalog, stage.root, asked, None, library.now())
        await retag.retag(library, engine.context, engine.policy, list(found))
    await stage.end()


@scenario("retag", act=_retag)
@scenario("retag-bare", act=_retag, system="bare")
async def _before_retag(stage: Stage) -> None:
    await two(stage, bpm=120)
    configure(stage, tags={"profile": "dj", "key": "camelot"})


async def _rebuild(stage: Stage) -> None:
    settings, key = stage.member.settings, Secret(stage.member.key)
    clock = stage.house.moment.now
    with suppress(SyncdError):
        async with open_unbound(settings, key, afresh=True, clock=clock) as (unbound, join):
            engine = join(bind.begin_anew(unbound.root, unbound.marker, unbound.base_url))
            await run_until_rest(engine.library, engine.executor, engine.policy)


@scenario("rebuild", act=_rebuild)
async def _before_rebuild(stage: Stage) -> None:
    await two(stage)
    for path in stage.member.settings.state.dir.glob("catalog.sqlite3*"):
        path.unlink()


async def _adopt(stage: Stage) -> None:
    settings, key = stage.member.settings, Secret(stage.member.key)
    clock = stage.house.moment.now
    with suppress(SyncdError):
        async with open_unbound(settings, key, clock=clock) as (unbound, join):
            engine = join(await bind.examine(unbound, Now(clock())))
            await run_until_rest(engine.library, engine.executor, engine.policy)


@scenario("adopt", act=_adopt)
async def _before_adopt(stage: Stage) -> None:
    await two(stage)
    (stage.root / ".syncd" / "library.json").unlink()


async def _init(stage: Stage) -> None:
    settings = stage.member.settings
    with suppress(SyncdError):
        create_root(settings.library.root, settings.api.base_url)
    await sync(stage)


@scenario("init", act=_init)
async def _before_init(stage: Stage) -> None:
    stage.job("Rain")
    stage.home.ledger.own.clear()
    (stage.root / ".syncd" / "library.json").unlink()
    for folder, _, names in os.walk(stage.root, topdown=False):
        for name in names:
            Path(folder, name).unlink()
        Path(folder).rmdir()


@scenario("lists", setup=more(exports={"nsp": "Smart", "playlists": "Lists"}))
async def _before_lists(stage: Stage) -> None:
    await two(stage, genre="Pop")
    configure(stage, [{"name": "Pop", "query": "genre:pop"}], exports={"playlists": "Other"})


@scenario("resumed")
async def _before_resumed(stage: Stage) -> None:
    stage.job("Rain")
    stage.house.account.sim.faults.add(Fault("truncate", origin="media"))
    engine = await stage.engine()
    await run_until_rest(engine.library, engine.executor, engine.policy)
    await stage.end()


@scenario("migrated")
async def _before_migrated(stage: Stage) -> None:
    """A catalog of the version before: what it had room for is all that is left."""
    await two(stage)
    path = stage.member.settings.catalog
    before = path.with_name("before")
    with closing(sqlite3.connect(before)) as old:
        old.executescript("".join(MIGRATIONS[:-1]) + f"PRAGMA user_version={VERSION - 1};")
        old.execute("ATTACH ? AS now", (str(path),))
        tables = old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            old.execute(f"DELETE FROM main.{table}")
            found = old.execute(f"PRAGMA main.table_info({table})").fetchall()
            columns = ", ".join(f'"{row[1]}"' for row in found)
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
        old.commit()
    before.replace(path)


ALL = SCENARIOS
"""With these, and those of ``scenarios``."""
