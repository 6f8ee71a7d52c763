"""``syncd pending``, ``syncd approve`` and ``syncd reject``: what waits for the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.core.query import LARGEST
from syncd.core.words import amount, of_tree, plural
from syncd.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.actions.holds import Approval, Choice
    from syncd.actions.waiting import Batch, PendingDeletion, Waiting
    from syncd.catalog.queries import HistoryEntry, HoldEntry, PendingEntry
    from syncd.config import Settings
    from syncd.progress import Progress
    from syncd.secret import Secret

_MEANWHILE = 3
"""Lines of what happened meanwhile that are shown for one pending deletion; JSON has them all."""

BATCHES = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="BATCH", min=1, max=LARGEST, help="Batches, as syncd pending numbers them."
    ),
]
JOBS = Annotated[
    list[int] | None,
    typer.Option("--job", metavar="ID", min=1, max=LARGEST, help="One job; may be repeated."),
]


def pending(context: typer.Context, as_json: JSON = False) -> None:
    """Show pending deletions and what is held, with the evidence. Needs no network."""
    from syncd import config
    from syncd.actions.waiting import waiting
    from syncd.cli.opening import reading
    from syncd.derived import policy_now

    settings = config.load(context.obj)
    with reading(settings) as catalog:
        found = waiting(catalog, policy_now(settings, catalog))
    if as_json:
        output.print_json(_document(found, settings.library.root))
    else:
        text = "\n".join(output.printable(line) for line in _lines(found))
        typer.echo(of_tree(text, settings.format) if settings.first else text)
    is_held = found.batches or any(not hold.approved for hold in found.single)
    raise typer.Exit(int(ExitCode.HELD if is_held else ExitCode.IN_STEP))


def approve(
    context: typer.Context, batches: BATCHES = None, jobs: JOBS = None, as_json: JSON = False
) -> None:
    """Carry out what is held, or a deletion before its grace is over."""
    from syncd import config
    from syncd.cli.forwarding import find, finish, forward
    from syncd.cli.opening import load_key, watched
    from syncd.daemon.telling import result_of
    from syncd.outcome import Run

    settings = config.load(context.obj)
    named = _named(batches, jobs, "approved")
    root = settings.library.root
    released: Sequence[Mapping[str, Any]]
    if contact := find(settings):
        result = forward(contact, "approve", quiet=False, **named)
        released = result["released"]
    else:
        key = load_key(settings)
        with _aside(settings, "approve"), watched(settings) as progress:
            approval = output.run_until_stopped(_approve(settings, key, progress, **named))
        result = result_of(Run(approval.reports), root)
        released = [asdict(choice) for choice in approval.released]
    finish(result, as_json=as_json, approved=[_choice_json(one, root) for one in released])


def reject(
    context: typer.Context, batches: BATCHES = None, jobs: JOBS = None, as_json: JSON = False
) -> None:
    """Settle what is held, or a pending deletion, by not doing it. Needs no network."""
    from syncd import config
    from syncd.actions.waiting import FOLLOWS
    from syncd.cli.forwarding import find, forward
    from syncd.cli.opening import watched
    from syncd.core.verbs import words

    settings = config.load(context.obj)
    named = _named(batches, jobs, "rejected")
    rejected: Sequence[Mapping[str, Any]]
    if contact := find(settings):
        result = forward(contact, "reject", quiet=True, **named)
        rejected = result["rejected"]
    else:
        with _aside(settings, "reject"), watched(settings):
            found = output.run_until_stopped(_reject(settings, **named))
        rejected = [asdict(choice) for choice in found]
    if as_json:
        root = settings.library.root
        shown = [{**_choice_json(c, root), "follows": FOLLOWS[c["verb"]]} for c in rejected]
        output.print_json({"rejected": shown})
        return
    for choice in rejected:
        name = choice["path"] or choice["display_name"] or ""
        verb = choice["verb"]
        line = f"job {choice['job_id']}  {name}: {words(verb).one} rejected; {FOLLOWS[verb]}"
        typer.echo(output.printable(line))


def _aside(settings: Settings, command: str) -> AbstractContextManager[None]:
    """What a daemon holds for a further tree it does not settle itself: it stands aside."""
    from syncd.cli.opening import borrowed

    return nullcontext() if settings.first is None else borrowed(settings, command)


async def _approve(
    settings: Settings,
    key: Secret,
    progress: Progress | None,
    batches: Sequence[int],
    jobs: Sequence[int],
) -> Approval:
    from syncd.actions import holds
    from syncd.engine import open_engine

    async with open_engine(settings, key, progress=progress) as engine:
        return await holds.approve(
            engine.library, engine.executor, engine.policy, batches=batches, jobs=jobs
        )


async def _reject(
    settings: Settings, batches: Sequence[int], jobs: Sequence[int]
) -> tuple[Choice, ...]:
    from syncd.actions import holds
    from syncd.engine import open_offline
    from syncd.executor.threads import to_its_end

    async with open_offline(settings) as engine:
        return await to_its_end(
            holds.reject, engine.library, engine.policy, batches=batches, jobs=jobs
        )


def _named(
    batches: Sequence[int] | None, jobs: Sequence[int] | None, decision: str
) -> dict[str, Sequence[int]]:
    if not batches and not jobs:
        raise ConfigError(
            f"say what is {decision}: a batch, or --job ID", hint="syncd pending shows both"
        )
    return {"batches": batches or (), "jobs": jobs or ()}


# --- for people ---


def _lines(found: Waiting) -> Iterator[str]:
    for one in found.deletions:
        yield from _pending_lines(one)
    for batch in found.batches:
        yield from _batch_lines(batch)
    for hold in found.single:
        yield from _single_lines(hold)
    if found.unseen:
        yield (
            "out of sight of the last scan, so that nothing is decided of them: "
            f"{amount(len(found.unseen), 'file')}; "
            "syncd plan says why"
        )
    yield from _missed_lines(found)
    if not (found.deletions or found.batches or found.single or found.missed):
        yield "nothing is pending and nothing is held"
        return
    counts = {
        plural(len(found.deletions), "pending deletion"): len(found.deletions),
        "held in batches": sum(len(batch.holds) for batch in found.batches),
        "held singly": len(found.single),
        "missed by one scan": len(found.missed),
    }
    yield "in all: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n)


def _pending_lines(one: PendingDeletion) -> Iterator[str]:
    entry = one.entry
    yield f"pending deletion of job {_track(entry.job_id, entry.display_name, entry.path)}"
    yield f"  its file is missing since {_time(entry.first_at)}; {_due(one)}"
    yield from (f"  {line}" for line in entry.evidence)
    meanwhile = [step for step in one.meanwhile if _concerns(step, entry)]
    yield from (f"  meanwhile: {_step(step)}" for step in meanwhile[-_MEANWHILE:])
    if len(meanwhile) > _MEANWHILE:
        yield f"  and {len(meanwhile) - _MEANWHILE} more before that: syncd history"
    name = f"--job {entry.job_id}"
    sent = [f"delete it now: {_command('approve', name)}"] * (not (one.approved or one.blocked))
    yield "  " + "; ".join([*sent, f"keep it: {_command('reject', name)}"])


def _missed_lines(found: Waiting) -> Iterator[str]:
    for one in found.missed:
        yield f"missing: job {_track(one.job_id, one.display_name, one.path)}"
        yield f"  one scan did not find its file, at {_time(one.first_at)}; another one decides"


def _due(one: PendingDeletion) -> str:
    if one.blocked:
        return f"its job is not deleted: {one.blocked}"
    if one.approved:
        return "approved: the next sync deletes its job"
    return output.due_words(one.until)


def _concerns(step: HistoryEntry, entry: PendingEntry) -> bool:
    """Whether it may explain the absence: of the same track, or in the folder of its file."""
    if step.job_id == entry.job_id:
        return True
    return step.path is not None and PurePath(step.path).parent == PurePath(entry.path).parent


def _step(step: HistoryEntry) -> str:
    from syncd.cli.history import names
    from syncd.core.verbs import words

    said = (words(step.verb).do, f"job {step.job_id}", step.path, names(step.before, step.after))
    return " ".join([_time(step.started_at), *(word for word in said if word)])


def _batch_lines(batch: Batch) -> Iterator[str]:
    from syncd.core.verbs import words

    what = f"{len(batch.holds)} to {words(batch.verb).do}"
    yield f"batch {batch.number}: {what}, held since {_time(batch.since)}"
    yield f"  why: {batch.reason}"
    for hold in batch.holds:
        note = " (approved, not done yet)" if hold.approved else ""
        yield f"  job {_track(hold.job_id, hold.display_name, hold.path)}{note}"
        yield from (f"    {line}" for line in hold.evidence)
    name = str(batch.number)
    yield f"  do it: {_command('approve', name)}; leave it: {_command('reject', name)}"


def _single_lines(hold: HoldEntry) -> Iterator[str]:
    from syncd.actions.waiting import is_approvable, is_rejectable
    from syncd.core.verbs import words

    what = f"to {words(hold.verb).do}"
    note = "approved, not done yet" if hold.approved else f"held since {_time(hold.since)}"
    yield f"job {_track(hold.job_id, hold.display_name, hold.path)}: {what}, {note}"
    yield f"  why: {hold.reason}"
    yield from (f"  {line}" for line in hold.evidence)
    commands = [
        *([f"once more: {_command('approve', f'--job {hold.job_id}')}"] * is_approvable(hold)),
        *([f"leave it: {_command('reject', f'--job {hold.job_id}')}"] * is_rejectable(hold)),
    ]
    if commands:
        yield f"  {'; '.join(commands)}"


def _track(job_id: int, name: str | None, path: str | None) -> str:
    return f"{job_id}  {path or ''}" + (f"  (“{name}”)" if name else "")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _command(verb: str, name: str) -> str:
    return f"{output.program()} {verb} {name}"


# --- for scripts ---


def _document(found: Waiting, root: Path) -> dict[str, object]:
    return {
        "pending": [_pending_json(one, root) for one in found.deletions],
        "batches": [
            {
                "batch": batch.number,
                "held": batch.verb,
                "reason": batch.reason,
                "since": batch.since,
                "count": len(batch.holds),
                "approve": _command("approve", str(batch.number)),
                "reject": _command("reject", str(batch.number)),
                "tracks": [_hold_json(hold, root) for hold in batch.holds],
            }
            for batch in found.batches
        ],
        "held": [_single_json(hold, root) for hold in found.single],
        "missed": [
            {
                "id": one.job_id,
                "display_name": one.display_name,
                "path": root / one.path,
                "missing_since": one.first_at,
            }
            for one in found.missed
        ],
        "missed_until": found.missed_until,
        "out_of_sight": list(found.unseen),
    }


def _pending_json(one: PendingDeletion, root: Path) -> dict[str, object]:
    from syncd.cli.history import entry_json

    entry = one.entry
    return {
        "id": entry.job_id,
        "display_name": entry.display_name,
        "path": root / entry.path,
        "last_seen": entry.seen_at,
        "missing_since": entry.first_at,
        "missed_by_scans": entry.scans,
        "until": one.until,
        "approved": one.approved,
        "evidence": list(entry.evidence),
        "meanwhile": [entry_json(step, root) for step in one.meanwhile],
        "blocked": one.blocked,
        "approve": None
        if one.approved or one.blocked
        else _command("approve", f"--job {entry.job_id}"),
        "reject": _command("reject", f"--job {entry.job_id}"),
    }


def _single_json(hold: HoldEntry, root: Path) -> dict[str, object]:
    from syncd.actions.waiting import is_approvable, is_rejectable

    name = f"--job {hold.job_id}"
    return {
        **_hold_json(hold, root),
        "approve": _command("approve", name) if is_approvable(hold) else None,
        "reject": _command("reject", name) if is_rejectable(hold) else None,
    }


def _hold_json(hold: HoldEntry, root: Path) -> dict[str, object]:
    return {
        "id": hold.job_id,
        "display_name": hold.display_name,
        "path": root / hold.path if hold.path else None,
        "held": hold.verb,
        "reason": hold.reason,
        "since": hold.since,
        "approved": hold.approved,
        "refused": hold.refused,
        "evidence": list(hold.evidence),
    }


def _choice_json(choice: Mapping[str, Any], root: Path) -> dict[str, object]:
    return {
        "id": choice["job_id"],
        "display_name": choice["display_name"],
        "path": root / choice["path"] if choice["path"] else None,
        "held": choice["verb"],
        "batch": choice["batch"],
        "reason": choice["reason"],
        "evidence": list(choice["evidence"]),
    }
