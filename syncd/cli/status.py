"""``syncd status``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.errors import ExitCode, SyncdError

if TYPE_CHECKING:
    from rich.text import Text

    from syncd.config import Settings

_ON_TERMINAL, _ELSEWHERE = 1.0, 2.0
"""Seconds between two looks with ``--watch``."""

_OF_DAEMON = (
    *("running", "state", "awaits", "pid", "since", "paused_until", "next", "progress_at"),
    *("watching", "service"),
)


def status(
    context: typer.Context,
    as_json: JSON = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Go on showing it until Ctrl-C.")
    ] = False,
) -> None:
    """Show how the daemon and the library are. Needs no network.

    Without a daemon it says how the library was left. Exits with 0 wherever it could tell, also
    where no daemon runs or something is held: scripts read --json. With --watch and --json it
    prints one document a line.
    """
    from syncd import config
    from syncd.cli.forwarding import leaving

    settings = config.load(context.obj)
    # Ctrl-C is how watching ends, and no failure.
    with leaving(None, interrupted=0 if watch else ExitCode.INTERRUPTED):
        if watch:
            _watch(settings, as_json=as_json)
        elif as_json:
            output.print_json(_status(settings))
        else:
            from rich.console import Console

            Console(highlight=False, soft_wrap=True).print(_text(_status(settings)))


def _status(settings: Settings) -> Mapping[str, Any]:
    """The document of ``daemon.status.Status``: the daemon's, else one made from the catalog."""
    from syncd.cli.forwarding import find
    from syncd.daemon.contact import DaemonGone
    from syncd.daemon.wire import plain

    if contact := find(settings):
        try:
            found: Mapping[str, Any] = contact.ask("status")["status"]
        except DaemonGone:
            pass  # it stopped in between: then the catalog it is
        else:
            return found
    from syncd.daemon.snapshot import from_catalog

    made: Mapping[str, Any] = json.loads(
        json.dumps(from_catalog(settings).document(), default=plain)
    )
    if settings.first is None:
        return made
    # One daemon works on all trees.
    running = _status(settings.first)
    return {**made, **{name: running[name] for name in _OF_DAEMON}}


def _text(status: Mapping[str, Any]) -> Text:
    from rich.text import Text

    from syncd.cli.status_text import groups, rows
    from syncd.doctor.unit import start_hint

    text = Text()
    for number, (name, said, style) in enumerate(
        rows(groups(status, start=start_hint(os.environ)))
    ):
        text.append("\n" if number else "")
        if said:
            text.append(f"{name}  ", style="bold")
            text.append(said, style=style)
    return text


def _watch(settings: Settings, *, as_json: bool) -> None:
    """Show it again and again."""
    if as_json:
        _repeat(lambda: typer.echo(json.dumps(_status(settings))), _ELSEWHERE)
    elif not sys.stdout.isatty():
        _repeat(lambda: typer.echo(f"{_frame(settings).plain}\n"), _ELSEWHERE)
    else:
        from rich.console import Console
        from rich.live import Live

        console = Console(highlight=False)
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            _repeat(lambda: live.update(_frame(settings), refresh=True), _ON_TERMINAL)


def _frame(settings: Settings) -> Text:
    """The text of now; where it cannot be told, why: the next look may do better."""
    from rich.text import Text

    try:
        return _text(_status(settings))
    except SyncdError as error:
        return Text(output.printable(f"syncd: {error}"), style="red")


def _repeat(show: Callable[[], None], seconds: float) -> None:
    while True:
        show()
        time.sleep(seconds)
