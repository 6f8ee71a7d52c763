"""``syncd ls`` and ``syncd show``: the catalog, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from syncd.cli import output
from syncd.cli.output import JSON
from syncd.errors import SyncdError

if TYPE_CHECKING:
    from syncd.catalog.queries import Entry
    from syncd.catalog.store import Catalog
    from syncd.config import Settings

_LARGEST = 2**63 - 1
"""The catalog counts in integers of 64 bits."""


def ls(
    context: typer.Context,
    status: Annotated[
        str | None, typer.Option(help="Only jobs of this status, such as COMPLETED.")
    ] = None,
    search: Annotated[
        str | None, typer.Option(help="Only jobs with this in name, prompt or lyrics.")
    ] = None,
    sort_by: Annotated[
        Literal["created_at", "display_name", "audio_duration", "status"],
        typer.Option(help="Order of the list."),
    ] = "created_at",
    sort_order: Annotated[Literal["desc", "asc"], typer.Option(help="Its direction.")] = "desc",
    skip: Annotated[
        int, typer.Option(min=0, max=_LARGEST, help="Leave out so many at the start.")
    ] = 0,
    limit: Annotated[
        int | None, typer.Option(min=0, max=_LARGEST, help="List at most so many.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """List the jobs in the catalog, newest first; needs no network."""
    from syncd import config
    from syncd.catalog import queries

    settings = config.load(context.obj)
    listing = queries.Listing(
        status=status,
        search=search,
        sort_by=sort_by,
        sort_order=sort_order,
        skip=skip,
        limit=limit,
    )
    with _catalog(settings) as catalog, closing(queries.stream(catalog, listing)) as entries:
        if as_json:
            output.print_json_array(_entry_json(settings, entry) for entry in entries)
            return
        for entry in entries:
            typer.echo(_line(entry))


def show(
    context: typer.Context,
    job_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=_LARGEST, help="The job's id.")],
    as_json: JSON = False,
) -> None:
    """Show one job: what the service said last, its file and tags, and its history."""
    from syncd import config
    from syncd.catalog import queries

    settings = config.load(context.obj)
    with _catalog(settings) as catalog:
        entry = queries.job(catalog, job_id)
        known = catalog.baseline_of(job_id)
        history = catalog.journal.entries(job_id)
    if entry is None:
        raise SyncdError(
            f"job {job_id} is not in the catalog", hint="syncd ls lists those that are"
        )
    tags = dict(known.placed.tags) if known and known.placed else {}
    if as_json:
        output.print_json({**_entry_json(settings, entry), "tags": tags, "history": history})
        return
    # Signed addresses are long and of little use to the eye: they come after what is.
    facts = sorted(entry.job.items(), key=lambda item: "url" in item[0])
    rows = [(name, _text(value)) for name, value in facts if _text(value)]
    rows.append(("path", str(settings.library.root / entry.path) if entry.path else "not placed"))
    if entry.reason:
        rows.append(("reason", entry.reason))
    if entry.absent_since:
        rows.append(("gone since", _text(entry.absent_since)))
    # The baseline holds what identifies the cover, which says nothing to the eye.
    rows += [
        (f"tag {n}", "as served" if n == "cover" else _text("; ".join(v))) for n, v in tags.items()
    ]
    rows += [
        (
            f"{row['started_at']:%Y-%m-%d %H:%M}",
            f"{row['verb']}: {row['outcome'] or 'not finished'} ({row['detail'] or row['reason']})",
        )
        for row in history
    ]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        shown = output.printable(" / ".join(text.splitlines()))
        typer.echo(f"{output.printable(name):{width}}  {shown}")


@contextmanager
def _catalog(settings: Settings) -> Iterator[Catalog]:
    from syncd.catalog.store import Catalog

    catalog = Catalog.read(settings.catalog)
    if catalog is None:
        raise SyncdError(
            f"there is no catalog in {settings.state.dir} yet", hint="run syncd sync first"
        )
    try:
        yield catalog
    finally:
        catalog.close()


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
    }


def _line(entry: Entry) -> str:
    """Id, date, length, and the path; where there is none, the title and why."""
    made = f"{entry.created_at:%Y-%m-%d}" if entry.created_at else " " * 10
    notes = ["gone"] if entry.absent_since else []
    if entry.state == "held":
        notes.append("held")
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
