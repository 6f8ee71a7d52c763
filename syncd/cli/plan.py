"""``syncd plan``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.core.words import amount
from syncd.errors import ExitCode

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.core.model import RemoteTree
    from syncd.core.operations import Operation, Plan, Wait
    from syncd.secret import Secret

_SHOWN = 20
"""Of what is kept out, which may be all there is; JSON has all of it."""

_NARROWEST = 9
"""The column of verbs, where all of them are short."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A plan that is not carried out, and what is needed to tell it.

    ``batches`` are the numbers of what was held before, by job and verb; ``unmatched`` is what
    ``library.only`` asks for and no job has.
    """

    plan: Plan
    remote: RemoteTree
    batches: Mapping[tuple[int, str], int]
    doubts: tuple[str, ...]
    unmatched: tuple[str, ...] = ()


def plan(
    context: typer.Context,
    as_json: JSON = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Plan from the catalog, without asking the service.")
    ] = False,
) -> None:
    """Show what sync would do, and why. Changes nothing."""
    from syncd import config, log
    from syncd.cli.opening import load_key
    from syncd.core.words import of_tree
    from syncd.outcome import operation_json, pending_json, wait_json
    from syncd.secret import Secret

    settings = config.load(context.obj)
    log.configure(settings.log.level, settings.log.format)
    # Offline nothing is sent anywhere, so no key is needed.
    key = Secret("ap_offline") if offline else load_key(settings)
    made = output.run_until_stopped(_rehearse(settings, key, offline=offline))
    root, remote = settings.library.root, made.remote
    if as_json:
        output.print_json(
            {
                "operations": [operation_json(op, root, remote, made.batches) for op in made.plan],
                "pending": [pending_json(one, root, remote) for one in made.plan.pending],
                "unselected": sorted(made.plan.unselected),
                "waiting": [wait_json(wait, remote) for wait in made.plan.waits],
                "doubts": list(made.doubts),
            }
        )
    else:
        for line in _lines(made):
            text = of_tree(line, settings.format) if settings.first else line
            typer.echo(output.printable(text))
    raise typer.Exit(int(ExitCode.HELD if made.plan.holds else ExitCode.IN_STEP))


async def _rehearse(settings: Settings, key: Secret, *, offline: bool) -> Rehearsal:
    from syncd.core.selection import unmatched
    from syncd.cycle import make_plan, policy_for
    from syncd.engine import open_rehearsal
    from syncd.learning import learn
    from syncd.observation import follow_first, look_elsewhere, observe, sweep_account

    async with open_rehearsal(settings, key) as (library, policy):
        doubts: tuple[str, ...] = ()
        if settings.first is not None:
            # What the account shows is known from the first tree alone.
            doubts = (await follow_first(library)).doubts
        elif not offline:
            doubts = (await sweep_account(library)).doubts
            likes = policy.only.liked is not None
            await learn(library, swept=not doubts, changed=True, likes=likes)
        policy = policy_for(library, replace(policy, retry_now=True))
        trees = await observe(library, policy)
        policy = replace(policy, elsewhere=look_elsewhere(library, trees))
        broken = trees.local.broken
        doubts += tuple(
            f"{path} is left alone: {broken[path]}"
            if path in broken
            else f"{path} could not be read"
            for path in sorted(trees.local.unreadable)
        )
        held = trees.baseline.holds.items()
        return Rehearsal(
            plan=make_plan(trees, policy, library.now()),
            remote=trees.remote,
            batches={key: one.batch for key, one in held if one.batch},
            doubts=doubts,
            unmatched=unmatched(trees.remote, policy.only),
        )


def _lines(made: Rehearsal) -> Iterator[str]:
    from syncd.core.verbs import words
    from syncd.outcome import batch_lines, selection_lines

    plan = made.plan
    told = [(words(op.verb).do, f"{_where(op)}  ({_why(op)})") for op in plan]
    told += [("pending", f"{one.path}  ({output.due_words(one.until)})") for one in plan.pending]
    kept_out = [wait for wait in plan.waits if wait.kept_out]
    waits = [wait for wait in plan.waits if not wait.kept_out] + kept_out[:_SHOWN]
    told += [("wait", f"job {wait.job_id}  ({_wait_words(wait)})") for wait in waits]
    width = max([_NARROWEST, *(len(verb) for verb, _ in told)])
    yield from (f"{verb:{width}} {text}" for verb, text in told)
    yield from batch_lines(plan.holds, made.batches, with_files=False)
    yield from selection_lines(plan.unselected, made.unmatched)
    if kept_out:
        yield f"{amount(len(kept_out), 'track is', 'tracks are')} kept out, and left alone"
    yield from (f"doubtful: {doubt}" for doubt in made.doubts)
    if not plan.operations:
        unseen = any(wait.unseen for wait in plan.waits)
        is_open = plan.pending or plan.missed or unseen
        yield "nothing to do now" if is_open else "nothing to do: the folder is in step"
    elif len(told) > 1:
        counts = Counter(verb for verb, _ in told)
        yield "in all: " + ", ".join(_count(verb, number) for verb, number in counts.items())


def _where(op: Operation) -> str:
    """What it concerns; of a rename or a move both names."""
    from syncd.core.operations import Hold, MakeWay, MoveLocal, RenameLocal, RenameRemote

    match op:
        case RenameRemote():
            return f"“{op.title or ''}” → “{op.new_title}”"
        case RenameLocal() | MoveLocal() | MakeWay():
            return f"{op.path} → {op.new_path}"
        case Hold(stands_at=str()):
            return f"{op.stands_at} → {op.path}"
        case _:
            return getattr(op, "path", None) or f"job {op.job_id}"


def _why(op: Operation) -> str:
    from syncd.core.operations import Hold
    from syncd.core.verbs import words

    if isinstance(op, Hold) and op.batched:
        return f"{words(op.held).do}: {op.reason}"
    return op.reason


def _count(what: str, number: int) -> str:
    if what == "pending":
        return amount(number, "pending deletion")
    return f"{number} held" if what == "hold" else f"{number} to {what}"


def _wait_words(wait: Wait) -> str:
    return f"{wait.reason}; due {wait.until:%Y-%m-%d %H:%M} UTC" if wait.until else wait.reason
