"""The report: what was measured, on what, and how it compares, as text."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks.bench import Growth
from benchmarks.first_sync import LEFT_OUT
from benchmarks.growth import CURVES
from benchmarks.pairs import Figures, Row, short
from benchmarks.picture import draw
from benchmarks.rivals import Rivals

_LIBRARIES = ("httpx", "httpcore", "pydantic", "sqlalchemy", "sqlmodel", "mutagen", "watchfiles")
_MARKS = {True: "met", False: "MISSED", None: "–"}

HEAD = ("work", "beside", "syncd", "rival", "ratio", "target", "", "beside it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """On what, with what and how it was measured."""

    command: str
    rivals: Rivals
    delay: str
    folder: Path
    commands: Sequence[str] = ()
    """What was run, as a shell takes it (``as_commands``)."""
    before: Mapping[str, float] | None = None
    """What the program took in an earlier run (``saved``)."""
    quick: bool = False
    commit: str = ""
    """Of the program; empty where that is not known."""


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of ``HEAD``."""
    if row.ours is None:
        return (row.work, row.beside, "–", "–", "–", target(row), "not measured", row.missing)
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f} ×"
    mark = "" if row.most is None else _MARKS[row.met]
    ours, theirs = amount(row.ours, row.unit), "–"
    if row.theirs is not None:
        theirs = amount(row.theirs, row.unit)
    return (row.work, row.beside, ours, theirs, ratio, target(row), mark, row.note)


def as_commands(commands: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Commands with what differs from run to run named instead, each once, in their order."""
    found: dict[str, None] = {}
    for command in commands:
        for text, name in names.items():
            command = command.replace(text, name)
        found[re.sub(r"(?<!\w)(account|in step) \d+", r"\1", command)] = None
    return list(found)


def amount(figures: Figures, unit: str) -> str:
    """The median, and the spread of several runs."""
    text = short(figures.median)
    spread = f" ±{50 * figures.spread:.0f} %" if len(figures.values) > 1 else ""
    return f"{text} {unit}".strip() + spread


def target(row: Row) -> str:
    if row.most is None:
        return "–"
    of_pair = row.theirs is not None or row.beside != "–"
    return f"≤ {row.most:g} {'×' if of_pair else row.unit}".strip()


def table(rows: Sequence[Row], before: Mapping[str, float] | None = None) -> str:
    """The rows as a Markdown table; ``before``: what the program took then (``saved``)."""
    head: tuple[str, ...] = HEAD
    lines = [cells(row) for row in rows]
    if before is not None:
        head = (*HEAD, "before")
        lines = [(*line, _before(row, before)) for line, row in zip(lines, rows, strict=True)]
    return "\n".join(
        "| " + " | ".join(line) + " |" for line in (head, tuple("---" for _ in head), *lines)
    )


def saved(rows: Sequence[Row]) -> dict[str, float]:
    """The program's medians, by work: what a later run is set beside."""
    return {row.work: row.ours.median for row in rows if row.ours is not None}


def _before(row: Row, before: Mapping[str, float]) -> str:
    if row.ours is None or row.work not in before:
        return "–"
    then = before[row.work]
    times = f", now {row.ours.median / then:.2f} ×" if then else ""
    return f"{short(then)} {row.unit}".strip() + times


def growth_table(growths: Sequence[Growth]) -> str:
    """The growth curves as a Markdown table."""
    lines = [("", *(f"{growth.jobs:,} jobs" for growth in growths))]
    lines.append(("---", *("---:" for _ in growths)))
    for name, unit in CURVES.items():
        found = (f"{short(growth.figures[name])} {unit}" for growth in growths)
        lines.append((name, *found))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def picture(growths: Sequence[Growth]) -> str:
    """The same as an SVG document."""
    curves = {
        name: (unit, [growth.figures[name] for growth in growths]) for name, unit in CURVES.items()
    }
    return draw([growth.jobs for growth in growths], curves)


def printed(row: Row) -> str:
    """A row for a terminal: its figures on one line, what is told beside them below."""
    work, beside, ours, theirs, ratio, most, mark, note = cells(row)
    line = f"{work}\n    {ours:>16}"
    if row.beside != "–":
        line += f"  beside {beside} {theirs}  {ratio}"
    if row.most is not None:
        line += f"  (target {most}: {mark})"
    return f"{line}\n    {note}" if note else line


def document(
    rows: Sequence[Row], growths: Sequence[Growth], conditions: Conditions, picture_name: str
) -> str:
    """The whole report, in Markdown; ``picture_name`` is the file of the curves beside it."""
    rivals = conditions.rivals
    decided = [row for row in rows if row.met is not None]
    parts = [
        "# What it costs, measured",
        f"{sum(row.met is True for row in decided)} of {len(decided)} targets met"
        + (", in a quick run whose figures mean little." if conditions.quick else "."),
        "Medians of several rounds, the program and its rival in turn (A B A B …); ± is half of "
        "what lies between the least and the most. Ratios are of medians; a target with × is of "
        "the ratio. How each figure is come by stands in the module of the work.",
        "## Conditions",
        "\n".join(f"- {name}: {text}" for name, text in machine(conditions).items()),
        "## Results",
        table(rows, conditions.before),
        "## What the rivals leave out of a first sync",
        "\n".join(f"- {name}: {text}" for name, text in LEFT_OUT.items()),
    ]
    if conditions.commands:
        parts += ["## Commands", "```sh\n" + "\n".join(conditions.commands) + "\n```"]
    if rivals.absent:
        parts += ["## Absent", "\n".join(f"- {why}" for why in rivals.absent.values())]
    if growths:
        shown = f"![growth curves]({picture_name})"
        both = "Both axes of the picture are logarithmic."
        parts += ["## Growth", growth_table(growths), shown, both]
    return "\n\n".join(parts) + "\n"


def machine(conditions: Conditions) -> Mapping[str, str]:
    """What decides the figures, by name."""
    rivals = ", ".join(f"{name} {version}" for name, version in conditions.rivals.versions.items())
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)
    found = {
        "command": f"`{conditions.command}`",
        "day": datetime.now(UTC).date().isoformat(),
        "program": f"syncd {metadata.version('audiopod-syncd')} {conditions.commit}".strip(),
        "machine": f"{_processor()}, {os.cpu_count()} processors, {_memory()}",
        "system": f"{_system()}, Linux {platform.release()}, {_file_system(conditions.folder)}",
        "Python": f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        "libraries": libraries,
        "rivals": rivals,
        "delay": conditions.delay,
    }
    return {name: text for name, text in found.items() if text}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _memory() -> str:
    amount_ = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{amount_ / 1e9:.1f} GB of memory"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _file_system(folder: Path) -> str:
    """The kind of file system that ``folder`` lies on (``proc(5)``, mountinfo)."""
    found = ("", "an unknown file system")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        where = fields.split()[4]
        if folder.is_relative_to(where) and len(where) >= len(found[0]):
            found = (where, rest.split()[0])
    return found[1]
