"""How commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from syncd.core.words import due_words, printable
from syncd.errors import ExitCode, SyncdError

__all__ = ["due_words", "printable"]

T = TypeVar("T")


class OutputLost(OSError):
    """Standard output, or standard error, cannot be written: closed by its reader, or full."""


class _Output(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error.errno, error.strerror) from None


def open_output() -> None:
    """Have standard output and standard error raise ``OutputLost``, so that what they fail with is
    told from what a file fails with; and show what is no text escaped.
    """
    _open_closed()
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        # A file name that is not UTF-8 is shown escaped instead of ending the command.
        stream.reconfigure(errors="backslashreplace")
        try:
            raw = _Output(stream.fileno(), "w", closefd=False)
        except io.UnsupportedOperation:
            continue  # one that is kept in memory
        opened = io.TextIOWrapper(
            raw if stream.write_through else io.BufferedWriter(raw),
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, opened)


def _open_closed() -> None:
    """Have what the caller closed (``>&-``) lead nowhere, as no file may get its number either."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8", closefd=False))


def give_up() -> None:
    """Drop what cannot be written any more: else it would be tried once more at the very end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OutputLost:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def program() -> str:
    """How this program was called, so that a command that is shown can be typed as it stands."""
    called, found = Path(sys.argv[0]), shutil.which("syncd")
    if called.name != "syncd" or (found and Path(found).resolve() == called.resolve()):
        return "syncd"
    return sys.argv[0]


def printable_lines(text: str) -> str:
    """``text`` for a terminal, line by line, without characters that command it."""
    return "\n".join(map(printable, text.split("\n")))


def say_nothing_found(text: str) -> None:
    """What an empty list is told as on a terminal; in a pipe it is empty."""
    if sys.stdout.isatty():
        typer.echo(text)


def complain(error: SyncdError) -> None:
    """One line on standard error: what happened, to what, and what the user can do."""
    from syncd.secret import redact

    hint = f"; {error.hint}" if error.hint else ""
    # A service may repeat the key in what it says of it.
    typer.echo(f"syncd: {printable(redact(error.message + hint))}", err=True)


def print_json(value: object) -> None:
    """One JSON document on standard output: paths as text, times as ISO 8601."""
    from syncd.daemon.wire import plain

    typer.echo(json.dumps(value, indent=2, default=plain))


def print_error_json(error: SyncdError) -> None:
    """What ended a command that was asked for JSON: it gets a document in any case."""
    from syncd.secret import redact

    print_json(
        {
            "exit_code": int(error.exit_code),
            "error": redact(error.message),
            "hint": error.hint,
        }
    )


def print_json_array(values: Iterable[object]) -> None:
    """The same for an array, written value by value: it need not fit into memory."""
    from syncd.daemon.wire import plain

    begun = False
    for value in values:
        text = json.dumps(value, indent=2, default=plain).replace("\n", "\n  ")
        sys.stdout.write(f"{',' if begun else '['}\n  {text}")
        begun = True
    sys.stdout.write("\n]\n" if begun else "[]\n")
    sys.stdout.flush()


def run_until_stopped(work: Coroutine[Any, Any, T], *, left: str = "") -> T:
    """Run ``work``; Ctrl-C and SIGTERM stop it at once, and the command exits with 130 or 143.

    ``left`` says in what state that leaves things, where it is not that the next run goes on.
    """
    import asyncio

    received: list[int] = []

    async def watched() -> T:
        task = asyncio.current_task()
        assert task is not None

        def stop(number: int) -> None:
            received.append(number)
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        return await work

    try:
        return asyncio.run(watched())
    except (asyncio.CancelledError, KeyboardInterrupt):
        typer.echo(f"syncd: stopped; {left or 'the next run goes on from here'}", err=True)
        number = received[0] if received else signal.SIGINT
        code = ExitCode.INTERRUPTED if number == signal.SIGINT else 128 + number
        raise typer.Exit(int(code)) from None


def one_line_json(value: object) -> str:
    """A value inside a line for people: JSON with its letters as they are."""
    from syncd.daemon.wire import plain

    return json.dumps(value, ensure_ascii=False, default=plain)
