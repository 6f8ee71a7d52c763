"""``syncd show``: one job as the catalog has it, without a network."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer

from syncd.cli import listed, output
from syncd.cli.options import ID
from syncd.cli.output import JSON

if TYPE_CHECKING:
    from syncd.catalog.queries import HoldEntry, PendingEntry
    from syncd.config import Settings


def show(context: typer.Context, job_id: ID, as_json: JSON = False) -> None:
    """Show one job: what the service said, its file, tags and history."""
    from syncd import config
    from syncd.catalog import queries
    from syncd.catalog.queries.entry import unknown
    from syncd.cli.opening import reading
    from syncd.core.verbs import words

    settings = config.load(context.obj)
    with reading(settings) as catalog:
        entry = queries.job(catalog, job_id)
        known = catalog.baseline_of(job_id)
        kept_out = catalog.scans.kept_out().get(job_id)
        history = catalog.journal.entries(job_id)
        pending = next((one for one in queries.pending(catalog) if one.job_id == job_id), None)
        held = [one for one in queries.holds(catalog) if one.job_id == job_id and not one.approved]
    if entry is None:
        raise unknown(job_id)
    tags = dict(known.placed.tags) if known and known.placed else {}
    if as_json:
        said = {
            "pending": pending and _pending_json(settings, pending),
            "holds": [_hold_json(settings, one) for one in held],
            "tags": tags,
            "history": history,
        }
        output.print_json({**listed.entry_json(settings.library.root, entry), **said})
        return
    from syncd.core.model import unsigned

    # Addresses are long and of little use to the eye: they come after what is.
    facts = sorted(entry.job.items(), key=lambda item: "url" in item[0])
    rows = [(name, _text(unsigned(value))) for name, value in facts if _text(value)]
    rows.append(("path", str(settings.library.root / entry.path) if entry.path else "not placed"))
    if entry.state:
        rows.append(("state", entry.state))
    if kept_out:
        rows.append(("kept out", f"{kept_out}: left alone"))
    if entry.reason:
        rows.append(("reason", entry.reason))
    if entry.absent_since:
        rows.append(("gone since", _text(entry.absent_since)))
    if pending:
        rows.append(("pending deletion", output.due_words(_due(settings, pending))))
        rows += [("evidence", line) for line in pending.evidence]
    for one in held:
        batch = f", batch {one.batch}" if one.batch else ""
        rows.append(("held", f"{words(one.verb).do}{batch}: {one.reason}"))
        rows += [("evidence", line) for line in one.evidence if not pending]
    if tags:
        rows.append(("tags", "as syncd wrote them; what is changed in the file is not shown"))
    # The baseline holds what identifies the cover, which says nothing to the eye.
    rows += [
        (f"tag {n}", "as served" if n == "cover" else _text("; ".join(v))) for n, v in tags.items()
    ]
    for row in history:
        what = f"{words(row['verb']).do}: {row['outcome'] or 'not finished'}"
        why = f"({row['detail'] or row['reason']})"
        rows.append((f"{row['started_at']:%Y-%m-%d %H:%M}", f"{what} {why}"))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        shown = output.printable(" / ".join(text.splitlines()))
        typer.echo(f"{output.printable(name):{width}}  {shown}")


def _pending_json(settings: Settings, pending: PendingEntry) -> dict[str, object]:
    return {"until": _due(settings, pending), "evidence": list(pending.evidence)}


def _hold_json(settings: Settings, hold: HoldEntry) -> dict[str, object]:
    return {
        "held": hold.verb,
        "batch": hold.batch,
        "path": settings.library.root / hold.path if hold.path else None,
        "reason": hold.reason,
        "since": hold.since,
        "evidence": list(hold.evidence),
    }


def _due(settings: Settings, pending: PendingEntry) -> datetime | None:
    """When the grace is over; ``None`` where it has not begun for want of the service's time."""
    grace = timedelta(seconds=settings.sync.deletion_grace)
    return None if pending.armed_server is None else pending.armed_at + grace


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if value is None or value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else output.one_line_json(value)
    return text if len(text) <= 300 else f"{text[:299]}…"
