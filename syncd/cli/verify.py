"""``syncd verify``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.core.words import amount, plural
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from syncd.actions.verify import Checked
    from syncd.config import Settings


def verify(context: typer.Context, as_json: JSON = False) -> None:
    """Read every file again and compare it with what was placed.

    Repairs nothing, and needs no network; says what fetch can replace. Exits with 1 where a file
    rotted, is damaged or missing, or cannot be read; a pending deletion is none of these.
    """
    from syncd import config, log
    from syncd.actions.verify import SOUND, Verdict
    from syncd.cli.opening import borrowed

    settings = config.load(context.obj)
    log.configure("warning", settings.log.format)
    with borrowed(settings, "verify"), _bar() as told:
        found = output.run_until_stopped(_verify(settings, told))
    bad = [one for one in found if one.verdict not in SOUND]
    code = ExitCode.FAILED if bad else ExitCode.IN_STEP
    if as_json:
        output.print_json({"exit_code": int(code), **_document(found)})
    else:
        for one in found:
            if one in bad or one.verdict is Verdict.UNFINISHED:
                typer.echo(output.printable(f"{one.verdict:10} {one.path}  ({one.reason})"))
        if fetchable := [str(one.job_id) for one in bad if one.fetchable]:
            typer.echo(
                f"syncd fetch {' '.join(fetchable)} moves what is broken to the trash "
                "and fetches it again"
            )
        typer.echo(_summary(found))
    raise typer.Exit(int(code))


async def _verify(settings: Settings, told: Callable[[int, int], None]) -> Sequence[Checked]:
    from syncd.actions.verify import verify
    from syncd.core.policy import Now
    from syncd.derived import policy_of
    from syncd.engine import open_reading

    with open_reading(settings) as (catalog, root, marker, trash):
        policy, now = policy_of(settings), Now(datetime.now(UTC))
        return await verify(catalog, root, marker, trash, policy, now, told=told)


def _document(found: Sequence[Checked]) -> dict[str, object]:
    counts = Counter(str(one.verdict) for one in found)
    return {
        "checked": len(found),
        "ok": counts["ok"],
        "files": [
            {
                "id": one.job_id,
                "path": one.path,
                "state": one.verdict,
                "reason": one.reason,
                "in_trash": one.in_trash,
                "fetchable": one.fetchable,
            }
            for one in found
            if one.verdict != "ok"
        ],
    }


def _summary(found: Sequence[Checked]) -> str:
    from syncd.actions.verify import Verdict

    counts = Counter(str(one.verdict) for one in found)
    trashed = sum(one.in_trash for one in found)
    where = f" ({trashed} in the trash)" if trashed else ""
    deletions = plural(counts["pending"], "pending deletion")
    names = {"edited": "changed by you", "pending": deletions}
    told = [verdict for verdict in Verdict if counts[verdict] or verdict == "ok"]
    words = [f"{counts[verdict]} {names.get(verdict, verdict)}" for verdict in told]
    return f"read {amount(len(found), 'file')}{where}: {', '.join(words)}"


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; else nothing is told."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("reading"), BarColumn(bar_width=24), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)
