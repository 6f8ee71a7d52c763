"""``syncd doctor``."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.core.words import amount
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from syncd.doctor.check import Check

_WORDS = {"ok": "ok   ", "skip": "skip ", "warning": "warn ", "failure": "FAIL "}
_COLOURS = {
    "ok": typer.colors.GREEN,
    "skip": typer.colors.BRIGHT_BLACK,
    "warning": typer.colors.YELLOW,
    "failure": typer.colors.RED,
}
_NAME = 12
"""The length of the longest name of a check."""


def doctor(context: typer.Context, as_json: JSON = False) -> None:
    """Check all that syncd needs, with the fix for what is wrong.

    Changes nothing. Exits with 1 where something fails; a warning is none, nor what had to be
    skipped.
    """
    from syncd import log
    from syncd.doctor.examination import examine

    # What is found is told as a check.
    log.configure("error", "text")
    found = output.run_until_stopped(_told(examine(context.obj), quiet=as_json))
    failures = sum(check.verdict == "failure" for check in found)
    code = ExitCode.FAILED if failures else ExitCode.IN_STEP
    if as_json:
        output.print_json({"checks": [_document(check) for check in found], "exit_code": int(code)})
    else:
        warnings = sum(check.verdict == "warning" for check in found)
        typer.echo(f"{amount(failures, 'failure')}, {amount(warnings, 'warning')}")
    raise typer.Exit(int(code))


async def _told(checks: AsyncIterator[Check], *, quiet: bool) -> list[Check]:
    """All of them; each is told as soon as it is there, unless ``quiet``."""
    found = []
    async for check in checks:
        found.append(check)
        if not quiet:
            _tell(check)
    return found


def _tell(check: Check) -> None:
    word = _WORDS[check.verdict]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        word = typer.style(word, fg=_COLOURS[check.verdict])
    typer.echo(f"{word} {check.name:{_NAME}} {output.printable(check.message)}")
    if check.fix:
        typer.echo(f"{'':{5 + 1 + _NAME}} {output.printable(check.fix)}")


def _document(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "verdict": check.verdict,
        "message": check.message,
        "fix": check.fix,
    }
