"""``syncd tags``: what the tags of files hold, side by side with what was written and is wanted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from syncd.cli import output
from syncd.cli.choosing import CHOSEN, chosen
from syncd.cli.output import JSON
from syncd.errors import ExitCode, SyncdError

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.actions.tags import Asked, Tags
    from syncd.catalog.store import Catalog
    from syncd.config import Settings

_WIDEST = 60
_NARROWEST = 8
_GAP = "  "
_HEAD = ("", "in the file", "as written", "as wanted", "whose")


def tags(context: typer.Context, which: CHOSEN, as_json: JSON = False) -> None:
    """Show the tags of files: as they are, as written, as wanted.

    Side by side: what the file holds, what syncd wrote last, and what the account and the settings
    ask for; and the lyrics and the cover. Whose is you where you changed it. Needs no network.
    """
    from syncd import config
    from syncd.actions.tags import look
    from syncd.engine import open_reading

    settings = config.load(context.obj)
    found: list[Tags | SyncdError] = []
    with open_reading(settings) as (catalog, root, _, _):
        asked = asked_of(settings, catalog)
        ids = chosen(catalog, root.path, which)
        for job_id in ids:
            try:
                found.append(look(catalog, root.path, asked, job_id))
            except SyncdError as error:
                if len(ids) == 1:
                    raise
                found.append(error)
    if as_json:
        said = [_json(one, settings.library.root) for one in found]
        output.print_json(said[0] if len(said) == 1 else said)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for number, one in enumerate(found):
            if isinstance(one, SyncdError):
                output.complain(one)
                continue
            typer.echo(f"{chr(10) if number else ''}{output.printable(one.path)}")
            for line in table(one, width):
                typer.echo(line)
    if any(isinstance(one, SyncdError) for one in found):
        raise typer.Exit(int(ExitCode.FAILED))


def asked_of(settings: Settings, catalog: Catalog) -> Asked:
    """What tags are made of, beside the jobs."""
    from syncd.actions.tags import Asked
    from syncd.core.model import Origin
    from syncd.derived import style_of

    binding = catalog.binding()
    origin = Origin(settings.api.base_url, binding.account if binding else None)
    return Asked(origin, settings.library.artist, style_of(settings))


def table(found: Tags, width: int | None = None) -> Iterator[str]:
    """Columns of the same width on every line, in ``width`` columns of a terminal where that is
    given; what is long is cut."""
    from rich.cells import cell_len, set_cell_size

    body = [
        (row.field, shown(row.file), shown(row.baseline), shown(row.remote), str(row.owner))
        for row in found.rows
    ]
    widths = [max(cell_len(line[at]) for line in (_HEAD, *body)) for at in range(len(_HEAD))]
    if width is not None:
        room = width - widths[0] - widths[-1] - len(_GAP) * (len(_HEAD) - 1)
        widths[1:-1] = _shared(widths[1:-1], room)
    for line in (_HEAD, *body):
        cells = []
        for text, size in zip(line, widths, strict=True):
            cut = text if cell_len(text) <= size else f"{set_cell_size(text, size - 1).rstrip()}…"
            cells.append(set_cell_size(cut, size))
        yield _GAP.join(cells).rstrip()


def shown(values: Sequence[str]) -> str:
    """The values of a field on one line, cut where that is long."""
    text = " / ".join(line for value in values for line in value.splitlines())
    text = output.printable(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _shared(widths: Sequence[int], room: int) -> list[int]:
    """``room`` shared among columns: what one does not need goes to the others."""
    share = dict.fromkeys(range(len(widths)), 0)
    left = sorted(share, key=lambda at: widths[at])
    for number, at in enumerate(left):
        share[at] = min(widths[at], max(room // (len(left) - number), _NARROWEST))
        room -= share[at]
    return list(share.values())


def _json(found: Tags | SyncdError, root: Path) -> dict[str, object]:
    if isinstance(found, SyncdError):
        return {"error": found.message, "hint": found.hint}
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
