"""``syncd ls`` and ``syncd show``: the catalog, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from syncd.cli import output
from syncd.cli.sync import JSON
from syncd.errors import SyncdError

if TYPE_CHECKING:
    from syncd.catalog.queries import Entry
    from syncd.catalog.store import Catalog
    from syncd.config import Settings

_TITLE_WIDTH = 40


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
    skip: Annotated[int, typer.Option(min=0, help="Leave out so many at the start.")] = 0,
    limit: Annotated[int | None, typer.Option(min=0, help="List at most so many.")] = None,
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
    with _catalog(settings) as catalog:
        entries = queries.jobs(catalog, listing)
    if as_json:
        output.print_json([_entry_json(settings, entry) for entry in entries])
        return
    for line in _table(entries):
        typer.echo(line)


def show(
    context: typer.Context,
    job_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The job's id.")
    ],
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
        facts = _entry_json(settings, entry)
        output.print_json({**facts, "tags": tags, "history": history})
        return
    rows = [(name, _text(value)) for name, value in entry.job.items() if _text(value)]
    rows.append(("path", str(settings.library.root / entry.path) if entry.path else "not placed"))
    if entry.reason:
        rows.append(("reason", entry.reason))
    rows += [(f"tag {name}", "; ".join(values)) for name, values in tags.items()]
    rows += [
        (
            f"{row['started_at']:%Y-%m-%d %H:%M}",
            f"{row['verb']}: {row['outcome'] or 'not finished'} ({row['detail'] or row['reason']})",
        )
        for row in history
    ]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        typer.echo(f"{output.printable(name):{width}}  {output.printable(text)}")


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
    # The service's own words first, then what is ours: its names are never shadowed by ours.
    return {
        **entry.job,
        "id": entry.id,
        "path": path,
        "state": entry.state,
        "reason": entry.reason,
    }


def _table(entries: list[Entry]) -> Iterator[str]:
    titles = [output.printable(entry.display_name or "") for entry in entries]
    id_width = max((len(str(entry.id)) for entry in entries), default=0)
    title_width = min(max(map(output.width, titles), default=0), _TITLE_WIDTH)
    for entry, title in zip(entries, titles, strict=True):
        made = f"{entry.created_at:%Y-%m-%d}" if entry.created_at else " " * 10
        length = f"{_length(entry.audio_duration):>5}"
        where = entry.path or f"({entry.reason or ('gone' if entry.absent else entry.status)})"
        shown = output.fitted(title, title_width)
        yield f"{entry.id:{id_width}}  {made}  {length}  {shown}  {output.printable(where)}"


def _length(seconds: float | None) -> str:
    if seconds is None or seconds < 0:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _text(value: object) -> str:
    if value is None or value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else output.one_line_json(value)
    return text if len(text) <= 300 else f"{text[:299]}…"
