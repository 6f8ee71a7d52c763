"""``syncd sync``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.output import JSON

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.cycle import Report
    from syncd.engine import Engine
    from syncd.further import TreeRun
    from syncd.outcome import Run
    from syncd.progress import Progress
    from syncd.secret import Secret


def sync(
    context: typer.Context,
    as_json: JSON = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
) -> None:
    """Bring the folder into step with the account, then exit.

    Runs cycles until nothing is left to do now, and tries again what failed earlier. A daemon that
    runs does it, and goes on with it if this command is stopped.
    """
    from syncd import config, log
    from syncd.cli.forwarding import find, finish, forward
    from syncd.cli.opening import load_key, watched
    from syncd.daemon.telling import result_of

    settings = config.load(context.obj)
    if contact := find(settings):
        result = forward(contact, "sync", quiet=quiet)
        finish(result, as_json=as_json, quiet=quiet)
    if quiet:
        log.configure("error" if settings.log.level == "error" else "warning", settings.log.format)
    key = load_key(settings)
    with nullcontext() if quiet else watched(settings) as progress:
        run, further = output.run_until_stopped(run_sync(settings, key, progress))
    finish(result_of(run, settings.library.root, further), as_json=as_json, quiet=quiet)


async def run_sync(
    settings: Settings, key: Secret, progress: Progress | None
) -> tuple[Run, Sequence[TreeRun]]:
    """Open the library, run cycles until nothing is left to do now, close it; all of its trees.

    Once a day the catalog is kept up as well: where no daemon runs nobody else does it.
    """
    from syncd.daemon.upkeep import is_due, keep_up
    from syncd.engine import open_engine
    from syncd.further import run_further
    from syncd.outcome import Run
    from syncd.rest import run_until_rest

    async with open_engine(settings, key, progress=progress) as engine:
        policy = replace(engine.policy, retry_now=True)
        library = engine.library
        reports = await run_until_rest(library, engine.executor, policy)

        async def run_first(sweep: bool) -> Sequence[Report]:
            more = await run_until_rest(library, engine.executor, policy, sweep=sweep)
            reports.extend(more)
            return more

        async def keep_up_if_due(tree: Engine) -> None:
            now = tree.library.now()
            if await asyncio.to_thread(is_due, tree.library, now):
                await keep_up(tree.library, tree.settings, now)

        further: Sequence[TreeRun] = ()
        if not reports[-1].error:
            further = await run_further(engine, run_first, rested=keep_up_if_due)
        if not reports[-1].error:
            await keep_up_if_due(engine)
        return Run(reports), further
