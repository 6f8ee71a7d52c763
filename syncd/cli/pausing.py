"""``syncd pause`` and ``syncd resume``: the daemon rests, and goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from syncd.errors import ConfigError


def pause(
    context: typer.Context,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="For so long, such as 2h; else until resume."),
    ] = None,
) -> None:
    """Have the daemon rest for a while, or until resume.

    It looks at nothing and fetches nothing of itself. What is asked of it by hand, such as syncd
    sync, it does all the same.
    """
    from syncd import config
    from syncd.cli.forwarding import leaving, require

    settings = config.load(context.obj)
    seconds = None if duration is None else _seconds(duration)
    contact = require(settings)
    with leaving("it may rest or not; syncd status shows it"):
        until = contact.ask("pause", seconds=seconds)["paused_until"]
    if until is None:
        typer.echo("the daemon rests until syncd resume")
    else:
        typer.echo(f"the daemon rests until {datetime.fromisoformat(until):%Y-%m-%d %H:%M} UTC")


def resume(context: typer.Context) -> None:
    """Have the daemon go on after a pause."""
    from syncd import config
    from syncd.cli.forwarding import leaving, require

    contact = require(config.load(context.obj))
    with leaving("it may rest or not; syncd status shows it"):
        contact.ask("resume")
    typer.echo("the daemon goes on")


def _seconds(text: str) -> float:
    from syncd.config import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError:
        raise ConfigError(f"--for {text}: must be a time such as 90s, 10m, 2h or 30d") from None
    if seconds == 0:
        raise ConfigError(
            f"--for {text}: must be longer than that", hint="syncd resume ends a pause"
        )
    return seconds
