"""The ways in which jobs and files are listed."""

from __future__ import annotations

import csv
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from syncd.cli import output
from syncd.errors import ConfigError, RootUnusable

if TYPE_CHECKING:
    from syncd.catalog.queries import Entry, ForeignFile
    from syncd.config import Settings

TABLE = {
    "id": "id",
    "date": "made",
    "duration": "length",
    "bpm": "bpm",
    "key": "key",
    "genre": "genre",
    "emotion": "emotion",
    "liked": "liked",
    "title": "title",
}
"""The columns of a table, with their headings."""

NUMBERS = ("id", "duration", "bpm")
"""Those of them that are set to the right."""

_PART = re.compile(r"\{\{|\}\}|\\[tn\\]|\{(?P<name>\w*)(?::(?P<width>[^{}]*))?\}|(?P<wrong>[{}])")
_WIDTH = re.compile(r"(?:[^{}]?[<>^])?[0-9]{0,3}(?:\.[0-9]{1,3})?")
_MEANT = {"{{": "{", "}}": "}", r"\t": "\t", r"\n": "\n", r"\\": "\\"}

Template = Sequence[tuple[str, str | None]]
"""Parts of a template: text, or the name of a column and how wide it is."""


def parse_template(text: str) -> Template:
    r"""``{title:<20} - {bpm:>3}`` in its parts; ``{{``, ``}}``, ``\t`` and ``\n`` are signs.

    Widths are as in Python's format strings, for text. Raises ``ConfigError``.
    """
    from syncd.catalog.queries.columns import COLUMNS

    parts: list[tuple[str, str | None]] = []
    end = 0
    for match in _PART.finditer(text):
        parts.append((text[end : match.start()], None))
        end = match.end()
        name, width = match["name"], match["width"] or ""
        if match["wrong"]:
            raise ConfigError(
                f"--format: {match['wrong']} stands alone", hint="{{ and }} print the signs"
            )
        if name is None:
            parts.append((_MEANT[match[0]], None))
        elif not _WIDTH.fullmatch(width):
            raise ConfigError(
                f"--format: {match[0]}: {width} is no width",
                hint=f"{{{name}:<20}}, {{{name}:>20}} and {{{name}:^20}} are 20 wide, "
                f"{{{name}:.20}} is at most that",
            )
        elif name in COLUMNS:
            parts.append((name, width))
        else:
            raise ConfigError(
                f"--format: there is no field {{{name}}}; these are: {', '.join(COLUMNS)}"
            )
    return [*parts, (text[end:], None)]


def print_formatted(root: Path, entries: Iterable[Entry], template: Template) -> None:
    from syncd.catalog.queries.columns import columns_of

    for entry in entries:
        columns = columns_of(entry, root)
        line = (
            text if width is None else format(output.printable(columns[text]), width)
            for text, width in template
        )
        typer.echo("".join(line))


def print_paths(root: Path, entries: Iterable[Entry], end: str) -> None:
    """The paths as the file system has them, for other programs; a terminal gets them printable."""
    shown = sys.stdout.isatty()
    for entry in entries:
        if entry.path:
            path = str(root / entry.path)
            sys.stdout.buffer.write(os.fsencode((output.printable(path) if shown else path) + end))
    sys.stdout.buffer.flush()


def print_csv(root: Path, entries: Iterable[Entry]) -> None:
    """RFC 4180 with a line of headings, lines ended by LF alone; a terminal gets it printable."""
    from syncd.catalog.queries.columns import TABLE, columns_of

    shown = output.printable_lines if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(TABLE)
    for entry in entries:
        columns = columns_of(entry, root)
        writer.writerow([shown(columns[name]) for name in TABLE])


def print_lines(entries: Iterable[Entry]) -> bool:
    """One line for each; whether there was any."""
    found = False
    for entry in entries:
        typer.echo(_line(entry))
        found = True
    return found


