"""``syncd ls`` and ``syncd show``: the catalog, without a network."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.errors import ConfigError, RootUnusable, SyncdError

if TYPE_CHECKING:
    from syncd.catalog.queries import Entry, ForeignFile, HoldEntry, PendingEntry
    from syncd.config import Settings

_LARGEST = 2**63 - 1
"""The catalog counts in integers of 64 bits."""


def ls(
    context: typer.Context,
    status: Annotated[
        str | None,
        typer.Option(metavar="STATUS", help="Only jobs of this status, such as COMPLETED."),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only jobs with this in name, prompt or lyrics."),
    ] = None,
    sort_by: Annotated[
        Literal["created_at", "display_name", "audio_duration", "status"],
        typer.Option(help="Order of the list."),
    ] = "created_at",
    sort_order: Annotated[Literal["desc", "asc"], typer.Option(help="Its direction.")] = "desc",
    skip: Annotated[
        int, typer.Option(min=0, max=_LARGEST, metavar="N", help="Leave out so many at the start.")
    ] = 0,
    limit: Annotated[
        int | None, typer.Option(min=0, max=_LARGEST, metavar="N", help="List at most so many.")
    ] = None,
    gone: Annotated[
        bool,
        typer.Option("--gone", help="Also jobs that are gone from the account and have no file."),
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="List the files in the folder that are no job's.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """List the jobs in the catalog, newest first; needs no network.

    Jobs that are gone from the account and have no file here are left out.
    """
    from syncd import config
    from syncd.catalog import queries
    from syncd.cli.opening import reading

    settings = config.load(context.obj)
    if foreign:
        if status is not None or search is not None or gone:
            raise ConfigError(
                "--foreign lists files, which have no status, no words to search, and are not gone"
            )
        files = _foreign(settings)[skip:][:limit]
        if as_json:
            output.print_json_array(_foreign_json(settings, file) for file in files)
            return
        for file in files:
            typer.echo(output.printable(f"{file.path}  ({_foreign_words(file)})"))
        if not files:
            output.say_nothing_found("every file in the folder is a job's")
        return
    listing = queries.Listing(
        status=status,
        search=search,
        sort_by=sort_by,
        sort_order=sort_order,
        skip=skip,
        limit=limit,
        gone=gone,
    )
    with reading(settings) as catalog, closing(queries.stream(catalog, listing)) as entries:
        if as_json:
            output.print_json_array(_entry_json(settings, entry) for entry in entries)
            return
        listed = False
        for entry in entries:
            typer.echo(_line(entry))
            listed = True
        if not listed:
            more = "" if gone else " (--gone also lists those that are gone)"
            output.say_nothing_found(f"there is no such job in the catalog{more}")


def show(
    context: typer.Context,
    job_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="The job's id.")],
    as_json: JSON = False,
) -> None:
    """Show one job: what the service said, its file, tags and history."""
    from syncd import config
    from syncd.catalog import queries
    from syncd.cli.opening import reading
    from syncd.core.words import words

    settings = config.load(context.obj)
    with reading(settings) as catalog:
        entry = queries.job(catalog, job_id)
        known = catalog.baseline_of(job_id)
        history = catalog.journal.entries(job_id)
        pending = next((one for one in queries.pending(catalog) if one.job_id == job_id), None)
        held = [one for one in queries.holds(catalog) if one.job_id == job_id and not one.approved]
    if entry is None:
        raise SyncdError(f"job {job_id} is not known", hint="syncd ls lists those that are")
    tags = dict(known.placed.tags) if known and known.placed else {}
    if as_json:
        said = {
            "pending": pending and _pending_json(settings, pending),
            "holds": [_hold_json(settings, one) for one in held],
            "tags": tags,
            "history": history,
        }
        output.print_json({**_entry_json(settings, entry), **said})
        return
    from syncd.core.model import unsigned

    # Addresses are long and of little use to the eye: they come after what is.
    facts = sorted(entry.job.items(), key=lambda item: "url" in item[0])
    rows = [(name, _text(unsigned(value))) for name, value in facts if _text(value)]
    rows.append(("path", str(settings.library.root / entry.path) if entry.path else "not placed"))
    if entry.state:
        rows.append(("state", entry.state))
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


def _entry_json(settings: Settings, entry: Entry) -> dict[str, object]:
    path = settings.library.root / entry.path if entry.path else None
    # The job object, then what is ours. Were the service to send a field of one of these names,
    # ours would stand in its place: scripts rely on them.
    return {
        **entry.job,
        "path": path,
        "state": entry.state,
        "reason": entry.reason,
        "absent_since": entry.absent_since,
        "held": entry.held,
        "missing_since": entry.missing_since,
    }


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


def _foreign(settings: Settings) -> list[ForeignFile]:
    """The files that are no job's, as the last scan saw them."""
    from syncd.catalog import queries
    from syncd.cli.opening import reading
    from syncd.core.model import Origin
    from syncd.local.root import find_marker

    try:
        marker = find_marker(settings.library.root)
    except RootUnusable:
        marker = None  # the catalog answers also while the disk is away
    with reading(settings) as catalog:
        binding = catalog.binding()
        origin = Origin(settings.api.base_url, binding.account if binding else None)
        aliases = [Origin.parse(text) for text in marker.aliases] if marker else []
        return queries.foreign(catalog, origin=origin, aliases=aliases)


def _foreign_json(settings: Settings, file: ForeignFile) -> dict[str, object]:
    return {
        "path": settings.library.root / file.path,
        "id": file.job_id,
        "kind": file.kind,
        "reason": _foreign_words(file),
    }


def _foreign_words(file: ForeignFile) -> str:
    match file.kind:
        case "no id":
            return "no id: not from this program, or its tags were removed"
        case "copy":
            return f"a copy of job {file.job_id}"
        case "another library":
            return f"job {file.job_id} of another library"
        case "gone job":
            return f"detached: job {file.job_id} is gone from the account"


def _line(entry: Entry) -> str:
    """Id, date, length, and the path; where there is none, the title and why."""
    made = f"{entry.created_at:%Y-%m-%d}" if entry.created_at else " " * 10
    notes = []
    if entry.state == "detached":
        notes.append("detached")
    elif entry.absent_since:
        notes.append("gone")
    elif entry.missing_since and entry.state == "placed":
        notes.append(f"pending deletion since {entry.missing_since:%Y-%m-%d %H:%M} UTC")
    if entry.held:
        notes.append("held")
    if entry.state in ("evicted", "ignored"):
        notes.append(entry.state)
    elif not entry.path and (entry.reason or not notes):
        notes.append(entry.reason or entry.status)
    name = entry.path or entry.display_name or ""
    note = f"  ({'; '.join(notes)})" if notes else ""
    line = f"{entry.id:>6}  {made}  {_length(entry.audio_duration):>5}  {name}{note}"
    return output.printable(line)


def _length(seconds: float | None) -> str:
    if seconds is None or seconds < 0:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if value is None or value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else output.one_line_json(value)
    return text if len(text) <= 300 else f"{text[:299]}…"
