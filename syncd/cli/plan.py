"""``syncd plan``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.core.model import RemoteTree
    from syncd.core.operations import Plan, Wait
    from syncd.secret import Secret


def plan(
    context: typer.Context,
    as_json: JSON = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Plan from the catalog, without asking the service.")
    ] = False,
) -> None:
    """Show what sync would do, and why. Changes nothing."""
    from syncd import config, log
    from syncd.cli.outcome import operation_json, wait_json
    from syncd.secret import Secret

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    # Offline nothing is sent anywhere, so no key is needed.
    key = Secret("ap_offline") if offline else config.load_key(settings)
    made, remote, doubts = output.run_until_stopped(_plan(settings, key, offline=offline))
    root = settings.library.root
    if as_json:
        output.print_json(
            {
                "operations": [operation_json(op, root, remote) for op in made],
                "waiting": [wait_json(wait, remote) for wait in made.waits],
                "doubts": list(doubts),
            }
        )
    else:
        typer.echo(_text(made, doubts))
    raise typer.Exit(int(ExitCode.HELD if made.holds else ExitCode.IN_STEP))


async def _plan(
    settings: Settings, key: Secret, *, offline: bool
) -> tuple[Plan, RemoteTree, tuple[str, ...]]:
    from syncd.cycle import make_plan, observe, observe_remote, origin_of
    from syncd.engine import open_rehearsal

    async with open_rehearsal(settings, key) as (library, policy):
        doubts = () if offline else await observe_remote(library)
        trees = await observe(library)
        doubts += tuple(f"{path} could not be read" for path in sorted(trees.local.unreadable))
        policy = replace(policy, retry_now=True, origin=origin_of(library))
        return make_plan(trees, policy, library.clock()), trees.remote, doubts


def _text(made: Plan, doubts: Sequence[str]) -> str:
    lines = []
    for op in made:
        where = getattr(op, "path", None) or f"job {op.job_id}"
        lines.append(f"{op.verb:9} {where}  ({op.reason})")
    lines += [f"{'wait':9} job {wait.job_id}  ({_wait_words(wait)})" for wait in made.waits]
    lines += [f"doubtful: {doubt}" for doubt in doubts]
    if not made.operations:
        lines.append("nothing to do: the folder is in step")
    elif len(lines) > 1:
        counts = Counter(op.verb for op in made) + Counter({"wait": len(made.waits)})
        lines.append("in all: " + ", ".join(f"{n} to {verb}" for verb, n in counts.items()))
    return "\n".join(output.printable(line) for line in lines)


def _wait_words(wait: Wait) -> str:
    return f"{wait.reason}; due {wait.until:%Y-%m-%d %H:%M} UTC" if wait.until else wait.reason
