"""Commands that a running daemon carries out: what is asked of it, and how its answer is told."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from syncd.cli import output
from syncd.errors import ExitCode, SyncdError

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.daemon.contact import Contact


def find(settings: Settings) -> Contact | None:
    """The daemon that works for this state folder, if one runs; see ``Contact.find``."""
    from syncd.daemon.contact import Contact

    return Contact.find(settings.state.dir)


def require(settings: Settings) -> Contact:
    """The same; raises ``SyncdError`` where none runs."""
    from syncd.doctor.unit import start_hint

    contact = find(settings)
    if contact is None:
        raise SyncdError("no daemon runs", hint=start_hint(os.environ))
    return contact


def forward(contact: Contact, do: str, *, quiet: bool, **fields: Any) -> Mapping[str, Any]:
    """Have the daemon do it, with bars on a terminal, and a line elsewhere where it waits; its
    result.

    Ctrl-C and SIGTERM end the command, not the work: it says so, and exits with 130 or 143.
    """
    with leaving("the daemon goes on with it; syncd status shows how it is"), ExitStack() as stack:
        on_event: Callable[[Mapping[str, Any]], None] | None = None if quiet else _tell_of_waits
        if sys.stderr.isatty() and not quiet:
            from syncd.cli.progress import Bars
            from syncd.daemon.telling import retell

            bars = stack.enter_context(Bars())

            def on_event(event: Mapping[str, Any]) -> None:
                retell(event, bars)

        return contact.ask(do, on_event, **fields)


def _tell_of_waits(event: Mapping[str, Any]) -> None:
    """One line, where there are no bars, on why nothing seems to happen for a while."""
    from syncd.core.words import looking_again

    match event.get("progress"):
        case {"what": "looking_again", "missed": missed, "seconds": seconds}:
            typer.echo(f"syncd: {looking_again(missed)} in {seconds:.0f} s", err=True)


def finish(
    result: Mapping[str, Any], *, as_json: bool, quiet: bool = False, **fields: object
) -> NoReturn:
    """Tell what a run came to (``telling.result_of``) and exit with its code.

    ``fields`` come first in its document.
    """
    from syncd.daemon.wire import error_from

    if as_json:
        output.print_json({**fields, **result["document"]})
    elif result["summary"] and not quiet:
        typer.echo(result["summary"])
    # A daemon of before an upgrade knows of no other trees.
    for error in (result["error"], *result.get("troubles", ())):
        if error:
            output.complain(error_from(error))
    raise typer.Exit(int(result["exit_code"]))


class _Terminated(BaseException):
    """SIGTERM, as Ctrl-C is a ``KeyboardInterrupt``."""


@contextmanager
def leaving(said: str | None, *, interrupted: int = ExitCode.INTERRUPTED) -> Iterator[None]:
    """Exit in order on Ctrl-C, with ``interrupted``, and on SIGTERM, having ``said`` what goes on.

    For the main thread of a command that waits without an event loop.
    """

    def terminate(number: int, frame: object) -> NoReturn:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except (KeyboardInterrupt, _Terminated) as stop:
        if said is not None:
            typer.echo(f"syncd: stopped; {said}", err=True)
        stopped = isinstance(stop, _Terminated)
        raise typer.Exit(128 + signal.SIGTERM if stopped else int(interrupted)) from None
    finally:
        signal.signal(signal.SIGTERM, before)
