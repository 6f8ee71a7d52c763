"""What commands ask and are told by hand: a question before a change, a path in the library."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import typer

from syncd.cli import output
from syncd.errors import ConfigError, ExitCode


def check_somebody_there(consent: str, *, about: str | None = None) -> None:
    """Raise ``ConfigError``, with ``consent`` as its hint, where there is nobody to ask.

    ``about`` is what there would be asked about, where that is not plain from the command.
    """
    if not sys.stdin.isatty():
        what = f"{about}, and " if about else ""
        raise ConfigError(f"{what}there is nobody to ask", hint=consent)


def confirm(lines: Iterable[str], question: str) -> None:
    """Show ``lines`` and go on only if the user agrees; else exit, with 130 after Ctrl-C."""
    for line in lines:
        typer.echo(output.printable(line), err=True)
    try:
        if typer.confirm(question, err=True):
            return
        code = ExitCode.FAILED
    except typer.Abort as abort:
        typer.echo(err=True)
        code = code_of(abort)
    typer.echo("syncd: stopped; nothing was changed", err=True)
    raise typer.Exit(int(code))


def code_of(abort: typer.Abort) -> ExitCode:
    """What a question that got no answer ends with: Ctrl-C is told from the end of the input."""
    interrupted = isinstance(abort.__context__, KeyboardInterrupt)
    return ExitCode.INTERRUPTED if interrupted else ExitCode.FAILED


def library_path(root: Path, given: Path) -> str:
    """The path of a file in the library, relative to its root.

    ``given`` is absolute, or relative to the folder one is in, where that is in the library, and
    else to the root. Raises ``ConfigError`` for what lies elsewhere.
    """
    here = Path(os.path.normpath(Path.cwd() / given))
    # A link among the parents of the root leads here too; one at the end is the file's own.
    for path, base in ((here, root), (here.parent.resolve() / here.name, root.resolve())):
        if path.is_relative_to(base) and path != base:
            return str(path.relative_to(base))
    inside = os.path.normpath(given)
    if given.is_absolute() or inside == ".." or inside.startswith("../"):
        raise ConfigError(f"{given} is not in the library {root}")
    return inside


def size_words(size: int) -> str:
    """Bytes for the eye."""
    if size < 1_000_000:
        return f"{size / 1000:.1f} kB"
    if size < 1_000_000_000:
        return f"{size / 1_000_000:.1f} MB"
    return f"{size / 1_000_000_000:.1f} GB"
