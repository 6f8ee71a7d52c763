"""``syncd stats`` and ``syncd similar``: what the library is made of, and what is like a track."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli import listed, output
from syncd.cli.asking import size_words
from syncd.cli.ls import QUERY, listing_of
from syncd.cli.options import ID
from syncd.cli.output import JSON
from syncd.core.query import LARGEST
from syncd.core.words import plural
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from syncd.catalog.queries import Share

_BAR, _SHORTEST_BAR = 24, 4
"""How many characters the longest bar has, and how many at least where there is one."""

_LONGEST_NAME = 32
"""Characters of a value that a terminal shows, or a third of its width."""

_EIGHTHS = " ▏▎▍▌▋▊▉"


def stats(
    context: typer.Context,
    query: QUERY = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT", help="Only by genre, emotion, occasion, language, task or month."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, max=LARGEST, metavar="N", help="At most so many lines of each.")
    ] = 15,
    as_json: JSON = False,
) -> None:
    """Show how many jobs there are of what, how long and how large.

    Completed jobs alone are counted, unless QUERY names another status; needs no network.
    """
    from syncd import config
    from syncd.catalog import queries
    from syncd.cli.opening import reading
    from syncd.core.model import COMPLETED

    for name in by or ():
        if name not in queries.DIMENSIONS:
            raise ConfigError(f"--by {name}: must be one of {', '.join(queries.DIMENSIONS)}")
    settings = config.load(context.obj)
    listing = listing_of(query, [])
    if not listing.status:
        listing = replace(listing, status=(COMPLETED,))
    with reading(settings) as catalog:
        found = queries.statistics(catalog, listing)
    wanted = [name for name in found.by if not by or name in by]
    if as_json:
        total = {**_figures(found.total), "files": found.files}
        del total["value"]
        shares = {name: [_figures(share) for share in found.by[name]] for name in wanted}
        output.print_json({"total": total, "by": shares})
        return
    typer.echo(
        f"{_many(found.total.count, 'job')}, {_hours(found.total.seconds)}; "
        f"{_many(found.files, 'file')} here, {size_words(found.total.size)}"
    )
    for name in wanted if found.total.count else ():
        typer.echo()
        _print_chart(name, found.by[name], limit)


def similar(
    context: typer.Context,
    job_id: ID,
    limit: Annotated[
        int, typer.Option(min=0, max=LARGEST, metavar="N", help="List at most so many.")
    ] = 10,
    path: Annotated[
        bool, typer.Option("--path", help="Print the paths alone, of those that have a file.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """List the jobs most like one, by facets, tempo and key.

    The score is 1 for what is alike in all that is known of the job; needs no network.
    """
    from syncd import config
    from syncd.catalog import queries
    from syncd.cli.opening import reading

    if path and as_json:
        raise ConfigError("--path and --json exclude each other")
    settings = config.load(context.obj)
    root = settings.library.root
    with reading(settings) as catalog:
        found = queries.similar(catalog, job_id, limit)
    if as_json:
        output.print_json(
            [{**listed.entry_json(root, one.entry), "score": round(one.score, 4)} for one in found]
        )
    elif path:
        listed.print_paths(root, (one.entry for one in found), end="\n")
    elif found:
        rows = [{**listed.table_row(root, one.entry), "score": f"{one.score:.2f}"} for one in found]
        listed.print_rows({"score": "score", **listed.TABLE}, rows, right=listed.NUMBERS)
    else:
        output.say_nothing_found(f"no other job is like job {job_id}")


def _print_chart(name: str, shares: Sequence[Share], limit: int) -> None:
    from rich.cells import cell_len

    # Of months the last ones tell the most.
    shown = shares[-limit:] if name == "month" and limit else shares[:limit]
    most = max((share.count for share in shares), default=0)
    rows = [
        {
            "value": "(not known)" if share.value is None else _short(share.value),
            "count": f"{share.count:,}",
            "hours": _hours(share.seconds),
            "size": size_words(share.size),
        }
        for share in shown
    ]
    headings = {"value": name, "count": "jobs", "hours": "length", "size": "size", "bar": ""}
    taken = sum(
        max(cell_len(text) for text in (headings[key], *(row[key] for row in rows))) + 2
        for key in ("value", "count", "hours", "size")
    )
    longest = min(_BAR, shutil.get_terminal_size().columns - taken)
    for row, share in zip(rows, shown, strict=True):
        row["bar"] = _bar(share.count / most, longest) if longest >= _SHORTEST_BAR else ""
    listed.print_rows(headings, rows, right=("count", "hours", "size"))
    if len(shares) > len(shown):
        typer.echo(f"… and {len(shares) - len(shown):,} more")


def _figures(share: Share) -> dict[str, object]:
    """As a script gets them: lengths to the millisecond, which sums would have more places."""
    return {**asdict(share), "seconds": round(share.seconds, 3)}


def _short(name: str) -> str:
    from rich.cells import cell_len, set_cell_size

    longest = min(_LONGEST_NAME, max(8, shutil.get_terminal_size().columns // 3))
    if not sys.stdout.isatty() or cell_len(name) <= longest:
        return name
    return f"{set_cell_size(name, longest - 1).rstrip()}…"


def _bar(part: float, longest: int) -> str:
    eighths = max(1, round(part * longest * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _hours(seconds: float) -> str:
    from syncd.catalog.queries.columns import clock

    minutes = round(seconds / 60)
    if minutes < 60:
        return clock(seconds) or ""
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def _many(count: int, thing: str) -> str:
    return f"{count:,} {plural(count, thing)}"
