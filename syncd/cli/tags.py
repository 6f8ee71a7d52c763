"""``syncd tags`` and ``syncd retag``: what the tags of files hold, and bringing them up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm
from syncd.cli.output import JSON
from syncd.cli.tracks import ID
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.actions.retag import Retagged
    from syncd.actions.tags import Asked, Proposal, Tags
    from syncd.catalog.store import Catalog
    from syncd.config import Settings

_LARGEST = 2**63 - 1
_SHOWN = 20
_WIDEST = 60

SOME = Annotated[
    list[int] | None,
    typer.Argument(metavar="[ID]...", min=1, max=_LARGEST, help="Ids of jobs; else all."),
]


def tags(context: typer.Context, job_id: ID, as_json: JSON = False) -> None:
    """Show the tags of a file: as they are, as written, as wanted.

    Side by side: what the file holds, what syncd wrote last, and what the account and the settings
    ask for. Whose is you where you changed it. Needs no network.
    """
    from syncd import config
    from syncd.actions.tags import look
    from syncd.engine import open_reading

    settings = config.load(context.obj)
    with open_reading(settings) as (catalog, root, _, _):
        found = look(catalog, root.path, _asked(settings, catalog), job_id)
    if as_json:
        output.print_json(_tags_json(found, settings.library.root))
        return
    typer.echo(output.printable(found.path))
    for line in _table(found):
        typer.echo(output.printable(line).rstrip())


def retag(
    context: typer.Context,
    job_ids: SOME = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    as_json: JSON = False,
) -> None:
    """Bring the tags of files up to the settings and the account.

    Shows every change, and asks. What you changed yourself stays yours (tags.ownership), and so
    does all that syncd does not write. Needs no network.
    """
    from syncd import config, log
    from syncd.cli.opening import borrowed

    settings = config.load(context.obj)
    log.configure("warning", settings.log.format)
    proposed = _proposals(settings, job_ids or [])
    changing = [one for one in proposed if one.changes]
    if not as_json:
        _tell(proposed, everything=dry_run or yes)
    if dry_run or not changing:
        done = []
    else:
        if not yes:
            check_somebody_there("say --yes to write them")
            files = "this file" if len(changing) == 1 else f"these {len(changing)} files"
            confirm([], f"Write these tags into {files}?")
        with borrowed(settings, "retag"):
            done = output.run_until_stopped(_retag(settings, changing))
    failed = any(one.problem for one in proposed) or any(one.problem for one in done)
    code = ExitCode.FAILED if failed else ExitCode.IN_STEP
    if as_json:
        output.print_json(
            {
                "exit_code": int(code),
                "dry_run": dry_run,
                "files": [_proposal_json(one, done, settings.library.root) for one in proposed],
            }
        )
    else:
        _sum_up(proposed, done, dry_run=dry_run)
    raise typer.Exit(int(code))


def _asked(settings: Settings, catalog: Catalog) -> Asked:
    from syncd.actions.tags import Asked
    from syncd.core.model import Origin
    from syncd.engine import style_of

    binding = catalog.binding()
    origin = Origin(settings.api.base_url, binding.account if binding else None)
    return Asked(origin, settings.library.artist, style_of(settings))


def _proposals(settings: Settings, job_ids: Sequence[int]) -> list[Proposal]:
    from syncd.actions.tags import proposals
    from syncd.core.policy import Now
    from syncd.engine import open_reading

    with open_reading(settings) as (catalog, root, marker, _):
        asked, now = _asked(settings, catalog), Now(datetime.now(UTC))
        wanted = list(dict.fromkeys(job_ids))
        found = list(proposals(catalog, root.path, asked, wanted, now))
        root.verify(marker)
        return found


async def _retag(settings: Settings, proposed: Sequence[Proposal]) -> list[Retagged]:
    from syncd.actions.retag import retag
    from syncd.engine import open_offline

    async with open_offline(settings) as engine:
        return await retag(engine.library, engine.context, engine.policy, proposed)


# --- how it is told ---


def _table(found: Tags) -> Iterator[str]:
    """Columns of the same width on every line; what is long is cut."""
    from rich.cells import cell_len, set_cell_size

    head = ("", "in the file", "as written", "as wanted", "whose")
    body = [
        (row.field, _shown(row.file), _shown(row.baseline), _shown(row.remote), str(row.owner))
        for row in found.rows
    ]
    widths = [max(cell_len(line[at]) for line in (head, *body)) for at in range(len(head))]
    for line in (head, *body):
        yield "  ".join(
            set_cell_size(text, width) for text, width in zip(line, widths, strict=True)
        )


def _shown(values: Sequence[str]) -> str:
    text = " / ".join(line for value in values for line in value.splitlines())
    text = output.printable(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _tell(proposed: Sequence[Proposal], *, everything: bool) -> None:
    shown = proposed if everything else proposed[:_SHOWN]
    for one in shown:
        typer.echo(output.printable(f"{one.path}  (job {one.job_id})"))
        for change in one.changes:
            before = _shown((one.before or {}).get(change.field, ())) or "-"
            typer.echo(f"    {change.field}: {before} → {_shown(change.after) or '-'}")
        if one.yours:
            typer.echo(f"    yours, and stays: {', '.join(one.yours)}")
        if one.problem:
            typer.echo(output.printable(f"    {one.problem}"))
    if len(proposed) > len(shown):
        more = len(proposed) - len(shown)
        typer.echo(f"and {more} more: syncd retag --dry-run lists them all")


def _sum_up(proposed: Sequence[Proposal], done: Sequence[Retagged], *, dry_run: bool) -> None:
    changing = sum(bool(one.changes) for one in proposed)
    if dry_run and changing:
        fields = Counter(change.field for one in proposed for change in one.changes)
        said = ", ".join(f"{field} {number}" for field, number in fields.most_common())
        typer.echo(f"would change {_files(changing)}: {said}")
    elif not changing:
        typer.echo("nothing to write: the tags are as they should be")
    for one in done:
        if one.problem:
            typer.echo(output.printable(f"not tagged: {one.proposal.path}: {one.problem}"))
    if written := sum(one.problem is None for one in done):
        typer.echo(f"tagged {_files(written)} anew")


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _tags_json(found: Tags, root: Path) -> dict[str, object]:
    return {
        "id": found.job_id,
        "display_name": found.title,
        "path": root / found.path,
        "fields": [
            {
                "field": row.field,
                "file": list(row.file),
                "baseline": list(row.baseline),
                "remote": list(row.remote),
                "owner": str(row.owner) or None,
            }
            for row in found.rows
        ],
    }


def _proposal_json(one: Proposal, done: Sequence[Retagged], root: Path) -> dict[str, object]:
    after = next((made for made in done if made.proposal is one), None)
    return {
        "id": one.job_id,
        "display_name": one.title,
        "path": root / one.path,
        "changes": [
            {
                "field": change.field,
                "before": list((one.before or {}).get(change.field, ())),
                "after": list(change.after),
            }
            for change in one.changes
        ],
        "yours": list(one.yours),
        "written": list(after.fields) if after else [],
        "problem": one.problem or (after.problem if after else None),
    }