def print_table(root: Path, entries: Iterable[Entry]) -> bool:
    """A table of them; whether there was any."""
    rows = [table_row(root, entry) for entry in entries]
    if rows:
        print_rows(TABLE, rows, right=NUMBERS)
    return bool(rows)


def table_row(root: Path, entry: Entry) -> dict[str, str]:
    """The columns ``TABLE`` of an entry, and all others."""
    from syncd.catalog.queries.columns import columns_of

    columns = columns_of(entry, root)
    return {**columns, "title": columns["title"] or f"({entry.status})"}


def print_rows(
    headings: Mapping[str, str], rows: Sequence[Mapping[str, str]], right: Sequence[str] = ()
) -> None:
    """A table of the columns ``headings``; a terminal that is too narrow gets the last one cut."""
    from rich.cells import cell_len, set_cell_size

    *others, last = headings
    lines = [headings, *({name: output.printable(row[name]) for name in headings} for row in rows)]
    widths = {name: max(cell_len(line[name]) for line in lines) for name in others}
    room = shutil.get_terminal_size().columns - sum(widths.values()) - 2 * len(widths)
    for line in lines:
        cells = []
        for name in others:
            blank = " " * (widths[name] - cell_len(line[name]))
            cells.append(blank + line[name] if name in right else line[name] + blank)
        text = line[last]
        if sys.stdout.isatty() and cell_len(text) > max(room, 8):
            text = f"{set_cell_size(text, max(room, 8) - 1).rstrip()}…"
        typer.echo("  ".join([*cells, text]).rstrip())


def print_foreign(settings: Settings, skip: int, limit: int | None, *, as_json: bool) -> None:
    files = _foreign(settings)[skip:][:limit]
    if as_json:
        output.print_json_array(_foreign_json(settings, file) for file in files)
        return
    for file in files:
        typer.echo(output.printable(f"{file.path}  ({_foreign_words(file)})"))
    if not files:
        output.say_nothing_found("every file in the folder is a job's")


def entry_json(root: Path, entry: Entry) -> dict[str, object]:
    # The job object, then what is ours. Were the service to send a field of one of these names,
    # ours would stand in its place: scripts rely on them.
    return {
        **entry.job,
        "path": root / entry.path if entry.path else None,
        "state": entry.state,
        "reason": entry.reason,
        "absent_since": entry.absent_since,
        "held": entry.held,
        "missing_since": entry.missing_since,
        "retried": entry.retried,
    }


def _foreign(settings: Settings) -> list[ForeignFile]:
    """The files that are no job's, as the last scan saw them."""
    from syncd.catalog import queries
    from syncd.cli.opening import reading
    from syncd.core.model import Origin
    from syncd.local.ignore import Fresh
    from syncd.local.root import find_marker

    try:
        marker = find_marker(settings.library.root)
    except RootUnusable:
        marker = None  # the catalog answers also while the disk is away
    with reading(settings) as catalog:
        binding = catalog.binding()
        origin = Origin(settings.api.base_url, binding.account if binding else None)
        aliases = [Origin.parse(text) for text in marker.aliases] if marker else []
        kept_out = Fresh(settings.library.root, settings.library.ignore)
        return queries.foreign(catalog, origin=origin, aliases=aliases, kept_out=kept_out)


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
    from syncd.catalog.queries.columns import clock
    from syncd.core.model import FAILED

    made = f"{entry.created_at:%Y-%m-%d}" if entry.created_at else " " * 10
    length = clock(entry.audio_duration) or "-"
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
        if entry.status == FAILED and entry.retried and not entry.reason:
            notes.append("retried once" if entry.retried == 1 else f"retried {entry.retried} times")
    name = entry.path or entry.display_name or ""
    note = f"  ({'; '.join(notes)})" if notes else ""
    line = f"{entry.id:>6}  {made}  {length:>5}  {name}{note}"
    return output.printable(line)
