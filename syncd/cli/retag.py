"""``syncd retag``: tags of files brought up to the settings and the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.asking import check_somebody_there, confirm
from syncd.cli.choosing import SOME, chosen
from syncd.cli.options import YES
from syncd.cli.output import JSON
from syncd.cli.tags import asked_of, shown
from syncd.core.tagging import ID3_VERSION
from syncd.core.words import amount, these
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.actions.retag import Retagged
    from syncd.actions.tags import Proposal
    from syncd.config import Settings

_SHOWN = 20


def retag(
    context: typer.Context,
    which: SOME = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would change, and change nothing.")
    ] = False,
    yes: YES = False,
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
    proposed = _proposals(settings, which or [])
    changing = [one for one in proposed if one.is_change]
    if not as_json:
        _tell(proposed, everything=dry_run or yes)
    if dry_run or not changing:
        done = []
    else:
        if not yes:
            check_somebody_there("say --yes to write them")
            confirm([], f"Write these tags into {these(len(changing), 'file')}?")
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


def _proposals(settings: Settings, which: Sequence[str]) -> list[Proposal]:
    from syncd.actions.tags import proposals
    from syncd.core.policy import Now
    from syncd.engine import open_reading

    with open_reading(settings) as (catalog, root, marker, _):
        asked, now = asked_of(settings, catalog), Now(datetime.now(UTC))
        ids = chosen(catalog, root.path, which) if which else None
        found = list(proposals(catalog, root.path, asked, ids, now))
        root.verify(marker)
        return found


async def _retag(settings: Settings, proposed: Sequence[Proposal]) -> list[Retagged]:
    from syncd.actions.retag import retag
    from syncd.engine import open_offline
    from syncd.rest import export_anew

    async with open_offline(settings) as engine:
        done = await retag(engine.library, engine.context, engine.policy, proposed)
        await export_anew(engine.library)
        return done


def _tell(proposed: Sequence[Proposal], *, everything: bool) -> None:
    told = proposed if everything else proposed[:_SHOWN]
    for one in told:
        typer.echo(output.printable(f"{one.path}  (job {one.job_id})"))
        for change in one.changes:
            before = shown((one.before or {}).get(change.field, ())) or "-"
            typer.echo(f"    {change.field}: {before} → {shown(change.after) or '-'}")
        if one.id3:
            typer.echo(f"    {_version(*one.id3, kept_by=one.kept_by)}")
        if one.yours:
            typer.echo(f"    yours, and stays: {', '.join(one.yours)}")
        if one.problem:
            typer.echo(output.printable(f"    {one.problem}"))
    if len(proposed) > len(told):
        more = len(proposed) - len(told)
        typer.echo(f"and {more} more: syncd retag --dry-run lists them all")


def _version(before: int, after: int, *, kept_by: str | None) -> str:
    if kept_by is None:
        return f"tag: ID3v2.{before} → ID3v2.{after}"
    return f"the tag stays ID3v2.{before}: its frame {kept_by} has no form in ID3v2.{after}"


def _sum_up(proposed: Sequence[Proposal], done: Sequence[Retagged], *, dry_run: bool) -> None:
    changing = sum(one.is_change for one in proposed)
    kept = sum(one.kept_by is not None for one in proposed)
    problems = sum(one.problem is not None for one in proposed)
    if dry_run and changing:
        fields = Counter(change.field for one in proposed for change in one.changes)
        fields["version"] = sum(bool(one.id3 and not one.kept_by) for one in proposed)
        said = ", ".join(f"{field} {number}" for field, number in fields.most_common() if number)
        typer.echo(f"would change {amount(changing, 'file')}: {said}")
    elif not changing and not problems and not kept:
        typer.echo("nothing to write: the tags are as they should be")
    if kept:
        typer.echo(f"of another version of ID3v2 than wanted, and stays: {amount(kept, 'file')}")
    if problems:
        typer.echo(f"left alone: {amount(problems, 'file')}, as said above")
    for one in done:
        if one.problem:
            typer.echo(output.printable(f"not tagged: {one.proposal.path}: {one.problem}"))
    if written := sum(one.problem is None for one in done):
        typer.echo(f"tagged {amount(written, 'file')} anew")


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
        "id3": {"before": one.id3[0], "after": one.id3[1], "kept_by": one.kept_by}
        if one.id3
        else None,
        "yours": list(one.yours),
        "written": [name for name in after.fields if name != ID3_VERSION] if after else [],
        "problem": one.problem or (after.problem if after else None),
    }
