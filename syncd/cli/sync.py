"""``syncd sync``."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.output import JSON

if TYPE_CHECKING:
    from syncd.cli.outcome import Run
    from syncd.config import Settings
    from syncd.progress import Progress
    from syncd.secret import Secret


def sync(
    context: typer.Context,
    as_json: JSON = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
) -> None:
    """Bring the folder into step with the account, then exit.

    Runs cycles until nothing is left to do now, and tries again what failed earlier.
    """
    from syncd import config, log
    from syncd.cli.opening import load_key, watched

    settings = config.load(context.obj)
    if quiet:
        log.configure("error" if settings.log.level == "error" else "warning", settings.log.format)
    key = load_key(settings)
    with nullcontext() if quiet else watched(settings) as progress:
        run = output.run_until_stopped(run_sync(settings, key, progress))
    if as_json:
        output.print_json(run.document(settings.library.root))
    elif not quiet and (said := run.summary()):
        typer.echo(said)
    if run.error:
        output.complain(run.error)
    raise typer.Exit(int(run.exit_code))


async def run_sync(settings: Settings, key: Secret, progress: Progress | None) -> Run:
    """Open the library, run cycles until nothing is left to do now, close it."""
    from syncd.cli.outcome import Run
    from syncd.cycle import run_until_rest
    from syncd.engine import open_engine

    async with open_engine(settings, key, progress=progress) as engine:
        policy = replace(engine.policy, retry_now=True)
        return Run(await run_until_rest(engine.library, engine.executor, policy))
