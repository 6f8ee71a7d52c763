"""What the service answers, as people read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from syncd.cli import output
from syncd.cli.listed import print_rows
from syncd.remote.bodies import Reply, counts_of, jobs_of, liked_of, presets_of, stats_of
from syncd.remote.waits import how_long

if TYPE_CHECKING:
    from syncd.actions.answers import Answer
    from syncd.remote.results import Page

_JOBS = {
    "id": "id",
    "made": "made",
    "length": "length",
    "status": "status",
    "task": "task",
    "liked": "liked",
    "title": "title",
}
_LONGEST = 300
"""Characters of a value that are shown; all of it is in the JSON."""


def print_jobs(answer: Answer) -> None:
    """Raises ``ContractBroken`` for what is no list."""
    _print_page(jobs_of(Reply(answer.body, {})))


def print_liked(answer: Answer) -> None:
    """The same for what ``GET /liked`` answers."""
    # All of them are, whether the jobs say so or not.
    headings = {name: heading for name, heading in _JOBS.items() if name != "liked"}
    _print_page(liked_of(Reply(answer.body, {})), headings)


def _print_page(page: Page, headings: Mapping[str, str] = _JOBS) -> None:
    from syncd.catalog.queries.columns import clock

    rows = [
        {
            "id": str(job.id),
            "made": f"{job.created_at:%Y-%m-%d}" if job.created_at else "",
            "length": clock(job.audio_duration) or "",
            "status": job.status
            + (f" {job.progress:.0f} %" if job.progress and job.progress < 100 else ""),
            "task": job.task or "",
            "liked": "" if job.liked is None else "yes" if job.liked else "no",
            "title": job.display_name or "",
        }
        for job in page.jobs
    ]
    if rows:
        print_rows(headings, rows, right=("id", "length"))
    else:
        output.say_nothing_found("there is no such job in the account")
    if page.rejected:
        _note(f"{page.rejected} of the entries are no jobs; --json shows them")


def say_how_many(answer: Answer, skip: int, *, is_all: bool) -> None:
    """On standard error, where there are more jobs than were listed."""
    shown = len(answer.body) if isinstance(answer.body, list) else 0
    if answer.total is None or skip + shown >= answer.total:
        return
    if is_all:
        _note(f"{shown} of {answer.total} jobs were listed: the list shifted meanwhile")
    else:
        _note(f"these are {shown} of {answer.total} jobs; --skip and --all list others")


def print_fields(answer: Answer) -> None:
    """An object as one line for each field; addresses come last, and what says nothing not."""
    body = answer.body
    if not isinstance(body, Mapping):
        print_as_it_is(answer)
        return
    facts = sorted(body.items(), key=lambda item: "url" in item[0])
    rows = [(name, _text(value)) for name, value in facts if _text(value)]
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        typer.echo(output.printable(f"{name:{width}}  {' / '.join(text.splitlines())}"))


def print_counts(answer: Answer) -> None:
    """Raises ``ContractBroken`` for what are no counts."""
    counts = counts_of(answer.body)
    rows = [{"jobs": str(counts.total), "by": "all", "which": ""}]
    for by, found in (("task", counts.by_task), ("song type", counts.by_song_type)):
        rows += [{"jobs": str(found[name]), "by": by, "which": name} for name in sorted(found)]
    print_rows({"jobs": "jobs", "by": "by", "which": "which"}, rows, right=("jobs",))


def print_filters(answer: Answer) -> None:
    """Raises ``ContractBroken`` for what is no object."""
    stats = stats_of(answer.body)
    rows = [
        {"what": what, "values": str(number)}
        for what, number in (("jobs", stats.total_tracks), ("liked", stats.liked_count))
        if number is not None
    ]
    if stats.song_types:
        numbers = (f"{name} {number}" for name, number in sorted(stats.song_types.items()))
        rows.append({"what": "by song type", "values": ", ".join(numbers)})
    for name, values in asdict(stats.available_filters).items():
        rows.append({"what": name.replace("_", " "), "values": ", ".join(values) or "none"})
    print_rows({"what": "filter", "values": "values"}, rows)


def print_presets(answer: Answer) -> None:
    """Raises ``ContractBroken`` for what are no presets."""
    presets = presets_of(answer.body).genre_presets
    rows = [
        {
            "name": name,
            "says": ", ".join(f"{field}: {_text(value)}" for field, value in preset.items()),
        }
        for name, preset in sorted(presets.items())
    ]
    if rows:
        print_rows({"name": "preset", "says": "what it asks for"}, rows)
    else:
        output.say_nothing_found("the service has no presets")


def print_as_it_is(answer: Answer) -> None:
    """What has no shape that is documented: a text as it is, anything else as JSON."""
    body = answer.body
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    for line in text.splitlines():
        typer.echo(output.printable(line))


def say_source(answer: Answer) -> None:
    """On standard error: who says what is told without the service, and how old it is."""
    if answer.at is None:
        return
    age = how_long(max(0.0, (datetime.now(UTC) - answer.at).total_seconds()))
    when = f"{age} ago ({answer.at:%Y-%m-%d %H:%M} UTC)"
    if answer.source == "kept":
        _note(f"this is what the service answered {when}")
    else:
        _note(f"this is what the catalog knows; the account was listed {when}")


def _note(text: str) -> None:
    typer.echo(f"syncd: {output.printable(text)}", err=True)


def _text(value: object) -> str:
    if value is None or value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else output.one_line_json(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
