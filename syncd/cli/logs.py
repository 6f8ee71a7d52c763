"""``syncd logs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from syncd.cli import output

_MOST = 100_000
"""Lines that can be asked for at once."""


def logs(
    context: typer.Context,
    lines: Annotated[
        int,
        typer.Option("--lines", "-n", min=0, max=_MOST, metavar="N", help="The newest so many."),
    ] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes until Ctrl-C.")
    ] = False,
) -> None:
    """Show what the running daemon logged lately.

    It remembers what it said since its start, up to a limit; the journal of the system may go back
    further.
    """
    from syncd import config
    from syncd.cli.forwarding import leaving, require

    contact = require(config.load(context.obj))
    with leaving(None, interrupted=0 if follow else 130):
        contact.ask("logs", _show, lines=lines, follow=follow)


def _show(event: Mapping[str, Any]) -> None:
    for line in str(event.get("line", "")).splitlines():
        typer.echo(output.printable(line))
